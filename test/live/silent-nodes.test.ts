/**
 * Nodes that fall silent, connections that break, and an operator's side that breaks, in the middle of a run: it ends within
 * the bounds that were typed, says what to type, and what was typed then ends where an undisturbed run does.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { ByteClients } from '../support/byte-clients.ts';
import { shell } from '../support/check-alike.ts';
import { eventually } from '../support/eventually.ts';
import { clusterCli } from '../support/executables.ts';
import { type ClusterNode, type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { expectSameKeys, putAllKinds, type StoredKey, storedIn } from '../support/keys-of-all-kinds.ts';
import { expectServing } from '../support/node-states.ts';
import { cluster, withNodes } from '../support/transcript.ts';
import { journalLines, killedRun, meetRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

const RANGE = [100, 139] as const;
const KEYS = 320;
/** Takes about a second. */
const SLOWLY = '--mover key-wise --throttle 300keys/s --max-pause 1';
const MIDDLE = { lines: 3, afterMs: 200 };
const SOURCE = 0;
const TARGET = 1;
const BYSTANDER = 2;
/** What a run may take beyond its waits: the start of the program, and a look or two at a node that is silent. */
const SLACK_MS = 8000;

describe('a reshard', () => {
  let formed: FormedCluster;
  let clients: ByteClients;
  let before: readonly StoredKey[];
  let state: StateFolder;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3 });
    clients = new ByteClients();
    await putAllKinds(clients, formed.seed, RANGE, KEYS);
    before = await stored();
  });
  afterAll(async () => {
    clients?.close();
    await formed?.stop();
  });
  beforeEach(() => {
    state = newStateFolder();
  });
  /** Whatever has become of the test, the next one finds the slots where this one has found them. */
  afterEach(async () => {
    for (const { pid } of formed.nodes) process.kill(pid, 'SIGCONT');
    await untilHealthy();
    const back = `reshard ${formed.seed} --ranges 100-139 --to ${formed.primary(SOURCE).id} --yes`;
    expect(await cluster(back)).toMatchObject({ code: 0 });
  });

  function stored(): Promise<readonly StoredKey[]> {
    return storedIn(
      clients,
      formed.nodes.map(({ address }) => address),
    );
  }

  async function untilHealthy(): Promise<void> {
    await eventually(async () => expect(await cluster(`check ${formed.seed}`)).toMatchObject({ code: 0 }), {
      what: 'the cluster serves again',
    });
  }

  async function expectAllAt(index: number): Promise<void> {
    const now = await stored();
    expect(new Set(now.map(({ address }) => address))).toEqual(new Set([formed.primary(index).address]));
    expectSameKeys(now, before);
    await untilHealthy();
  }

  function reshard(flags = ''): string {
    return `reshard ${formed.primary(BYSTANDER).address} --ranges 100-139 --to ${formed.primary(TARGET).id} --yes ${SLOWLY} ${flags}`;
  }

  function stop(node: ClusterNode): void {
    process.kill(node.pid, 'SIGSTOP');
  }

  it.each([
    ['the source', SOURCE],
    ['the target', TARGET],
  ] as const)('gives up on %s when it has been silent for the time of a wait, and is resumed', async (_, index) => {
    const node = formed.primary(index);
    const run = await meetRun(reshard('-t 0.5 --wait-timeout 1'), state, MIDDLE, () => stop(node));
    expect(run).toMatchObject({ code: 5 });
    expect(run.durationMs).toBeLessThan(1000 + SLACK_MS);
    expect(run.stderr).toContain(`Could not connect to Redis at ${node.address}: no answer within 0.5 s`);
    expect(run.stderr).toMatch(
      /what is open at a node that does not answer is not known\.\n {2}Go on with: cluster resume /,
    );
    process.kill(node.pid, 'SIGCONT');
    expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
    await expectAllAt(TARGET);
  });

  it('is stopped in good order by Ctrl-C beside a node that is silent', async () => {
    const run = await meetRun(reshard('-t 0.5'), state, MIDDLE, (pid) => {
      stop(formed.primary(TARGET));
      process.kill(pid, 'SIGINT');
    });
    expect(run).toMatchObject({ code: 130 });
    expect(run.durationMs).toBeLessThan(SLACK_MS);
    process.kill(formed.primary(TARGET).pid, 'SIGCONT');
    await untilAnswers(formed.primary(TARGET));
    expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
    await expectAllAt(SOURCE);
  });

  async function untilAnswers(node: ClusterNode): Promise<void> {
    await eventually(async () => expect(await cluster(`check ${node.address} -t 1`)).not.toMatchObject({ code: 3 }), {
      what: `${node.address} answers`,
    });
  }

  it('goes on while every connection of it is broken again and again', async () => {
    let broken = 0;
    const breakAll = async (node: ClusterNode): Promise<void> => {
      const list = String(await formed.call(node, 'CLIENT', 'LIST', 'TYPE', 'normal'));
      for (const [, id = ''] of list.matchAll(/^id=(\d+) .* name=redis-cluster-ops:/gm))
        broken += Number(await formed.call(node, 'CLIENT', 'KILL', 'ID', id));
    };
    const run = await meetRun(reshard(), state, { lines: 3 }, async () => {
      const begun = performance.now();
      while (performance.now() - begun < 1000) await Promise.all(formed.nodes.map(breakAll));
    });
    expect(run).toMatchObject({ code: 0 });
    expect(broken).toBeGreaterThan(5);
    await expectAllAt(TARGET);
  });

  it('takes nobody for silent after it was stopped itself', async () => {
    const run = await meetRun(reshard('-t 0.3'), state, MIDDLE, async (pid) => {
      process.kill(pid, 'SIGSTOP');
      const begun = performance.now();
      await eventually(() => expect(performance.now() - begun).toBeGreaterThan(1000), { what: 'time has passed' });
      process.kill(pid, 'SIGCONT');
    });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).not.toContain('no answer');
    await expectAllAt(TARGET);
  });

  it('is given up by Ctrl-C at a question that nobody answers', async () => {
    const killed = await killedRun(reshard(), state, MIDDLE);
    expect(killed).toMatchObject({ signal: 'SIGKILL' });
    const silence = [{ when: /never/, text: '' }];
    const interruptions = [{ signal: 'SIGINT', when: /type 'yes' to accept/ }] as const;
    for (const line of ['resume', `resume ${formed.seed}`, 'undo']) {
      const run = await cluster(line, { ...state, replies: silence, interruptions });
      expect(run).toMatchObject({ code: 130 });
      expect(run.stderr).toContain('Interrupted by the operator; nothing was changed.');
    }
    expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
    await expectAllAt(SOURCE);
  });

  it.each(['2>&1 | head -1', '2>&1 | true', '| true', '>/dev/full 2>&1', '2>&-'])(
    'is not ended by its reader: %s',
    async (readers) => {
      const env = `XDG_STATE_HOME=${state.env.XDG_STATE_HOME}`;
      await shell(
        `{ ${env} cluster ${reshard()}; echo $? >$XDG_STATE_HOME/code; } ${readers}`.replaceAll(
          '$XDG_STATE_HOME',
          state.env.XDG_STATE_HOME,
        ),
      );
      const code = readFileSync(path.join(state.env.XDG_STATE_HOME, 'code'), 'utf8').trim();
      expect(code).toBe(readers.includes('/dev/full') ? '1' : '0');
      expect(journalLines(state).at(-1)).toContain('"outcome":"done"');
      await expectAllAt(TARGET);
    },
  );

  describe('whose journal', () => {
    const folder = (): string => path.join(state.env.XDG_STATE_HOME, 'cluster');
    const putFileInstead = (): void => {
      rmSync(folder(), { recursive: true, force: true });
      writeFileSync(folder(), '');
    };

    it('cannot be written is refused, and nothing is changed', async () => {
      putFileInstead();
      const run = await cluster(reshard(), state);
      expect(run).toMatchObject({ code: 4 });
      expect(run.stderr).toMatch(/^\[ERR\] The journal .* cannot be written: .*\. Nothing was changed\.$/m);
      await expectAllAt(SOURCE);
    });

    it('cannot be written any more goes on, and says so', async () => {
      const run = await meetRun(reshard(), state, MIDDLE, putFileInstead);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stderr.match(/\[WARNING\] The journal/g)).toHaveLength(1);
      await expectAllAt(TARGET);
    });

    it('was removed has it again, and can be taken back', async () => {
      const run = await meetRun(reshard(), state, MIDDLE, () => rmSync(folder(), { recursive: true }));
      expect(run).toMatchObject({ code: 0 });
      await expectAllAt(TARGET);
      expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
      await expectAllAt(SOURCE);
    });

    it('cannot be read: history and resume say why', async () => {
      mkdirSync(path.join(folder(), 'runs/a-folder.jsonl'), { recursive: true });
      for (const line of ['history', 'resume --yes']) {
        const run = await cluster(line, state);
        expect(run).toMatchObject({ code: 1 });
        expect(run.stderr).toMatch(/^\[ERR\] The journal in .* cannot be read: EISDIR/);
      }
    });
  });
});

it('a creation from which a node fell silent: the same command again makes the cluster, whatever the node has done since', () =>
  withNodes({ count: 6 }, async (nodes, typed) => {
    const state = newStateFolder();
    const silent = present(nodes[1], 'there are six');
    const words = `create ${typed} --replicas 1 --yes -t 0.5 --wait-timeout 20 --progress json`.split(' ');
    const stopping = clusterCli(words, state);
    await eventually(() => expect(journalLines(state).join('\n')).toMatch(/"step-end"[\s\S]*"step-end"/), {
      what: 'the nodes are to meet',
    });
    process.kill(silent.pid, 'SIGSTOP');
    const stopped = await stopping;
    process.kill(silent.pid, 'SIGCONT');
    expect(stopped).toMatchObject({ code: 5 });
    expect(stopped.stderr).toContain(`Node ${silent.address} is still as it was when it was lost`);
    const again = await clusterCli(
      words.map((word) => (word === '0.5' ? '5' : word)),
      state,
    );
    expect(again).toMatchObject({ code: 0 });
    await expectServing(nodes);
  }));

it.each(['check', 'info', 'nodes', 'reshard --dry-run --from all --to all --slots 1', 'fix', 'resume'])(
  '%s of a node that is silent ends after one time-out, with exit code 3',
  (line) =>
    withNodes({ count: 1 }, async ([node]) => {
      const { address, pid } = present(node, 'one was started');
      process.kill(pid, 'SIGSTOP');
      const [command = '', ...flags] = line.split(' ');
      const run = await clusterCli([command, address, ...flags, '-t', '0.5']);
      expect(run).toMatchObject({ code: 3 });
      expect(run.stderr).toContain(`Could not connect to Redis at ${address}: no answer within 0.5 s`);
      expect(run.durationMs).toBeLessThan(SLACK_MS);
    }),
);
