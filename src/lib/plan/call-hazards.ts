/** Which commands take consent before they are sent to every node, and which cannot be sent at all? */
import type { Finding } from '../check/finding.ts';
import type { Hazard } from './plan.ts';

interface Danger {
  /** The first words of the command, in capitals. */
  readonly words: string;
  /** One sentence. */
  readonly message: string;
}

const LOSES_KEYS = 'It deletes keys on every node that it is sent to; there is no way back.';
const LOSES_FUNCTIONS = 'It deletes the functions of every node that it is sent to; there is no way back.';
const CHANGES_SLOTS =
  'It changes which slots and nodes each node knows; nodes that do not agree afterwards do not serve.';
const STOPS = 'It stops every server that it is sent to.';
const CHANGES_ROLES = 'It changes which nodes are primaries on every node that it is sent to.';

const DANGERS: readonly Danger[] = [
  ...['FLUSHALL', 'FLUSHDB', 'DEBUG FLUSHALL', 'SWAPDB'].map((words) => ({ words, message: LOSES_KEYS })),
  ...['FUNCTION FLUSH', 'FUNCTION DELETE'].map((words) => ({ words, message: LOSES_FUNCTIONS })),
  ...['RESET', 'FORGET', 'MEET', 'ADDSLOTS', 'ADDSLOTSRANGE', 'DELSLOTS', 'DELSLOTSRANGE', 'FLUSHSLOTS', 'SETSLOT'].map(
    (word) => ({ words: `CLUSTER ${word}`, message: CHANGES_SLOTS }),
  ),
  ...['SET-CONFIG-EPOCH', 'BUMPEPOCH'].map((word) => ({ words: `CLUSTER ${word}`, message: CHANGES_SLOTS })),
  ...['CLUSTER REPLICATE', 'CLUSTER FAILOVER', 'REPLICAOF', 'SLAVEOF', 'FAILOVER'].map((words) => ({
    words,
    message: CHANGES_ROLES,
  })),
  ...['SHUTDOWN', 'DEBUG SEGFAULT', 'DEBUG PANIC', 'DEBUG RESTART', 'DEBUG CRASH-AND-RECOVER', 'DEBUG ASSERT'].map(
    (words) => ({ words, message: STOPS }),
  ),
  ...['DEBUG OOM', 'DEBUG LOADAOF', 'DEBUG RELOAD', 'DEBUG SLEEP', 'DEBUG SEGV'].map((words) => ({
    words,
    message: 'It keeps every server that it is sent to from answering.',
  })),
];

/** Why a person must consent to sending this command to all nodes; none for commands that do no harm. */
export function callHazards(command: readonly string[]): readonly Hazard[] {
  const danger = DANGERS.find(({ words }) => startsWith(command, words));
  return danger === undefined ? [] : [{ name: 'dangerous-command', message: `${danger.words}: ${danger.message}` }];
}

/** True for commands whose success is the end of the connection. */
export function endsConnection(command: readonly string[]): boolean {
  return DANGERS.some(({ words, message }) => message === STOPS && startsWith(command, words));
}

/** Commands that have no reply, go on replying, or change the form of replies. */
const WITHOUT_ONE_REPLY = [
  'MONITOR',
  'SUBSCRIBE',
  'PSUBSCRIBE',
  'SSUBSCRIBE',
  'SYNC',
  'PSYNC',
  'CLIENT REPLY',
  'HELLO',
] as const;

/** Refuses, as `no-single-reply`, a command that does not have exactly one reply. */
export function refuseWithoutReply(command: readonly string[]): readonly Finding[] {
  const words = WITHOUT_ONE_REPLY.find((each) => startsWith(command, each));
  if (words === undefined) return [];
  return [
    {
      rule: 'no-single-reply',
      severity: 'error',
      message: `${words} has no single reply that could be shown for each node.`,
      nodeIds: [],
      suggestion: 'Use redis-cli on one node for it.',
    },
  ];
}

function startsWith(command: readonly string[], words: string): boolean {
  const expected = words.split(' ');
  return expected.every((word, index) => command[index]?.toUpperCase() === word);
}
