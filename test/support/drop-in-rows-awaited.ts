/** As drop-in-rows.ts, for commands that are not written yet: each row counts as soon as there is a command of its name. */
import type { DropInRow } from './drop-in-rows.ts';

const ID = '0123456789abcdef0123456789abcdef01234567';

export const ROWS_AWAITED: readonly DropInRow[] = [
  { line: '--cluster fix h:1', command: 'fix', words: ['h:1'] },
  { line: '--cluster fix h 1', command: 'fix', words: ['h', '1'] },
  fix('--cluster-search-multiple-owners', { 'search-multiple-owners': true }),
  fix('--cluster-fix-with-unreachable-masters', { 'with-unreachable-primaries': true }),
  fix('--cluster-fix-with-unreachable-primaries', { 'with-unreachable-primaries': true }),
  fix('--cluster-yes', { yes: true }),
  fix('--cluster-replace', {}),
  fix('--cluster-timeout 5000', {}),
  fix('--cluster-pipeline 100', {}),
  addNode('', { replica: false }),
  addNode('--cluster-slave', { replica: true }),
  addNode('--cluster-replica', { replica: true }),
  addNode(`--cluster-slave --cluster-master-id ${ID}`, { replica: true, of: ID }),
  addNode(`--cluster-replica --cluster-primary-id ${ID}`, { replica: true, of: ID }),
  addNode('--cluster-yes', { yes: true }),
  {
    line: `--cluster-slave --cluster-master-id ${ID} --cluster add-node h:9 h:1`,
    command: 'add-node',
    words: ['h:9', 'h:1'],
    flags: { replica: true, of: ID },
  },
  { line: `--cluster del-node h:1 ${ID}`, command: 'del-node', words: ['h:1', ID] },
  { line: `-a s --cluster del-node h:1 ${ID}`, command: 'del-node', words: ['h:1', ID], flags: { pass: 's' } },
  importing('--cluster-from h:9', { from: 'h:9', copy: false, replace: false }),
  importing('--cluster-from h:9 --cluster-copy', { from: 'h:9', copy: true }),
  importing('--cluster-from h:9 --cluster-replace', { from: 'h:9', replace: true }),
  importing('--cluster-from h:9 --cluster-from-user u --cluster-from-pass p', { 'from-user': 'u', 'from-pass': 'p' }),
  importing('--cluster-from h:9 --cluster-from-askpass', { 'from-askpass': true }),
  importing('--cluster-from h:9 --cluster-timeout 5000', { from: 'h:9' }),
  importing('--cluster-from h:9 --cluster-pipeline 100', { from: 'h:9' }),
  {
    line: '--cluster-from h:9 --cluster-copy --cluster import h:1',
    command: 'import',
    words: ['h:1'],
    flags: { from: 'h:9', copy: true },
  },
  { line: '--cluster backup h:1 folder', command: 'backup', words: ['h:1', 'folder'] },
  { line: '-a s --cluster backup h:1 folder', command: 'backup', words: ['h:1', 'folder'], flags: { pass: 's' } },
];

function fix(options: string, flags: DropInRow['flags'] & object): DropInRow {
  return { line: `--cluster fix h:1 ${options}`, command: 'fix', words: ['h:1'], flags };
}

function addNode(options: string, flags: DropInRow['flags'] & object): DropInRow {
  return { line: `--cluster add-node h:9 h:1 ${options}`, command: 'add-node', words: ['h:9', 'h:1'], flags };
}

function importing(options: string, flags: DropInRow['flags'] & object): DropInRow {
  return { line: `--cluster import h:1 ${options}`, command: 'import', words: ['h:1'], flags };
}
