/**
 * Shows the real executable on a real cluster of six servers: made, looked at, filled, resharded under
 * writes, hurt, mended, removed.
 *
 *   npm run demo
 *
 * Every line behind `$` is run by a shell exactly as it is printed. Whatever happens, Ctrl-C included, the servers are
 * stopped and their folder is removed at the end. Exit code 1 where a step did not do what it should.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { present } from '../src/lib/assert.ts';
import { readLocalState } from '../src/lib/local/state.ts';
import type { CheckDocument } from '../src/lib/view/check.ts';
import type { InfoDocument } from '../src/lib/view/info.ts';
import { AcknowledgedWriter } from '../test/support/acknowledged-writer.ts';
import { reservePorts } from '../test/support/ports.ts';
import { killWithThisProcess, removeWithThisProcess } from '../test/support/reaper.ts';
import { ensureServer } from './server.ts';

const NODES = 6;
const KEYS = 1000;
/** A local cluster notices a dead node after 2 s and elects within another; a busy machine takes longer. */
const WAIT_TIMEOUT_MS = 30_000;
const POLL_MS = 250;
/** What does not end this long after it was asked to is killed. */
const GRACE_MS = 10_000;

const EXECUTABLE = path.resolve(import.meta.dirname, '../bin/run.js');
const folder = mkdtempSync(path.join(tmpdir(), 'cluster-demo-'));
removeWithThisProcess(folder);
const stop = new AbortController();

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
}

async function demo(): Promise<void> {
  const { server, cli } = await ensureServer('default');
  writeExecutable(server);
  const [port = 0] = await reservePorts(NODES);
  const seed = `127.0.0.1:${port}`;

  say('Six servers on this machine become a cluster of three shards, each with a replica.');
  await type(`cluster local up --port ${port}`, /\[OK\] The local cluster serves/);
  readLocalState(localFolder())?.nodes.forEach(({ process: owner }) => {
    if (owner) killWithThisProcess(owner.pid);
  });

  say('Is it well? Exit code 0 says so to scripts, --json says it in full.');
  await type(`cluster check ${seed}`, /\[OK\] All 16384 slots covered\.[\s\S]*^Healthy:/m);
  await type(`cluster nodes ${seed}`, /replica/);

  say(`${KEYS} keys, spread over the shards by the servers.`);
  const keys = `for n in $(seq ${KEYS}); do echo "SET key:$n value-$n"; done`;
  await type(`${keys} | ${path.basename(cli)} -c -p ${port} >/dev/null`, /^$/);
  await type(`cluster info ${seed}`, new RegExp(`\\[OK\\] ${KEYS} keys in 3 `));

  say('Half of the slots of one shard move to another, while a program writes all the time.');
  const receiver = await primaryOtherThan(seed);
  const writer = new AcknowledgedWriter([seed], { range: [0, 5460] });
  await type(
    `cluster reshard ${seed} --from ${seed} --to ${receiver.address} --slots 2700 --throttle 100keys/s --yes`,
    /\[OK\] 2,700 slots moved/,
  );
  const { acknowledged, lost } = await writer.stop();
  if (lost.length > 0) throw new Error(`${lost.length} of ${acknowledged} acknowledged writes are lost.`);
  say(`${acknowledged} writes were acknowledged meanwhile. All of them were read back: none is lost.`);

  say('It can be taken back.');
  await type('cluster undo --yes', /\[OK\] 2,700 slots moved/);
  await type('cluster history', /undone/);

  const keysNow = await keyTotal(seed);
  const victim = await primaryOtherThan(seed);
  say(`A primary dies: ${victim.address}.`);
  await type(`kill -9 ${await processOf(victim.address)}`, /^$/);
  await type('cluster local status', /not running, though it was not stopped here/, 1);

  say('A few seconds later its replica has taken over: every slot is served, and no key is lost.');
  await until('a replica takes over', seed, ({ healthy, nodes }) => {
    // It is no primary any more when another has its slots.
    return healthy && nodes.find(({ id }) => id === victim.id)?.slots === '';
  });
  await type(
    `cluster check ${seed}`,
    new RegExp(`\\[OK\\] ${keysNow} keys in 3 [\\s\\S]*All 16384 slots covered[\\s\\S]*^Healthy:`, 'm'),
  );

  say('It comes back, now as the replica of the one that replaced it.');
  await type('cluster local up', /\[OK\] The local cluster serves/);
  await until('every replica has its link', seed, ({ findings }) =>
    findings.every(({ rule }) => rule === 'shard-hosts'),
  );
  await type(`cluster info ${seed}`, new RegExp(`\\[OK\\] ${keysNow} keys in 3 `));

  say('And away with it.');
  await type('cluster local down', /\[OK\] Stopped 6 servers\. Their data is removed\./);
}

/** A line for the person who watches. */
function say(text: string): void {
  process.stdout.write(`\n# ${text}\n`);
}

/** Prints the line as it is typed, runs it, prints what it prints, and throws where it is not what it should be. */
async function type(line: string, shows: RegExp, code = 0): Promise<void> {
  process.stdout.write(`\n$ ${line}\n`);
  const outcome = await run(line, 'shown');
  if (outcome.code !== code) throw new Error(`\`${line}\` ended with exit code ${outcome.code}, not ${code}.`);
  if (!shows.test(outcome.stdout)) throw new Error(`\`${line}\` did not show what it should: ${shows}`);
}

/** The line, run by a shell that finds `cluster` and the server's own programs on its PATH. */
function run(line: string, output: 'shown' | 'quiet', signal: AbortSignal | null = stop.signal): Promise<Outcome> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that Ctrl-C reaches it once, from here, and reaches all of it.
    const child = spawn('sh', ['-c', line], { env: environment(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let grace: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      signalGroup(child.pid, 'SIGINT');
      grace = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
    };
    signal?.addEventListener('abort', interrupt);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (output === 'shown') process.stdout.write(text);
    });
    child.stderr.on('data', (text: Buffer) => {
      if (output === 'shown') process.stderr.write(text);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(grace);
      signal?.removeEventListener('abort', interrupt);
      if (signal?.aborted) reject(new Error('Interrupted.'));
      else resolve({ code, stdout });
    });
  });
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined) process.kill(-leader, signal);
  } catch {
    // It has ended by itself in the meantime.
  }
}

/** Nothing of the outer environment changes what is shown, and everything that is written goes into the folder. */
function environment(): Record<string, string> {
  const { PATH = '', TMPDIR = tmpdir() } = process.env;
  return {
    PATH: `${path.join(folder, 'bin')}${path.delimiter}${PATH}`,
    TMPDIR,
    HOME: folder,
    LANG: 'C.UTF-8',
    XDG_STATE_HOME: path.join(folder, 'state'),
    XDG_CONFIG_HOME: path.join(folder, 'config'),
  };
}

/** `cluster`, and the server's programs where they are not on PATH anyway. */
function writeExecutable(server: string): void {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const programs = [
    ['cluster', `"${process.execPath}" "${EXECUTABLE}"`],
    ...['server', 'cli'].map((kind) => {
      const name = path.basename(server).replace('server', kind);
      return [name, `"${path.join(path.dirname(server), name)}"`];
    }),
  ];
  for (const [name = '', command] of programs) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
}

function localFolder(): string {
  return path.join(folder, 'state', 'cluster', 'local');
}

async function primaryOtherThan(seed: string): Promise<CheckDocument['nodes'][number]> {
  const { nodes } = await check(seed);
  return present(
    nodes.find(({ role, address }) => role === 'primary' && address !== seed),
    'the cluster has three primaries',
  );
}

async function processOf(address: string): Promise<number> {
  const { stdout } = await run('cluster local status --json', 'quiet');
  const { nodes } = JSON.parse(stdout) as { nodes: readonly { readonly port: number; readonly pid: number }[] };
  return present(
    nodes.find(({ port }) => address.endsWith(`:${port}`)),
    'every node of the cluster is a local server',
  ).pid;
}

async function keyTotal(seed: string): Promise<number> {
  const { stdout } = await run(`cluster info ${seed} --json`, 'quiet');
  const { shards } = JSON.parse(stdout) as InfoDocument;
  return shards.reduce((sum, { keys }) => sum + (keys ?? 0), 0);
}

async function check(seed: string): Promise<CheckDocument> {
  const { stdout } = await run(`cluster check ${seed} --json`, 'quiet');
  return JSON.parse(stdout) as CheckDocument;
}

/** Looks again and again, quietly, until the cluster is as the next line wants to show it. */
async function until(what: string, seed: string, isSo: (document: CheckDocument) => boolean): Promise<void> {
  const deadline = performance.now() + WAIT_TIMEOUT_MS;
  while (!isSo(await check(seed))) {
    if (performance.now() > deadline) throw new Error(`Waited ${WAIT_TIMEOUT_MS / 1000} s in vain: ${what}.`);
    await sleep(POLL_MS);
  }
}

/** Stops what was started, heeding no signal: it is what the person waits for. */
async function cleanUp(): Promise<void> {
  if (readLocalState(localFolder()) !== null) await run('cluster local down', 'quiet', null);
  rmSync(folder, { recursive: true, force: true });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const startedAt = performance.now();
try {
  await demo();
} catch (failure) {
  process.exitCode = stop.signal.aborted ? 130 : 1;
  process.stderr.write(`\n${failure instanceof Error ? failure.message : String(failure)}\n`);
} finally {
  await cleanUp();
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
process.stdout.write(`\n# ${seconds} s. Every server is stopped and nothing is left behind.\n`);
