/** All moves of a plan: in turns, with one progress and one pace for each source. */
import type { NodeId } from '../../model/node.ts';
import { countSlots, slotSetOf } from '../../model/slot-set.ts';
import { isReached } from '../../model/topology.ts';
import type { MoveSlots } from '../../plan/plan.ts';
import type { Execution } from '../execution.ts';
import { guardLatency } from './latency-guard.ts';
import { moveOne } from './one.ts';
import { Pace } from './pace.ts';
import { runPairs } from './schedule.ts';
import { SharedObservation } from './shared-observation.ts';
import { type MoveTotals, type PaceState, Tally } from './tally.ts';

export interface IndexedMove {
  /** The step's place in the plan. */
  readonly index: number;
  readonly move: MoveSlots;
}

/** Throws what the first failing move throws, AFTER those under way have ended. */
export async function moveAll(execution: Execution, moves: readonly IndexedMove[]): Promise<void> {
  const { clock } = execution;
  const { limits, parallel } = execution.move;
  const paces = new Map<NodeId, Pace>(moves.map(({ move }) => [move.source.id, new Pace(limits, clock)]));
  const paceState = (): PaceState => {
    const { isPaused = false, keysPerSecondMax } = limits();
    return { isSlowedDown: [...paces.values()].some((pace) => pace.isSlowedDown), isPaused, keysPerSecondMax };
  };
  const tally = new Tally(execution.emit, totalsOf(moves), paceState, clock);
  const observation = new SharedObservation(execution);
  const isAlone = ({ move }: IndexedMove): boolean => move.mover === 'atomic' && isOneTaskOnly(execution, move);
  const guard = guardLatency(execution, moves, paces);
  try {
    await runPairs(
      moves,
      parallel,
      async ({ index, move }) => {
        const pair = `${move.source.address} to ${move.target.address}`;
        tally.begin(pair);
        await moveOne(execution, move, {
          observation,
          pace: paces.get(move.source.id) ?? new Pace(limits, clock),
          report: {
            opening: (slots) => execution.journal.slots(index, 'opening', slotSetOf(slots)),
            closed: (slots) => {
              execution.journal.slots(index, 'closed', slotSetOf(slots));
              tally.slots(slots.length);
            },
            returned: (slots) => execution.journal.slots(index, 'closed', slotSetOf(slots)),
            moved: (keys) => tally.keys(keys),
          },
        });
        tally.end(pair);
      },
      isAlone,
    );
  } finally {
    guard.stop();
  }
}

/** Redis refuses a second task of either kind at a node, and any while a slot of the node is open. Seen in Redis 8.6.3. */
function isOneTaskOnly({ nodes }: Execution, { source }: MoveSlots): boolean {
  const node = nodes.get(source.id);
  return node !== undefined && isReached(node) && node.reach.view.flavor.product === 'redis';
}

function totalsOf(moves: readonly IndexedMove[]): MoveTotals {
  const slots = moves.reduce((sum, { move }) => sum + countSlots(move.slots), 0);
  const estimates = moves.flatMap(({ move }) => move.estimate ?? []);
  if (estimates.length < moves.length) return { slots, keys: null, bytes: null };
  const sum = (part: 'keys' | 'bytes'): number => estimates.reduce((total, estimate) => total + estimate[part], 0);
  return { slots, keys: sum('keys'), bytes: sum('bytes') };
}
