/**
 * What DUMP gives and RESTORE takes: a value, two bytes of RDB version, eight of CRC64 over all before.
 * Source: `createDumpPayload` and `verifyDumpPayload`, Redis 7.0 and Valkey 9.1.
 */
import { Crc64 } from './crc64.ts';

const FOOTER_LENGTH = 10;
const CHECKSUM_LENGTH = 8;
/** No object has this type, so nothing is ever made of it. */
const TYPE_OF_NOTHING = 0xff;

/** The RDB version that a server writes. */
export function dumpVersion(payload: Buffer): number {
  return payload.readUInt16LE(payload.length - FOOTER_LENGTH);
}

/**
 * A payload of this version that holds no value: RESTORE stores nothing whatever happens, and answers "Bad data format"
 * where it reads the version, "DUMP payload version or checksum are wrong" where it does not. Seen in Redis 7.0.15 and
 * 8.0.2, Valkey 8.1.1 and 9.1.2.
 */
export function emptyPayload(version: number): Buffer {
  const payload = Buffer.alloc(1 + FOOTER_LENGTH);
  payload.writeUInt8(TYPE_OF_NOTHING, 0);
  payload.writeUInt16LE(version, 1);
  const sum = new Crc64();
  sum.update(payload.subarray(0, -CHECKSUM_LENGTH));
  payload.writeBigUInt64LE(sum.digest(), payload.length - CHECKSUM_LENGTH);
  return payload;
}

/** What the answer to RESTORE with {@link emptyPayload} says; null where it says something else, such as no permission. */
export function isReadable(errorMessage: string): boolean | null {
  if (/Bad data format/.test(errorMessage)) return true;
  return /DUMP payload version or checksum are wrong/.test(errorMessage) ? false : null;
}
