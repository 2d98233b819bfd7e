/** What an import has done, and which keys it has not brought. */

/** How many keys something was found of, and the first of them by name. */
export interface NamedKeys {
  readonly count: number;
  /** The first few, printable: bytes outside ASCII are escaped. */
  readonly examples: readonly string[];
}

export interface ImportReport {
  /** Keys that this run has brought to the target. */
  readonly keys: number;
  /** The size of their values as DUMP gave them; keys that MIGRATE sent are not counted. */
  readonly bytes: number;
  /** Keys that the target had already, with the same value. */
  readonly alreadyThere: number;
  /** Keys that the target has with another value: nothing was done to either side. */
  readonly conflicts: NamedKeys;
  /** Keys that went on changing at the source until the end: the target may have an older value, or none. */
  readonly changed: NamedKeys;
  /** Keys whose value the target cannot read; they stay at the source. */
  readonly unreadable: NamedKeys;
  /** True where changes during a copy could not be watched: what was written meanwhile may be missing. */
  readonly isUnwatched: boolean;
  /** True where the source told of changes and stopped to in the middle: it was flushed, or too many keys changed. */
  readonly hasLostTrack: boolean;
}
