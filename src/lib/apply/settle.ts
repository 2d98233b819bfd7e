/**
 * Waiting until a cluster is what the plan said: first in the view of every node, then in service.
 *
 * News travels slowly by itself, so a node whose news is missing somewhere introduces itself there (CLUSTER MEET
 * between nodes that know each other carries the sender's full header at once).
 */
import { mapBounded } from '../bounded.ts';
import { listInWords } from '../check/words.ts';
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { NodeEntry, NodeId } from '../model/node.ts';
import { hasFlag, roleOf } from '../model/node.ts';
import { formatSlots } from '../model/slot-set.ts';
import type { Topology, TopologyNode, View } from '../model/topology.ts';
import { argv } from '../wire/argv.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { ExecutorOptions } from './executor.ts';

/** `agree`: every node has the desired view. `ready`: and says cluster_state:ok, and every replica's link is up. */
export type SettleLevel = 'agree' | 'ready';

const CONCURRENT_NODES_MAX = 64;
const POLL_MS = 50;
/** A node introduces itself to at most this many others for each look, so that large clusters are not flooded. */
const INTRODUCTIONS_PER_LOOK_MAX = 8;

/** What one node still lacks. */
interface Lack {
  readonly node: TopologyNode;
  /** Nodes whose role or slots it does not see as desired. */
  readonly newsOf: readonly NodeId[];
  /** Why it does not serve, a phrase each. */
  readonly reasons: readonly string[];
}

/**
 * Throws TIMEOUT with one line for each node that lacks something. With a `focus` only news of these nodes counts, and
 * only they have to serve.
 */
export async function settle(
  desired: Topology,
  level: SettleLevel,
  options: Pick<ExecutorOptions, 'cluster' | 'waitTimeoutMs' | 'signal' | 'emit' | 'clock'>,
  focus: ReadonlySet<NodeId> = new Set(desired.nodes.map(({ id }) => id)),
): Promise<void> {
  const what = level === 'agree' ? 'every node to agree' : 'every node to serve';
  const subjects = desired.nodes.filter(({ id }) => focus.has(id));
  const expected = new Map(subjects.map((node) => [node.id, beliefOf(node.entry)]));
  let unsettled = desired.nodes;
  await waitUntilNothingIsMissing(
    {
      what,
      timeoutMs: options.waitTimeoutMs,
      pollMs: POLL_MS,
      signal: options.signal,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    },
    async () => {
      const look = async (): Promise<readonly Lack[]> => {
        const observed = await options.cluster.observeEach(unsettled.map(({ address }) => address));
        return observed.nodes
          .map((node) => lackOf(node, expected, focus.has(node.id) ? level : 'agree'))
          .filter(isLacking);
      };
      let lacks = await look();
      if (lacks.length === 0 && unsettled.length < desired.nodes.length) {
        // What the first to settle said may be out of date: only what all say at one time counts.
        unsettled = desired.nodes;
        lacks = await look();
      }
      const lacking = new Set(lacks.map(({ node }) => formatAddress(node.address)));
      const silent = await introduceNews(lacks, desired, options);
      // One that has settled and then fell silent is looked at again: it is why others still lack its news.
      unsettled = desired.nodes.filter((node) => lacking.has(formatAddress(node.address)) || silent.includes(node));
      return lacks.map((lack) => describe(lack, desired));
    },
    (missing) => options.emit({ event: 'wait', what, missing }),
  );
  options.emit({ event: 'wait-end', what });
}

function lackOf(node: TopologyNode, expected: ReadonlyMap<NodeId, string>, level: SettleLevel): Lack {
  if (!node.reach.ok) return { node, newsOf: [], reasons: [node.reach.reason] };
  const view = node.reach.view;
  const seen = new Map(
    view.entries.filter((entry) => !hasFlag(entry, 'handshake')).map((entry) => [entry.id, beliefOf(entry)]),
  );
  const newsOf = [...expected].filter(([id, belief]) => seen.get(id) !== belief).map(([id]) => id);
  return { node, newsOf, reasons: level === 'ready' ? reasonsNotToServe(node, view) : [] };
}

function reasonsNotToServe(node: TopologyNode, view: View): readonly string[] {
  const state = view.clusterInfo['cluster_state'] ?? 'unknown';
  const link = view.info['master_link_status'] ?? 'unknown';
  // A second introduction of a node that is known lasts for a moment, and looks like one node too many meanwhile.
  const isBeingIntroduced = view.entries.some((entry) => hasFlag(entry, 'handshake'));
  return [
    ...(isBeingIntroduced ? ['is still being introduced to others'] : []),
    ...(state === 'ok' ? [] : [`says cluster_state:${state}`]),
    ...(roleOf(node.entry) === 'replica' && link !== 'up' ? [`its link to its primary is ${link}`] : []),
  ];
}

function isLacking(lack: Lack): boolean {
  return lack.newsOf.length > 0 || lack.reasons.length > 0;
}

/** What a view must say of a node: role, primary and slots. */
function beliefOf(entry: NodeEntry): string {
  return `${roleOf(entry)} ${entry.primaryId ?? '-'} ${formatSlots(entry.slots)}`;
}

/** It only hurries the news. What comes back are the nodes that could not be told to, because they do not answer. */
async function introduceNews(
  lacks: readonly Lack[],
  desired: Topology,
  options: Pick<ExecutorOptions, 'cluster'>,
): Promise<readonly TopologyNode[]> {
  const introductions = new Map<NodeId, TopologyNode[]>();
  for (const { node, newsOf } of lacks) {
    for (const id of newsOf) {
      if (id === node.id) continue;
      const listeners = introductions.get(id) ?? [];
      if (listeners.length < INTRODUCTIONS_PER_LOOK_MAX) introductions.set(id, [...listeners, node]);
    }
  }
  const senders = desired.nodes.filter(({ id }) => introductions.has(id));
  const silent = await mapBounded(senders, CONCURRENT_NODES_MAX, async (sender) => {
    const listeners = introductions.get(sender.id) ?? [];
    const meets = listeners.map(({ peerAddress }) => argv.clusterMeet(peerAddress));
    try {
      await options.cluster.callMany(sender.address, meets);
      return [];
    } catch (cause) {
      if (!(cause instanceof OpsError)) throw cause;
      return [sender];
    }
  });
  return silent.flat();
}

function describe({ node, newsOf, reasons }: Lack, desired: Topology): string {
  const names = desired.nodes.filter(({ id }) => newsOf.includes(id)).map(({ address }) => formatAddress(address));
  const news = names.length === 0 ? [] : [`does not yet see ${listInWords(names)} as planned`];
  return `${formatAddress(node.address)} ${[...news, ...reasons].join(', ')}`;
}
