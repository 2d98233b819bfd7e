/**
 * Sentences as Redis 7.0.15 and 8.0.2, Valkey 8.1.1 and 9.1.2 sent them; those of DENIED, MASTERDOWN, TRYAGAIN and of
 * older servers from their source.
 */
import { describe, expect, it } from 'vitest';
import { ReplyError, type ReplyErrorKind } from '../../../src/lib/wire/reply-error.ts';

const SENTENCES: Readonly<Record<ReplyErrorKind, readonly string[]>> = {
  login: [
    'NOAUTH Authentication required.',
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used',
    'WRONGPASS invalid username-password pair or user is disabled.',
    "NOPERM this user has no permissions to run the 'cluster|nodes' command",
    "NOPERM User bob has no permissions to run the 'cluster|nodes' command",
    'DENIED Redis is running in protected mode because protected mode is enabled',
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
  ],
  'not-a-cluster': ['ERR This instance has cluster support disabled'],
  'unknown-command': [
    "ERR unknown command 'FOO', with args beginning with: 'bar' ",
    "ERR unknown subcommand 'GETSLOTMIGRATIONS'. Try CLUSTER HELP.",
    "ERR Unknown subcommand or wrong number of arguments for 'myshardid'. Try CLUSTER HELP.",
  ],
  'own-primary': ["ERR Can't forget my master!", "ERR Can't forget my primary!"],
  'unknown-node': [
    'ERR Unknown node 0000000000000000000000000000000000000000',
    'ERR Unknown node name: 0000000000000000000000000000000000000000',
    "ERR I don't know about node 0000000000000000000000000000000000000000",
  ],
  passing: [
    'LOADING Redis is loading the dataset in memory',
    'BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'CLUSTERDOWN Hash slot not served',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'ERR max number of clients reached',
  ],
  unreadable: ['ERR DUMP payload version or checksum are wrong', 'ERR Bad data format'],
  'out-of-memory': [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "ERR Target instance replied with error: OOM command not allowed when used memory > 'maxmemory'.",
  ],
  'not-in-charge': [
    "READONLY You can't write against a read only replica.",
    'MOVED 1 10.0.0.1:7000',
    'ASK 1 10.0.0.1:7000',
    'ERR Please use SETSLOT only with masters.',
    'ERR Please use SETSLOT only with primaries.',
    "ERR I'm not the owner of hash slot 1",
    'ERR Target node is not a master',
  ],
  'busy-key': ['ERR Target instance replied with error: BUSYKEY Target key name already exists.'],
  ambiguous: ['IOERR error or timeout reading to target instance'],
  'no-replicas': ['NOREPLICAS Not enough good replicas to write.'],
  other: [
    "ERR wrong number of arguments for 'cluster|meet' command",
    'ERR Invalid node address specified: nope:1',
    'ERR Slot 1 is already busy',
    "ERR Can't replicate myself",
    '',
  ],
};

describe('ReplyError', () => {
  const cases = Object.entries(SENTENCES).flatMap(([kind, texts]) => texts.map((text) => [text, kind] as const));

  it.each(cases)('"%s" is %s', (text, kind) => {
    const error = new ReplyError(text);
    expect(error.kind).toBe(kind);
    expect(error.message).toBe(text);
  });
});
