/** `cluster backup` of real clusters: what is in it, what is refused, and that nothing is ever half there. */
import { execFile, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { type BackupManifest, parseManifest } from '../../src/lib/model/backup.ts';
import { eventually } from '../support/eventually.ts';
import { home, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { findServer, serverBinary } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';

const execute = promisify(execFile);
const SECRET = 'pa55-w0rd';
const KEYS = 300;
/** The time that a server waits after each key of a snapshot, in microseconds: a shard of 100 keys takes a second. */
const SLOWLY = '10000';

function newFolder(): string {
  return mkdtempSync(path.join(home, 'backups-'));
}

function manifestIn(folder: string): BackupManifest {
  const manifest = parseManifest(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  if (typeof manifest === 'string') throw new Error(manifest);
  return manifest;
}

function rdbFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rdb'))
    .sort();
}

describe.each(['default', 'valkey-9.1'] as const)('backup of a cluster of the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null)('which is there', () => {
    let formed: FormedCluster;

    beforeAll(async () => {
      formed = await formCluster({ shards: 3, replicas: 1, flavor, settings: { 'repl-diskless-sync-delay': '0' } });
      await formed.putKeys(KEYS);
    });
    afterAll(() => formed?.stop());

    it('from replicas: every key, the topology and the checksums', async () => {
      const folder = path.join(newFolder(), 'first');
      const run = await cluster(`backup ${formed.seed} ${folder}`);
      expect(run).toMatchObject({ code: 0 });
      for (const { address } of formed.replicas) expect(run.stdout).toContain(`>>> Node ${address} -> Saving RDB...\n`);
      expect(run.stdout).toContain(`[OK] Backup created into: ${folder}\n`);
      const { shards, nodes, problems } = manifestIn(folder);
      expect(shards.map(({ takenFrom }) => takenFrom.role)).toEqual(['replica', 'replica', 'replica']);
      expect(shards.map(({ rdb }) => rdb.checksum)).toEqual(['verified', 'verified', 'verified']);
      expect(shards.reduce((sum, { keysCountedBefore }) => sum + keysCountedBefore, 0)).toBe(KEYS);
      expect([nodes.length, problems]).toEqual([6, []]);
      expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'nodes.json', ...rdbFiles(folder)]);
      expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 0 });
    });

    it('names and nodes.json are those of redis-cli', async () => {
      const [ours, theirs] = [newFolder(), newFolder()];
      expect(await cluster(`backup ${formed.seed} ${ours}`)).toMatchObject({ code: 0 });
      const run = await redisCli(['--cluster', 'backup', formed.seed, theirs], { flavor });
      expect(run).toMatchObject({ code: 0 });
      expect(rdbFiles(ours)).toEqual(rdbFiles(theirs));
      const nodesIn = (folder: string): readonly string[] =>
        readFileSync(path.join(folder, 'nodes.json'), 'utf8')
          .slice(2, -2)
          .split(/,\n(?= {2}\{)/)
          .sort();
      expect(nodesIn(ours)).toEqual(nodesIn(theirs));
    });

    it('redis-check-rdb accepts every file, and counts the keys', async () => {
      const folder = path.join(newFolder(), 'checked');
      expect(await cluster(`backup ${formed.seed} ${folder} --from primaries --per-host 3`)).toMatchObject({ code: 0 });
      let keys = 0;
      for (const file of rdbFiles(folder)) {
        const { stdout } = await execute(serverBinary(flavor).checkRdb, [path.join(folder, file)]);
        expect(stdout).toContain('\\o/ RDB looks OK! \\o/');
        keys += Number(/(\d+) keys read/.exec(stdout)?.[1]);
      }
      expect(keys).toBe(KEYS);
    });

    it('as a stream where the server has no disk to write to', async () => {
      const node = formed.primary(1);
      rmSync(node.dir, { recursive: true });
      try {
        const folder = path.join(newFolder(), 'streamed');
        const run = await cluster(`backup ${formed.seed} ${folder} --from primaries`);
        expect(run).toMatchObject({ code: 0 });
        expect(run.stderr).toContain('It is asked once more, for a stream that needs no disk of its own.');
        expect(manifestIn(folder).shards.map(({ rdb }) => `${rdb.version}`)).toEqual(
          Array(3).fill(flavor === 'default' ? '10' : '80'),
        );
        expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 0 });
      } finally {
        mkdirSync(node.dir, { recursive: true });
      }
    });

    it('--json is one document, and --dry-run makes nothing', async () => {
      const folder = path.join(newFolder(), 'planned');
      const dry = await cluster(`backup ${formed.seed} ${folder} --dry-run --json`);
      expect(JSON.parse(dry.stdout)).toMatchObject({ version: 1, outcome: 'planned', plan: { shards: [{}, {}, {}] } });
      expect(existsSync(folder)).toBe(false);
      const run = await cluster(`backup ${formed.seed} ${folder} --json`);
      expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done', manifest: manifestIn(folder) });
    });
  });
});

describe('what is written before a backup', () => {
  it('is in it, also where the replica is behind', async () => {
    const formed = await formCluster({ shards: 1, replicas: 1 });
    try {
      const [primary, replica] = [formed.primary(0), formed.replica(0)];
      for (let round = 0; round < 3; round++) {
        // The replica has to read all of this before it is up to date.
        await formed.call(primary, 'EVAL', `for i = 1, 30000 do redis.call('SET', 'r${round}:' .. i, i) end`, '0');
        const folder = path.join(newFolder(), 'fresh');
        const run = await cluster(`backup ${formed.seed} ${folder}`);
        expect(run).toMatchObject({ code: 0 });
        const [shard] = manifestIn(folder).shards;
        expect(shard?.takenFrom.address).toBe(replica.address);
        const { stdout } = await execute(serverBinary().checkRdb, [
          path.join(folder, present(shard, 'one shard').file),
        ]);
        expect(stdout).toContain(`${(round + 1) * 30_000} keys read`);
      }
    } finally {
      await formed.stop();
    }
  });
});

describe('a backup that does not come to its end', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, settings: { 'rdb-key-save-delay': SLOWLY } });
    await formed.putKeys(KEYS);
  });
  afterAll(() => formed?.stop());

  function slowly(value: string): Promise<unknown> {
    return Promise.all(formed.primaries.map((node) => formed.call(node, 'CONFIG', 'SET', 'rdb-key-save-delay', value)));
  }

  /** Files in the partial folder; none where there is no such folder. */
  function partialFiles(parent: string): readonly string[] {
    const name = readdirSync(parent).find((each) => each.includes('.partial-2'));
    return name === undefined ? [] : readdirSync(path.join(parent, name));
  }

  /** Begins a backup in a process of its own, and sends the signal at the moment. */
  async function metAt(
    parent: string,
    signal: NodeJS.Signals,
    isMoment: (files: readonly string[]) => boolean,
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stderr: string }> {
    const child = spawn(process.execPath, [path.resolve('bin/run.js'), 'backup', formed.seed, path.join(parent, 'b')], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: path.join(home, 'state') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once('close', (code, by) => resolve({ code, signal: by }));
    });
    await eventually(
      () => {
        if (!isMoment(partialFiles(parent))) throw new Error(`there is ${partialFiles(parent)}`);
      },
      { what: 'the backup is that far' },
    );
    child.kill(signal);
    return { ...(await ended), stderr };
  }

  const MOMENTS = [
    ['it has its folder', (files: readonly string[]) => files.length > 0],
    ['the first file is begun', (files: readonly string[]) => files.some((name) => name.endsWith('.rdb'))],
    [
      'only the last is missing',
      (files: readonly string[]) => files.filter((name) => name.endsWith('.rdb')).length === 2,
    ],
  ] as const;

  it.each(MOMENTS)('kill -9 when %s: no backup, and the next run clears away what it left', async (_, isMoment) => {
    const parent = newFolder();
    mkdirSync(path.join(parent, 'b.partial-of-somebody-else'));
    writeFileSync(path.join(parent, 'b.partial-of-somebody-else/precious'), 'not ours');
    await slowly(SLOWLY);
    expect(await metAt(parent, 'SIGKILL', isMoment)).toMatchObject({ signal: 'SIGKILL' });
    expect(existsSync(path.join(parent, 'b'))).toBe(false);
    expect(readdirSync(parent)).toHaveLength(2);
    expect(await cluster(`backup --verify ${path.join(parent, 'b')}`)).toMatchObject({ code: 2 });
    await slowly('0');
    expect(await cluster(`backup ${formed.seed} ${path.join(parent, 'b')}`)).toMatchObject({ code: 0 });
    expect(readdirSync(parent).sort()).toEqual(['b', 'b.partial-of-somebody-else']);
    expect(readFileSync(path.join(parent, 'b.partial-of-somebody-else/precious'), 'utf8')).toBe('not ours');
    expect(await cluster(`backup --verify ${path.join(parent, 'b')}`)).toMatchObject({ code: 0 });
  });

  it.each(MOMENTS)('Ctrl-C when %s: exit code 130, and nothing is left', async (_, isMoment) => {
    const parent = newFolder();
    await slowly(SLOWLY);
    expect(await metAt(parent, 'SIGINT', isMoment)).toMatchObject({ code: 130 });
    expect(readdirSync(parent)).toEqual([]);
  });

  it('beside a living one for the same folder: refused', async () => {
    const parent = newFolder();
    await slowly(SLOWLY);
    const first = cluster(`backup ${formed.seed} ${parent}/b`);
    await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'the first is at work' });
    const beside = await cluster(`backup ${formed.seed} ${parent}/c`);
    expect(beside).toMatchObject({ code: 4 });
    expect(beside.stderr).toContain('is at work on this cluster');
    const forced = await cluster(`backup ${formed.seed} ${parent}/b --force`);
    expect(forced).toMatchObject({ code: 4 });
    expect(forced.stderr).toContain(`Another backup into ${parent}/b is at work`);
    expect(await first).toMatchObject({ code: 0 });
    expect(readdirSync(parent)).toEqual(['b']);
  });

  it('slots that move meanwhile: exit code 1, and nothing is left; with --force the manifest says so', async () => {
    for (const force of [false, true]) {
      const parent = newFolder();
      // Long enough for a reshard on a busy machine: seven seconds.
      await slowly('25000');
      const running = cluster(`backup ${formed.seed} ${parent}/b ${force ? '--force' : ''}`);
      await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'it is at work' });
      const [from, to] = force ? [formed.primary(1), formed.primary(0)] : [formed.primary(0), formed.primary(1)];
      const moved = await cluster(`reshard ${formed.seed} --ranges 100-101 --to ${to.address} --yes --force`);
      expect(moved).toMatchObject({ code: 0 });
      const run = await running;
      if (!force) {
        expect(run).toMatchObject({ code: 1 });
        expect(run.stderr).toContain(`slots 100-101 left the shard of ${from.address}`);
        expect(readdirSync(parent)).toEqual([]);
        continue;
      }
      expect(run).toMatchObject({ code: 0 });
      expect(manifestIn(`${parent}/b`).problems.join()).toContain('changed while the backup was taken');
    }
  });

  it('a server that ends meanwhile: exit code 1, and nothing is left', async () => {
    const doomed = await formCluster({ shards: 3, settings: { 'rdb-key-save-delay': SLOWLY } });
    try {
      await doomed.putKeys(KEYS);
      const parent = newFolder();
      const running = cluster(`backup ${doomed.seed} ${parent}/b --per-host 3`);
      await eventually(() => expect(partialFiles(parent).length).toBeGreaterThan(0), { what: 'it is at work' });
      await doomed.kill(doomed.primary(1));
      const run = await running;
      expect(run).toMatchObject({ code: 1 });
      expect(run.stderr).toContain(doomed.primary(1).address);
      expect(readdirSync(parent)).toEqual([]);
    } finally {
      await doomed.stop();
    }
  });

  it('a disk that takes no more: exit code 1, and nothing is left', async () => {
    await slowly('0');
    const parent = newFolder();
    // One block of 512 or 1024 bytes, by the shell: less than 100 keys take.
    const command = `ulimit -f 1; exec "$0" "$@"`;
    const words = [command, process.execPath, path.resolve('bin/run.js'), 'backup', formed.seed, `${parent}/b`];
    const failed = await execute('sh', ['-c', ...words], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: path.join(home, 'state') },
    }).catch((failure: { readonly code: number; readonly stderr: string }) => failure);
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/\.rdb cannot be written: file too large/);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('backup is refused', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3 });
    await formed.putKeys(KEYS);
  });
  afterAll(() => formed?.stop());

  it('into a folder that is not empty, or a file; before anything is asked', async () => {
    const parent = newFolder();
    writeFileSync(path.join(parent, 'file'), '');
    for (const place of [parent, `${parent}/file`]) {
      const run = await cluster(`backup 127.0.0.1:1 ${place}`);
      expect(run).toMatchObject({ code: 4, stdout: '' });
    }
    expect(await cluster(`backup 127.0.0.1:1 ${parent}/none/b`)).toMatchObject({ code: 2 });
    expect(await cluster(`backup ${parent}/b`)).toMatchObject({ code: 2 });
    expect(await cluster('backup')).toMatchObject({ code: 2 });
  });

  it('of a cluster with an open slot, unless forced', async () => {
    const parent = newFolder();
    await formed.openSlot(7, formed.primary(1));
    try {
      const run = await cluster(`backup ${formed.seed} ${parent}/b`);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toContain('has slots in migrating state 7.');
      expect(readdirSync(parent)).toEqual([]);
      const forced = await cluster(`backup ${formed.seed} ${parent}/b --force`);
      expect(forced).toMatchObject({ code: 0 });
      expect(forced.stdout).toContain(
        "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.\n",
      );
      expect(manifestIn(`${parent}/b`).problems.join()).toContain('migrating state 7');
    } finally {
      for (const node of [formed.primary(0), formed.primary(1)])
        await formed.call(node, 'CLUSTER', 'SETSLOT', '7', 'STABLE');
    }
  });

  it('by --verify where a bit, the end, a file or the manifest is wrong', async () => {
    const folder = path.join(newFolder(), 'b');
    expect(await cluster(`backup ${formed.seed} ${folder}`)).toMatchObject({ code: 0 });
    const [name = ''] = rdbFiles(folder);
    const [file, kept] = [path.join(folder, name), path.join(newFolder(), 'kept')];
    copyFileSync(file, kept);
    const damages: readonly (readonly [string, () => void])[] = [
      ['is no whole RDB file: its checksum is wrong', () => flipBit(file, statSync(file).size >> 1)],
      ['is no whole RDB file: its checksum is wrong', () => flipBit(file, statSync(file).size - 1)],
      [`bytes instead of ${statSync(file).size}`, () => truncateSync(file, statSync(file).size - 1)],
      ['cannot be read', () => rmSync(file)],
    ];
    for (const [said, damage] of damages) {
      damage();
      const run = await cluster(`backup --verify ${folder}`);
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toContain(name);
      expect(run.stderr).toContain(said);
      copyFileSync(kept, file);
    }
    const manifest = path.join(folder, 'manifest.json');
    truncateSync(manifest, 100);
    expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 1 });
    rmSync(manifest);
    expect(await cluster(`backup --verify ${folder}`)).toMatchObject({ code: 2 });
  });
});

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}

describe.concurrent('backup reaches nodes', () => {
  const RIGHTS =
    '+auth +info +client|list +client|setname +cluster|nodes +cluster|info +replconf +psync +cluster|getslotmigrations';

  it('over TLS with a client certificate, as a user with no rights but those it takes', async () => {
    const formed = await formCluster({
      shards: 3,
      replicas: 1,
      tls: { clients: 'yes' },
      aclUsers: [`ops on >${SECRET} ${RIGHTS.replace(' +cluster|getslotmigrations', '')}`],
    });
    try {
      await formed.putKeys(KEYS);
      const { ca, cert, key } = present(formed.certificates, 'they speak TLS');
      const folder = path.join(newFolder(), 'b');
      const way = `--tls --cacert ${ca} --cert ${cert} --key ${key} --user ops`;
      const run = await cluster(`backup ${formed.seed} ${folder} ${way}`, { env: { REDISCLI_AUTH: SECRET } });
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout + run.stderr + readFileSync(path.join(folder, 'manifest.json'), 'utf8')).not.toContain(SECRET);
      expect(manifestIn(folder).shards.map(({ takenFrom }) => takenFrom.role)).toEqual(Array(3).fill('replica'));
    } finally {
      await formed.stop();
    }
  });

  it('that refuse: exit code 3, naming what is missing, and nothing is left', async () => {
    const formed = await formCluster({
      shards: 1,
      password: SECRET,
      aclUsers: [`reader on >${SECRET} ${RIGHTS.replace('+psync', '').replace(' +cluster|getslotmigrations', '')}`],
    });
    try {
      const parent = newFolder();
      for (const [way, password, said] of [
        ['', 'wr0ng-1', 'WRONGPASS'],
        ['--user reader', SECRET, 'NOPERM'],
      ] as const) {
        const run = await cluster(`backup ${formed.seed} ${parent}/b ${way}`, { env: { REDISCLI_AUTH: password } });
        expect(run).toMatchObject({ code: 3 });
        expect(run.stderr).toContain(said);
        expect(run.stderr).not.toContain(password);
        expect(readdirSync(parent)).toEqual([]);
      }
    } finally {
      await formed.stop();
    }
  });

  it('that have no password, with one; by a NAT map; and by two words', async () => {
    const formed = await formCluster({ shards: 1 });
    try {
      const [host = '', port = ''] = formed.seed.split(':');
      const words = `backup ${host} ${port} ${path.join(newFolder(), 'b')} --nat-map ${host}=localhost`;
      expect(await cluster(words, { env: { REDISCLI_AUTH: SECRET } })).toMatchObject({ code: 0 });
    } finally {
      await formed.stop();
    }
  });
});
