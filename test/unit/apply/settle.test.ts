import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../../src/lib/apply/events.ts';
import { settle } from '../../../src/lib/apply/settle.ts';
import { OpsError } from '../../../src/lib/errors.ts';
import { formatAddress } from '../../../src/lib/model/address.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import type { Cluster } from '../../../src/lib/redis/cluster.ts';
import { scriptedCluster } from '../../support/scripted-cluster.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const NO_SIGNAL = new AbortController().signal;

function two() {
  return topology().primary('a', { slots: '0-8191' }).primary('b', { slots: '8192-16383' });
}

const DESIRED = two().build();
/** What `a` believes until it has heard of b's slots. */
const UNHEARD = two()
  .sees('a', (entries) => entries.map((entry) => (entry.id === nodeId('b') ? { ...entry, slots: [] } : entry)))
  .build();
const SILENT = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383', unreachable: 'no answer within 2 s' })
  .sees('a', (entries) => entries.map((entry) => (entry.id === nodeId('b') ? { ...entry, slots: [] } : entry)))
  .build();

/** A cluster that looks like each of these in turn, and like the last one from then on. `b` takes no commands while silent. */
function becoming(...looks: readonly [Topology, ...Topology[]]) {
  const asked: string[][] = [];
  const now = (): Topology => looks[Math.min(Math.max(asked.length - 1, 0), looks.length - 1)] ?? looks[0];
  const cluster: Cluster = {
    ...scriptedCluster([]),
    observeEach: async (addresses) => {
      asked.push(addresses.map(formatAddress));
      const names = new Set(addresses.map(formatAddress));
      return { ...now(), nodes: now().nodes.filter(({ address }) => names.has(formatAddress(address))) };
    },
    callMany: async () => {
      if (now() === DESIRED) return [];
      throw new OpsError('UNREACHABLE', 'Could not connect to Redis at 10.0.0.2:7000: no answer within 2 s');
    },
  };
  const events: ApplyEvent[] = [];
  const clock = new SimulatedClock();
  const settling = settle(DESIRED, 'agree', {
    cluster,
    clock,
    waitTimeoutMs: 5000,
    signal: NO_SIGNAL,
    emit: (event) => void events.push(event),
  });
  return { asked, events, settling };
}

describe('waiting until all nodes agree', () => {
  it('looks at each node once where all agree', async () => {
    const { asked, settling } = becoming(DESIRED);
    await settling;
    expect(asked).toEqual([['10.0.0.1:7000', '10.0.0.2:7000']]);
  });

  it('names a node that has settled and fell silent then, which is why others lack its news', async () => {
    const { asked, events, settling } = becoming(UNHEARD, SILENT, DESIRED);
    await settling;
    expect(asked[1]).toEqual(['10.0.0.1:7000', '10.0.0.2:7000']);
    expect(events).toContainEqual(
      expect.objectContaining({ missing: expect.arrayContaining(['10.0.0.2:7000 no answer within 2 s']) }),
    );
  });
});
