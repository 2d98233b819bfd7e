/** What is found the same on two nodes is deleted on one of them: so nothing of a value may be left out of the comparison. */
import { describe, expect, it } from 'vitest';
import { haveSameElements, type Side } from '../../../../src/lib/apply/move/same-elements.ts';
import { isSameStream } from '../../../../src/lib/apply/move/same-stream.ts';
import type { Reply } from '../../../../src/lib/redis/cluster.ts';

const KEY = Buffer.from('k');
const PLAIN = Buffer.from([4, 0]);
const EXPIRING = Buffer.from([25, 0]);
const VALKEY_EXPIRING = Buffer.from([22, 0]);

type Answers = Readonly<Record<string, Reply>>;

function bytes(...words: readonly string[]): readonly Buffer[] {
  return words.map((word) => Buffer.from(word));
}

function same(type: string, source: Answers, target: Answers, dumps = { source: PLAIN, target: PLAIN }) {
  const answers = { source, target };
  return haveSameElements(KEY, type, dumps, async (side: Side, [name]) => {
    const answer = answers[side][String(name)];
    if (answer === undefined) throw new Error(`${side} was asked for ${name}`);
    return answer;
  });
}

describe('a hash', () => {
  const fields = { HGETALL: bytes('f', '1', 'g', '2') };
  const turned = { HGETALL: bytes('g', '2', 'f', '1') };

  it('is the same in another order, and different with another value', async () => {
    expect(await same('hash', fields, turned)).toBe(true);
    expect(await same('hash', fields, { HGETALL: bytes('f', '1', 'g', '3') })).toBe(false);
  });

  it.each([
    ['alike', [5000, -1], [5000, -1], true],
    ['later at one', [5000, -1], [9000, -1], false],
    ['of other fields', [5000, -1], [-1, 5000], false],
  ])('whose fields expire %s', async (_, here, there, verdict) => {
    const dumps = { source: EXPIRING, target: VALKEY_EXPIRING };
    const [ours, theirs] = [here, there].map((HPEXPIRETIME) => ({ HPEXPIRETIME }));
    expect(await same('hash', { ...fields, ...ours }, { ...turned, ...theirs }, dumps)).toBe(verdict);
  });

  it.each([
    [[5000, -1], false],
    [[-1, -1], true],
  ])('of which only one side can have expiring fields: %j', async (HPEXPIRETIME, verdict) => {
    const dumps = { source: EXPIRING, target: PLAIN };
    expect(await same('hash', { ...fields, HPEXPIRETIME }, turned, dumps)).toBe(verdict);
  });
});

describe('what is no value', () => {
  it.each(['hash', 'set', 'string', 'list', 'zset', 'stream'])(
    'the same error on both sides, for a %s',
    async (type) => {
      const names = ['HGETALL', 'SMEMBERS', 'GET', 'LRANGE', 'ZRANGE', 'XINFO'];
      const broken = Object.fromEntries(names.map((name) => [name, 'ERR no']));
      expect(await same(type, broken, broken)).toBe(false);
    },
  );

  it('a type that nobody knows', async () => {
    expect(await same('vectorset', {}, {})).toBe(false);
  });
});

/** As the server tells it, with one consumer that was given entry 1-1. */
function stream({ last = '2-1', deliveries = 1, seen = 7, extra = [] as readonly Reply[] } = {}): Reply {
  const consumer = ['name', 'c', 'seen-time', seen, 'pel-count', 1, 'pending', [['1-1', 1000, deliveries]]];
  const group = ['name', 'g', 'last-delivered-id', '1-1', 'pel-count', 1, 'consumers', [consumer]];
  const entries = [['1-1', ['a', '1']]];
  return [
    'length',
    1,
    'radix-tree-keys',
    seen,
    'last-generated-id',
    last,
    ...extra,
    'entries',
    entries,
    'groups',
    [group],
  ];
}

describe('a stream', () => {
  it('is the same however it is stored, and whenever somebody last asked', () => {
    expect(isSameStream(stream(), stream({ seen: 8, extra: ['idmp-maxsize', 100] }))).toBe(true);
  });

  it('is different where ids would be given again, or entries were given to other consumers or more often', () => {
    expect(isSameStream(stream(), stream({ last: '3-1' }))).toBe(false);
    expect(isSameStream(stream(), stream({ deliveries: 2 }))).toBe(false);
    expect(isSameStream(stream(), ['length', 1, 'groups', []])).toBe(false);
  });
});
