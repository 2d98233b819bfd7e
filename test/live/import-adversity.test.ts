/**
 * `cluster import` and `restore` where the source breaks connections, is silent for a while, is started anew, or is not
 * what it was, and where nobody reads or nothing can be written: an end within a bound, the right exit code, no key lost.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { identifyProcess } from '../../src/lib/local/process-identity.ts';
import { launchServer, type ServerProcess, stopServer, waitUntilServing } from '../../src/lib/local/server-process.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { shell } from '../support/check-alike.ts';
import { home } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { processesAt } from '../support/processes-at.ts';
import { killWithThisProcess } from '../support/reaper.ts';
import { serverBinary } from '../support/server-binaries.ts';
import { type Standalone, startStandalone } from '../support/standalone.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, meetRun, newStateFolder } from '../support/watched-run.ts';

const KEYS = 1600;
/** The journal has two lines when the first key leaves; it then takes a second and more. */
const SLOWLY = '--throttle 1200keys/s';
const MOMENT = { lines: 2, afterMs: 200 };

let source: Standalone;
/** The process that is the source now. */
let serving: ServerProcess;
let clients: ByteClients;
let formed: FormedCluster;
let before: readonly StoredKey[];
beforeAll(async () => {
  [source, formed] = await Promise.all([startStandalone(), formCluster({ shards: 2 })]);
  clients = new ByteClients();
  serving = { ...source, ...present(identifyProcess(source.pid), 'it runs') };
});
afterAll(async () => {
  clients?.close();
  if (serving) await stopServer(serving, { save: false });
  await source?.stop();
  await formed?.stop();
});
beforeEach(async () => {
  await Promise.all([source, ...formed.nodes].map(({ address }) => clients.call(address, ['FLUSHALL'])));
  await putAllKinds(clients, source.address, [0, 16383], KEYS);
  before = await storedIn(clients, [source.address]);
});

/** Kills the source, and starts an empty one in its place. */
async function startAnew(): Promise<void> {
  await stopServer(serving, { save: false });
  const { host, port } = source;
  const settings = { 'cluster-enabled': 'no', save: '' };
  serving = launchServer({ binary: serverBinary().server, dir: path.dirname(source.dir), host, port, settings });
  killWithThisProcess(serving.pid);
  await waitUntilServing(serving);
}

const inCluster = () =>
  storedIn(
    clients,
    formed.nodes.map(({ address }) => address),
  );
const importing = (more: string): string => `import ${formed.seed} --from ${source.address} --yes ${more}`;

/** Longer than a command is waited for by default. What is tested is time that passes: no condition tells of its end. */
const SILENCE_MS = 6000;
const BREAK_EVERY_MS = 20;

describe.each(['', '--copy', '--engine migrate'])('import %s', (way) => {
  it('goes on when every connection is broken, again and again', async () => {
    let isOver = false;
    const run = meetRun(importing(`${SLOWLY} ${way}`), newStateFolder(), { lines: 2 }, async () => {
      for (let turn = 0; !isOver && turn < 30; turn++) {
        for (const { address } of [source, ...formed.nodes])
          await clients.call(address, ['CLIENT', 'KILL', 'TYPE', 'normal']);
        await sleep(BREAK_EVERY_MS);
      }
    }).finally(() => {
      isOver = true;
    });
    expect(await run).toMatchObject({ code: 0 });
    expectSameKeys(await inCluster(), before);
  });

  it('waits for a source that is silent for some seconds', async () => {
    const run = await meetRun(importing(`${SLOWLY} ${way}`), newStateFolder(), MOMENT, async () => {
      process.kill(serving.pid, 'SIGSTOP');
      try {
        await sleep(SILENCE_MS);
      } finally {
        process.kill(serving.pid, 'SIGCONT');
      }
    });
    expect(run).toMatchObject({ code: 0 });
    expectSameKeys(await inCluster(), before);
  });

  it('never takes a source that was started anew for one that has been emptied', async () => {
    const run = await meetRun(importing(`${SLOWLY} ${way}`), newStateFolder(), MOMENT, startAnew);
    expect(run).toMatchObject({ code: 5 });
    expect(run.stderr).toMatch(
      way === '--copy' ? /was started anew|tells of changes was lost/ : /was started anew meanwhile/,
    );
    const values = new Map(before.map(({ name, value }) => [name, value]));
    for (const { name, value } of await inCluster()) expect(value).toBe(values.get(name));
  });
});

describe('a source that is flushed', () => {
  it('while it is copied is no success: what is gone there stays in the cluster', async () => {
    const run = await meetRun(importing(`${SLOWLY} --copy`), newStateFolder(), MOMENT, async () => {
      await clients.call(source.address, ['FLUSHALL']);
    });
    expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('The source was flushed') });
    expect(run.stdout).not.toContain('[OK]');
  });
});

describe('a source that is over its memory', () => {
  afterEach(() => clients.call(source.address, ['CONFIG', 'SET', 'maxmemory', '0']));

  it.each(['relay', 'migrate'])(
    'lets its keys go, with --engine %s, also those that arrived before',
    async (engine) => {
      expect(await cluster(importing('--copy'))).toMatchObject({ code: 0 });
      await clients.call(source.address, ['CONFIG', 'SET', 'maxmemory', '1']);
      await expect(clients.call(source.address, ['SET', 'more', 'x'])).rejects.toThrow(/OOM/);
      expect(await cluster(importing(`--engine ${engine}`))).toMatchObject({ code: 0 });
      expect(await clients.call(source.address, ['DBSIZE'])).toBe(0);
      expectSameKeys(await inCluster(), before);
    },
  );
});

describe('import', () => {
  it.each(['relay', 'migrate'])('by %s ends at Ctrl-C, however low the rate', async (engine) => {
    const typed = importing(`--engine ${engine} --throttle 5keys/s`);
    const begun = performance.now();
    const run = await killedRun(typed, newStateFolder(), { lines: 2, afterMs: 1000 }, 'SIGINT');
    expect(run).toMatchObject({ code: 130 });
    expect(performance.now() - begun).toBeLessThan(6000);
  });

  it.each(['| true', '2>&1 | true'])('%s: nobody reads, and it is done all the same', async (reader) => {
    const code = path.join(mkdtempSync(path.join(home, 'code-')), 'code');
    const state = newStateFolder();
    const line = `export XDG_STATE_HOME=${state.env.XDG_STATE_HOME}; { cluster ${importing('')}; echo $? > ${code}; }`;
    await shell(`${line} ${reader}`);
    expect((await shell(`cat ${code}`)).stdout).toBe('0\n');
    expectSameKeys(await inCluster(), before);
  });

  it('with a journal that cannot be written: refused, and nothing is changed', async () => {
    const run = await cluster(importing(''), { env: { XDG_STATE_HOME: '/dev/null/state' } });
    expect(run).toMatchObject({ code: 4 });
    expect(run.stderr).toContain('The journal /dev/null/state/cluster/runs/');
    expect(await inCluster()).toEqual([]);
  });
});

describe('restore', () => {
  const { server } = serverBinary();

  it('a file that is removed after it was checked is not taken for an empty one', async () => {
    expect(await cluster(importing(''))).toMatchObject({ code: 0 });
    const folder = path.join(mkdtempSync(path.join(home, 'backups-')), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    await Promise.all(formed.nodes.map(({ address }) => clients.call(address, ['FLUSHALL'])));
    const files = readdirSync(folder).filter((name) => name.endsWith('.rdb'));
    const state = newStateFolder();
    const typed = `restore ${folder} ${formed.seed} --server ${server} --yes --parallel 1 --throttle 600keys/s`;
    const run = await meetRun(typed, state, { lines: 1, afterMs: 300 }, () => {
      for (const file of files) rmSync(path.join(folder, file));
    });
    expect(run).toMatchObject({ code: 5 });
    expect(run.stderr).toMatch(/\.rdb is not there any more: it was removed or changed after it had been checked\./);
    expect(processesAt(path.join(state.env.XDG_STATE_HOME, 'cluster/restore'))).toEqual([]);
  });

  it('says that its own server has ended, and why that may be', async () => {
    expect(await cluster(importing(''))).toMatchObject({ code: 0 });
    const folder = path.join(mkdtempSync(path.join(home, 'backups-')), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    await Promise.all(formed.nodes.map(({ address }) => clients.call(address, ['FLUSHALL'])));
    const state = newStateFolder();
    const servers = path.join(state.env.XDG_STATE_HOME, 'cluster/restore');
    const typed = `restore ${folder} ${formed.seed} --server ${server} --yes --parallel 1 --throttle 300keys/s`;
    const run = await meetRun(typed, state, { lines: 1, afterMs: 500 }, () => {
      const isServer = (pid: string): boolean => !readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sh');
      process.kill(Number(present(processesAt(servers).find(isServer), 'it runs')), 'SIGKILL');
    });
    expect(run).toMatchObject({ code: 5 });
    expect(run.stderr).toMatch(/The server that read .*\.rdb has ended\. Its log .* ends with:/);
    expect(processesAt(servers)).toEqual([]);
    expect(readdirSync(servers)).toEqual([]);
  });
});
