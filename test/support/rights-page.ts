/** What docs/acl.md says which rights are needed for what: the page is what is tested. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const RIGHTS_PAGE = readFileSync(path.resolve(import.meta.dirname, '../../docs/acl.md'), 'utf8');

/** The lines of a block of the page: what stands first, and the rules after it. */
export function rulesIn(block: string): ReadonlyMap<string, readonly string[]> {
  const text = new RegExp(`\`\`\`${block}\\n(.*?)\`\`\``, 's').exec(RIGHTS_PAGE)?.[1] ?? '';
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [command = '', ...rules] = line.split(/\s+/);
      return [command, rules] as const;
    }),
  );
}

/** The rows of "What is needed in some cases": the first cell, and the rules in the second one. */
export function rulesInCases(): ReadonlyMap<string, readonly string[]> {
  const section = /## What is needed in some cases\n(.*?)(?:\n## |$)/s.exec(RIGHTS_PAGE)?.[1] ?? '';
  const [, , ...rows] = section.matchAll(/^\| (.+?) \| (.+) \|$/gm);
  return new Map(
    rows.map(([, name = '', cell = '']) => {
      const rights = [...cell.matchAll(/`([^`]+)`/g)].map(([, right = '']) => right.replace('\\|', '|'));
      return [name, rights.map((right) => (/^[&~]/.test(right) ? right : `+${right}`))] as const;
    }),
  );
}
