/** What `info` prints: redis-cli's lines, then the map of slots where it is wanted, then the shards at a glance. */
import { isLinkUp } from '../check/replica-links.ts';
import { formatAddress } from '../model/address.ts';
import type { Flavor } from '../model/flavor.ts';
import { formatFlavor } from '../model/flavor.ts';
import type { NodeId } from '../model/node.ts';
import { countSlots, formatSlots, SLOT_COUNT } from '../model/slot-set.ts';
import type { Topology, TopologyNode } from '../model/topology.ts';
import { keyCount, primariesOf, replicasOf } from '../model/topology.ts';
import { infoLines } from './classic.ts';
import { type SlotMap, slotMap } from './slot-map.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** The JSON document of `info`: the same facts as the text. */
export interface InfoDocument {
  readonly version: 1;
  readonly keys: number;
  readonly keysPerSlot: number;
  readonly shards: readonly ShardInfo[];
}

/** Null is what a primary that does not answer cannot tell. */
export interface ShardInfo {
  readonly primary: { readonly id: NodeId; readonly address: string; readonly reachable: boolean };
  /** As in `0-5460,7000`. */
  readonly slots: string;
  readonly slotCount: number;
  readonly keys: number | null;
  readonly memoryUsedBytes: number | null;
  /** 0: no limit is set. */
  readonly memoryMaxBytes: number | null;
  readonly uptimeSeconds: number | null;
  readonly flavor: Flavor | null;
  readonly replicas: readonly { readonly id: NodeId; readonly address: string; readonly link: ReplicaLink }[];
}

export type ReplicaLink = 'up' | 'down' | 'unreachable';

export function renderInfoJson(topology: Topology): InfoDocument {
  const shards = primariesOf(topology).map((primary) => shardInfo(topology, primary));
  const keys = shards.reduce((sum, shard) => sum + (shard.keys ?? 0), 0);
  return { version: 1, keys, keysPerSlot: keys / SLOT_COUNT, shards };
}

export interface InfoOptions {
  /** With the map of all slots, and the letter of each primary in the table. */
  readonly map: boolean;
  readonly style: Style;
}

/** The text, without a line feed at its end. Unlike redis-cli's lines, the table has primaries that do not answer. */
export function renderInfo(topology: Topology, { map: isMapWanted, style }: InfoOptions): string {
  const { shards } = renderInfoJson(topology);
  const map = isMapWanted ? slotMap(topology, style) : null;
  const rows = shards.map((shard) => shardRow(shard, map, style));
  return [
    ...infoLines(topology, style),
    '',
    ...(map === null ? [] : [...map.lines, ...map.troubles, '']),
    renderTable(COLUMNS, rows, style),
  ].join('\n');
}

const COLUMNS: readonly Column[] = [
  { head: 'primary' },
  { head: 'slots', align: 'right' },
  { head: 'keys', align: 'right' },
  { head: 'memory', align: 'right' },
  { head: 'limit', align: 'right' },
  { head: 'replicas' },
  { head: 'version' },
  { head: 'uptime', align: 'right' },
];

function shardInfo(topology: Topology, primary: TopologyNode): ShardInfo {
  const view = primary.reach.ok ? primary.reach.view : null;
  const { used_memory: used, maxmemory: max, uptime_in_seconds: uptime } = view?.info ?? {};
  return {
    primary: { id: primary.id, address: formatAddress(primary.address), reachable: primary.reach.ok },
    slots: formatSlots(primary.entry.slots),
    slotCount: countSlots(primary.entry.slots),
    keys: view && keyCount(view),
    memoryUsedBytes: numberOrNull(used),
    memoryMaxBytes: numberOrNull(max),
    uptimeSeconds: numberOrNull(uptime),
    flavor: view?.flavor ?? null,
    replicas: replicasOf(topology, primary.id).map((node) => ({
      id: node.id,
      address: formatAddress(node.address),
      link: linkOf(node),
    })),
  };
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function linkOf(replica: TopologyNode): ReplicaLink {
  if (!replica.reach.ok) return 'unreachable';
  return isLinkUp(replica) ? 'up' : 'down';
}

function shardRow(shard: ShardInfo, map: SlotMap | null, style: Style): readonly string[] {
  const { primary, keys, memoryUsedBytes, memoryMaxBytes, uptimeSeconds, flavor } = shard;
  const replicas = shard.replicas.map(
    ({ address, link }) => `${address} ${paint(style, link === 'up' ? 'green' : 'red', link)}`,
  );
  const letter = map === null ? '' : `${map.letters.get(primary.id) ?? ' '} `;
  return [
    `${letter}${primary.address}${primary.reachable ? '' : ` ${paint(style, 'red', 'unreachable')}`}`,
    formatCount(shard.slotCount),
    keys === null ? '-' : formatCount(keys),
    memoryUsedBytes === null ? '-' : formatBytes(memoryUsedBytes),
    memoryMaxBytes === null ? '-' : memoryMaxBytes === 0 ? 'none' : formatBytes(memoryMaxBytes),
    replicas.length === 0 ? 'none' : replicas.join('\n'),
    flavor === null ? '-' : formatFlavor(flavor),
    uptimeSeconds === null ? '-' : formatDuration(uptimeSeconds * 1000),
  ];
}
