/** What the target of a move is told when it is to own slots, on the wire. */
import { describe, expect, it } from 'vitest';
import { claimFor } from '../../../../src/lib/apply/move/claim.ts';
import { present } from '../../../../src/lib/assert.ts';
import type { Flavor } from '../../../../src/lib/model/flavor.ts';
import type { Reply } from '../../../../src/lib/redis/cluster.ts';
import { contextFor, jobOf } from '../../../support/move-context.ts';
import { type Exchange, error, scriptedCluster } from '../../../support/scripted-cluster.ts';
import { nodeId, topology } from '../../../support/topology-builder.ts';

const REDIS: Flavor = { product: 'redis', version: '7.0.15' };
const VALKEY: Flavor = { product: 'valkey', version: '9.1.2' };
const PROBE: readonly Exchange[] = [
  { sent: '7001> MULTI', reply: 'OK' },
  { sent: '7001> EXEC', reply: [] },
];

function node(slot: number): string {
  return `7001> CLUSTER SETSLOT ${slot} NODE ${nodeId('b')}`;
}

function stable(slot: number): string {
  return `7001> CLUSTER SETSLOT ${slot} STABLE`;
}

function ok(...sent: readonly string[]): readonly Exchange[] {
  return sent.map((command) => ({ sent: command, reply: 'OK' }));
}

function transaction(queued: readonly string[], reply: Exchange['reply']): readonly Exchange[] {
  return [
    { sent: '7001> MULTI', reply: 'OK' },
    ...queued.map((sent) => ({ sent, reply: 'QUEUED' })),
    { sent: '7001> EXEC', reply },
  ];
}

function run(slots: readonly number[], flavor: Flavor, script: readonly Exchange[]) {
  const cluster = scriptedCluster(script);
  const [target] = topology().primary('b', { host: '127.0.0.1', port: 7001, flavor }).build().nodes;
  const job = { ...jobOf(slots), target: present(target, 'the cluster has one node') };
  return { cluster, claiming: claimFor(job, contextFor(cluster)).then((claim) => claim(slots)) };
}

describe('claiming slots', () => {
  it('is one transaction on Redis, in which only the first and the last slot are news to other nodes', async () => {
    const queued = [node(3), stable(4), node(4), stable(5), node(5), node(6)];
    const { cluster, claiming } = run([3, 4, 5, 6], REDIS, [...PROBE, ...transaction(queued, Array(6).fill('OK'))]);
    await claiming;
    expect(cluster.rest()).toEqual([]);
  });

  it('leaves the mark of a single slot to the claim itself', async () => {
    const { cluster, claiming } = run([3], REDIS, [...PROBE, ...transaction([node(3)], ['OK'])]);
    await claiming;
    expect(cluster.rest()).toEqual([]);
  });

  it('fails with what the server refused in the transaction', async () => {
    const refusal = error('ERR Please use SETSLOT only with masters.');
    const reply = ['OK', refusal] as unknown as Reply;
    const { claiming } = run([3, 4], REDIS, [...PROBE, ...transaction([node(3), node(4)], reply)]);
    await expect(claiming).rejects.toMatchObject({
      code: 'FAILED',
      message: expect.stringContaining(`SETSLOT 4 NODE ${nodeId('b')}: ERR Please use`),
      cause: { kind: 'not-in-charge' },
    });
  });

  it('fails with what the server refused to put into the transaction', async () => {
    const { claiming } = run([3], REDIS, [
      ...PROBE,
      { sent: '7001> MULTI', reply: 'OK' },
      { sent: node(3), reply: error('LOADING Redis is loading the dataset in memory') },
      { sent: '7001> EXEC', reply: error('EXECABORT Transaction discarded because of previous errors.') },
    ]);
    await expect(claiming).rejects.toMatchObject({ code: 'FAILED', cause: { kind: 'passing' } });
  });

  it.each(['MULTI', 'EXEC'])('goes slot by slot where the user may not say %s', async (word) => {
    const refused = error(`NOPERM this user has no permissions to run the '${word.toLowerCase()}' command`);
    const probe = PROBE.map((exchange) => (exchange.sent.endsWith(word) ? { ...exchange, reply: refused } : exchange));
    const { cluster, claiming } = run([3, 4], REDIS, [...probe, ...ok(node(3), node(4))]);
    await claiming;
    expect(cluster.rest()).toEqual([]);
  });

  it('says no MULTI to Valkey, whose primaries would end themselves', async () => {
    const slots = Array.from({ length: 40 }, (_, slot) => slot);
    const { cluster, claiming } = run(slots, VALKEY, ok(...slots.map(node)));
    await claiming;
    expect(cluster.rest()).toEqual([]);
  });
});
