/** What a benchmark is: one file that exports one of these, listed in `benchmarks.ts`. */

export interface Benchmark {
  /** The word on the command line. */
  readonly name: string;
  /** One line: what is compared with what. */
  readonly title: string;
  /** Measures, and leaves no server behind. Rejects where it cannot measure, never because an aim is missed. */
  run(tell: Tell): Promise<readonly Comparison[]>;
}

/** Takes a line on what is being done. */
export type Tell = (line: string) => void;

/** Two series from the same rounds of the same run: anything else says more about the machine than about the programs. */
export interface Comparison {
  /** What was done, with its size: "check, 200 nodes". */
  readonly what: string;
  readonly ours: Series;
  /** What we measure ourselves against. */
  readonly beside: Series;
  /** The most that median of ours / median of `beside` should be; null where none is set. */
  readonly ratioMax: number | null;
  /** Series that explain the result and have no aim. */
  readonly also: readonly Series[];
  /** What a reader must know to judge the figures, one sentence each. */
  readonly notes: readonly string[];
}

export interface Series {
  readonly label: string;
  /** Milliseconds, one figure a round, in the order of the rounds. Never empty. */
  readonly samplesMs: readonly number[];
}
