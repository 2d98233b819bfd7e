/** Who gives which slots to whom: hand-made cases, and small ones against every possible way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotSet } from '../../../src/lib/model/slot-set.ts';
import { countSlots, eachSlot, formatSlots, parseSlots, slotSetOf } from '../../../src/lib/model/slot-set.ts';
import type { Exchange } from '../../../src/lib/plan/slot-exchange.ts';
import { exchangeSlots } from '../../../src/lib/plan/slot-exchange.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';

/** `0>1: 5-9`: giver, taker and slots of each exchange. */
function exchanged(...parties: readonly (readonly [slots: string, due: number])[]): readonly string[] {
  const all = parties.map(([slots, due]) => ({ slots: parseSlots(slots) ?? [], due }));
  return exchangeSlots(all).map(({ giver, taker, slots }) => `${giver}>${taker}: ${formatSlots(slots)}`);
}

describe('exchangeSlots', () => {
  it.each([
    [
      'nothing where all have what is due',
      [
        ['0-4', 5],
        ['5-9', 5],
      ],
      [],
    ],
    [
      'the end of a range beside the taker',
      [
        ['0-9', 5],
        ['10-12', 8],
      ],
      ['0>1: 5-9'],
    ],
    [
      'the beginning of a range beside the taker',
      [
        ['0-2', 8],
        ['3-12', 5],
      ],
      ['1>0: 3-7'],
    ],
    [
      'ends that touch each other',
      [
        ['0-9', 7],
        ['10-19', 7],
        ['', 6],
      ],
      ['0>2: 7-9', '1>2: 10-12'],
    ],
    [
      'a whole range rather than the end of another',
      [
        ['0-99,200-204', 100],
        ['', 5],
      ],
      ['0>1: 200-204'],
    ],
    [
      'a range between two of the taker',
      [
        ['0-9,20-24,40-49', 20],
        ['10-19,25-39', 30],
      ],
      ['0>1: 20-24'],
    ],
    [
      'two small joins rather than a large one',
      [
        ['0-1,5-5,9-9,20-30', 13],
        ['2-4,6-8', 8],
      ],
      ['0>1: 5,9'],
    ],
    [
      'everything to the neighbours',
      [
        ['0-4', 7],
        ['5-9', 0],
        ['10-14', 8],
      ],
      ['1>0: 5-6', '1>2: 7-9'],
    ],
    [
      'ranges that fit exactly',
      [
        ['0-3,10-15,20-21', 0],
        ['', 6],
        ['', 4],
        ['', 2],
      ],
      ['0>1: 10-15', '0>2: 0-3', '0>3: 20-21'],
    ],
  ] as const)('moves %s', (_, parties, expected) => {
    expect(exchanged(...parties)).toEqual(expected);
  });

  it('takes it for a bug when the dues are not what there is', () => {
    expect(() => exchanged(['0-4', 4])).toThrow(/too little/);
  });

  it('keeps its promise about ranges, and moves only what is too much', () => {
    fc.assert(
      fc.property(layouts(200, 8), (layout) => {
        const { end, moved, givers, takers } = carriedOut(layout);
        expect(countsOf(end, layout.dues.length)).toEqual(layout.dues);
        expect(moved).toBe(surplusOf(layout));
        expect(rangesOf(end)).toBeLessThanOrEqual(rangesOf(layout.owners) + Math.max(0, givers + takers - 1));
      }),
      { numRuns: 300 },
    );
  });

  it('is seldom worse than the best of all ways, and never by more than two ranges', () => {
    const samples = fc.sample(layouts(11, 4), { numRuns: 1500, seed: 1 });
    const excesses = samples.map((layout) => rangesOf(carriedOut(layout).end) - fewestRanges(layout));
    expect(Math.min(...excesses)).toBe(0);
    expect(Math.max(...excesses)).toBeLessThanOrEqual(2);
    expect(excesses.filter((excess) => excess > 0).length / excesses.length).toBeLessThan(0.05);
  });

  it('is fast where every slot is a range of its own', () => {
    const owners = Array.from({ length: 16384 }, (_, slot) => slot % 1000);
    const counts = countsOf(owners, 1000);
    const parties = counts.map((count, party) => ({
      slots: slotsOf(owners, party),
      due: party % 2 === 0 ? 0 : count + (counts[party - 1] ?? 0),
    }));
    let exchanges: readonly Exchange[] = [];
    const tookMs = cpuMsOf(() => {
      exchanges = exchangeSlots(parties);
    });
    expect(tookMs).toBeLessThan(3000);
    expect(exchanges.reduce((sum, { slots }) => sum + countSlots(slots), 0)).toBe(8192);
  });
});

/** The owner of each slot, from slot 0 on, and what each is due. */
interface Layout {
  readonly owners: readonly number[];
  readonly dues: readonly number[];
}

function layouts(slotsMax: number, partiesMax: number): fc.Arbitrary<Layout> {
  return fc.integer({ min: 2, max: partiesMax }).chain((parties) =>
    fc
      .record({
        runs: fc.array(fc.record({ owner: fc.nat(parties - 1), length: fc.integer({ min: 1, max: 6 }) }), {
          minLength: 1,
          maxLength: slotsMax,
        }),
        wishes: fc.array(fc.nat(slotsMax), { minLength: parties, maxLength: parties }),
      })
      .map(({ runs, wishes }) => {
        const owners = runs.flatMap(({ owner, length }) => new Array<number>(length).fill(owner)).slice(0, slotsMax);
        let left = owners.length;
        const dues = wishes.map((wish, party) => {
          const due = party === parties - 1 ? left : Math.min(left, wish % (owners.length + 1));
          left -= due;
          return due;
        });
        return { owners, dues };
      }),
  );
}

function carriedOut(layout: Layout): {
  readonly end: readonly number[];
  readonly moved: number;
  readonly givers: number;
  readonly takers: number;
} {
  const { owners, dues } = layout;
  const exchanges: readonly Exchange[] = exchangeSlots(
    dues.map((due, party) => ({ slots: slotsOf(owners, party), due })),
  );
  const end = [...owners];
  let moved = 0;
  for (const { giver, taker, slots } of exchanges) {
    for (const slot of eachSlot(slots)) {
      expect(owners[slot]).toBe(giver);
      end[slot] = taker;
      moved++;
    }
  }
  const counts = countsOf(owners, dues.length);
  const differences = dues.map((due, party) => (counts[party] ?? 0) - due);
  return {
    end,
    moved,
    givers: differences.filter((difference) => difference > 0).length,
    takers: differences.filter((difference) => difference < 0).length,
  };
}

function slotsOf(owners: readonly number[], party: number): SlotSet {
  return slotSetOf(owners.flatMap((owner, slot) => (owner === party ? [slot] : [])));
}

function countsOf(owners: readonly number[], parties: number): readonly number[] {
  return Array.from({ length: parties }, (_, party) => owners.filter((owner) => owner === party).length);
}

function rangesOf(owners: readonly number[]): number {
  return owners.filter((owner, slot) => slot === 0 || owner !== owners[slot - 1]).length;
}

function surplusOf({ owners, dues }: Layout): number {
  return countsOf(owners, dues.length).reduce((sum, count, party) => sum + Math.max(0, count - (dues[party] ?? 0)), 0);
}

/** Tries every way in which those with too much give to those with too little. */
function fewestRanges({ owners, dues }: Layout): number {
  const excess = countsOf(owners, dues.length).map((count, party) => count - (dues[party] ?? 0));
  let fewest = Number.POSITIVE_INFINITY;
  const tryFrom = (slot: number, ranges: number, previous: number): void => {
    const owner = owners[slot];
    if (ranges >= fewest) return;
    if (owner === undefined) {
      if (excess.every((one) => one === 0)) fewest = ranges;
      return;
    }
    tryFrom(slot + 1, ranges + (owner === previous ? 0 : 1), owner);
    if ((excess[owner] ?? 0) <= 0) return;
    for (const [taker, one] of excess.entries()) {
      if (one >= 0) continue;
      excess[owner] = (excess[owner] ?? 0) - 1;
      excess[taker] = one + 1;
      tryFrom(slot + 1, ranges + (taker === previous ? 0 : 1), taker);
      excess[owner] = (excess[owner] ?? 0) + 1;
      excess[taker] = one;
    }
  };
  tryFrom(0, 0, -1);
  return fewest;
}
