/** Measuring side by side: each round runs every contender once, and the order turns, so that no one is always first. */
import { present } from '../../src/lib/assert.ts';

export type Contenders<Name extends string, Result> = Readonly<Record<Name, () => Promise<Result>>>;

export interface Rounds {
  readonly rounds: number;
  /** Rounds beforehand that do not count: they fill caches. Default 0. */
  readonly warmUps?: number;
  /** Called before each run; the round counts from 1, and is 0 where it does not count. */
  readonly before?: (name: string, round: number) => void;
}

/** The results of each contender, in the order of the rounds. One run at a time. */
export async function interleave<Name extends string, Result>(
  contenders: Contenders<Name, Result>,
  { rounds, warmUps = 0, before }: Rounds,
): Promise<Readonly<Record<Name, readonly Result[]>>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const turn = (round + warmUps - 1) % names.length;
    for (let place = 0; place < names.length; place++) {
      const name = present(names[(turn + place) % names.length], 'the place is taken modulo the number of names');
      before?.(name, Math.max(round, 0));
      const result = await contenders[name]();
      if (round > 0) results[name].push(result);
    }
  }
  return results;
}
