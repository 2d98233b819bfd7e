/** What `backup` prints before it begins and when it is done: redis-cli's lines where there are any, then a table. */
import type { BackupManifest } from '../model/backup.ts';
import { bytesOf, keysOf } from '../model/backup.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import { reachedNodes } from '../model/topology.ts';
import type { BackupPlan } from '../plan/backup.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

const COLUMNS: readonly Column[] = [
  { head: 'shard of' },
  { head: 'slots', align: 'right' },
  { head: 'keys', align: 'right' },
  { head: 'memory', align: 'right' },
  { head: 'taken from' },
  { head: 'which is its' },
];

/** The sources, the problems and the hazards; without a line feed at its end. */
export function renderBackupPlan(plan: BackupPlan, style: Style): string {
  const rows = plan.shards.map(({ primary, slots, keys, memoryBytes, source }) => [
    primary.address,
    formatCount(countSlots(slots)),
    formatCount(keys),
    formatBytes(memoryBytes),
    source.address,
    source.role,
  ]);
  return [
    renderTable(COLUMNS, rows, style),
    ...plan.problems.map((problem) => paint(style, 'yellow', `[WARNING] ${problem}`)),
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

/** redis-cli's line when it begins with a node. */
export function renderSnapshotBegin(address: string, style: Style): string {
  return paint(style, 'bold', `>>> Node ${address} -> Saving RDB...`);
}

/** The last lines; `directory` as it was typed, as redis-cli prints it. */
export function renderBackupDone(
  manifest: BackupManifest,
  directory: string,
  durationMs: number,
  style: Style,
): string {
  const { problems } = manifest;
  const unchecked = manifest.shards.filter(({ rdb }) => rdb.checksum === 'absent').length;
  return [
    ...(problems.length === 0
      ? []
      : [
          paint(
            style,
            'yellow',
            "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.",
          ),
        ]),
    ...(unchecked === 0
      ? []
      : [
          paint(
            style,
            'yellow',
            `[WARNING] ${unchecked} of ${manifest.shards.length} files have no checksum of the server's own (rdbchecksum no): sha256 guards them from now on.`,
          ),
        ]),
    `${formatCount(keysOf(manifest))} keys (as counted before), ${formatBytes(bytesOf(manifest))} in ${manifest.shards.length} files, in ${formatDuration(durationMs)}.`,
    paint(style, 'green', `[OK] Backup created into: ${directory}`),
  ].join('\n');
}

/** The nodes as redis-cli's backup describes them, byte for byte but for the order of nodes (7.0.15, valkey-cli 9.1.2). */
export function renderNodesJson(topology: Topology, problems: number): string {
  const nodes = reachedNodes(topology).map(({ id, peerAddress, entry }) => {
    const ranges = entry.slots.map(([first, last]) => (first === last ? `[${first}]` : `[${first},${last}]`));
    const flags = entry.flags.filter((flag) => flag !== 'myself').join(',');
    const open = (name: string, slots: typeof entry.migrating): readonly string[] =>
      slots.length === 0 ? [] : [`"${name}": {${slots.map(({ slot, peer }) => `"${slot}": "${peer}"`).join(',')}}`];
    const fields = [
      `"name": "${id}"`,
      `"host": ${JSON.stringify(peerAddress.host)}`,
      `"port": ${peerAddress.port}`,
      `"replicate": ${JSON.stringify(entry.primaryId)}`,
      `"slots": [${ranges.join(',')}]`,
      `"slots_count": ${countSlots(entry.slots)}`,
      `"flags": ${JSON.stringify(flags)}`,
      `"current_epoch": ${entry.configEpoch}`,
      ...(problems === 0 ? [] : [`"cluster_errors": ${problems}`]),
      ...open('migrating', entry.migrating),
      ...open('importing', entry.importing),
    ];
    return `  {\n${fields.map((field) => `    ${field}`).join(',\n')}\n  }`;
  });
  return `[\n${nodes.join(',\n')}\n]`;
}

/** What was found out about a backup without a cluster. */
export function renderVerified(directory: string, manifest: BackupManifest, style: Style): string {
  const rows = manifest.shards.map(({ file, bytes, keysCountedBefore, rdb, takenFrom }) => [
    file,
    formatBytes(bytes),
    formatCount(keysCountedBefore),
    `${rdb.magic} ${rdb.version}`,
    rdb.checksum,
    takenFrom.address,
  ]);
  const columns: readonly Column[] = [
    { head: 'file' },
    { head: 'size', align: 'right' },
    { head: 'keys', align: 'right' },
    { head: 'RDB' },
    { head: 'CRC64' },
    { head: 'taken from' },
  ];
  return [
    `Made ${manifest.created} of ${manifest.nodes.length} nodes.`,
    renderTable(columns, rows, style),
    paint(style, 'green', `[OK] The backup in ${directory} is whole: length, sha256 and checksum of each file.`),
  ].join('\n');
}
