/** How far an import has come: many reports, a few events, and the report at the end. */

import type { ImportReport, NamedKeys } from '../../model/import-report.ts';
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';

/** Events at most this often: a terminal shows no more, and a log should not hold more. */
const EMIT_EVERY_MS = 200;
/** Rates are those of about the last this many milliseconds. */
const RATE_WINDOW_MS = 3000;
const EXAMPLES_MAX = 5;

interface Sample {
  readonly atMs: number;
  readonly keys: number;
  readonly bytes: number;
}

/** The first few of some keys, and how many there are. */
class Naming {
  count = 0;
  readonly #examples: string[] = [];

  add(key: Buffer): void {
    this.count += 1;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(printable(key));
  }

  get named(): NamedKeys {
    return { count: this.count, examples: [...this.#examples] };
  }
}

export class ImportTally {
  readonly conflicts = new Naming();
  readonly changed = new Naming();
  readonly unreadable = new Naming();
  readonly #emit: Emit;
  readonly #total: number | null;
  readonly #clock: Clock;
  readonly #samples: Sample[] = [];
  #keys = 0;
  #bytes = 0;
  #alreadyThere = 0;
  #gone = 0;
  #emittedAtMs = 0;
  #hasBegun = false;
  #isUnwatched = false;
  #hasLostTrack = false;

  constructor(emit: Emit, total: number | null, clock: Clock) {
    this.#emit = emit;
    this.#total = total;
    this.#clock = clock;
  }

  /** The target may have been changed, whether that is confirmed or not. */
  begin(): void {
    this.#hasBegun = true;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Keys that came to the target. */
  imported(keys: number, bytes: number): void {
    this.#keys += keys;
    this.#bytes += bytes;
    this.#tell();
  }

  /** Keys that the target had already, with the same value. */
  alreadyThere(keys: number): void {
    this.#alreadyThere += keys;
    this.#tell();
  }

  /** Keys that the source does not hold any more. */
  gone(keys: number): void {
    this.#gone += keys;
  }

  unwatched(): void {
    this.#isUnwatched = true;
  }

  /** Which keys have changed is not known any more, in the middle of a copy. */
  lostTrack(): void {
    this.#hasLostTrack = true;
  }

  get keys(): number {
    return this.#keys;
  }

  report(): ImportReport {
    return {
      keys: this.#keys,
      bytes: this.#bytes,
      alreadyThere: this.#alreadyThere,
      conflicts: this.conflicts.named,
      changed: this.changed.named,
      unreadable: this.unreadable.named,
      isUnwatched: this.#isUnwatched,
      hasLostTrack: this.#hasLostTrack,
    };
  }

  #tell(): void {
    const now = this.#clock.now();
    if (now - this.#emittedAtMs < EMIT_EVERY_MS) return;
    this.#emittedAtMs = now;
    const done = this.#keys + this.#alreadyThere + this.#gone + this.conflicts.count;
    this.#samples.push({ atMs: now, keys: done, bytes: this.#bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.atMs ?? now) > RATE_WINDOW_MS) this.#samples.shift();
    const oldest = this.#samples[0] ?? { atMs: now, keys: done, bytes: this.#bytes };
    const perSecond = (amount: number): number => (now > oldest.atMs ? (amount / (now - oldest.atMs)) * 1000 : 0);
    const keysPerSecond = perSecond(done - oldest.keys);
    const left = this.#total === null ? null : Math.max(0, this.#total - done);
    this.#emit({
      event: 'import-progress',
      keysDone: done,
      keys: this.#total,
      bytesDone: this.#bytes,
      keysPerSecond: Math.round(keysPerSecond),
      bytesPerSecond: Math.round(perSecond(this.#bytes - oldest.bytes)),
      remainingMs: left === null || keysPerSecond < 1 ? null : Math.round((left / keysPerSecond) * 1000),
      conflicts: this.conflicts.count,
    });
  }
}

/** As JSON writes it, without the quotes. */
export function printable(key: Buffer): string {
  return JSON.stringify(key.toString('latin1')).slice(1, -1);
}
