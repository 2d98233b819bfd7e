/**
 * What `fix` promises from any broken state: every slot ends with one owner and no marks, no key is lost, no value is
 * overwritten by a different one, whatever a client writes meanwhile, and whenever the program is killed. On a cluster in
 * memory that has the servers' rules, also the one by which gossip deletes keys.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/lib/apply/conflicts.ts';
import { OpsError } from '../../src/lib/errors.ts';
import type { Product } from '../../src/lib/model/flavor.ts';
import { FakeCluster } from '../support/fake-cluster.ts';
import { Killed } from '../support/fake-faults.ts';
import { fixFake } from '../support/fake-fix.ts';
import type { FakeNode } from '../support/fake-node.ts';
import { slotOfKey } from '../support/fake-node.ts';
import { nodeId } from '../support/topology-builder.ts';

/** Clusters for each property; `FIX_RUNS=1000` for a long look. */
const RUNS = Number(process.env['FIX_RUNS'] ?? 25);
const KEYS_PER_SLOT = 3;

interface BrokenSlot {
  /** Who claims it: an index of a primary each. None: nobody owns it. */
  readonly claims: readonly number[];
  /** From whom to whom. */
  readonly migrating: readonly (readonly [number, number])[];
  readonly importing: readonly (readonly [number, number])[];
  /** For each key who holds which value. */
  readonly keys: readonly (readonly (readonly [holder: number, value: string])[])[];
}

interface Broken {
  readonly shards: number;
  readonly slots: readonly BrokenSlot[];
  readonly seed: number;
  readonly product: Product;
  /** At a share of the calls of an undisturbed run. */
  readonly at: number;
}

function broken(differ: boolean): fc.Arbitrary<Broken> {
  return fc
    .record({
      shards: fc.integer({ min: 2, max: 4 }),
      seed: fc.nat(0x7ffffff),
      product: fc.constantFrom<Product>('redis', 'valkey'),
      // Not a double: half of those that are drawn are next to 0.
      at: fc.integer({ min: 0, max: 1000 }).map((share) => share / 1000),
    })
    .chain(({ shards, seed, product, at }) => {
      const node = fc.nat(shards - 1);
      const pair = fc.tuple(node, node).filter(([a, b]) => a !== b);
      const values = differ ? fc.constantFrom('old', 'new') : fc.constant('same');
      const slot = fc.record({
        claims: fc.uniqueArray(node, { maxLength: 2 }),
        migrating: fc.array(pair, { maxLength: 2 }),
        importing: fc.array(pair, { maxLength: 2 }),
        keys: fc.array(
          fc.uniqueArray(fc.tuple(node, values), { minLength: 1, maxLength: 2, selector: ([holder]) => holder }),
          {
            maxLength: KEYS_PER_SLOT,
          },
        ),
      });
      return fc.array(slot, { minLength: 1, maxLength: 5 }).map((slots) => ({ shards, slots, seed, product, at }));
    });
}

/** All nodes have one epoch: so two claims of a slot last until somebody has a higher one, as during a partition. */
function build({ shards, slots, seed, product }: Broken): FakeCluster {
  const cluster = new FakeCluster({
    shards: Array.from({ length: shards }, (_, index) => ({ name: `p${index}`, slots: [], hasReplica: false })),
    slotCount: slots.length,
    flavor: { product, version: '8.1.1' },
    keys: new Map(),
    gossip: 'eager',
    seed,
  });
  for (const node of cluster.nodes) node.epoch = 1;
  const at = (index: number): FakeNode => cluster.nodes[index] as FakeNode;
  for (const [slot, { claims, migrating, importing, keys }] of slots.entries()) {
    for (const node of cluster.nodes) {
      const owner = claims.find((index) => at(index) === node) ?? claims[0];
      if (owner !== undefined) node.owners.set(slot, nodeId(`p${owner}`));
    }
    for (const [from, to] of migrating) if (claims.includes(from)) at(from).migrating.set(slot, at(to).id);
    for (const [to, from] of importing) if (!claims.includes(to)) at(to).importing.set(slot, at(from).id);
    for (const [index, copies] of keys.entries())
      for (const [holder, value] of copies) at(holder).keys.set(`${slot}:k${index}`, value);
  }
  // Whoever gives its last slot stays a primary: what becomes of an emptied one is not the question here.
  for (const node of cluster.nodes) node.settings.set('cluster-allow-replica-migration', 'no');
  return cluster;
}

/** `key=value`, each different value of a key once. */
function valuesIn(cluster: FakeCluster): readonly string[] {
  return [...new Set(cluster.nodes.flatMap(({ keys }) => [...keys].map(([key, value]) => `${key}=${value}`)))].sort();
}

function expectWhole(cluster: FakeCluster, slotCount: number, left: ReadonlySet<number>): void {
  for (let slot = 0; slot < slotCount; slot++) {
    const owners = cluster.nodes.filter((node) => node.claims(slot));
    expect(owners, `owners of slot ${slot}`).toHaveLength(1);
    if (left.has(slot)) continue;
    for (const node of cluster.nodes) {
      expect(node.owners.get(slot), 'all agree').toBe(owners[0]?.id);
      expect(node.migrating.has(slot) || node.importing.has(slot), 'marks').toBe(false);
      if (node !== owners[0]) expect(node.keysIn(slot), 'strays').toEqual([]);
    }
  }
}

async function expectNothingToDo(cluster: FakeCluster): Promise<void> {
  const { planned } = await fixFake(cluster);
  expect(planned).toMatchObject({ ok: true, plan: { steps: [] } });
}

/** A client that follows MOVED and ASK: what it writes is the newest value. Null where nobody serves it. */
function write(cluster: FakeCluster, key: string, value: string): string | null {
  const slot = slotOfKey(key);
  const owner = cluster.nodes.filter((node) => node.claims(slot)).sort((a, b) => b.epoch - a.epoch)[0];
  if (owner === undefined) return null;
  const asked = cluster.nodes.find(({ id }) => id === owner.migrating.get(slot));
  const isThere = owner.keys.has(key) || asked === undefined;
  if (!isThere && !asked.importing.has(slot) && !asked.claims(slot)) return null;
  (isThere ? owner : asked).keys.set(key, value);
  return `${key}=${value}`;
}

describe('fix', { timeout: 180_000 }, () => {
  it('makes every slot whole, and every key is there once', async () => {
    await fc.assert(
      fc.asyncProperty(broken(false), async (state) => {
        const cluster = build(state);
        const before = valuesIn(cluster);
        const { failure, left } = await fixFake(cluster);
        expect(failure).toBeNull();
        expect(left.size).toBe(0);
        expectWhole(cluster, state.slots.length, left);
        expect(valuesIn(cluster)).toEqual(before);
        await expectNothingToDo(cluster);
      }),
      { numRuns: RUNS },
    );
  });

  it('undecided, leaves both of two values, and everything else whole', async () => {
    await fc.assert(
      fc.asyncProperty(broken(true), async (state) => {
        const cluster = build(state);
        const before = valuesIn(cluster);
        const { failure, left } = await fixFake(cluster);
        expect(failure).toBeNull();
        expectWhole(cluster, state.slots.length, left);
        expect(valuesIn(cluster)).toEqual(before);
        const again = await fixFake(cluster);
        expect(again.failure).toBeNull();
        expect([...again.left].sort()).toEqual([...left].sort());
      }),
      { numRuns: RUNS },
    );
  });

  it.each(['source', 'target'] as const)('%s wins: the other value is kept aside', async (verdict: Verdict) => {
    await fc.assert(
      fc.asyncProperty(broken(true), async (state) => {
        const cluster = build(state);
        const before = valuesIn(cluster);
        const { failure, left, aside } = await fixFake(cluster, { verdict });
        expect(failure).toBeNull();
        expect(left.size).toBe(0);
        expectWhole(cluster, state.slots.length, left);
        expect([...new Set([...valuesIn(cluster), ...aside])].sort()).toEqual(before);
        await expectNothingToDo(cluster);
      }),
      { numRuns: RUNS },
    );
  });

  it('never loses what a client writes meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(broken(true), async (state) => {
        const calm = build(state);
        await fixFake(calm);
        const cluster = build(state);
        const written = new Map<string, string>();
        const moment = Math.floor(state.at * calm.calls);
        let isDone = false;
        cluster.onChange = () => {
          if (isDone || cluster.calls < moment) return;
          isDone = true;
          for (const [slot] of state.slots.entries()) {
            const name = `${slot}:k0`;
            if (write(cluster, name, 'written') !== null) written.set(name, 'written');
          }
        };
        await fixFake(cluster);
        cluster.onChange = () => undefined;
        await fixFake(cluster);
        for (const [key, value] of written) expect(valuesIn(cluster)).toContain(`${key}=${value}`);
      }),
      { numRuns: RUNS },
    );
  });

  it.each(['kill', 'half', 'silent', 'lost', 'ambiguous', 'interrupt'] as const)(
    '%s at any moment: typed again, it ends the same way',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(broken(false), async (state) => {
          const calm = build(state);
          await fixFake(calm);
          const cluster = build(state);
          const before = valuesIn(cluster);
          cluster.strike({ kind, atCall: 1 + Math.floor(state.at * (calm.calls - 1)), times: 1 });
          const first = await fixFake(cluster).catch((failure: unknown) => ({ failure }));
          if (first.failure !== null)
            expect(first.failure instanceof Killed || first.failure instanceof OpsError).toBe(true);
          cluster.calmDown();
          cluster.gossip();
          expect(valuesIn(cluster)).toEqual(before);
          Object.defineProperty(cluster, 'operator', { value: new AbortController() });
          const { failure, left } = await fixFake(cluster);
          expect(failure).toBeNull();
          expectWhole(cluster, state.slots.length, left);
          expect(valuesIn(cluster)).toEqual(before);
          await expectNothingToDo(cluster);
        }),
        { numRuns: RUNS },
      );
    },
  );
});
