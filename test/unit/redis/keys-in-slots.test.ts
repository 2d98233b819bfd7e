import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/lib/redis/cluster.ts';
import { keysInForeignSlots } from '../../../src/lib/redis/keys-in-slots.ts';
import { error, scriptedCluster } from '../../support/scripted-cluster.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

/** A port whose nodes answer COUNTKEYSINSLOT by what `answer` says. */
function counting(answer: (port: number, slot: number, database: number) => number | Error): Cluster {
  return {
    ...scriptedCluster([]),
    callMany: async ({ port }, commands, { database = 0 } = {}) =>
      commands.map(([, , slot]) => {
        const reply = answer(port, Number(slot), database);
        return typeof reply === 'number' ? reply : error(reply.message);
      }),
  };
}

describe('keys in slots that a node does not own', () => {
  const two = topology()
    .primary('a', { port: 7000, slots: '0-8191', info: { db0: 'keys=3', db2: 'keys=1' } })
    .primary('b', { port: 7001, slots: '8192-16383' })
    .build();

  it('are counted over all databases, and of the slots that it owns none is asked about', async () => {
    const found = await keysInForeignSlots(
      counting((port, slot, database) => {
        expect([port, slot > 8191]).toEqual([7000, true]);
        return slot === 9000 ? database + 1 : 0;
      }),
      two,
    );
    expect(found).toEqual(
      new Map([
        [nodeId('a'), new Map([[9000, 4]])],
        [nodeId('b'), new Map()],
      ]),
    );
  });

  it('that a server does not tell are no bug of this program, and it is said what to do', async () => {
    const looking = keysInForeignSlots(
      counting(() => new Error("NOPERM User ops has no permissions to run the 'cluster|countkeysinslot' command")),
      two,
    );
    await expect(looking).rejects.toMatchObject({
      name: 'OpsError',
      code: 'FAILED',
      message: expect.stringContaining('10.0.0.1:7000 does not tell which keys it has: NOPERM'),
      suggestions: [expect.stringContaining('CLUSTER COUNTKEYSINSLOT')],
    });
  });
});
