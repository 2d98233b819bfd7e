/** CLUSTER NODES: what is parsed prints as it came, and what is printed parses as it was. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NODE_FLAGS, type NodeEntry, type NodeId, type OpenSlot } from '../../src/lib/model/node.ts';
import { SLOT_COUNT, slotSetOf } from '../../src/lib/model/slot-set.ts';
import { parseClusterNodes, printClusterNodes } from '../../src/lib/wire/cluster-nodes.ts';

const FIXTURES = 'test/fixtures/cluster-nodes';

const id = fc.stringMatching(/^[0-9a-f]{40}$/).map((text) => text as NodeId);
const slot = fc.nat(SLOT_COUNT - 1);
const port = fc.nat(65535);
const host = fc.oneof(fc.constant(''), fc.ipV4(), fc.ipV6(), fc.domain());
const aux = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,9}$/), fc.stringMatching(/^[\w.=:-]{0,12}$/), {
  maxKeys: 3,
  noNullPrototype: true,
});

/** Each slot is open at most once on one node, and the server prints open slots in ascending order. */
const openSlots: fc.Arbitrary<Pick<NodeEntry, 'migrating' | 'importing'>> = fc
  .uniqueArray(fc.record({ slot, peer: id, isMigrating: fc.boolean() }), {
    maxLength: 4,
    selector: (open) => open.slot,
  })
  .map((opens) => {
    const ascending = opens.sort((a, b) => a.slot - b.slot);
    const going = (isMigrating: boolean): readonly OpenSlot[] =>
      ascending.filter((open) => open.isMigrating === isMigrating).map(({ slot, peer }) => ({ slot, peer }));
    return { migrating: going(true), importing: going(false) };
  });

/** A host name is absent only where no field follows it. */
const names: fc.Arbitrary<Pick<NodeEntry, 'hostname' | 'aux'>> = fc.oneof(
  fc.constant({ aux: {} }),
  fc.record({ hostname: fc.oneof(fc.constant(''), fc.domain()), aux }),
);

const entry: fc.Arbitrary<NodeEntry> = fc
  .record({
    id,
    address: fc.record({ host, port, busPort: port }),
    flags: fc.subarray([...NODE_FLAGS, 'invented'], { minLength: 1 }),
    primaryId: fc.option(id),
    pingSentMs: fc.maxSafeNat(),
    pongReceivedMs: fc.maxSafeNat(),
    configEpoch: fc.maxSafeNat(),
    link: fc.constantFrom('connected' as const, 'disconnected' as const),
    slots: fc.array(slot, { maxLength: 20 }).map(slotSetOf),
  })
  .chain((base) => fc.tuple(names, openSlots).map(([named, open]) => ({ ...base, ...named, ...open })));

describe('CLUSTER NODES', () => {
  it('parses as printed', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        expect(parseClusterNodes(printClusterNodes(entries))).toEqual(entries);
      }),
    );
  });

  it.each(readdirSync(FIXTURES).sort())('prints %s as the server sent it', (file) => {
    const text = readFileSync(`${FIXTURES}/${file}`, 'utf8');
    expect(text).not.toBe('');
    expect(printClusterNodes(parseClusterNodes(text))).toBe(text);
  });
});
