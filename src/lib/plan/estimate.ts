/** How much do the moves of a plan carry, how long do they take, and what may hurt on the way? By what was measured. */
import { listInWords, mebibytesInWords } from '../check/words.ts';
import type { NodeId } from '../model/node.ts';
import { countSlots, eachSlot, hasSlot } from '../model/slot-set.ts';
import type { Hazard, MoveEstimate, MoveSlots, Plan, Step } from './plan.ts';

export interface Measures {
  /** How many keys each slot has that is to move. */
  readonly keysInSlot: ReadonlyMap<number, number>;
  /** For each source, its memory for data divided by its keys. */
  readonly bytesPerKey: ReadonlyMap<NodeId, number>;
  /** For each target, used_memory and maxmemory in bytes; `max` is 0 where there is no limit. */
  readonly memory: ReadonlyMap<NodeId, { readonly used: number; readonly max: number }>;
  /** Between this program and the nodes. */
  readonly roundTripMs: number;
  /** The largest keys that were found; whether they are large is decided here. */
  readonly largeKeys: readonly LargeKey[];
}

export interface LargeKey {
  /** Printable. */
  readonly key: string;
  readonly bytes: number;
  readonly slot: number;
  readonly nodeId: NodeId;
}

/** MIGRATE blocks both servers while a key is sent; about 0.1 s for one of this size. */
export const LARGE_KEY_BYTES = 16 * 1024 * 1024;

/**
 * The plan with an estimate for every move whose slots and source were measured, and with the hazards `maxmemory` and
 * `large-keys` where they apply. Those of an earlier estimate are replaced.
 */
export function withEstimates(plan: Plan, measures: Measures): Plan {
  const steps = plan.steps.map(
    (step): Step => (step.kind === 'move-slots' ? { ...step, estimate: estimateOf(step, measures) } : step),
  );
  const moves = steps.filter((step): step is MoveSlots => step.kind === 'move-slots');
  const others = plan.hazards.filter(({ name }) => name !== MEMORY && name !== LARGE_KEYS);
  return { ...plan, steps, hazards: [...others, ...memoryHazard(moves, measures), ...largeKeyHazard(moves, measures)] };
}

const MEMORY = 'maxmemory';
const LARGE_KEYS = 'large-keys';

function estimateOf(move: MoveSlots, measures: Measures): MoveEstimate | null {
  let keys = 0;
  for (const slot of eachSlot(move.slots)) {
    const inSlot = measures.keysInSlot.get(slot);
    if (inSlot === undefined) return null;
    keys += inSlot;
  }
  const bytesPerKey = keys === 0 ? 0 : measures.bytesPerKey.get(move.source.id);
  if (bytesPerKey === undefined) return null;
  const durationMs = move.mover === 'atomic' ? atomicMs(keys, measures) : keyWiseMs(keys, move, measures);
  return { keys, bytes: Math.round(keys * bytesPerKey), durationMs: Math.round(durationMs) };
}

const SECOND_MS = 1000;

/**
 * Rough, from keys of 100 bytes on one machine (Redis 7.0, Valkey 9.1): MIGRATE takes about 100,000 keys a second, and
 * opening and closing a slot 0.1 ms. Slots are moved in windows, whose commands take some round trips each.
 */
const KEY_WISE_KEYS_PER_SECOND = 100_000;
const KEY_WISE_SLOT_MS = 0.1;
const KEY_WISE_SLOTS_PER_WINDOW = 256;
const KEY_WISE_KEYS_PER_WINDOW = 4096;
/** Open on both sides, list, move, close on both sides and on the others. */
const KEY_WISE_ROUND_TRIPS_PER_WINDOW = 7;

function keyWiseMs(keys: number, { slots }: MoveSlots, { roundTripMs }: Measures): number {
  const count = countSlots(slots);
  const windows = Math.ceil(count / KEY_WISE_SLOTS_PER_WINDOW) + Math.floor(keys / KEY_WISE_KEYS_PER_WINDOW);
  const transferMs = (keys / KEY_WISE_KEYS_PER_SECOND) * SECOND_MS;
  return transferMs + count * KEY_WISE_SLOT_MS + windows * KEY_WISE_ROUND_TRIPS_PER_WINDOW * roundTripMs;
}

/** Small moves take their time too: the servers go from one step to the next ten times a second. */
const ATOMIC_KEYS_PER_SECOND = 400_000;
const ATOMIC_SETUP_MS = 300;
/** The order to the source and the last look at it. */
const ATOMIC_ROUND_TRIPS = 2;

function atomicMs(keys: number, { roundTripMs }: Measures): number {
  return ATOMIC_SETUP_MS + (keys / ATOMIC_KEYS_PER_SECOND) * SECOND_MS + ATOMIC_ROUND_TRIPS * roundTripMs;
}

function memoryHazard(moves: readonly MoveSlots[], { memory }: Measures): readonly Hazard[] {
  const arriving = new Map<NodeId, number>();
  for (const { target, estimate } of moves) {
    arriving.set(target.id, (arriving.get(target.id) ?? 0) + (estimate?.bytes ?? 0));
  }
  const addresses = new Map(moves.map(({ target }) => [target.id, target.address]));
  const full = [...arriving].flatMap(([id, bytes]) => {
    const { used, max } = memory.get(id) ?? { used: 0, max: 0 };
    if (max === 0 || used + bytes <= max) return [];
    return [`${addresses.get(id)} would need ${mebibytesInWords(used + bytes)} of ${mebibytesInWords(max)}`];
  });
  if (full.length === 0) return [];
  const message = `Memory does not suffice, so keys may be evicted or the move may stop: ${listInWords(full)}.`;
  return [{ name: MEMORY, message }];
}

/** Only where keys are sent one by one: inside the servers a large key blocks nobody. */
function largeKeyHazard(moves: readonly MoveSlots[], { largeKeys }: Measures): readonly Hazard[] {
  const blocking = moves.filter(({ mover }) => mover === 'key-wise');
  const large = largeKeys
    .filter(({ bytes }) => bytes > LARGE_KEY_BYTES)
    .filter(({ slot, nodeId }) => blocking.some(({ source, slots }) => source.id === nodeId && hasSlot(slots, slot)))
    .sort((a, b) => b.bytes - a.bytes || (a.key < b.key ? -1 : 1));
  if (large.length === 0) return [];
  const keys = listInWords(large.map(({ key, bytes, slot }) => `${key} (slot ${slot}, ${mebibytesInWords(bytes)})`));
  const message = `Source and target serve nobody while one of these large keys is moved: ${keys}.`;
  return [{ name: LARGE_KEYS, message }];
}
