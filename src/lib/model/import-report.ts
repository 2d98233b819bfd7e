/** What an import came to. */

/** Some keys, by number and by name. */
export interface NamedKeys {
  readonly count: number;
  /** The first few, printable: bytes outside ASCII are escaped. */
  readonly examples: readonly string[];
}

export interface ImportReport {
  /** Keys that came to the target in this run. */
  readonly keys: number;
  /** Of their values, as they were dumped; 0 for those that MIGRATE sent. */
  readonly bytes: number;
  /** Keys that the target had with the same value. */
  readonly alreadyThere: number;
  /** Keys that the target has with another value: nothing was done to either side. */
  readonly conflicts: NamedKeys;
  /** Keys that changed at the source so fast, or so late, that the target may have an older value, or none. */
  readonly changed: NamedKeys;
  /** Keys that the target cannot read: they are as they were at the source. */
  readonly unreadable: NamedKeys;
  /** True where changes during a copy could not be watched: what was written meanwhile may be missing. */
  readonly isUnwatched: boolean;
  /** True where the source told of changes and stopped to in the middle: it was flushed, or too many keys changed. */
  readonly hasLostTrack: boolean;
}
