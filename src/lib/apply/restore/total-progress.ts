/** Several files are restored at a time; the operator wants to know how far all of them are together. */
import type { Emit, ImportProgress } from '../events.ts';
import type { ImportReport } from '../import/import.ts';

export class TotalProgress {
  readonly #emit: Emit;
  readonly #keys: number;
  readonly #latest = new Map<string, ImportProgress>();

  /** `keys`: how many there are in all files together. */
  constructor(emit: Emit, keys: number) {
    this.#emit = emit;
    this.#keys = keys;
  }

  /** True once a key has come to the cluster, or was found there. */
  get hasBegun(): boolean {
    return this.#latest.size > 0;
  }

  /** Where the import of one file reports to. */
  of(file: string): Emit {
    return (event) => {
      if (event.event !== 'import-progress') return this.#emit(event);
      this.#latest.set(file, event);
      this.#emit(this.#total(event));
    };
  }

  finished(file: string, { keys, alreadyThere }: ImportReport): void {
    const latest = this.#latest.get(file);
    if (latest)
      this.#latest.set(file, { ...latest, keysDone: keys + alreadyThere, keysPerSecond: 0, bytesPerSecond: 0 });
  }

  #total(last: ImportProgress): ImportProgress {
    const sum = (pick: (event: ImportProgress) => number): number =>
      [...this.#latest.values()].reduce((total, event) => total + pick(event), 0);
    const keysDone = sum((event) => event.keysDone);
    const keysPerSecond = sum((event) => event.keysPerSecond);
    const left = Math.max(0, this.#keys - keysDone);
    return {
      ...last,
      keysDone,
      keys: Math.max(this.#keys, keysDone),
      bytesDone: sum((event) => event.bytesDone),
      keysPerSecond,
      bytesPerSecond: sum((event) => event.bytesPerSecond),
      remainingMs: keysPerSecond > 0 ? (left / keysPerSecond) * 1000 : null,
      conflicts: sum((event) => event.conflicts),
    };
  }
}
