/** RESP2: however the bytes are cut into pieces, the replies are the same; and what is encoded is what was meant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplyError } from '../../src/lib/wire/reply-error.ts';
import { encodeCommands, RespReader, type RespValue } from '../../src/lib/wire/resp.ts';
import { cpuMsOf } from '../support/cpu-time.ts';

const bytes = fc.uint8Array({ maxLength: 30 }).map((value) => Buffer.from(value));
const reply: fc.Arbitrary<RespValue> = fc.letrec<{ reply: RespValue; array: RespValue }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    bytes,
    fc.integer(),
    fc.constant(null),
    fc.constantFrom('OK', 'QUEUED', ''),
    fc.constantFrom('BUSYKEY Target key name already exists.', 'ERR no').map((text) => new ReplyError(text)),
    tie('array'),
  ),
  array: fc.array(tie('reply'), { maxLength: 5 }),
})).reply;

function print(value: RespValue): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  if (value instanceof ReplyError) return Buffer.from(`-${value.message}\r\n`);
  if (typeof value === 'string') return Buffer.from(`+${value}\r\n`);
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`);
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
  const values = value as readonly RespValue[];
  return Buffer.concat([Buffer.from(`*${values.length}\r\n`), ...values.map(print)]);
}

/** Pieces of the bytes, cut at these places. */
function cutAt(all: Buffer, places: readonly number[]): readonly Buffer[] {
  const sorted = [0, ...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b), all.length];
  return sorted.slice(1).map((end, index) => Buffer.from(all.subarray(sorted[index], end)));
}

describe('RESP2', () => {
  it('gives the same replies however they are cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 6 }), fc.array(fc.nat(500), { maxLength: 20 }), (replies, places) => {
        const reader = new RespReader();
        const read = cutAt(Buffer.concat(replies.map(print)), places).flatMap((piece) => reader.read(piece));
        expect(read).toEqual(replies);
      }),
    );
  });

  it('reads its own commands back', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.oneof(bytes, fc.string()), { minLength: 1, maxLength: 4 })), (commands) => {
        const read = new RespReader().read(encodeCommands(commands));
        expect(read).toEqual(commands.map((argv) => argv.map((word) => Buffer.from(word as Buffer))));
      }),
    );
  });

  it('does not copy a large value for each piece of it', () => {
    const large = Buffer.alloc(4 * 1024 * 1024, 'x');
    const all = print(large);
    const reader = new RespReader();
    const pieces = Array.from({ length: Math.ceil(all.length / 1000) }, (_, index) =>
      all.subarray(index * 1000, (index + 1) * 1000),
    );
    let read: readonly unknown[] = [];
    const tookMs = cpuMsOf(() => {
      read = pieces.flatMap((piece) => reader.read(piece));
    });
    expect(read).toHaveLength(1);
    expect((read[0] as Buffer).equals(large)).toBe(true);
    // Copied each time it would be 8 GiB: many seconds.
    expect(tookMs).toBeLessThan(2000);
  });

  it('does not read a long list again for each piece of it', () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => Buffer.from(`key:${index}`));
    const all = print([keys, 'OK']);
    const reader = new RespReader();
    let read: readonly RespValue[] = [];
    const tookMs = cpuMsOf(() => {
      for (let from = 0; from < all.length; from += 8192) read = reader.read(all.subarray(from, from + 8192));
    });
    expect(read).toHaveLength(1);
    const [list, status] = read[0] as readonly RespValue[];
    expect(status).toBe('OK');
    expect(Buffer.concat(list as readonly Buffer[]).equals(Buffer.concat(keys))).toBe(true);
    // Read again for each piece it would be 40 million elements: many seconds.
    expect(tookMs).toBeLessThan(2000);
  });

  it('says so where it is something else', () => {
    expect(() => new RespReader().read(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(/not RESP2/);
  });
});
