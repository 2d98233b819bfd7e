import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapByHost } from '../../../../src/lib/apply/backup/schedule.ts';

interface Item {
  readonly host: string;
  readonly turns: number;
  readonly fails?: boolean;
}

async function run(items: readonly Item[], parallelMax: number, perHostMax: number) {
  const seen = { begun: 0, most: 0, mostOfOneHost: 0 };
  const busy: string[] = [];
  const work = async ({ host, turns, fails }: Item): Promise<string> => {
    busy.push(host);
    seen.begun += 1;
    seen.most = Math.max(seen.most, busy.length);
    seen.mostOfOneHost = Math.max(seen.mostOfOneHost, busy.filter((each) => each === host).length);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    busy.splice(busy.indexOf(host), 1);
    if (fails) throw new Error(host);
    return host;
  };
  const outcome = await mapByHost(items, { parallelMax, perHostMax, hostOf: ({ host }) => host }, work).catch(
    (failure: Error) => failure,
  );
  return { ...seen, outcome, left: busy.length };
}

const items = fc.array(fc.record({ host: fc.constantFrom('a', 'b', 'c'), turns: fc.nat(5) }), { maxLength: 12 });

describe('snapshots by host', () => {
  it('all are taken, in the order of the results, and no host has more than its share', async () => {
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        async (all, most, share) => {
          const seen = await run(all, most, share);
          expect(seen.outcome).toEqual(all.map(({ host }) => host));
          expect(seen.most).toBeLessThanOrEqual(most);
          expect(seen.mostOfOneHost).toBeLessThanOrEqual(share);
        },
      ),
    );
  });

  it('different hosts work at the same time', async () => {
    expect(
      await run(
        ['a', 'a', 'b', 'c'].map((host) => ({ host, turns: 3 })),
        4,
        1,
      ),
    ).toMatchObject({ most: 3 });
  });

  it('after a failure none is begun, and those under way are waited for', async () => {
    const seen = await run(
      [
        { host: 'a', turns: 1, fails: true },
        { host: 'b', turns: 9 },
        { host: 'a', turns: 1 },
      ],
      2,
      1,
    );
    expect(seen).toMatchObject({ begun: 2, left: 0 });
    expect(seen.outcome).toMatchObject({ message: 'a' });
  });
});
