/** docs/json.md, as a test reads it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface DocumentRow {
  /** Always there. */
  readonly fields: readonly string[];
  readonly optional: readonly string[];
  readonly outcomes: readonly string[];
}

const PAGE = path.resolve(import.meta.dirname, '../../docs/json.md');

export function jsonPage(): string {
  return readFileSync(PAGE, 'utf8');
}

/** By the command, as in `local up`. */
export function documentRows(): ReadonlyMap<string, DocumentRow> {
  const section = jsonPage().split('## Documents')[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.flatMap((row) => {
      const [, commands = '', fields = '', outcomes = ''] = row.split('|');
      const named = [...fields.matchAll(/`(\w+)`(\??)/g)];
      const document = {
        fields: named.flatMap(([, name = '', mark]) => (mark === '' ? [name] : [])),
        optional: named.flatMap(([, name = '', mark]) => (mark === '?' ? [name] : [])),
        outcomes: wordsIn(outcomes),
      };
      return wordsIn(commands).map((command) => [command, document] as const);
    }),
  );
}

function wordsIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}
