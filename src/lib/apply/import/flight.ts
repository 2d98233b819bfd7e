/** What is under way at one time: so many batches, each on a lane of its own, and no more than so many bytes together. */

interface Turn {
  readonly bytes: number;
  readonly begin: (lane: string) => void;
}

export class Flight {
  readonly #free: string[];
  readonly #bytesMax: number;
  readonly #underWay = new Set<Promise<void>>();
  #waiting: Turn | null = null;
  #bytes = 0;
  #failure: { readonly cause: unknown } | null = null;

  /** `name` and a number name each lane; they are channels of the port. */
  constructor(name: string, lanes: number, bytesMax: number) {
    this.#free = Array.from({ length: lanes }, (_, index) => `${name}-${index}`);
    this.#bytesMax = bytesMax;
  }

  /**
   * Begins `work` as soon as there is room, and returns then: one caller, one call at a time. A single batch above the
   * bound flies alone. Throws the failure of an earlier one.
   */
  async start(bytes: number, work: (lane: string) => Promise<void>): Promise<void> {
    const lane = await this.#admit(bytes);
    if (this.#failure !== null) throw this.#failure.cause;
    const run = work(lane)
      .catch((cause: unknown) => {
        this.#failure ??= { cause };
      })
      .finally(() => {
        this.#underWay.delete(run);
        this.#free.push(lane);
        this.#bytes -= bytes;
        this.#wake();
      });
    this.#underWay.add(run);
  }

  /** Returns when nothing is under way any more. Throws the first failure. */
  async landed(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== null) throw this.#failure.cause;
  }

  #admit(bytes: number): Promise<string> {
    return new Promise((begin) => {
      this.#waiting = { bytes, begin };
      this.#wake();
    });
  }

  #wake(): void {
    const turn = this.#waiting;
    const fits = turn !== null && (this.#bytes === 0 || this.#bytes + turn.bytes <= this.#bytesMax);
    const lane = fits ? this.#free.pop() : undefined;
    if (turn === null || lane === undefined) return;
    this.#waiting = null;
    this.#bytes += turn.bytes;
    turn.begin(lane);
  }
}
