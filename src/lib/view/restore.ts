/** What `restore` prints before it begins and when it is done. */
import { countInWords } from '../check/words.ts';
import type { BackupManifest } from '../model/backup.ts';
import { formatFlavor } from '../model/flavor.ts';
import { countSlots } from '../model/slot-set.ts';
import type { RestorePlan } from '../plan/restore.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

const PLAN_COLUMNS: readonly Column[] = [
  { head: 'file' },
  { head: 'size', align: 'right' },
  { head: 'keys', align: 'right' },
  { head: 'slots', align: 'right' },
];

/** What the backup is, what goes into the cluster, and the hazards. */
export function renderRestorePlan(plan: RestorePlan, manifest: BackupManifest, binary: string, style: Style): string {
  const rows = plan.files.map(({ file, bytes, keys, slots }) => [
    file,
    formatBytes(bytes),
    formatCount(keys),
    formatCount(countSlots(slots)),
  ]);
  return [
    `Backup of ${manifest.created}, ${manifest.servers.map(formatFlavor).join(', ')}: intact.`,
    renderTable(PLAN_COLUMNS, rows, style),
    `Into ${countInWords(plan.primaries, 'shard')}, where there are ${formatCount(plan.keysBefore)} keys now. Read by ${binary} on this machine.`,
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

/** What became of the keys of one file. */
export interface RestoredRow {
  readonly file: string;
  readonly loaded: number;
  readonly expired: number;
  readonly imported: number;
  readonly alreadyThere: number;
  readonly conflicts: number;
  readonly inCluster: number | null;
  readonly sampled: number;
}

const COLUMNS: readonly Column[] = [
  { head: 'file' },
  { head: 'keys read', align: 'right' },
  { head: 'expired', align: 'right' },
  { head: 'restored', align: 'right' },
  { head: 'were there', align: 'right' },
  { head: 'conflicts', align: 'right' },
  { head: 'in its slots now', align: 'right' },
  { head: 'compared', align: 'right' },
];

/** The counts, the functions, what falls short, and the last line. */
export function renderRestored(
  rows: readonly RestoredRow[],
  functions: readonly string[],
  shortcomings: readonly string[],
  run: string,
  durationMs: number,
  style: Style,
): string {
  const cells = rows.map((row) => [
    row.file,
    formatCount(row.loaded),
    formatCount(row.expired),
    formatCount(row.imported),
    formatCount(row.alreadyThere),
    formatCount(row.conflicts),
    row.inCluster === null ? '-' : formatCount(row.inCluster),
    formatCount(row.sampled),
  ]);
  const restored = rows.reduce((sum, { imported }) => sum + imported, 0);
  const took = `${formatCount(restored)} keys restored in ${formatDuration(durationMs)}`;
  return [
    renderTable(COLUMNS, cells, style),
    ...(functions.length === 0 ? [] : [`Functions on every primary: ${functions.join(', ')}.`]),
    ...shortcomings.map((sentence) => paint(style, 'red', `[ERR] ${sentence}`)),
    shortcomings.length === 0
      ? paint(style, 'green', `[OK] ${took}; all of the backup is in the cluster. Run ${run}.`)
      : `${took}. Run ${run}.`,
  ].join('\n');
}
