/**
 * One key that two nodes have. Nothing is ever overwritten: one of the two values is deleted, and then the other one
 * moves like any other key.
 *
 *   both the same       the copy that no client can reach goes: nothing is lost. One that a MIGRATE has made late, on its
 *                       way from whom clients see, may expire later
 *   they differ         whoever decides names the winner; the other value is kept aside, and then it goes
 *   nobody decides      both stay
 *
 * A value goes only while it is what was looked at (WATCH): one that a client changes meanwhile is looked at again.
 */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { TopologyNode } from '../model/topology.ts';
import type { Cluster, Reply } from '../redis/cluster.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import type { ConflictDesk, ConflictSide } from './conflicts.ts';
import { compareValues } from './move/same-value.ts';

/** Keys that clients write faster than they can be looked at are given up after this many looks. */
const LOOKS_MAX = 20;

export interface SharedKeyPlace {
  readonly source: TopologyNode;
  readonly target: TopologyNode;
  /** Whose value clients see now: of two equal ones the other goes. */
  readonly serving: 'source' | 'target';
  readonly slot: number;
  readonly database: number;
}

export interface Settling {
  readonly cluster: Cluster;
  readonly desk: ConflictDesk;
}

/** `settled`: at most one node has the key now. `left`: both have it. Throws FAILED, UNREACHABLE. */
export async function settleKey(
  { cluster, desk }: Settling,
  place: SharedKeyPlace,
  key: Buffer,
): Promise<'settled' | 'left'> {
  const { source, target, serving, database } = place;
  // The node that imports the slot answers only after ASKING; the other one is the one that clients are served by.
  const [served, hidden] = serving === 'source' ? [source, target] : [target, source];
  const idle = await Promise.all([source, target].map((node) => idleSeconds(cluster, node, database, key)));
  for (let look = 1; look <= LOOKS_MAX; look++) {
    await watch(cluster, hidden, database, key);
    const expiry = serving === 'source' ? 'or-late-copy' : 'alike';
    const comparison = await compareValues({ source: served, target: hidden }, { cluster }, database, key, expiry);
    if (comparison === 'gone') return 'settled';
    if (comparison === 'same') {
      if (await unlinkWatched(cluster, hidden, database, key)) return 'settled';
      continue;
    }
    const [here, there] = await Promise.all(
      [source, target].map((node, index) => sideOf(cluster, node, database, key, idle[index] ?? null)),
    );
    if (here === undefined || there === undefined) continue;
    const conflict = { slot: place.slot, database, key, source: here, target: there };
    const verdict = await desk.decide(conflict);
    if (verdict === 'skip') {
      desk.leave(conflict);
      return 'left';
    }
    if (await takeAway(cluster, verdict === 'source' ? target : source, { ...place, key }, desk)) return 'settled';
  }
  throw new OpsError('FAILED', `${printable(key)} of slot ${place.slot} changes too fast to be settled.`, {
    suggestions: ['It is settled more easily when there is less traffic.'],
  });
}

/** A key for people: bytes outside ASCII are escaped. */
export function printable(key: Buffer): string {
  return JSON.stringify(key.toString('latin1'));
}

/** Keeps the value aside and deletes it. False where it changed meanwhile. */
async function takeAway(
  cluster: Cluster,
  node: TopologyNode,
  { slot, database, key }: SharedKeyPlace & { readonly key: Buffer },
  desk: ConflictDesk,
): Promise<boolean> {
  await watch(cluster, node, database, key);
  const [dump, expiryMs, type] = await asked(cluster, node, database, [
    argv.dump(key),
    argv.expiry(key),
    argv.type(key),
  ]);
  if (!Buffer.isBuffer(dump)) return true;
  desk.keepAside({ slot, database, key, node, type: String(type), dump, expiryMs: Number(expiryMs) });
  return unlinkWatched(cluster, node, database, key);
}

/** One connection: what it watches is what its transaction depends on. */
const WATCHING = 'settle';

async function watch(cluster: Cluster, node: TopologyNode, database: number, key: Buffer): Promise<void> {
  const sent = [argv.asking(), argv.watch([key])];
  const [, reply] = await cluster.callMany(node.address, sent, { database, channel: WATCHING });
  if (reply instanceof ReplyError) throw refused(node, reply);
}

/** True once the key is gone; false where it was changed since it is watched. */
async function unlinkWatched(cluster: Cluster, node: TopologyNode, database: number, key: Buffer): Promise<boolean> {
  // ASKING holds for the whole transaction where it stands before it (Redis 7.0.15).
  const sent = [argv.asking(), argv.multi(), argv.unlink([key]), argv.exec()];
  const replies = await cluster.callMany(node.address, sent, { database, channel: WATCHING, continues: true });
  for (const reply of replies) if (reply instanceof ReplyError) throw refused(node, reply);
  return replies[3] !== null;
}

async function sideOf(
  cluster: Cluster,
  node: TopologyNode,
  database: number,
  key: Buffer,
  idle: number | null,
): Promise<ConflictSide | undefined> {
  const [type, expiryMs] = await asked(cluster, node, database, [argv.type(key), argv.expiry(key)]);
  if (Number(expiryMs) === -2) return undefined;
  return { node, type: String(type), expiryMs: Number(expiryMs), idleSeconds: idle };
}

/** To be asked BEFORE anything that counts as a use. */
async function idleSeconds(
  cluster: Cluster,
  node: TopologyNode,
  database: number,
  key: Buffer,
): Promise<number | null> {
  const [reply] = await asked(cluster, node, database, [argv.objectIdleTime(key)]).catch((cause: unknown) => {
    // Not told under an LFU policy.
    if (cause instanceof OpsError && cause.cause instanceof ReplyError) return [null];
    throw cause;
  });
  return typeof reply === 'number' ? reply : null;
}

async function asked(
  cluster: Cluster,
  node: TopologyNode,
  database: number,
  commands: readonly (readonly (string | Buffer)[])[],
): Promise<readonly Reply[]> {
  const sent = commands.flatMap((command) => [argv.asking(), command]);
  const replies = await cluster.callMany(node.address, sent, { bytes: true, database, channel: 'compare' });
  return replies
    .filter((_, index) => index % 2 === 1)
    .map((reply) => {
      if (reply instanceof ReplyError) throw refused(node, reply);
      return reply;
    });
}

function refused(node: TopologyNode, reply: ReplyError): OpsError {
  return new OpsError('FAILED', `Node ${formatAddress(node.address)} refused to show a key: ${reply.message}`, {
    cause: reply,
  });
}
