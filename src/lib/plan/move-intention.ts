/**
 * The `intention` of a plan that moves slots, as text and read back from it: that text is all that a saved plan keeps of what
 * was asked for, and it has to be shown again.
 */
import { countInWords } from '../check/words.ts';

export type MoveIntention =
  | { readonly kind: 'reshard'; readonly slots: number; readonly sources: number; readonly targets: readonly string[] }
  | {
      readonly kind: 'rebalance';
      readonly nodes: number;
      readonly totalWeight: number;
      readonly thresholdPercent: number;
    };

/** `reshard 300 slots from 2 primaries to 10.0.0.4:7000`, `rebalance 3 primaries with a total weight of 3.00 …`. */
export function formatMoveIntention(intention: MoveIntention): string {
  if (intention.kind === 'reshard') {
    const slots = countInWords(intention.slots, 'slot');
    return `reshard ${slots} from ${countInWords(intention.sources, 'primary')} to ${intention.targets.join(', ')}`;
  }
  const { nodes, totalWeight, thresholdPercent } = intention;
  return `rebalance ${countInWords(nodes, 'primary')} with a total weight of ${totalWeight.toFixed(2)} and a threshold of ${thresholdPercent.toFixed(2)}%`;
}

/** The reverse, with numbers rounded to two digits; null where the plan is about something else. */
export function parseMoveIntention(text: string): MoveIntention | null {
  const reshard = /^reshard (\d+) slots? from (\d+) primar(?:y|ies) to (.+)$/.exec(text);
  if (reshard) {
    const [, slots, sources, targets = ''] = reshard;
    return { kind: 'reshard', slots: Number(slots), sources: Number(sources), targets: targets.split(', ') };
  }
  const rebalance =
    /^rebalance (\d+) primar(?:y|ies) with a total weight of ([\d.e+]+) and a threshold of ([\d.e+]+)%$/.exec(text);
  if (!rebalance) return null;
  const [, nodes, totalWeight, thresholdPercent] = rebalance.map(Number);
  return {
    kind: 'rebalance',
    nodes: nodes ?? 0,
    totalWeight: totalWeight ?? 0,
    thresholdPercent: thresholdPercent ?? 0,
  };
}
