/**
 * Plans that add or remove nodes: which command does the rest of an interrupted one, and which takes it back? `resume` does
 * neither: the command itself looks at the cluster and does what is left.
 */
import { primaryIn } from './basis.ts';
import type { Newcomer, NodeRef, Plan } from './plan.ts';

export type Membership =
  | { readonly kind: 'add'; readonly nodes: readonly NodeRef[]; readonly newcomers: readonly Newcomer[] }
  | { readonly kind: 'remove'; readonly nodes: readonly NodeRef[] };

/** Which nodes the plan adds or removes; null for a plan that does neither. */
export function membershipOf({ steps }: Plan): Membership | null {
  const settle = steps.find((step) => step.kind === 'settle');
  if (settle !== undefined) {
    const { newcomers } = settle;
    return { kind: 'add', nodes: newcomers.map(({ node }) => node), newcomers };
  }
  const forget = steps.find((step) => step.kind === 'forget');
  const nodes = forget?.nodes ?? steps.flatMap((step) => (step.kind === 'leave' ? [step.node] : []));
  return nodes.length === 0 ? null : { kind: 'remove', nodes };
}

/** The command that does the rest, however much was done; null for plans that change no members. */
export function commandAgain(plan: Plan): string | null {
  const membership = membershipOf(plan);
  if (membership === null) return null;
  const isMoving = hasMoves(plan);
  if (membership.kind === 'remove') {
    const ids = membership.nodes.map(({ id }) => id);
    return ['cluster del-node', memberOf(plan), ...ids, ...(isMoving ? ['--drain'] : [])].join(' ');
  }
  const { nodes, newcomers } = membership;
  const [primary = null, ...others] = new Map(newcomers.map((one) => [one.primary?.id, one.primary])).values();
  return [
    'cluster add-node',
    ...nodes.map(({ address }) => address),
    memberOf(plan),
    ...(primary === null ? [] : ['--replica', ...(others.length === 0 ? [`--of ${primary.id}`] : [])]),
    ...(isMoving ? ['--rebalance'] : []),
  ].join(' ');
}

/** The command that does the opposite; null for plans that change no members. */
export function commandBack(plan: Plan): string | null {
  const membership = membershipOf(plan);
  if (membership === null) return null;
  const { kind, nodes } = membership;
  if (kind === 'remove') {
    const primaries = nodes.map(({ id }) => primaryIn(plan.basis, id));
    const [primary = null] = primaries;
    const isSame = primaries.every((other) => other === primary);
    const role = primary === null ? [] : ['--replica', ...(isSame ? [`--of ${primary}`] : [])];
    return ['cluster add-node', ...nodes.map(({ address }) => address), memberOf(plan), ...role].join(' ');
  }
  const drain = hasMoves(plan) ? ['--drain'] : [];
  return ['cluster del-node', memberOf(plan), ...nodes.map(({ id }) => id), ...drain].join(' ');
}

/** `host:port` of a node that is a member before and after. */
function memberOf({ steps }: Plan): string {
  const [member] = steps.flatMap((step) => {
    if (step.kind === 'settle') return step.members;
    return step.kind === 'forget' ? step.by : [];
  });
  return member?.address ?? 'HOST:PORT';
}

function hasMoves({ steps }: Plan): boolean {
  return steps.some(({ kind }) => kind === 'move-slots');
}
