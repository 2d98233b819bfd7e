/** What is said about a change of members: above its plan, as a question, and when it is done. redis-cli's words first. */
import { nameById } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeId } from '../model/node.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import type { AdditionRequest, MemberRequest, RemovalRequest } from '../plan/request.ts';
import { removalHeadings, removedBy } from './removal.ts';

export interface MemberWords {
  readonly headings: readonly string[];
  readonly question: string;
  /** Where there are no steps. */
  readonly nothing: readonly string[];
  readonly done: readonly string[];
  /** True where a script without a terminal has to have consented beforehand. */
  readonly isDangerous: boolean;
}

/** A change as it was planned. */
interface Planned {
  readonly request: MemberRequest;
  readonly plan: Plan;
  readonly topology: Topology;
  readonly ids: readonly NodeId[];
}

export function memberWords({ request, ...planned }: Planned): MemberWords {
  return request.kind === 'add' ? additionWords(request, planned) : removalWords(request, planned);
}

function additionWords({ rebalance }: AdditionRequest, { topology, ids }: Omit<Planned, 'request'>): MemberWords {
  const seed = formatAddress(topology.seed);
  const done = '[OK] New node added correctly.';
  return {
    headings: ids.map((id) => `>>> Adding node ${nameById(topology, id)} to cluster ${seed}`),
    question: 'Do you want to add this?',
    nothing: ['Nothing to do: every node knows them already, and they serve.', done],
    done: [done],
    isDangerous: rebalance !== null,
  };
}

function removalWords({ which, drain }: RemovalRequest, { topology, plan }: Omit<Planned, 'request'>): MemberWords {
  const isAlive = which === 'any';
  const outcome = isAlive ? 'removed from the cluster' : 'forgotten by every node';
  return {
    headings: isAlive ? removalHeadings(topology, plan, formatAddress(topology.seed)) : [],
    question: `Do you want to ${isAlive ? 'remove' : 'forget'} this?`,
    nothing: [
      isAlive
        ? 'Nothing to do: a run of this machine has removed this already.'
        : 'Nothing to do: no node has failed that could be forgotten.',
    ],
    done: removedBy(plan).map(({ id }) => `[OK] Node ${id} ${outcome}.`),
    isDangerous: drain !== null || plan.hazards.length > 0,
  };
}
