/** Running plans on a fake cluster as the commands do, and what must hold of it at every moment. */

import type { ApplyEvent } from '../../src/lib/apply/events.ts';
import type { Journal } from '../../src/lib/apply/journal.ts';
import { MOVE_DEFAULTS, type MoveSettings } from '../../src/lib/apply/move/settings.ts';
import { runMoves } from '../../src/lib/apply/run-moves.ts';
import { present } from '../../src/lib/assert.ts';
import { slotSetOf } from '../../src/lib/model/slot-set.ts';
import { basisOf } from '../../src/lib/plan/basis.ts';
import type { MoveSlots, Plan } from '../../src/lib/plan/plan.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { slotOfKey } from './fake-node.ts';
import { nodeId } from './topology-builder.ts';

/** One slot that is to move: from its owner to the shard of that name. */
export type Wish = readonly [slot: number, target: string];

/** A journal that forgets all but which steps were begun. */
export function memoryJournal(): Journal & { readonly begun: Set<number>; readonly outcomes: string[] } {
  const begun = new Set<number>();
  const outcomes: string[] = [];
  return {
    run: '20261123-011500-4e1f',
    begun,
    outcomes,
    begin: () => undefined,
    stepBegin: (steps) => {
      for (const step of steps) begun.add(step);
    },
    stepEnd: () => undefined,
    slots: () => undefined,
    setting: () => undefined,
    end: (outcome) => void outcomes.push(outcome),
  };
}

/** A step for each pair of source and target; none for a slot that is where it is wished. */
export function planOf(cluster: FakeCluster, wishes: readonly Wish[]): Plan {
  const moves = new Map<string, { readonly source: number; readonly target: number; readonly slots: number[] }>();
  for (const [slot, name] of wishes) {
    const source = cluster.nodes.findIndex((node) => node.claims(slot));
    const target = cluster.nodes.findIndex(({ id }) => id === nodeId(name));
    if (source === target) continue;
    const pair = `${source} ${target}`;
    const move = moves.get(pair) ?? { source, target, slots: [] };
    move.slots.push(slot);
    moves.set(pair, move);
  }
  const refOf = (index: number): MoveSlots['source'] => {
    const { id, address } = present(cluster.nodes[index], 'wishes are about nodes of the cluster');
    return { id, address: `${address.host}:${address.port}` };
  };
  const steps = [...moves.values()].map(
    ({ source, target, slots }): MoveSlots => ({
      kind: 'move-slots',
      source: refOf(source),
      target: refOf(target),
      slots: slotSetOf(slots),
      mover: 'key-wise',
      estimate: null,
    }),
  );
  return { version: 1, intention: 'move', basis: basisOf(cluster.topology()), steps, hazards: [] };
}

export interface FakeRun {
  readonly journal: ReturnType<typeof memoryJournal>;
  readonly failure: unknown;
  readonly events: readonly ApplyEvent[];
}

/** Carries the plan out; what it throws is the result's `failure`. */
export async function runFake(
  cluster: FakeCluster,
  plan: Plan,
  { signal = cluster.operator.signal, move = {} }: { signal?: AbortSignal; move?: Partial<MoveSettings> } = {},
): Promise<FakeRun> {
  const journal = memoryJournal();
  const events: ApplyEvent[] = [];
  const options = {
    cluster,
    journal,
    emit: (event: ApplyEvent) => void events.push(event),
    signal,
    waitTimeoutMs: 60_000,
    clock: cluster.clock,
    move: { ...MOVE_DEFAULTS, ...move },
  };
  const failure = await runMoves(plan, cluster.topology(), options).then(
    () => null,
    (cause: unknown) => cause,
  );
  return { journal, failure, events };
}

/**
 * Who owns which slot, by the names of shards, where each key is, and what is open: all that a client could see, but for
 * keys that were written meanwhile.
 */
export function stateOf(cluster: FakeCluster, shards: readonly string[], slotCount: number): object {
  const nameOf = (id: string): string => {
    const found = shards.find((name) => nodeId(name) === id || nodeId(`${name}-replica`) === id);
    return found ?? id;
  };
  const up = cluster.nodes.filter(({ primaryId, isDown }) => primaryId === null && !isDown);
  return {
    slots: Array.from({ length: slotCount }, (_, slot) =>
      up.filter((node) => node.claims(slot)).map(({ id }) => nameOf(id)),
    ),
    keys: up
      .flatMap((node) => [...node.keys].map(([key, value]) => `${key}=${value} ${nameOf(node.id)}`))
      .filter((text) => ![...cluster.written].some(([key, value]) => text.startsWith(`${key}=${value} `)))
      .sort(),
    open: up.flatMap(({ migrating, importing }) => [...migrating.keys(), ...importing.keys()]),
  };
}

/**
 * The first thing that is wrong, or null. Every slot is claimed, and of several claims one has the highest epoch and
 * wins; every key is in one place, or in two with the same value; and a client finds it: at the winner, or, by the
 * winner's ASK, at the node that is importing the slot. `isDisturbed`: a failover closes open slots by itself, so
 * that until somebody opens them again keys may be out of sight; but never gone.
 */
export function wrongIn(
  cluster: FakeCluster,
  keys: ReadonlyMap<string, string>,
  slotCount: number,
  isDisturbed: boolean,
): string | null {
  const up = cluster.nodes.filter(({ primaryId, isDown }) => primaryId === null && !isDown);
  const winners = new Map<number, (typeof up)[number]>();
  for (let slot = 0; slot < slotCount; slot++) {
    const claims = up.filter((node) => node.claims(slot)).sort((a, b) => b.epoch - a.epoch);
    const [winner, second] = claims;
    if (winner === undefined) return `nobody claims slot ${slot}`;
    if (second !== undefined && second.epoch === winner.epoch) return `two nodes claim slot ${slot} with one epoch`;
    winners.set(slot, winner);
  }
  for (const [key, value] of [...keys, ...cluster.written]) {
    const slot = slotOfKey(key);
    const holders = up.filter((node) => node.keys.has(key));
    const winner = present(winners.get(slot), 'each key is of a slot that is looked at');
    if (holders.length === 0) return `key ${key} is lost`;
    if (holders.length > 2) return `key ${key} is in ${holders.length} places`;
    if (holders.some((node) => node.keys.get(key) !== value)) return `key ${key} has another value`;
    if (isDisturbed || holders.includes(winner)) continue;
    const asked = up.find(({ id }) => id === winner.migrating.get(slot));
    if (asked === undefined || !holders.includes(asked)) return `key ${key} is not found: slot ${slot} leads elsewhere`;
    if (!asked.importing.has(slot) && !asked.claims(slot))
      return `key ${key} is not served: slot ${slot} is not imported`;
  }
  return null;
}
