/** A primary that does not answer may be the true owner of a slot that another one claims as well. */
import { describe, expect, it } from 'vitest';
import type { NodeEntry } from '../../../src/lib/model/node.ts';
import { DATA_LOSS, planFix } from '../../../src/lib/plan/fix.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const OPTIONS = { intents: [], coverTo: null, withUnreachable: false, busy: { slots: [], nodes: [] } };
const NOTHING = { keys: new Map(), shared: [] };

/** Of `a` slot 5 was taken a moment ago, and it has not heard of it; `b` has. */
function claimedTwice(epoch: number) {
  const taken = (entries: readonly NodeEntry[]): readonly NodeEntry[] =>
    entries.map((entry) =>
      entry.id === nodeId('a')
        ? {
            ...entry,
            slots: [
              [0, 4],
              [6, 8191],
            ],
          }
        : entry.id === nodeId('silent')
          ? { ...entry, slots: [[5, 5]] }
          : entry,
    );
  return topology()
    .primary('a', { slots: '0-8191', epoch: 3 })
    .primary('b', { slots: '8192-16383', epoch: 2 })
    .primary('silent', { epoch, unreachable: 'Connection refused', flags: ['fail'] })
    .sees('b', taken)
    .build();
}

describe('a slot that a primary claims, and that a silent one has with a higher epoch', () => {
  it('is not settled for the one that answers: the keys of the other would be lost', () => {
    const planned = planFix(claimedTwice(9), NOTHING, OPTIONS);
    expect(planned).toMatchObject({ ok: false, refusals: [{ rule: 'unreachable-primaries' }] });
  });

  it('is, with the word for it, and what is lost is said', () => {
    const planned = planFix(claimedTwice(9), NOTHING, { ...OPTIONS, withUnreachable: true });
    expect(planned).toMatchObject({
      ok: true,
      plan: { hazards: [{ name: DATA_LOSS }] },
      repairs: [{ losesData: true }],
    });
  });

  it('is settled at once where the silent one has been overtaken', () => {
    expect(planFix(claimedTwice(1), NOTHING, OPTIONS)).toMatchObject({ ok: true, plan: { hazards: [] } });
  });
});
