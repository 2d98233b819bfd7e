/** What nodes really are at this moment, past the program under test: raw commands, no waiting, no second look. */
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { type RunResult, redisCli } from './executables.ts';
import type { NodeLogin } from './node-login.ts';
import { type RawReply, rawCommands } from './raw-command.ts';
import type { TestServer } from './servers.ts';

/** How to log in to the nodes, for us and for redis-cli. */
export interface Login extends NodeLogin {
  /** Options of redis-cli that say the same. */
  readonly cli?: readonly string[];
}

export interface NodeState {
  readonly address: string;
  /** A line for each node it knows, itself included, sorted: id, flags, primary, config epoch, slots. */
  readonly nodes: readonly string[];
  readonly clusterInfo: Readonly<Record<string, string>>;
  readonly replication: Readonly<Record<string, string>>;
  readonly keys: number;
}

/** The lasting facts: the others count messages, bytes and seconds. */
const CLUSTER_FACTS = /^cluster_(state|slots_assigned|known_nodes|current_epoch|my_epoch)$/;
const REPLICATION_FACTS = /^(role|master_(host|port|link_status))$/;

/** The same commands to each node, all at once; the replies of each. Rejects with the first error reply. */
export function askEach(
  servers: readonly TestServer[],
  commands: readonly (readonly string[])[],
  login: NodeLogin = {},
): Promise<readonly (readonly RawReply[])[]> {
  return Promise.all(servers.map(({ address }) => rawCommands(address, commands, login)));
}

/** One look at each node. Times and counters are left out, so that two looks at an unchanged node are equal. */
export async function statesOf(servers: readonly TestServer[], login: NodeLogin = {}): Promise<readonly NodeState[]> {
  const commands = [['CLUSTER', 'NODES'], ['CLUSTER', 'INFO'], ['INFO', 'replication'], ['DBSIZE']];
  const replies = await askEach(servers, commands, login);
  return servers.map(({ address }, index) => {
    const [nodes, clusterInfo, replication, keys] = replies[index] ?? [];
    return {
      address,
      nodes: `${nodes}`.trim().split('\n').map(lastingFacts).sort(),
      clusterInfo: lasting(fieldsOf(`${clusterInfo}`), CLUSTER_FACTS),
      replication: lasting(fieldsOf(`${replication}`), REPLICATION_FACTS),
      keys: Number(keys),
    };
  });
}

/**
 * The promise of `cluster create`, at the moment of its return: every node serves, all have the same view, and every
 * replica is in sync. Then redis-cli, which may look for a while, has to agree.
 */
export async function expectServing(servers: readonly TestServer[], login: Login = {}): Promise<readonly NodeState[]> {
  const states = await statesOf(servers, login);
  for (const { address, clusterInfo, replication } of states) {
    expect({ address, ...clusterInfo }).toMatchObject({
      cluster_state: 'ok',
      cluster_slots_assigned: '16384',
    });
    if (replication['role'] === 'slave')
      expect({ address, ...replication }).toMatchObject({ master_link_status: 'up' });
  }
  const views = states.map(({ nodes }) => nodes.map((line) => line.replace('myself,', '')));
  // CLUSTER INFO would also count nodes that are introduced a second time, for a moment.
  expect(views[0]).toHaveLength(servers.length);
  for (const view of views) expect(view).toEqual(views[0]);
  expect(views[0]?.join('\n')).not.toMatch(/fail|handshake|noaddr/);
  const seed = present(servers[0], 'there are servers').address;
  const check = await redisCli([...(login.cli ?? []), '--cluster', 'check', seed]);
  expect(check).toMatchObject({ code: 0 });
  expect(check.stdout).toContain('[OK] All 16384 slots covered.');
  return states;
}

/** Each of them knows only itself, owns nothing, has no epoch and no keys. */
export async function expectEmptyAndAlone(servers: readonly TestServer[], login: NodeLogin = {}): Promise<void> {
  for (const { address, nodes, clusterInfo, keys } of await statesOf(servers, login)) {
    const alone = { cluster_known_nodes: '1', cluster_slots_assigned: '0', cluster_current_epoch: '0' };
    expect({ address, nodes: nodes.length, ...clusterInfo, keys }).toMatchObject({ nodes: 1, ...alone, keys: 0 });
  }
}

/**
 * Runs the command, and proves that every node is afterwards what it was before. Epochs count where they are a node's own:
 * news of what an earlier command has raised may still reach the others meanwhile.
 */
export async function withoutChange(
  servers: readonly TestServer[],
  run: () => Promise<RunResult>,
  login: NodeLogin = {},
): Promise<RunResult> {
  const before = await statesOf(servers, login);
  const result = await run();
  const after = await statesOf(servers, login);
  expect(after.map(withoutNews)).toEqual(before.map(withoutNews));
  return result;
}

function withoutNews({ nodes, clusterInfo, ...rest }: NodeState): object {
  const { cluster_current_epoch: _, ...own } = clusterInfo;
  return {
    ...rest,
    clusterInfo: own,
    nodes: nodes.map((line) => (line.includes('myself') ? line : line.replace(/ epoch \d+/, ''))),
  };
}

/** Host and port of each node's primary, by the node's own; a primary has none. */
export function primaryOf(states: readonly NodeState[], server: TestServer): string | null {
  const replication = present(
    states.find(({ address }) => address === server.address),
    'the node was looked at',
  ).replication;
  return replication['role'] === 'slave' ? `${replication['master_host']}:${replication['master_port']}` : null;
}

/** id address flags primary ping pong epoch link slots…: without the times, and without the state of the link. */
function lastingFacts(line: string): string {
  const [id = '', , flags = '', primary = '', , , epoch = '', , ...slots] = line.split(' ');
  return [id, flags, primary, `epoch ${epoch}`, ...slots].join(' ');
}

function lasting(fields: Readonly<Record<string, string>>, names: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.test(name)));
}

function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
