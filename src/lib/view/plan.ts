/** A plan before it is consented to: what redis-cli prints, a table of what will be, and why to think twice. */

import { roleWords } from '../model/flavor.ts';
import { countSlots, formatSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import type { Plan, Step } from '../plan/plan.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import { renderTable } from './table.ts';

type AddSlots = Extract<Step, { kind: 'add-slots' }>;
type Replicate = Extract<Step, { kind: 'replicate' }>;

/** The plan of a creation, for the nodes that it was made from. */
export function renderCreatePlan(plan: Plan, topology: Topology, style: Style): string {
  const shards = plan.steps.filter((step) => step.kind === 'add-slots');
  const replicas = plan.steps.filter((step) => step.kind === 'replicate');
  return [
    paint(style, 'bold', `>>> Performing hash slots allocation on ${topology.nodes.length} nodes...`),
    ...classicLines(shards, replicas, primaryWord(topology)),
    '',
    renderTable(
      [
        { head: 'shard', align: 'right' },
        { head: 'role' },
        { head: 'node' },
        { head: 'slots' },
        { head: 'count', align: 'right' },
      ],
      shards.flatMap((shard, index) => shardRows(shard, replicas, index)),
      style,
    ),
    ...plan.hazards.map(({ message }) => paint(style, 'yellow', `[WARNING] ${message}`)),
  ].join('\n');
}

/** Source: output of redis-cli 7.0.15 (`Master[0]`) and valkey-cli 9.1 (`Primary[0]`). */
function classicLines(shards: readonly AddSlots[], replicas: readonly Replicate[], word: string): readonly string[] {
  return [
    ...shards.map(
      ({ slots }, index) =>
        `${word}[${index}] -> Slots ${slots.map(([first, last]) => `${first} - ${last}`).join(', ')}`,
    ),
    ...replicas.map(({ node, primary }) => `Adding replica ${node.address} to ${primary.address}`),
  ];
}

function primaryWord(topology: Topology): string {
  const [first] = reachedNodes(topology);
  const word = first === undefined ? 'primary' : roleWords(first.reach.view.flavor).primary;
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

function shardRows(
  { node, slots }: AddSlots,
  replicas: readonly Replicate[],
  index: number,
): readonly (readonly string[])[] {
  const own = replicas.filter(({ primary }) => primary.id === node.id);
  return [
    [`${index + 1}`, 'primary', node.address, formatSlots(slots), `${countSlots(slots)}`],
    ...own.map((replica) => ['', 'replica', replica.node.address, '', '']),
  ];
}
