/** Which node gives the data of each shard, and why should a backup not be taken now? */
import type { Finding } from '../check/finding.ts';
import { checkTopology } from '../check/rules.ts';
import { countInWords, mebibytesInWords, nameOf, slotsInWords } from '../check/words.ts';
import { formatAddress } from '../model/address.ts';
import type { KeysOfDatabase } from '../model/backup.ts';
import type { Role } from '../model/node.ts';
import { byId } from '../model/node.ts';
import type { SlotSet } from '../model/slot-set.ts';
import type { ReachedNode, Topology, TopologyNode } from '../model/topology.ts';
import { isReached, keyCount, keysByDatabase, primariesOf } from '../model/topology.ts';
import { basisOf } from './basis.ts';
import { refTo } from './node-ref.ts';
import type { Hazard, NodeRef } from './plan.ts';
import { snapshotSource } from './snapshot-source.ts';

/** A shard, and the node whose snapshot is taken for it. */
export interface SaveShard {
  readonly primary: NodeRef;
  readonly slots: SlotSet;
  readonly source: NodeRef & { readonly role: Role };
  /** The host of the source, as the nodes announce it. */
  readonly host: string;
  /** The name of the RDB file: that of redis-cli or valkey-cli. */
  readonly file: string;
  /** As its primary counts them. */
  readonly keys: number;
  readonly databases: readonly KeysOfDatabase[];
  /** Memory that the data takes at the source. The file is nearly always smaller. */
  readonly memoryBytes: number;
  /** The replication offset of the primary: the snapshot of a replica has to reach it. */
  readonly primaryOffset: number;
}

/** Plain JSON. Nothing of it changes the cluster. */
export interface BackupPlan {
  readonly version: 1;
  readonly intention: string;
  /** See `basis.ts`. */
  readonly basis: string;
  readonly shards: readonly SaveShard[];
  readonly hazards: readonly Hazard[];
  /** What is wrong with the cluster, a sentence each, for the manifest. Empty unless `force` was given. */
  readonly problems: readonly string[];
}

export interface BackupOptions {
  /** `replica`: from a replica where a shard has one that is up to date. `primary`: from primaries only. */
  readonly prefer: Role;
  /** A cluster with problems is backed up as well as it can be. */
  readonly force: boolean;
  /** Room on the disk that the backup goes to; null where it is not known. */
  readonly freeBytes: number | null;
}

export type PlannedBackup =
  | { readonly ok: true; readonly plan: BackupPlan }
  | { readonly ok: false; readonly refusals: readonly Finding[] };

/**
 * One source for each primary with slots, spread over the hosts. Refused, unless `force`:
 * `unhealthy` where slots are open, moving, in dispute or without an owner, `unsaved-shard` where no node of a shard can
 * give a snapshot. Always refused: `no-shards`.
 */
export function planBackup(topology: Topology, options: BackupOptions): PlannedBackup {
  const owners = primariesOf(topology)
    .filter(({ entry }) => entry.slots.length > 0)
    .sort((left, right) => firstSlot(left.entry.slots) - firstSlot(right.entry.slots) || byId(left, right));
  const picks = new Map<string, number>();
  const shards: SaveShard[] = [];
  const unsaved: Finding[] = [];
  for (const primary of owners) {
    const source = snapshotSource(topology, primary, options.prefer, picks);
    if (source === null) {
      unsaved.push(unsavedShard(primary));
      continue;
    }
    const { host } = source.peerAddress;
    picks.set(host, (picks.get(host) ?? 0) + 1);
    shards.push(saveShard(primary, source));
  }
  const problems = [...refuseDisorder(topology), ...unsaved];
  if (shards.length === 0) return { ok: false, refusals: [...problems, noShards(topology)] };
  if (problems.length > 0 && !options.force)
    return { ok: false, refusals: [refusedHead(topology, problems), ...problems] };
  const plan: BackupPlan = {
    version: 1,
    intention: `back up ${countInWords(shards.length, 'shard')}`,
    basis: basisOf(topology),
    shards,
    hazards: diskHazard(shards, options.freeBytes),
    problems: problems.map(({ message }) => message),
  };
  return { ok: true, plan };
}

function saveShard(primary: TopologyNode, source: ReachedNode): SaveShard {
  const { info } = source.reach.view;
  const { used_memory_dataset: dataset = '0' } = info;
  const own = isReached(primary) ? primary.reach.view : source.reach.view;
  const { master_repl_offset: offset = '0' } = own.info;
  const { host, port } = primary.peerAddress;
  return {
    primary: refTo(primary),
    slots: primary.entry.slots,
    source: { ...refTo(source), role: source.id === primary.id ? 'primary' : 'replica' },
    host: source.peerAddress.host,
    file: `${source.reach.view.flavor.product}-node-${host}-${port}-${primary.id}.rdb`,
    keys: keyCount(own),
    databases: keysByDatabase(own),
    memoryBytes: Number(dataset),
    primaryOffset: Number(offset),
  };
}

/** The rules whose errors mean that a key may be in two files or in none. */
const RULES_OF_ORDER = ['agreement', 'open-slots', 'coverage', 'cluster-state', 'multiple-owners', 'atomic-migrations'];

/** Why a backup would not be whole; empty where every key is in exactly one shard and stays there. */
export function refuseDisorder(topology: Topology): readonly Finding[] {
  return checkTopology(topology).filter(
    ({ rule, severity }) => RULES_OF_ORDER.includes(rule) && (severity === 'error' || rule === 'atomic-migrations'),
  );
}

function refusedHead(topology: Topology, problems: readonly Finding[]): Finding {
  return {
    rule: 'unhealthy',
    severity: 'error',
    message: '*** Please fix your cluster problems before a backup: it would not hold every key once',
    nodeIds: [...new Set(problems.flatMap(({ nodeIds }) => nodeIds))],
    suggestion: `See what is wrong with: cluster check ${formatAddress(topology.seed)}. Add --force to back up what can be had.`,
  };
}

function unsavedShard(primary: TopologyNode): Finding {
  const { slots } = primary.entry;
  return {
    rule: 'unsaved-shard',
    severity: 'error',
    message: `No node of the shard of ${nameOf(primary)} can give its data: ${slotsInWords(slots)} would be missing.`,
    nodeIds: [primary.id],
    slots,
  };
}

function noShards(topology: Topology): Finding {
  const message = `No node that was reached from ${formatAddress(topology.seed)} has slots, so there is nothing to back up.`;
  return { rule: 'no-shards', severity: 'error', message, nodeIds: [] };
}

/** The files beside the data are a few hundred bytes a node. */
function diskHazard(shards: readonly SaveShard[], freeBytes: number | null): readonly Hazard[] {
  const needed = shards.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  if (freeBytes === null || needed <= freeBytes) return [];
  const [memory, disk] = [needed, freeBytes].map(mebibytesInWords);
  const message = `The data takes ${memory} of memory, and the disk has ${disk} free: it may not fit.`;
  return [{ name: 'disk-space', message }];
}

function firstSlot(slots: SlotSet): number {
  return slots[0]?.[0] ?? 0;
}
