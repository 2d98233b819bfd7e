/** `cluster add-node` against real servers: a line that is typed, and what every node says right after it. */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { eventually } from '../support/eventually.ts';
import { redisCli } from '../support/executables.ts';
import { expectMembers, followed, idOf, viewsOf, withMembers } from '../support/membership.ts';
import {
  askEach,
  expectEmptyAndAlone,
  expectServing,
  type Login,
  statesOf,
  withoutChange,
} from '../support/node-states.ts';
import { findServer } from '../support/server-binaries.ts';
import type { TestServer } from '../support/servers.ts';
import { cluster, type Nodes, typedAs, withNodes } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const LIBRARY = '#!lua name=adding\nredis.register_function("f", function() return 1 end)';

function first(servers: readonly TestServer[], index = 0): TestServer {
  const server = servers[index];
  if (server === undefined) throw new Error(`there is no fresh server ${index}`);
  return server;
}

describe.each(['default', 'valkey-9.1'] as const)('on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null).concurrent('which is there', () => {
    it('a primary, and then its replica, one line after the other', () =>
      withMembers({ shards: 3, fresh: 2, flavor }, async (formed, fresh) => {
        const [primary, replica] = [first(fresh), first(fresh, 1)];
        const state = newStateFolder();
        await formed.call(formed.primary(0), 'FUNCTION', 'LOAD', LIBRARY);
        const one = await cluster(`add-node ${primary.address} ${formed.seed} --yes`, state);
        expect(one).toMatchObject({ code: 0 });
        expect(one.stdout).toContain(`>>> Adding node ${primary.address} to cluster ${formed.seed}`);
        expect(one.stdout).toMatch(/^\[OK\] New node added correctly\.$/m);
        expect(one.stderr).toContain('>>> Send CLUSTER MEET to node');
        const id = await idOf(primary);
        const two = await cluster(
          `add-node ${replica.address} ${formed.seed} --cluster-slave --cluster-master-id ${id} --cluster-yes`,
          state,
        );
        expect(two).toMatchObject({ code: 0 });
        await expectMembers([...formed.nodes, primary, replica]);
        expect(await followed(replica)).toBe(`${primary.address} up`);
        const [[functions] = []] = await askEach([primary], [['FUNCTION', 'LIST']]);
        expect(JSON.stringify(functions)).toContain('adding');
      }));

    it('several as replicas: each primary gets one, on another host', () =>
      withMembers(
        { shards: 3, fresh: 3, hosts: ['127.0.0.1', '127.0.0.2', '127.0.0.3'], flavor },
        async (formed, fresh) => {
          const typed = fresh.map(({ address }) => address).join(' ');
          const run = await cluster(`add-node ${typed} ${formed.seed} --replica --yes`);
          expect(run).toMatchObject({ code: 0 });
          await expectMembers([...formed.nodes, ...fresh]);
          const primaries = await Promise.all(fresh.map(followed));
          expect(new Set(primaries)).toEqual(new Set(formed.primaries.map(({ address }) => `${address} up`)));
          for (const [index, server] of fresh.entries()) expect(primaries[index]).not.toContain(`${server.host}:`);
          expect(run.stdout).not.toContain('[WARNING]');
        },
      ));

    it('--rebalance: two new primaries have their share, and every key is there', () =>
      withMembers({ shards: 3, fresh: 2, flavor }, async (formed, fresh) => {
        await formed.putKeys(500);
        const typed = fresh.map(({ address }) => address).join(' ');
        const run = await cluster(`add-node ${typed} ${formed.seed} --rebalance --yes --json`);
        expect(run).toMatchObject({ code: 0 });
        const document = JSON.parse(run.stdout);
        expect(document).toMatchObject({ version: 1, outcome: 'done', run: expect.any(String) });
        const kinds = document.plan.steps.map(({ kind }: { kind: string }) => kind);
        expect([...new Set(kinds)]).toEqual(['set-epoch', 'join', 'settle', 'move-slots']);
        const all = [...formed.nodes, ...fresh];
        await expectMembers(all);
        const states = await statesOf(all);
        expect(states.reduce((sum, { keys }) => sum + keys, 0)).toBe(500);
        const [view = []] = await viewsOf(all);
        const counts = view.map(({ slots }) => slots.reduce((sum, [from, to]) => sum + to - from + 1, 0));
        expect(counts.sort()).toEqual([3276, 3277, 3277, 3277, 3277]);
        expect(await redisCli(['--cluster', 'check', formed.seed], { flavor })).toMatchObject({ code: 0 });
      }));
  });
});

describe.concurrent('refused, and nothing is changed', () => {
  it('a node with keys, one with functions, one of another cluster, one that is not there', () =>
    withMembers({ shards: 3, fresh: 4 }, async (formed, fresh) => {
      const [full, clever, taken, other] = [first(fresh), first(fresh, 1), first(fresh, 2), first(fresh, 3)];
      await askEach([full], [['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']]);
      await eventually(() => askEach([full], [['SET', 'a', 'b']]), { what: 'the node takes a key' });
      await askEach([full], [['CLUSTER', 'FLUSHSLOTS']]).catch(() => undefined);
      await askEach([clever], [['FUNCTION', 'LOAD', LIBRARY]]);
      // Two epochs of 0 would be settled by the servers at some moment, and look like a change.
      await askEach([taken], [['CLUSTER', 'SET-CONFIG-EPOCH', '7']]);
      await askEach([taken], [['CLUSTER', 'MEET', other.host, `${other.port}`]]);
      await eventually(
        async () => {
          await expectMembers([taken, other]);
          for (const { clusterInfo } of await statesOf([taken, other]))
            expect(clusterInfo['cluster_current_epoch']).toBe('7');
        },
        { what: 'they have met' },
      );
      const all = [...formed.nodes, ...fresh];
      const refusal = async (line: string): Promise<string> => {
        const run = await withoutChange(all, () => cluster(`add-node ${line} --yes`));
        expect(run).toMatchObject({ code: 4, stdout: '' });
        return run.stderr;
      };
      const notEmpty = (address: string): string =>
        `[ERR] Node ${address} is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or contains some key in database 0.`;
      expect(await refusal(`${full.address} ${formed.seed}`)).toContain(notEmpty(full.address));
      expect(await refusal(`${taken.address} ${formed.seed}`)).toContain(notEmpty(taken.address));
      expect(await refusal(`${taken.address} ${formed.seed}`)).toContain('CLUSTER RESET');
      expect(await refusal(`${clever.address} ${formed.seed}`)).toContain('node already contains functions');
      expect(await refusal(`${formed.primary(1).address} ${formed.seed}`)).toContain('a primary with 5462 slots');
      expect(await refusal(`127.0.0.1:1 ${formed.seed}`)).toContain('127.0.0.1:1');
      expect(await refusal(`${clever.address} ${formed.seed} --replica --of 1234567890`)).toContain(
        '[ERR] No such master ID 1234567890',
      );
    }));

  it('a cluster with errors refuses; a dead replica is none', () =>
    withMembers({ shards: 3, replicas: 1, fresh: 1 }, async (formed, fresh) => {
      const server = first(fresh);
      const dead = formed.replica(0);
      await formed.kill(dead);
      await formed.untilFlagged(dead, 'fail');
      await formed.openSlot(7, formed.primary(1));
      const living = formed.nodes.filter((node) => node !== dead);
      const line = `add-node ${server.address} ${formed.seed} --replica --yes`;
      const refused = await withoutChange([...living, server], () => cluster(line));
      expect(refused).toMatchObject({ code: 4 });
      expect(refused.stderr).toContain('*** Please fix your cluster problems before adding nodes');
      await formed.call(formed.primary(0), 'CLUSTER', 'SETSLOT', '7', 'STABLE');
      await formed.call(formed.primary(1), 'CLUSTER', 'SETSLOT', '7', 'STABLE');
      expect(await cluster(line)).toMatchObject({ code: 0 });
      expect(await followed(server)).toBe(`${formed.primaryOf(dead).address} up`);
    }));

  it('without consent, with wrong words, with --dry-run', () =>
    withMembers({ shards: 3, fresh: 1 }, async (formed, fresh) => {
      const all = [...formed.nodes, ...fresh];
      const line = `add-node ${first(fresh).address} ${formed.seed}`;
      const code = async (flags: string): Promise<number | null> =>
        (await withoutChange(all, () => cluster(`${line} ${flags}`))).code;
      expect(await code('--rebalance')).toBe(4);
      expect(await code('--json')).toBe(4);
      expect(await code('--dry-run')).toBe(0);
      expect(await code('--of 12345678 --yes')).toBe(2);
      expect(await code('--rebalance --replica --yes')).toBe(2);
      expect(await cluster(`add-node ${formed.seed} --yes`)).toMatchObject({ code: 2 });
      // As with redis-cli, a script is not asked about a node that is empty.
      expect(await cluster(line)).toMatchObject({ code: 0 });
    }));
});

it('two operators at once: both right, or one refused, and then it works', () =>
  withMembers({ shards: 3, fresh: 2 }, async (formed, fresh) => {
    const lines = fresh.map(({ address }) => `add-node ${address} ${formed.seed} --yes`);
    const runs = await Promise.all(lines.map((line) => cluster(line, newStateFolder())));
    for (const [index, run] of runs.entries()) {
      expect(run.code).toBeOneOf([0, 4]);
      if (run.code === 4) expect(await cluster(lines[index] ?? '', newStateFolder())).toMatchObject({ code: 0 });
    }
    await expectMembers([...formed.nodes, ...fresh]);
  }));

describe.concurrent('stopped half-way: it says what is there and what to type', () => {
  it.each([
    ['a wait that is in vain', '--wait-timeout 2', 5],
    ['Ctrl-C', '--progress json', 130],
  ] as const)('%s', (_, flags, code) =>
    withMembers({ shards: 3, fresh: 1 }, async (formed, fresh) => {
      const server = first(fresh);
      const state = newStateFolder();
      // It cannot log in to its primary, so its link does not come up.
      await askEach(fresh, [['CONFIG', 'SET', 'masterauth', 'nobody-asked']]);
      const interruptions = code === 130 ? [{ signal: 'SIGINT', when: /its link to its primary is/ } as const] : [];
      const line = `add-node ${server.address} ${formed.seed} --replica --yes`;
      const run = await cluster(`${line} ${flags}`, { ...state, interruptions });
      expect(run).toMatchObject({ code });
      expect(run.stderr).toContain(`${server.address} is known to 3 of 3 other nodes, and is a replica of `);
      expect(run.stderr).toMatch(
        new RegExp(`type the command again: cluster ${line.split(' --')[0]} --replica --of \\w{40}`),
      );
      expect((await cluster('resume --yes', state)).stderr).toContain(
        `Type it again: cluster add-node ${server.address}`,
      );
      expect((await cluster('history', state)).stdout).toContain(' partial ');
      await askEach(fresh, [['CONFIG', 'SET', 'masterauth', '']]);
      expect(await cluster(line, state)).toMatchObject({ code: 0 });
      expect(await followed(server)).toMatch(/ up$/);
      const { stdout } = await cluster('history', state);
      expect(stdout).toContain(' done ');
      expect(stdout).not.toContain(' partial ');
    }),
  );
});

describe.concurrent('add-node and del-node over every way to reach nodes', () => {
  it('TLS, a password, and bus ports of their own', () =>
    withNodes({ count: 4, tls: {}, password: SECRET, customBusPorts: true }, async (nodes, _, { certificates }) => {
      const tls = present(certificates, 'the servers speak TLS');
      const login = {
        password: SECRET,
        tls,
        cli: ['-a', SECRET, '--no-auth-warning', '--tls', '--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key],
      };
      await adding(nodes, `--tls --cacert ${tls.ca}`, { REDISCLI_AUTH: SECRET }, login);
    }));

  it('IPv6', () => withNodes({ count: 4, hosts: ['::1'] }, (nodes) => adding(nodes, '', {}, {})));

  it('a user with the rights that it takes, and no others', () =>
    withNodes({ count: 4, aclUsers: [`ops on >${SECRET} ${RIGHTS} ~* &*`] }, (nodes) =>
      adding(nodes, `--user ops`, { REDISCLI_AUTH: SECRET }, {}),
    ));
});

const SECRET = 'pa55-w0rd';
/** Of looking, creating, adding and removing. */
const RIGHTS = [
  '+info +client|info +client|list +client|setname +dbsize +ping +config|get',
  '+function|list +function|dump +function|restore',
  ...['nodes', 'info', 'set-config-epoch', 'addslotsrange', 'meet', 'replicate', 'reset', 'forget'].map(
    (name) => `+cluster|${name}`,
  ),
].join(' ');

/** A cluster of all but the last node; that one is added, and removed again. */
async function adding(nodes: Nodes, flags: string, env: Readonly<Record<string, string>>, login: Login): Promise<void> {
  const members = nodes.slice(0, -1);
  const last = first(nodes, nodes.length - 1);
  const seed = first(nodes).address;
  expect(await cluster(`create ${typedAs(members)} --yes ${flags}`, { env })).toMatchObject({ code: 0 });
  const add = await cluster(`add-node ${last.address} ${seed} --replica --yes ${flags}`, { env });
  expect(add).toMatchObject({ code: 0 });
  expect(add.stdout + add.stderr).not.toContain(SECRET);
  await expectServing(nodes, login);
  expect(await cluster(`del-node ${seed} ${last.address} --yes ${flags}`, { env })).toMatchObject({ code: 0 });
  await expectServing(members, login);
  await expectEmptyAndAlone([last], login);
}
