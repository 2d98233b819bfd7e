/** Healthy clusters of all kinds, for properties: which primary has which slots is left to chance. */
import fc from 'fast-check';
import type { Flavor } from '../../src/lib/model/flavor.ts';
import type { SlotSet } from '../../src/lib/model/slot-set.ts';
import { formatSlots, SLOT_COUNT, slotSet } from '../../src/lib/model/slot-set.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { topology } from './topology-builder.ts';

const FLAVORS: readonly Flavor[] = [
  { product: 'redis', version: '7.0.15' },
  { product: 'redis', version: '8.4.0' },
  { product: 'valkey', version: '9.1.2' },
];

export interface SomeCluster {
  readonly topology: Topology;
  /** `p0`, `p1`, …: the primaries' names in the builder. Their addresses are `10.0.0.1:7000` and so on. */
  readonly primaries: readonly string[];
}

/** Two to `primariesMax` primaries, some of them without slots, some with a replica. */
export function someClusters(primariesMax: number): fc.Arbitrary<SomeCluster> {
  return fc.integer({ min: 2, max: primariesMax }).chain((count) =>
    fc
      .record({
        cuts: fc.array(fc.integer({ min: 1, max: SLOT_COUNT - 1 }), { maxLength: 20 }),
        owners: fc.array(fc.nat(count - 1), { minLength: 21, maxLength: 21 }),
        replicas: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
        flavors: fc.array(fc.constantFrom(...FLAVORS), { minLength: count, maxLength: count }),
      })
      .map(({ cuts, owners, replicas, flavors }) => {
        const names = Array.from({ length: count }, (_, index) => `p${index}`);
        const slots = slotsByOwner(cuts, owners, count);
        let builder = topology();
        for (const [index, name] of names.entries()) {
          const flavor = flavors[index] ?? { product: 'redis', version: '7.0.15' };
          builder = builder.primary(name, { slots: formatSlots(slots[index] ?? []), flavor });
        }
        for (const [index, name] of names.entries())
          if (replicas[index]) builder = builder.replica(`${name}-replica`, { of: name });
        return { topology: builder.build(), primaries: names };
      }),
  );
}

function slotsByOwner(cuts: readonly number[], owners: readonly number[], count: number): readonly SlotSet[] {
  const borders = [...new Set([0, ...cuts, SLOT_COUNT])].sort((a, b) => a - b);
  const ranges = Array.from({ length: count }, (): (readonly [number, number])[] => []);
  for (const [index, first] of borders.slice(0, -1).entries())
    ranges[owners[index] ?? 0]?.push([first, (borders[index + 1] ?? SLOT_COUNT) - 1]);
  return ranges.map(slotSet);
}
