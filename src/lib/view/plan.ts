/**
 * What a plan will do, for the person who has to consent. For a plan that makes shards: redis-cli's lines, to the
 * letter (7.0, and valkey-cli 9.1 by its words), then a table of the shards; for any other plan its steps. Then the
 * hazards.
 */
import { countInWords, listInWords, slotsInWords } from '../check/words.ts';
import type { SlotSet } from '../model/slot-set.ts';
import { countSlots, formatSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { findNode, reachedNodes } from '../model/topology.ts';
import type { NodeRef, Plan, Step } from '../plan/plan.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import { renderTable } from './table.ts';

export interface PlanStyle extends Style {
  /** The zone of each host; the table has a column for it where there are any. */
  readonly zones?: ReadonlyMap<string, string>;
}

/** The text, without a line feed at its end. `topology` is what the plan was made from. */
export function renderPlan(plan: Plan, topology: Topology, style: PlanStyle): string {
  const shards = shardsOf(plan);
  return [
    ...(shards.length > 0
      ? [...allocationLines(shards, topology, style), shardTable(shards, topology, style)]
      : stepLines(plan)),
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

/** One sentence without a full stop for each step. */
export function stepLines(plan: Plan): readonly string[] {
  return plan.steps.map(stepInWords);
}

function stepInWords(step: Step): string {
  switch (step.kind) {
    case 'reset':
      return `Reset ${step.node.address}, which becomes an empty node with another id`;
    case 'set-epoch':
      return `Give ${step.node.address} the config epoch ${step.epoch}`;
    case 'add-slots':
      return `Assign ${countInWords(countSlots(step.slots), 'slot')} to ${step.node.address}: ${formatSlots(step.slots)}`;
    case 'join':
      return step.newcomers === undefined
        ? `Join ${countInWords(step.nodes.length, 'node')}`
        : joinInWords(step.newcomers);
    case 'replicate':
      return `Make ${step.node.address} a replica of ${step.primary.address}`;
    case 'copy-functions':
      return `Copy the functions of ${step.source.address} to ${step.node.address}`;
    case 'settle':
      return `Wait until every node knows ${listInWords(step.newcomers.map(({ node }) => node.address))}, and ${step.newcomers.length === 1 ? 'it serves' : 'they serve'}`;
    case 'forget':
      return `Make ${countInWords(step.by.length, 'node')} forget ${listInWords(step.nodes.map(({ address }) => address))}`;
    case 'leave':
      return `Reset ${step.node.address}, which becomes an empty node with another id`;
    case 'move-slots':
      return `Move ${countInWords(countSlots(step.slots), 'slot')} from ${step.source.address} to ${step.target.address}: ${formatSlots(step.slots)}`;
    case 'import-keys':
      return `${step.copy ? 'Copy' : 'Move'} ${countInWords(step.keys, 'key')} of database ${step.database} from ${step.from}`;
    case 'release-slots':
      return `Let ${step.node.address} give up ${slotsInWords(step.slots)} to ${step.owner.address}`;
    case 'own-slots':
      return `Make ${step.node.address} the owner of ${slotsInWords(step.slots)}`;
    case 'settle-keys':
      return `Compare the keys of ${slotsInWords(step.slots)} that both ${step.source.address} and ${step.target.address} have`;
    case 'gather-keys':
      return `Bring the keys of ${slotsInWords(step.slots)} from ${step.source.address} to their owner ${step.target.address}`;
    case 'close-slots':
      return `Close ${slotsInWords(step.slots)} at ${step.node.address}`;
  }
}

function joinInWords(newcomers: readonly NodeRef[]): string {
  return `Make ${listInWords(newcomers.map(({ address }) => address))} known to every node`;
}

interface Shard {
  readonly primary: NodeRef;
  readonly replicas: readonly NodeRef[];
  readonly slots: SlotSet;
}

/** The shards that the plan makes, in the order of its steps. */
function shardsOf(plan: Plan): readonly Shard[] {
  return plan.steps.flatMap((step) => {
    if (step.kind !== 'add-slots') return [];
    const replicas = plan.steps.flatMap((other) =>
      other.kind === 'replicate' && other.primary.id === step.node.id ? [other.node] : [],
    );
    return [{ primary: step.node, replicas, slots: step.slots }];
  });
}

/** In redis-cli's order: the replicas that every shard has, and then those that only some have. */
function allocationLines(shards: readonly Shard[], topology: Topology, style: PlanStyle): readonly string[] {
  const isValkey = reachedNodes(topology)[0]?.reach.view.flavor.product === 'valkey';
  const nodeCount = topology.nodes.length;
  const everyone = Math.min(...shards.map(({ replicas }) => replicas.length));
  const adding = (from: number, to?: number): readonly string[] =>
    shards.flatMap(({ primary, replicas }) =>
      replicas.slice(from, to).map((replica) => `Adding replica ${replica.address} to ${primary.address}`),
    );
  const extra = adding(everyone);
  return [
    paint(style, 'bold', `>>> Performing hash slots allocation on ${nodeCount} ${isValkey ? 'node(s)' : 'nodes'}...`),
    ...shards.map(({ slots }, index) => `${isValkey ? 'Primary' : 'Master'}[${index}] -> Slots ${spaced(slots)}`),
    ...adding(0, everyone),
    ...(extra.length > 0 ? ['Adding extra replicas...', ...extra] : []),
  ];
}

/** `0 - 5460`; further ranges of a layout follow with commas. */
function spaced(slots: SlotSet): string {
  return slots.map(([first, last]) => `${first} - ${last}`).join(', ');
}

function shardTable(shards: readonly Shard[], topology: Topology, style: PlanStyle): string {
  const zones = style.zones ?? new Map<string, string>();
  const rows = shards.flatMap(({ primary, replicas, slots }, index) =>
    [primary, ...replicas].map((node, seat) => {
      const host = hostOf(topology, node);
      return [
        `${index}`,
        seat === 0 ? 'primary' : 'replica',
        node.address,
        host,
        ...(zones.size > 0 ? [zones.get(typedHost(node)) ?? zones.get(host) ?? ''] : []),
        ...(seat === 0 ? [formatSlots(slots), `${countSlots(slots)}`] : ['', '']),
      ];
    }),
  );
  const columns = [
    { head: 'shard', align: 'right' },
    { head: 'role' },
    { head: 'node' },
    { head: 'host' },
    ...(zones.size > 0 ? [{ head: 'zone' }] : []),
    { head: 'slots' },
    { head: 'count', align: 'right' },
  ] as const;
  return renderTable(columns, rows, style);
}

/** The host as it was typed, which is how zones may name it too. */
function typedHost({ address }: NodeRef): string {
  return address.slice(0, address.lastIndexOf(':'));
}

function hostOf(topology: Topology, { id }: NodeRef): string {
  return findNode(topology, id)?.peerAddress.host ?? '';
}
