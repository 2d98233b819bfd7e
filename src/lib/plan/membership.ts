/**
 * Plans that add or remove nodes: what to type to go on with one that was interrupted, and what takes it back. They are
 * not gone on with by `resume`: the same command looks at the cluster and does the rest.
 */
import type { Plan, Step } from './plan.ts';

export type Membership =
  | { readonly kind: 'add'; readonly settle: Extract<Step, { readonly kind: 'settle' }> }
  | {
      readonly kind: 'remove';
      readonly nodes: readonly string[];
      readonly ids: readonly string[];
      readonly by: string;
    };

/** Null for a plan that does neither. */
export function membershipOf({ steps }: Plan): Membership | null {
  const settle = steps.find((step) => step.kind === 'settle');
  if (settle !== undefined) return { kind: 'add', settle };
  const forget = steps.find((step) => step.kind === 'forget');
  const leaving = steps.flatMap((step) => (step.kind === 'leave' ? [step.node] : []));
  const nodes = forget?.nodes ?? leaving;
  if (nodes.length === 0) return null;
  const by = forget?.by[0]?.address ?? 'HOST:PORT';
  return { kind: 'remove', nodes: nodes.map(({ address }) => address), ids: nodes.map(({ id }) => id), by };
}

/** The command that does the rest of the plan, whatever was done of it. */
export function commandAgain(plan: Plan): string | null {
  const membership = membershipOf(plan);
  if (membership === null) return null;
  const moves = plan.steps.some(({ kind }) => kind === 'move-slots');
  if (membership.kind === 'remove')
    return ['cluster del-node', membership.by, ...membership.ids, ...(moves ? ['--drain'] : [])].join(' ');
  const { newcomers, members } = membership.settle;
  const [first] = newcomers;
  const primary = first?.primary ?? null;
  const isOne = newcomers.every((newcomer) => newcomer.primary?.id === primary?.id);
  return [
    'cluster add-node',
    ...newcomers.map(({ node }) => node.address),
    members[0]?.address ?? 'HOST:PORT',
    ...(primary === null ? [] : ['--replica', ...(isOne ? [`--of ${primary.id}`] : [])]),
    ...(moves ? ['--rebalance'] : []),
  ].join(' ');
}

/** The command that does the opposite of the plan. */
export function commandBack(plan: Plan): string | null {
  const membership = membershipOf(plan);
  if (membership === null) return null;
  if (membership.kind === 'remove') return `cluster add-node ${membership.nodes.join(' ')} ${membership.by}`;
  const { newcomers, members } = membership.settle;
  const drain = plan.steps.some(({ kind }) => kind === 'move-slots') ? ['--drain'] : [];
  return [
    'cluster del-node',
    members[0]?.address ?? 'HOST:PORT',
    ...newcomers.map(({ node }) => node.id),
    ...drain,
  ].join(' ');
}
