/** Which moves run at the same time: as many as allowed, but no node takes part in more than its share. */
import type { IndexedMove } from './all.ts';

/** A source is one pair's alone: its MIGRATEs would only wait for each other. */
const PAIRS_PER_SOURCE_MAX = 1;
const PAIRS_PER_TARGET_MAX = 2;

/** Says of a move that its nodes take part in no other one meanwhile. */
type IsAlone = (move: IndexedMove) => boolean;

/**
 * Runs `work` for every move, in order where possible, at most `parallel` at a time. When one fails no further one is
 * begun, those under way are waited for, and then the first failure is thrown.
 */
export async function runPairs(
  moves: readonly IndexedMove[],
  parallel: number,
  work: (move: IndexedMove) => Promise<void>,
  isAlone: IsAlone = () => false,
): Promise<void> {
  const waiting = [...moves];
  const running = new Map<IndexedMove, Promise<void>>();
  const failures: unknown[] = [];
  const isFree = (next: IndexedMove): boolean => {
    const { move } = next;
    const busy = [...running.keys()];
    return (
      !busy.some((other) => shareNode(next, other) && (isAlone(next) || isAlone(other))) &&
      busy.filter(({ move: { source } }) => source.id === move.source.id).length < PAIRS_PER_SOURCE_MAX &&
      busy.filter(({ move: { target } }) => target.id === move.target.id).length < PAIRS_PER_TARGET_MAX
    );
  };
  while (waiting.length > 0 || running.size > 0) {
    const next = failures.length === 0 && running.size < parallel ? waiting.findIndex(isFree) : -1;
    const [move] = next === -1 ? [] : waiting.splice(next, 1);
    if (move) {
      const run = work(move)
        .catch((failure: unknown) => void failures.push(failure))
        .finally(() => running.delete(move));
      running.set(move, run);
    } else if (running.size > 0) await Promise.race(running.values());
    else break;
  }
  if (failures.length > 0) throw failures[0];
}

function shareNode(one: IndexedMove, other: IndexedMove): boolean {
  const nodes = [one.move.source.id, one.move.target.id];
  return nodes.includes(other.move.source.id) || nodes.includes(other.move.target.id);
}
