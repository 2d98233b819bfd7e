/** Gives each primary the slots that it is due by its weight. */
import { present } from '../assert.ts';
import type { Finding } from '../check/finding.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { refuseUnhealthy } from './move-refusals.ts';
import type { MoverRequest } from './mover-choice.ts';
import { planMoves } from './moves.ts';
import type { Planned } from './plan.ts';
import type { Balancing } from './rebalance-parties.ts';
import { selectBalancing } from './rebalance-parties.ts';
import type { Claim } from './slot-dues.ts';
import { exactShares, slotDues } from './slot-dues.ts';
import { exchangeSlots } from './slot-exchange.ts';

/** redis-cli's: `--cluster-threshold`. */
export const THRESHOLD_PERCENT_DEFAULT = 2;

export interface RebalanceRequest {
  /** By id, any beginning of an id, or `host:port`. Primaries that are not named have 1; a weight of 0 drains the primary. */
  readonly weights: ReadonlyMap<string, number>;
  /** Whether primaries without slots take part; those that `weights` names do so anyway. */
  readonly useEmptyPrimaries: boolean;
  /** Nothing is moved while every primary is this close to its due, in percent of the slots it has. 0 always balances. */
  readonly thresholdPercent: number;
  readonly mover: MoverRequest;
}

/**
 * One step for each source and target, by the ids of both. In the end every primary that takes part has its exact share
 * rounded up or down (see `slot-dues.ts`); as few slots are moved as possible, and they leave few ranges behind (see
 * `slot-exchange.ts`). The plan has no steps where all are within the threshold, or even.
 *
 * Refused: `unhealthy` (followed by the findings), `unknown-node`, `ambiguous-node`, `not-primary`, `bad-weight`,
 * `no-weight`, `bad-threshold`, `unreachable`, `not-joined`, `mover-unavailable`. Hazards: `left-out`,
 * `emptied-primary`, `no-replica`, `mover-falls-back`.
 */
export function planRebalance(topology: Topology, request: RebalanceRequest): Planned {
  const unhealthy = refuseUnhealthy(topology, 'rebalancing');
  if (unhealthy.length > 0) return { ok: false, refusals: unhealthy };
  const balancing = selectBalancing(topology, request);
  const refusals = refuseThreshold(request.thresholdPercent);
  if (!isBalancing(balancing)) return { ok: false, refusals: [...balancing, ...refusals] };
  if (refusals.length > 0) return { ok: false, refusals };
  const { involved, hazards } = balancing;
  const claims = involved.map(({ node, weight }) => ({ weight, slots: countSlots(node.entry.slots) }));
  const dues = slotDues(claims);
  const parties = involved.map(({ node }, index) => ({ slots: node.entry.slots, due: dues[index] ?? 0 }));
  const exchanges = isWithin(request.thresholdPercent, claims) ? [] : exchangeSlots(parties);
  const nodeAt = (index: number): (typeof involved)[number]['node'] =>
    present(involved[index], 'those who exchange slots take part').node;
  const intention = {
    kind: 'rebalance',
    nodes: involved.length,
    totalWeight: involved.reduce((sum, { weight }) => sum + weight, 0),
    thresholdPercent: request.thresholdPercent,
  } as const;
  const flows = exchanges.map(({ giver, taker, slots }) => ({ source: nodeAt(giver), target: nodeAt(taker), slots }));
  return planMoves(topology, { intention, flows, mover: request.mover, hazards });
}

function isBalancing(selected: Balancing | readonly Finding[]): selected is Balancing {
  return 'involved' in selected;
}

function refuseThreshold(percent: number): readonly Finding[] {
  if (Number.isFinite(percent) && percent >= 0) return [];
  const message = `The threshold is a number of percent from 0 up, not ${percent}.`;
  return [{ rule: 'bad-threshold', severity: 'error', message, nodeIds: [] }];
}

/**
 * True where nobody is further from its due than the threshold. As in redis-cli (`clusterManagerCommandRebalance`, 7.0) the
 * distance is in percent of the slots that a node has, and an empty one may be due a single slot. Unlike there, a threshold of
 * 0 and a weight of 0 are always obeyed.
 */
function isWithin(thresholdPercent: number, claims: readonly Claim[]): boolean {
  if (thresholdPercent === 0) return false;
  const shares = exactShares(claims);
  return claims.every(({ weight, slots }, index) => {
    const expected = Math.trunc(shares[index] ?? 0);
    if (slots === 0) return expected <= 1;
    return weight > 0 && Math.abs(100 - (100 * expected) / slots) <= thresholdPercent;
  });
}
