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
  readonly targets: Targets;
  readonly tally: ImportTally;
  readonly pace: Pace;
  /** Keys that are in the report already, as Latin-1: they are not looked at again. */
  readonly settled: Set<string>;
}

/** Keys that are handled together, in one go. */
export interface Batch {
  readonly keys: readonly Buffer[];
  /** Of memory at the source, as far as it tells; bounds what is held here at one time. */
  readonly bytes: number;
}
