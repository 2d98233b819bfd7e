/** The servers of a local cluster as a table. */
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

export interface LocalServerRow {
  readonly port: number;
  readonly pid: number | null;
  readonly dir: string;
  readonly state: 'running' | 'stopped' | 'gone' | 'taken';
}

const IN_WORDS: Readonly<Record<LocalServerRow['state'], string>> = {
  running: 'running',
  stopped: 'stopped, data kept',
  gone: 'not running, though it was not stopped here',
  taken: 'not running, and another process has its port',
};

/** Null stands for a folder that holds no local cluster. */
export function renderLocalStatus(
  dir: string,
  rows: readonly LocalServerRow[] | null,
  style: Pick<Style, 'color'>,
): string {
  if (rows === null) return `No local cluster in ${dir}. Start one with \`cluster local up\`.`;
  return renderTable(
    [{ head: 'port', align: 'right' }, { head: 'pid', align: 'right' }, { head: 'state' }, { head: 'folder' }],
    rows.map(({ port, pid, state, dir: folder }) => [
      `${port}`,
      pid === null ? '-' : `${pid}`,
      IN_WORDS[state],
      folder,
    ]),
    style,
  );
}
