/** What does setting `cluster-node-timeout` on every node change, and why should a person look first? */
import type { Finding } from '../check/finding.ts';
import { countInWords, listInWords, nameOf } from '../check/words.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Hazard } from './plan.ts';

/** As in redis-cli, which refuses less. */
const TIMEOUT_MS_MIN = 100;
/** A server that forks, or a client that sends a slow command, easily takes this long. The default is 15000. */
const TIMEOUT_MS_CALM = 2000;

/** The timeout that a node has now; null where it did not say. */
export interface PresentTimeout {
  readonly node: TopologyNode;
  readonly timeoutMs: number | null;
  /** Why it did not say: one sentence without a full stop. Empty where it did. */
  readonly reason: string;
}

export interface TimeoutPlan {
  readonly timeoutMs: number;
  /** In the order of the topology; all are tried. */
  readonly nodes: readonly PresentTimeout[];
  readonly hazards: readonly Hazard[];
}

/** Refuses, as `timeout-too-short` and in redis-cli's words, a time that is too short for any cluster. */
export function refuseShortTimeout(timeoutMs: number): readonly Finding[] {
  if (timeoutMs >= TIMEOUT_MS_MIN) return [];
  return [
    {
      rule: 'timeout-too-short',
      severity: 'error',
      message: `Setting a node timeout of less than ${TIMEOUT_MS_MIN} milliseconds is a bad idea.`,
      nodeIds: [],
      suggestion: 'Servers have 15000 unless told otherwise.',
    },
  ];
}

/** For all nodes, also those that have this timeout already: their configuration file may not. */
export function planNodeTimeout(nodes: readonly PresentTimeout[], timeoutMs: number): TimeoutPlan {
  return { timeoutMs, nodes, hazards: [...shortTimeout(timeoutMs), ...leftBehind(nodes)] };
}

function shortTimeout(timeoutMs: number): readonly Hazard[] {
  if (timeoutMs >= TIMEOUT_MS_CALM) return [];
  const message = `With ${timeoutMs} ms a node that is busy for a moment is taken for failed, and a replica takes its place.`;
  return [{ name: 'short-timeout', message }];
}

function leftBehind(nodes: readonly PresentTimeout[]): readonly Hazard[] {
  const silent = nodes.filter(({ node }) => !node.reach.ok).map(({ node }) => nameOf(node));
  if (silent.length === 0) return [];
  const verb = silent.length === 1 ? 'does not answer and keeps its' : 'do not answer and keep their';
  const message = `${countInWords(silent.length, 'node')} ${verb} own timeout: ${listInWords(silent)}. Nodes that differ do not agree who has failed.`;
  return [{ name: 'nodes-left-behind', message }];
}
