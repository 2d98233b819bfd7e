/**
 * Do all nodes agree who owns which slots?
 *
 * As in redis-cli, two views are the same when the same nodes own the same slots; slots being moved make no
 * difference. Unlike redis-cli, the view of every node that answers is compared, also of nodes that the asked node
 * takes for failed or does not know: clients may be connected to them.
 */
import type { NodeEntry, NodeId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import {
  ALL_SLOTS,
  eachSlot,
  formatSlots,
  SLOT_COUNT,
  slotSetOf,
  subtractSlots,
  unionSlots,
} from '../model/slot-set.ts';
import type { ReachedNode, Topology, View } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { countInWords, listInWords, nameById, nameOf, nodesInWords, slotsInWords } from './words.ts';

export const agreement: Rule = {
  name: 'agreement',
  finds: 'nodes that disagree with most others about which primary owns which slots',
  check: (topology) => {
    const [majority, ...minorities] = groupByView(topology);
    return majority ? minorities.map((minority) => disagreement(topology, majority, minority)) : [];
  },
};

/** Nodes whose views are the same, in the topology's order. */
type Group = readonly [ReachedNode, ...ReachedNode[]];

/** The largest group first; of equally large ones the one that has the earliest node. */
function groupByView(topology: Topology): readonly Group[] {
  const signatureOf = signer();
  const groups = groupBy(reachedNodes(topology), (node) => signatureOf(node.reach.view));
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/**
 * Gives a view its signature: the same text for all views in which the same nodes own the same slots, in whatever order. It is
 * made of the numbers of the view's claims (this node has these slots), and a claim that was seen before keeps its number.
 * Entries of different views mostly share their slots, so 200 views take 10 ms instead of 70.
 */
function signer(): (view: View) => string {
  const numbers = new Map<string, number>();
  const recent = new Map<SlotSet, { readonly id: NodeId; readonly number: number }>();
  const numberOf = ({ id, slots }: NodeEntry): number => {
    const known = recent.get(slots);
    if (known?.id === id) return known.number;
    const claim = `${id}:${formatSlots(slots)}`;
    const number = numbers.get(claim) ?? numbers.size;
    numbers.set(claim, number);
    recent.set(slots, { id, number });
    return number;
  };
  return ({ entries }) => {
    const claims: number[] = [];
    for (const entry of entries) if (entry.slots.length > 0) claims.push(numberOf(entry));
    return new Uint32Array(claims).sort().join();
  };
}

function disagreement(topology: Topology, majority: Group, minority: Group): Finding {
  const theirs = minority[0].reach.view;
  const usual = majority[0].reach.view;
  const differences = differencesOf(theirs, usual).map(
    ({ slots, owner, usualOwner }) =>
      `${slotsInWords(slots)} to ${ownerName(topology, owner)} instead of ${ownerName(topology, usualOwner)}`,
  );
  const verb = minority.length === 1 ? ['disagrees', 'it gives'] : ['disagree', 'they give'];
  const what = differences.length === 0 ? '' : `: ${verb[1]} ${listInWords(differences)}`;
  return {
    rule: 'agreement',
    severity: 'error',
    message: `${nodesInWords(minority)} ${verb[0]} with ${countInWords(majority.length, 'node')}${what}.`,
    nodeIds: minority.map((node) => node.id),
    slots: disputedSlots(theirs, usual),
    suggestion: `A change takes a moment to spread: check again. If it stays, compare with "cluster nodes ${nameOf(minority[0])}".`,
  };
}

interface Difference {
  readonly slots: SlotSet;
  readonly owner: NodeId | null;
  readonly usualOwner: NodeId | null;
}

/** One for all slots that have the same two owners, in the order of their first slots. */
function differencesOf(view: View, usual: View): readonly Difference[] {
  const owners = ownersBySlot(view);
  const usualOwners = ownersBySlot(usual);
  const disputed = [...eachSlot(ALL_SLOTS)].filter((slot) => owners[slot] !== usualOwners[slot]);
  const byPair = groupBy(disputed, (slot) => `${owners[slot]} ${usualOwners[slot]}`);
  return [...byPair.values()].map((slots) => ({
    slots: slotSetOf(slots),
    owner: owners[slots[0]] ?? null,
    usualOwner: usualOwners[slots[0]] ?? null,
  }));
}

function ownersBySlot(view: View): readonly (NodeId | undefined)[] {
  const owners = new Array<NodeId | undefined>(SLOT_COUNT);
  for (const entry of view.entries) for (const slot of eachSlot(entry.slots)) owners[slot] = entry.id;
  return owners;
}

function ownerName(topology: Topology, id: NodeId | null): string {
  return id === null ? 'no node' : nameById(topology, id);
}

function disputedSlots(view: View, usual: View): SlotSet {
  const slots = new Map(view.entries.map((entry) => [entry.id, entry.slots]));
  const usualSlots = new Map(usual.entries.map((entry) => [entry.id, entry.slots]));
  const ids = new Set([...slots.keys(), ...usualSlots.keys()]);
  return unionSlots(
    ...[...ids].flatMap((id) => {
      const here = slots.get(id) ?? [];
      const there = usualSlots.get(id) ?? [];
      return [subtractSlots(here, there), subtractSlots(there, here)];
    }),
  );
}
