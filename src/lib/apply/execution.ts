/** What every step needs to act: passed down, never global. */

import { OpsError } from '../errors.ts';
import type { NodeId } from '../model/node.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { NodeRef } from '../plan/plan.ts';
import type { Cluster } from '../redis/cluster.ts';
import type { Clock } from './clock.ts';
import type { ConflictDesk } from './conflicts.ts';
import type { Emit } from './events.ts';
import type { Journal } from './journal.ts';
import type { MoveSettings } from './move/settings.ts';

export interface Execution {
  readonly cluster: Cluster;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** The bound of each single wait. */
  readonly waitTimeoutMs: number;
  readonly journal: Journal;
  readonly move: MoveSettings;
  /** Where keys are taken to that two nodes have with different values; only `fix` has any. */
  readonly conflicts: ConflictDesk;
  /** The nodes as they were observed right before the plan began, by id. */
  readonly nodes: ReadonlyMap<NodeId, TopologyNode>;
}

/** The observed node that a plan names. Throws REFUSED where the plan names one that is not there any more. */
export function nodeOf(execution: Execution, ref: NodeRef): TopologyNode {
  const node = execution.nodes.get(ref.id);
  if (node) return node;
  throw new OpsError('REFUSED', `The plan names node ${ref.address} (${ref.id}), which is not there any more.`, {
    suggestions: ['Make the plan again.'],
  });
}
