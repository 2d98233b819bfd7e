/** What an import will do, and what it has done. redis-cli's lines come first, to the letter. */
import type { ImportReport, NamedKeys } from '../model/import-report.ts';
import type { ImportKeys, Plan } from '../plan/plan.ts';
import { hazardLines } from './hazard-lines.ts';
import type { Style } from './style.ts';
import { paint } from './style.ts';
import { type Column, renderTable } from './table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

const COLUMNS: readonly Column[] = [
  { head: 'source' },
  { head: 'server' },
  { head: 'database', align: 'right' },
  { head: 'keys', align: 'right' },
  { head: 'size', align: 'right' },
  { head: 'to', align: 'right' },
  { head: 'engine' },
  { head: 'keys are' },
];

/** `servers`: product and version of each source, by its address; `seed`: a node of the cluster, as it was typed. */
export function renderImportPlan(
  plan: Plan,
  {
    from,
    seed,
    servers,
  }: { readonly from: string; readonly seed: string; readonly servers: ReadonlyMap<string, string> },
  style: Style,
): string {
  const steps = plan.steps.filter((step): step is ImportKeys => step.kind === 'import-keys');
  const keys = steps.reduce((sum, step) => sum + step.keys, 0);
  const [first] = steps;
  return [
    paint(style, 'bold', `>>> Importing data from ${from} to cluster ${seed}`),
    ...(first === undefined
      ? ['Nothing to do: the source holds no keys.']
      : [`*** Importing ${keys} keys from DB ${first.database}`, importTable(steps, servers, style)]),
    ...hazardLines(plan.hazards, style),
  ].join('\n');
}

function importTable(steps: readonly ImportKeys[], servers: ReadonlyMap<string, string>, style: Style): string {
  const rows = steps.map(({ from, database, keys, bytes, targets, engine, copy }) => [
    from,
    servers.get(from) ?? '-',
    `${database}`,
    formatCount(keys),
    formatBytes(bytes),
    `${targets.length} primaries`,
    engine,
    copy ? 'copied' : 'moved',
  ]);
  return renderTable(COLUMNS, rows, style);
}

/** The closing lines: what came, what did not and why, and what to type for keys that were left alone. */
export function renderImported(
  report: ImportReport,
  durationMs: number,
  run: string,
  style: Pick<Style, 'color'>,
): string {
  const { keys, bytes, alreadyThere, conflicts, changed, unreadable, isUnwatched, hasLostTrack } = report;
  const isComplete = conflicts.count + changed.count + unreadable.count === 0 && !hasLostTrack;
  const there = alreadyThere === 0 ? '' : `; ${formatCount(alreadyThere)} were there already`;
  const rate = durationMs > 0 ? `, ${formatCount(Math.round((keys / durationMs) * 1000))}/s` : '';
  const summary = `${formatCount(keys)} keys imported (${formatBytes(bytes)}) in ${formatDuration(durationMs)}${rate}${there}. Run ${run}.`;
  return [
    isComplete ? paint(style, 'green', `[OK] ${summary}`) : summary,
    ...problem(conflicts, 'in the cluster with another value already; neither was changed', style),
    ...problem(changed, 'changed at the source faster than they could be taken, or at the very end', style),
    ...problem(unreadable, 'in a form that the cluster does not read; left as it was at the source', style),
    ...(hasLostTrack
      ? [
          paint(
            style,
            'red',
            '[ERR] The source was flushed, or more of it changed than can be remembered: what was written or deleted meanwhile may not be so in the cluster.',
          ),
          '  Type the same command again for what was written. Keys that are gone from the source stay in the cluster.',
        ]
      : []),
    ...(isUnwatched
      ? [
          paint(
            style,
            'yellow',
            '[WARNING] Changes at the source could not be followed: what was written meanwhile may be missing.',
          ),
        ]
      : []),
    ...(conflicts.count > 0
      ? ['  Delete the value that is not wanted, or let the one of the source win with --replace.']
      : []),
    ...(changed.count > 0 ? ['  Type the same command again, best when the writers have stopped.'] : []),
  ].join('\n');
}

function problem({ count, examples }: NamedKeys, what: string, style: Pick<Style, 'color'>): readonly string[] {
  if (count === 0) return [];
  const shown = examples.map((key) => `"${key}"`).join(', ');
  const more = count > examples.length ? ` and ${formatCount(count - examples.length)} more` : '';
  return [paint(style, 'red', `[ERR] ${formatCount(count)} ${count === 1 ? 'key' : 'keys'} ${what}: ${shown}${more}`)];
}
