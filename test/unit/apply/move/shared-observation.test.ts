import { describe, expect, it } from 'vitest';
import { SharedObservation } from '../../../../src/lib/apply/move/shared-observation.ts';
import type { Topology } from '../../../../src/lib/model/topology.ts';
import type { Cluster } from '../../../../src/lib/redis/cluster.ts';
import { scriptedCluster } from '../../../support/scripted-cluster.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { topology } from '../../../support/topology-builder.ts';

const SEEDS = [{ host: '127.0.0.1', port: 7000 }];
const LOOK_MS = 300;

/** A cluster that counts how often it is looked at. Each look takes a moment, and those in `failing` end badly. */
function observed(failing: readonly number[] = []) {
  const clock = new SimulatedClock();
  const looks: Topology[] = [];
  const cluster: Cluster = {
    ...scriptedCluster([]),
    observe: async () => {
      const seen = topology().primary('a', { slots: '0-16383' }).build();
      looks.push(seen);
      const count = looks.length;
      await clock.sleep(LOOK_MS);
      if (failing.includes(count)) throw new Error(`look ${count} failed`);
      return seen;
    },
  };
  return { clock, looks, shared: new SharedObservation({ cluster, clock }) };
}

describe('looking at the cluster together with other moves', () => {
  it('is one look for all that begin within two seconds', async () => {
    const { clock, looks, shared } = observed();
    const [first, second] = await Promise.all([shared.recent(SEEDS), shared.recent(SEEDS)]);
    expect(second).toBe(first);
    await clock.sleep(1500);
    expect(await shared.recent(SEEDS)).toBe(first);
    await clock.sleep(1000);
    expect(await shared.recent(SEEDS)).not.toBe(first);
    expect(looks).toHaveLength(2);
  });

  it('is a look that begins later, for all that ask while one is under way', async () => {
    const { looks, shared } = observed();
    const begun = shared.recent(SEEDS);
    const [one, other] = [shared.fresh(SEEDS), shared.fresh(SEEDS)];
    expect(looks).toHaveLength(1);
    expect(await one).toBe(looks[1]);
    expect(await other).toBe(looks[1]);
    expect(await begun).toBe(looks[0]);
    expect(await shared.fresh(SEEDS)).toBe(looks[2]);
  });

  it('fails for those that share it, and is tried again for whoever asks next', async () => {
    const { looks, shared } = observed([1, 2]);
    const begun = shared.recent(SEEDS);
    const next = shared.fresh(SEEDS);
    await expect(begun).rejects.toThrow('look 1 failed');
    await expect(next).rejects.toThrow('look 2 failed');
    expect(await shared.recent(SEEDS)).toBe(looks[2]);
  });
});
