/** Is what the file holds in the cluster now? Counted by slots, and looked at key by key: all of a small file, else a random few. */

import type { NamedKeys } from '../../model/import-report.ts';
import { keySlot } from '../../model/key-slot.ts';
import { eachSlot, type SlotSet } from '../../model/slot-set.ts';
import type { Argument, Cluster, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { sameBody } from '../import/compare-values.ts';
import { printable } from '../import/import-tally.ts';
import type { Target, Targets } from '../import/targets.ts';
import { haveSameElements } from '../move/same-elements.ts';
import { sampleKeys } from './file-keys.ts';
import type { ServedFile } from './served-file.ts';

const SAMPLES_MAX = 100;
const EXAMPLES_MAX = 5;
/** Commands of one round trip: a server serves nobody else while it works through them. */
const SLOTS_PER_CALL_MAX = 1024;

export interface SampleReport {
  /** Different keys that were compared. */
  readonly compared: number;
  /** Those that are not in the cluster, or not with that value. */
  readonly different: NamedKeys;
}

/** How many keys the cluster has in these slots: COUNTKEYSINSLOT of their owners. Null where one of them does not say. */
export async function countInSlots(cluster: Cluster, targets: Targets, slots: SlotSet): Promise<number | null> {
  const byOwner = new Map<Target, number[]>();
  for (const slot of eachSlot(slots)) {
    const owner = targets.ownerOf(slot);
    if (owner === null) return null;
    const own = byOwner.get(owner);
    if (own) own.push(slot);
    else byOwner.set(owner, [slot]);
  }
  const counts = await Promise.all([...byOwner].map(([owner, own]) => countAt(cluster, owner, own)));
  return counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

async function countAt(cluster: Cluster, owner: Target, slots: readonly number[]): Promise<number | null> {
  let sum = 0;
  for (let from = 0; from < slots.length; from += SLOTS_PER_CALL_MAX) {
    const part = slots.slice(from, from + SLOTS_PER_CALL_MAX);
    const replies = await cluster.callMany(
      owner.node.address,
      part.map((slot) => argv.clusterCountKeysInSlot(slot)),
    );
    if (replies.some((reply) => typeof reply !== 'number')) return null;
    sum += replies.reduce<number>((total, reply) => total + Number(reply), 0);
  }
  return sum;
}

/** Compares each key of a small file, a random few of a large one. Keys that expire meanwhile are passed over. */
export async function compareSamples(source: ServedFile, cluster: Cluster, targets: Targets): Promise<SampleReport> {
  const keys = await sampleKeys(source, SAMPLES_MAX);
  const different: string[] = [];
  let compared = 0;
  for (const key of keys) {
    const verdict = await compare(source, cluster, targets, key);
    if (verdict === null) continue;
    compared += 1;
    if (!verdict) different.push(printable(key));
  }
  return { compared, different: { count: different.length, examples: different.slice(0, EXAMPLES_MAX) } };
}

/** Null where the key has expired. */
async function compare(source: ServedFile, cluster: Cluster, targets: Targets, key: Buffer): Promise<boolean | null> {
  const target = targets.ownerOf(keySlot(key));
  if (target === null) return false;
  const there = target.node;
  const [[here], [theirs], [type]] = await Promise.all([
    ask(source.cluster, source, [argv.dump(key)]),
    ask(cluster, there, [argv.dump(key)]),
    ask(source.cluster, source, [argv.type(key)]),
  ]);
  if (!Buffer.isBuffer(here)) return null;
  // It may have expired between the two.
  if (!Buffer.isBuffer(theirs)) return (await ask(source.cluster, source, [argv.dump(key)]))[0] === null ? null : false;
  if (sameBody(here, theirs)) return true;
  return haveSameElements(key, String(type), { source: here, target: theirs }, async (side, command) => {
    const [reply = null] = await (side === 'source'
      ? ask(source.cluster, source, [command])
      : ask(cluster, there, [command]));
    return reply;
  });
}

/** Error replies as null: what cannot be read is not the same. */
async function ask(
  cluster: Cluster,
  { address }: Pick<Target['node'], 'address'>,
  commands: readonly (readonly Argument[])[],
): Promise<readonly Reply[]> {
  const replies = await cluster.callMany(address, commands, { bytes: true });
  return replies.map((reply) => (reply instanceof ReplyError ? null : reply));
}
