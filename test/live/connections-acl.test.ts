/**
 * Every command by a user with exactly the rights that docs/acl.md gives it, while the default user is off: none that it
 * asks for is missing, and none is given in vain. And without one of them the command says which.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';
import { type RawReply, rawCommands } from '../support/raw-command.ts';
import type { TestServer } from '../support/servers.ts';

const login = { username: 'admin', password: 'admin-pw' };
const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/acl.md'), 'utf8');

/** The lines of a block of the page: what stands first, and the rules after it. */
function rulesIn(block: string): ReadonlyMap<string, readonly string[]> {
  const text = new RegExp(`\`\`\`${block}\\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [command = '', ...rules] = line.split(/\s+/);
      return [command, rules] as const;
    }),
  );
}

const RULES = rulesIn('acl');
const VALKEY_9_RULES = rulesIn('acl-valkey-9');

/** By command: what the servers have counted. */
const used = new Map<string, Set<string>>();

describe.each(['default', 'valkey-9.1'] as const)('rights on the server %s', (flavor) => {
  const rules = new Map(
    [...RULES].map(([command, common]) => {
      const more: typeof RULES = flavor === 'valkey-9.1' ? VALKEY_9_RULES : new Map();
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
    // Which of them a move of slots uses, depends on the servers and on what other moves have left open.
    const movers = [...RULES].filter(([, rules]) => rules.includes('+migrate')).map(([command]) => command);
    for (const [command, rules] of [...RULES, ...VALKEY_9_RULES]) {
      const peers = command === 'every' ? ['check'] : movers.includes(command) ? [command, ...movers] : [command];
      const called = new Set(peers.flatMap((peer) => [...(used.get(peer) ?? [])]));
      const vain = rules.filter((rule) => rule.startsWith('+') && !called.has(rule.slice(1)));
      expect({ command, vain }).toEqual({ command, vain: [] });
    }
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
