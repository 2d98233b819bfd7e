/**
 * Every command by a user with exactly the rights that docs/acl.md gives it, while the default user is off: none that it
 * asks for is missing, and none is given in vain. And without one of them the command says which.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { type RawReply, rawCommands } from '../support/raw-command.ts';
import { RIGHTS_PAGE, rulesIn } from '../support/rights-page.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import type { TestServer } from '../support/servers.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

const login = { username: 'admin', password: 'admin-pw' };
const RULES = rulesIn('acl');
const MORE_RULES = new Map<ServerFlavor, typeof RULES>([
  ['valkey-9.1', rulesIn('acl-valkey-9')],
  ['redis-8.6', rulesIn('acl-redis-8.4')],
]);

/** By command: what the servers have counted. */
const used = new Map<string, Set<string>>();

describe.each(['default', 'valkey-9.1', 'redis-8.6'] as const)('rights on the server %s', (flavor) => {
  const rules = new Map(
    [...RULES].map(([command, common]) => {
      const more = MORE_RULES.get(flavor) ?? new Map<string, readonly string[]>();
      return [command, [...common, ...(more.get('every') ?? []), ...(more.get(command) ?? [])]] as const;
    }),
  );
  tour({
    name: 'users with the least rights',
    flavor,
    reach: () =>
      reachServers(
        {
          flavor,
          settings: {
            masteruser: 'admin',
            masterauth: 'admin-pw',
            user: [
              'default off',
              'admin on >admin-pw ~* &* +@all',
              ...[...rules].map(([command, own]) => `ops-${command} on >pw-${command} ${own.join(' ')}`),
            ],
          },
        },
        () => ({
          flags: (command) => ['--user', `ops-${command}`, '-a', `pw-${command}`],
          sourceFlags: ['--from-user', 'ops-import-source', '--from-pass', 'pw-import-source'],
          login,
        }),
      ),
    prepare: async ({ nodes, source }) => {
      await onEach(
        [...nodes, source],
        [
          ['CONFIG', 'RESETSTAT'],
          ['ACL', 'LOG', 'RESET'],
        ],
      );
    },
    inspect: async ({ nodes, source }, command) => {
      const denials = await onEach([...nodes, source], [['ACL', 'LOG']]);
      const denied = denials.flatMap((reply) => (Array.isArray(reply) ? reply : [])).map(String);
      expect({ command, denied: denied.filter((denial) => denial.includes(',ops-')) }).toEqual({ command, denied: [] });
      await count(command, nodes);
      if (command === 'import') await count('import-source', [source]);
    },
  });
});

describe('of the rights in docs/acl.md', () => {
  it('none is given in vain', () => {
    // Which of them one command uses depends on the servers, on who has which keys and on what others have left open.
    const withRight = (right: string): readonly string[] =>
      [...RULES].filter(([, rules]) => rules.includes(right)).map(([command]) => command);
    const families = [withRight('+migrate'), withRight('+restore'), ['check', 'every']];
    // Of a server that is not there nothing was counted.
    const more = [...MORE_RULES].filter(([flavor]) => findServer(flavor) !== null).flatMap(([, own]) => [...own]);
    for (const [command, rules] of [...RULES, ...more]) {
      const peers = families.find((family) => family.includes(command)) ?? [command];
      const called = new Set(peers.flatMap((peer) => [...(used.get(peer) ?? [])]));
      const vain = rules.filter((rule) => rule.startsWith('+') && !called.has(rule.slice(1)));
      expect({ command, vain }).toEqual({ command, vain: [] });
    }
  });
});

describe('without one right of docs/acl.md', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3 });
    await formed.putKeys(3000);
  });
  afterAll(() => formed?.stop());

  const missing = ['check', 'set-timeout', 'backup', 'reshard'].flatMap((command) =>
    (RULES.get(command) ?? [])
      .filter((rule) => rule.startsWith('+'))
      .map((rule) => ({ command, right: rule.slice(1) })),
  );
  const cases = missing.filter(({ right }, index) => missing.findIndex((other) => other.right === right) === index);

  it.each(cases)('$command without $right', async ({ command, right }) => {
    const [from, to] = [formed.primary(0), formed.primary(1)];
    const rules = (RULES.get(command) ?? []).filter((rule) => rule !== `+${right}`);
    for (const node of formed.nodes) await formed.call(node, 'ACL', 'SETUSER', 'ops', 'reset', 'on', '>pw', ...rules);
    const folder = path.join(newStateFolder().env.XDG_STATE_HOME, 'backup');
    const lines: Readonly<Record<string, string>> = {
      check: `check ${formed.seed}`,
      'set-timeout': `set-timeout ${formed.seed} 2000`,
      backup: `backup ${formed.seed} ${folder} --yes`,
      reshard: `reshard ${formed.seed} --ranges 0-9 --to ${to.address} --yes`,
    };
    const run = await cluster(`${lines[command]} --user ops -a pw`);
    if (RIGHTS_PAGE.includes(`| \`${right.replace('|', '\\|')}\` | `)) expect(run).toMatchObject({ code: 0 });
    else {
      expect(run.code).toBeOneOf([1, 3, 5]);
      expect(run.stdout + run.stderr).toContain(`permissions to run the '${right}' command`);
    }
    if (command !== 'reshard') return;
    // Another login, because the source keeps its connection to the target for ten seconds, logged in as it was.
    for (const node of formed.nodes) await formed.call(node, 'ACL', 'SETUSER', 'boss', 'on', '>pw', '~*', '+@all');
    await cluster(`fix ${formed.seed} --user boss -a pw --yes`);
    await cluster(`reshard ${formed.seed} --user boss -a pw --ranges 0-9 --to ${from.address} --yes`);
    expect(await cluster(`check ${formed.seed}`)).toMatchObject({ code: 0 });
  });
});

async function count(command: string, servers: readonly TestServer[]): Promise<void> {
  const stats = (await onEach(servers, [['INFO', 'commandstats']])).join('\n');
  const called = used.get(command) ?? new Set();
  used.set(command, called);
  for (const [, name = ''] of stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)) called.add(name);
}

/** Those that answer: one was killed by the test. */
async function onEach(nodes: readonly TestServer[], commands: readonly (readonly string[])[]): Promise<RawReply[]> {
  const replies = await Promise.all(nodes.map(({ address }) => rawCommands(address, commands, login).catch(() => [])));
  return replies.flat();
}
