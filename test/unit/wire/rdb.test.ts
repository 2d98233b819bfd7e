import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../../src/lib/wire/crc64.ts';
import { RdbInspection } from '../../../src/lib/wire/rdb.ts';

/** By the definition: bit by bit, in one big integer. */
function slowCrc(bytes: Uint8Array): bigint {
  let sum = 0n;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1n) === 1n ? (sum >> 1n) ^ 0x95ac9329ac4bc9b5n : sum >> 1n;
  }
  return sum;
}

function rdb(head: string, body: Buffer, sum?: bigint): Buffer {
  const covered = Buffer.concat([Buffer.from(head), body, Buffer.from([0xff])]);
  const tail = Buffer.alloc(8);
  tail.writeBigUInt64LE(sum ?? slowCrc(covered));
  return Buffer.concat([covered, tail]);
}

function inspect(file: Buffer, cuts: readonly number[] = []): ReturnType<RdbInspection['end']> {
  const inspection = new RdbInspection();
  let from = 0;
  for (const cut of [...cuts, file.length].sort((a, b) => a - b)) {
    inspection.write(file.subarray(from, cut));
    from = cut;
  }
  return inspection.end();
}

describe('CRC64', () => {
  it('of the nine digits is what redis says', () => {
    const sum = new Crc64();
    sum.update(Buffer.from('123456789'));
    expect(sum.digest()).toBe(0xe9c6d914c4b8d9can);
  });

  it('is the same however the bytes are parted', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (parts) => {
        const sum = new Crc64();
        for (const part of parts) sum.update(part);
        expect(sum.digest()).toBe(slowCrc(Buffer.concat(parts)));
      }),
    );
  });
});

describe('an RDB file', () => {
  const body = Buffer.from('any keys of any kind');

  it.each([
    ['REDIS0010', { magic: 'REDIS', version: 10 }],
    ['VALKEY080', { magic: 'VALKEY', version: 80 }],
  ])('that begins with %s', (head, said) => {
    const file = rdb(head, body);
    expect(inspect(file)).toEqual({ ...said, checksum: 'verified', bytes: file.length });
  });

  it('without a checksum says so', () => {
    expect(inspect(rdb('REDIS0010', body, 0n))).toMatchObject({ checksum: 'absent' });
  });

  it('may come in pieces of any size', () => {
    const file = rdb('REDIS0012', body);
    fc.assert(
      fc.property(fc.array(fc.nat(file.length)), (cuts) => {
        expect(inspect(file, cuts)).toMatchObject({ version: 12, checksum: 'verified' });
      }),
    );
  });

  it('is damaged wherever a bit is wrong, and wherever it is cut off', () => {
    const file = rdb('REDIS0010', body);
    for (let bit = 0; bit < file.length * 8; bit++) {
      const damaged = Buffer.from(file);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(inspect(damaged), `bit ${bit}`).toBeTypeOf('string');
    }
    for (let length = 0; length < file.length; length++)
      expect(inspect(file.subarray(0, length)), `${length} bytes`).toBeTypeOf('string');
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'it does not begin as an RDB file does'],
    ['something else', Buffer.from('-ERR no snapshot for you today'), 'it does not begin as an RDB file does'],
    ['a file of Redis 2.4', rdb('REDIS0002', body), 'its RDB version 2 is older than checksums are'],
    ['half a file', rdb('REDIS0010', body).subarray(0, 20), 'its end is missing'],
    ['a wrong checksum', rdb('REDIS0010', body, 1n), 'its checksum is wrong'],
  ])('%s is none', (_, file, reason) => {
    expect(inspect(file)).toBe(reason);
  });
});
