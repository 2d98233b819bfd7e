/** Lanes and pairs: who waits for whom. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IndexedMove } from '../../../../src/lib/apply/move/all.ts';
import { Lanes } from '../../../../src/lib/apply/move/lanes.ts';
import { runPairs } from '../../../../src/lib/apply/move/schedule.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { nodeId } from '../../../support/topology-builder.ts';

describe('lanes', () => {
  it('are served in order, never more at a time than there are, each with a name of its own', async () => {
    const clock = new SimulatedClock();
    const lanes = new Lanes('migrate', 2);
    const begun: number[] = [];
    const busy = new Set<string>();
    await Promise.all(
      [30, 5, 5, 5, 5].map((ms, work) =>
        lanes.run(async (lane) => {
          expect(busy.has(lane)).toBe(false);
          busy.add(lane);
          expect(busy.size).toBeLessThanOrEqual(2);
          begun.push(work);
          await clock.sleep(ms);
          busy.delete(lane);
        }),
      ),
    );
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    expect(clock.now()).toBe(30);
  });

  it('are free again after a failure, which is the caller’s to see', async () => {
    const lanes = new Lanes('migrate', 1);
    await expect(lanes.run(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await lanes.run(async (lane) => lane)).toBe('migrate-0');
  });
});

function moves(pairs: readonly (readonly [string, string])[]): readonly IndexedMove[] {
  return pairs.map(([source, target], index) => ({
    index,
    move: {
      kind: 'move-slots',
      source: { id: nodeId(source), address: source },
      target: { id: nodeId(target), address: target },
      slots: [[index, index]],
      mover: 'key-wise',
      estimate: null,
    },
  }));
}

describe('pairs', () => {
  it('run at the same time up to the bound, one for each source and two for each target', async () => {
    const pairs = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('x', 'y', 'z')));
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat(9)), async (list, bound, ms) => {
        const clock = new SimulatedClock();
        const running = new Set<IndexedMove>();
        const done: number[] = [];
        await runPairs(moves(list), bound, async (each) => {
          running.add(each);
          expect(running.size).toBeLessThanOrEqual(bound);
          const others = [...running].map(({ move }) => move);
          expect(others.filter(({ source }) => source.id === each.move.source.id)).toHaveLength(1);
          expect(others.filter(({ target }) => target.id === each.move.target.id).length).toBeLessThanOrEqual(2);
          await clock.sleep(ms.next().value ?? 1);
          running.delete(each);
          done.push(each.index);
        });
        expect([...done].sort((a, b) => a - b)).toEqual(list.map((_, index) => index));
      }),
      { numRuns: 60 },
    );
  });

  it('overtake one that has to wait', async () => {
    const clock = new SimulatedClock();
    const begun: number[] = [];
    const list = moves([
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'y'],
    ]);
    await runPairs(list, 2, async ({ index }) => {
      begun.push(index);
      await clock.sleep(10);
    });
    expect(begun).toEqual([0, 2, 1]);
    expect(clock.now()).toBe(20);
  });

  it('of nodes that take part in one at a time: none beside one with a node in common, on either side', async () => {
    const clock = new SimulatedClock();
    const begun: string[] = [];
    const list = moves([
      ['a', 'x'],
      ['b', 'x'],
      ['x', 'c'],
      ['d', 'y'],
    ]);
    const isAlone = ({ index }: IndexedMove) => index !== 1;
    await runPairs(
      list,
      4,
      async ({ index }) => {
        begun.push(`${clock.now()}: ${index}`);
        await clock.sleep(10);
      },
      isAlone,
    );
    expect(begun).toEqual(['0: 0', '0: 3', '10: 1', '20: 2']);
  });

  it('after a failure begin no more, wait for those under way, and throw it', async () => {
    const clock = new SimulatedClock();
    const ended: number[] = [];
    const list = moves([
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'z'],
      ['d', 'z'],
    ]);
    const all = runPairs(list, 3, async ({ index }) => {
      await clock.sleep(index === 1 ? 5 : 50);
      if (index === 1) throw new Error('the second fails');
      ended.push(index);
    });
    await expect(all).rejects.toThrow('the second fails');
    expect(ended).toEqual([0, 2]);
    expect(clock.now()).toBe(50);
  });
});
