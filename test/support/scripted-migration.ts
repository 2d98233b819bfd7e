/**
 * A migration inside Redis 8.4 and later, on the wire: what a mover sends, in this order and nothing else, and what the
 * servers answer, as Redis 8.6.3 does. Slots 0-2 and 7 go from 127.0.0.1:7000 to 127.0.0.1:7001.
 */
import { atomicRedis } from '../../src/lib/apply/move/atomic-redis.ts';
import type { Reply } from '../../src/lib/redis/cluster.ts';
import { contextFor, jobOf, type TestContext } from './move-context.ts';
import { type Exchange, type ScriptedCluster, scriptedCluster } from './scripted-cluster.ts';
import { nodeId } from './topology-builder.ts';

/** The id of the task. */
export const ID = '24cf41718b20f7f05901743dffc40bc9b15db339';
const SLOTS = [0, 1, 2, 7];
export const IMPORT = '7001> CLUSTER MIGRATION IMPORT 0 2 7 7';
export const STATUS = `7001> CLUSTER MIGRATION STATUS ID ${ID}`;
/** With it the target is asked what may keep it from taking keys. */
export const LOOK = '7001> INFO memory replication persistence';
export const MEMORY = 'used_memory:1000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n';
/** What INFO memory says of a target with no room and `noeviction`. */
export const FULL = 'used_memory:1001\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n';
/** After a task was cancelled at the target, the source is told so too. */
export const FORGET = `7000> CLUSTER MIGRATION CANCEL ID ${ID}`;
export const CANCEL = `7001> CLUSTER MIGRATION CANCEL ID ${ID}`;

/** The status of the task, as Redis 8.6.3 prints it in RESP2. */
export function task(state: string, { retries = 0, lastError = '' } = {}): Reply {
  const fields = {
    id: ID,
    slots: '0-2 7-7',
    source: nodeId('a'),
    dest: nodeId('b'),
    operation: 'import',
    state,
    last_error: lastError,
    retries: `${retries}`,
    create_time: 1_757_934_684_228,
    start_time: 1_757_934_684_270,
    end_time: -1,
    write_pause_ms: 0,
  };
  return [Object.entries(fields).flat()];
}

/** What is asked before a task is begun: has the target keys of these slots (`keys` of slot 7), and has it memory, and does it take writes? */
export function looks({ keys = 0, memory = MEMORY } = {}): readonly Exchange[] {
  return [
    ...SLOTS.flatMap((slot) => [
      { sent: `7001> CLUSTER SETSLOT ${slot} IMPORTING ${nodeId('a')}`, reply: 'OK' },
      { sent: `7001> CLUSTER COUNTKEYSINSLOT ${slot}`, reply: slot === 7 ? keys : 0 },
      { sent: `7001> CLUSTER SETSLOT ${slot} STABLE`, reply: 'OK' },
    ]),
    ...(keys === 0 ? [{ sent: LOOK, reply: memory }] : []),
  ];
}

/** What is asked four times a second while the task runs: has the target memory, and is the source still a primary? */
export function looksMeanwhile({ memory = MEMORY, source = 'master' } = {}): readonly Exchange[] {
  const isFull = memory !== MEMORY;
  const nodes = `${nodeId('a')} 127.0.0.1:7000@17000 ${source} - 0 0 1 connected 0-16383\n`;
  return [{ sent: LOOK, reply: memory }, ...(isFull ? [] : [{ sent: '7001> CLUSTER NODES', reply: nodes }])];
}

export interface ScriptedMove {
  readonly cluster: ScriptedCluster;
  readonly context: TestContext;
  readonly moving: Promise<void>;
}

/** The move, against servers that answer `before` and then `rest`. */
export function moveAgainst(rest: readonly Exchange[], before = looks()): ScriptedMove {
  const script = [...before, ...rest];
  const cluster = scriptedCluster(script);
  const context = contextFor(cluster);
  return { cluster, context, moving: atomicRedis.move(jobOf(SLOTS), context) };
}
