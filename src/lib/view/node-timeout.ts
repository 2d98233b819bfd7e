/** What `set-timeout` prints: the values that nodes have, then redis-cli's lines, then the way back. */
import { listInWords, nameOf } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { TimeoutPlan } from '../plan/node-timeout.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import { renderTable } from './table.ts';

/** What setting it came to at one node, as `apply/node-timeout.ts` reports it. */
interface Outcome {
  readonly node: TopologyNode;
  readonly beforeMs: number | null;
  readonly setError: string | null;
  readonly rewriteError: string | null;
}

/** The JSON document of `set-timeout`. */
export interface TimeoutDocument {
  readonly version: 1;
  readonly outcome: 'planned' | 'done' | 'failed';
  readonly timeoutMs: number;
  readonly hazards: TimeoutPlan['hazards'];
  readonly nodes: readonly {
    readonly id: NodeId;
    readonly address: string;
    readonly beforeMs: number | null;
    /** Null where it was set. Absent in a dry run. */
    readonly setError?: string | null;
    /** Null where it is in the node's file too, or was not even set. Absent in a dry run. */
    readonly rewriteError?: string | null;
  }[];
}

export function renderTimeoutPlan({ timeoutMs, nodes, hazards }: TimeoutPlan, style: Style): string {
  const rows = nodes.map(({ node, timeoutMs: before, reason }) => [
    nameOf(node),
    before === null ? '-' : `${before}`,
    `${timeoutMs}`,
    reason,
  ]);
  const columns = [
    { head: 'node' },
    { head: 'timeout ms', align: 'right' as const },
    { head: 'new', align: 'right' as const },
    { head: '', isProse: true },
  ];
  return [renderTable(columns, rows, style), ...hazardLines(hazards, style)].join('\n');
}

/** redis-cli's lines. A node that has it in memory only counts as an error, as with redis-cli, but is told apart. */
export function renderTimeoutOutcomes(outcomes: readonly Outcome[], style: Style): string {
  const good = outcomes.filter(isDone).length;
  return [
    ...outcomes.flatMap((outcome) => linesOf(outcome, style)),
    `>>> New node timeout set. ${good} OK, ${outcomes.length - good} ERR.`,
  ].join('\n');
}

/** What to type to have the earlier values again; null where nothing was changed. */
export function renderTimeoutWayBack(outcomes: readonly Outcome[], seed: string, timeoutMs: number): string | null {
  const changed = outcomes.filter(
    ({ beforeMs, setError }) => setError === null && beforeMs !== null && beforeMs !== timeoutMs,
  );
  const values = [...new Set(changed.map(({ beforeMs }) => beforeMs))];
  if (values.length === 0) return null;
  if (values.length === 1 && changed.length === outcomes.length)
    return `To go back: cluster set-timeout ${seed} ${values[0]}`;
  const groups = values.map((value) => {
    const names = changed.filter(({ beforeMs }) => beforeMs === value).map(({ node }) => nameOf(node));
    return `${value} ms on ${listInWords(names)}`;
  });
  return `Before: ${groups.join('; ')}.`;
}

/** True where the node has it, in memory and in its file. */
export function isDone({ setError, rewriteError }: Outcome): boolean {
  return setError === null && rewriteError === null;
}

export function renderTimeoutJson(plan: TimeoutPlan, outcomes: readonly Outcome[] | null): TimeoutDocument {
  const nodes =
    outcomes === null
      ? plan.nodes.map(({ node, timeoutMs: beforeMs }) => ({ ...nodeOf(node), beforeMs }))
      : outcomes.map(({ node, beforeMs, setError, rewriteError }) => ({
          ...nodeOf(node),
          beforeMs,
          setError,
          rewriteError: setError === null ? rewriteError : null,
        }));
  const outcome = outcomes === null ? 'planned' : outcomes.every(isDone) ? 'done' : 'failed';
  return { version: 1, outcome, timeoutMs: plan.timeoutMs, hazards: plan.hazards, nodes };
}

function nodeOf(node: TopologyNode): { readonly id: NodeId; readonly address: string } {
  return { id: node.id, address: nameOf(node) };
}

function linesOf({ node, setError, rewriteError }: Outcome, style: Style): readonly string[] {
  if (setError !== null) return [paint(style, 'red', `ERR setting node-timeout for ${nameOf(node)}: ${setError}`)];
  const done = `*** New timeout set for ${nameOf(node)}`;
  if (rewriteError === null) return [done];
  const text = `ERR setting node-timeout for ${nameOf(node)}: set, but not rewritten: ${rewriteError}`;
  return [done, paint(style, 'red', text)];
}
