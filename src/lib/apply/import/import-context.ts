/** What every part of an import needs: passed down, never global. */
import type { Address } from '../../model/address.ts';
import type { Cluster } from '../../redis/cluster.ts';
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';
import type { Pace } from '../move/pace.ts';
import type { ImportSettings, ImportSource } from './import.ts';
import type { ImportTally } from './import-tally.ts';
import type { Targets } from './targets.ts';

export interface ImportContext {
  /** The cluster that receives. */
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly settings: ImportSettings;
  readonly source: ImportSource;
  /** The one of the source's primaries that is read now. */
  readonly address: Address;
  /** Which of its lives: see `source-life.ts`. */
  readonly life: string;
  readonly targets: Targets;
  readonly tally: ImportTally;
  readonly pace: Pace;
  /** Keys that are in the report already, as Latin-1: they are not looked at again. */
  readonly settled: Set<string>;
}

/** How one batch goes. */
export interface Road {
  /** The channel to use on either side; nobody else uses it meanwhile. */
  readonly lane: string;
  /** True for keys that this run itself has brought to the target: they are overwritten by the source's newer value. */
  readonly isOurs: (key: Buffer) => boolean;
  /** Told what the values took that were read. */
  readonly onRead: (keys: number, bytes: number) => void;
  /** Told of keys that are at the target now. */
  readonly onCopied: (keys: readonly Buffer[]) => void;
}
