/** A few connections to one node, each with at most one command under way: what is sent to them waits in line here. */

export class Lanes {
  readonly #free: string[];
  readonly #waiting: ((lane: string) => void)[] = [];

  /** `name` and a number name each lane; they are channels of the port. */
  constructor(name: string, count: number) {
    this.#free = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  }

  /** Runs `work` as soon as a lane is free; first come, first served. */
  async run<Result>(work: (lane: string) => Promise<Result>): Promise<Result> {
    const lane = this.#free.pop() ?? (await new Promise<string>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(lane);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(lane);
      else this.#free.push(lane);
    }
  }
}
