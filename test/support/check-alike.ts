/** What tests of `cluster check` share: both programs on the same words, and what redis-cli says of a cluster. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { clusterCli, home, type RunOptions, type RunResult, redisCli } from './executables.ts';
import { type FormedCluster, type FormedClusterOptions, formCluster } from './formed-cluster.ts';
import { reservePorts } from './ports.ts';

export const AGREE = '[OK] All nodes agree about slots configuration.';
export const DISAGREE = "[ERR] Nodes don't agree about configuration!";
export const COVERED = '[OK] All 16384 slots covered.';
export const UNCOVERED = '[ERR] Not all 16384 slots are covered by nodes.';

/** One cluster for all tests of a group, which only look at it. */
export function shared(options: FormedClusterOptions): () => FormedCluster {
  let cluster: FormedCluster | null = null;
  beforeAll(async () => {
    cluster = await formCluster(options);
  });
  afterAll(() => cluster?.stop());
  return () => present(cluster, 'it is formed before the tests of its group');
}

export async function formed(
  options: FormedClusterOptions,
  onTestFinished: (stop: () => Promise<void>) => void,
): Promise<FormedCluster> {
  const cluster = await formCluster(options);
  onTestFinished(() => cluster.stop());
  return cluster;
}

/** An address where nobody listens, and no other test will. */
export async function deadAddress(): Promise<string> {
  const [port] = await reservePorts(1);
  return `127.0.0.1:${port}`;
}

/** `cluster WORDS` ends with this exit code. */
export async function exits(code: number, words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await clusterCli(words, options);
  expect(result, `cluster ${words.join(' ')}\n${result.stdout}${result.stderr}`).toMatchObject({ code });
  return result;
}

/** `redis-cli LOGIN --cluster check WORDS` and `cluster LOGIN check WORDS` end with this exit code and the same lines. */
export async function exitsAlike(
  code: number,
  words: readonly string[],
  options: RunOptions = {},
  login: readonly string[] = [],
): Promise<RunResult> {
  const theirs = await redisCli([...login, '--cluster', 'check', ...words], options);
  const ours = await exits(code, [...login, 'check', ...words], options);
  expect(classic(ours.stdout), ours.stdout).toEqual(classic(theirs.stdout));
  expect(theirs.code, theirs.stdout).toBe(code);
  return ours;
}

/** What redis-cli says of a cluster, in an order of its own where that of redis-cli means nothing. */
interface Classic {
  readonly shards: readonly string[];
  readonly nodes: readonly string[];
  readonly sections: readonly string[];
}

/** redis-cli's lines alone: without our details, which are indented, our further section and our verdict. */
export function classic(stdout: string): Classic {
  const [head = '', body = ''] = stdout.split(/^(?=>>> Performing Cluster Check)/m);
  const [checks = ''] = body.split(/^(?:>>> Check nodes, replicas and hosts|Healthy: |Not healthy: )/m);
  const isNodeLine = (line: string): boolean => /^[MS]: |^ {3}\S/.test(line);
  const isOwner = (line: string): boolean => /^ {4}\S+:\d+$/.test(line);
  const lines = checks.split('\n').filter((line) => line !== '');
  return {
    shards: head
      .split('\n')
      .filter((line) => !line.startsWith('***'))
      .sort(),
    nodes: lines
      .filter(isNodeLine)
      .join('\n')
      .split(/\n(?=[MS]: )/)
      .sort(),
    sections: sortRuns(
      lines.filter((line) => !isNodeLine(line) && (isOwner(line) || !line.startsWith(' '))).map(sortSlots),
    ),
  };
}

/** Slots of the list of open ones, which redis-cli has in the order of its hash table. */
function sortSlots(line: string): string {
  const [start, slots] = line.split('[WARNING] The following slots are open: ');
  if (start !== '' || slots === undefined) return line;
  return slots
    .replace(/\.$/, '')
    .split(',')
    .map(Number)
    .sort((a, b) => a - b)
    .join(',');
}

/** Neighbouring lines about nodes are sorted: each names its node. */
function sortRuns(lines: readonly string[]): readonly string[] {
  const isAboutNode = (line: string | undefined): boolean => /^(\[WARNING\] Node | {4})/.test(line ?? '');
  const runs: string[][] = [];
  for (const line of lines) {
    const run = runs.at(-1);
    if (run && isAboutNode(run.at(-1)) && isAboutNode(line)) run.push(line);
    else runs.push([line]);
  }
  return runs.flatMap((run) => run.sort());
}

export interface CheckDocument {
  readonly nodes: readonly { readonly id: string }[];
  readonly findings: readonly { readonly rule: string; readonly message: string }[];
}

export function idsOf(document: CheckDocument): readonly string[] {
  return document.nodes.map(({ id }) => id).sort();
}

export function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/^[MS]: (\w+) /gm)].map(([, id]) => id ?? '').sort();
}

export function expectFindingsInText(document: CheckDocument, text: string): void {
  expect(document.findings.length).toBeGreaterThan(0);
  for (const { message } of document.findings) expect(text).toContain(message);
}

const EXECUTABLE = path.resolve(import.meta.dirname, '../../bin/run.js');

/** A line for `sh`, in which `cluster` is ours. */
export function shell(line: string): Promise<Pick<RunResult, 'code' | 'stdout' | 'stderr'>> {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, NODE: process.execPath, CLUSTER: EXECUTABLE };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'sh',
      ['-c', `cluster() { "$NODE" "$CLUSTER" "$@"; }\n${line}`],
      { env },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}
