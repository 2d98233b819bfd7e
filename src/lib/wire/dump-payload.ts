/**
 * What DUMP gives and RESTORE takes: a value as in an RDB file, two bytes of RDB version, eight of CRC64 over all before;
 * both with the lowest byte first. Source: `createDumpPayload` and `verifyDumpPayload` of Redis 2.6 to 8.0 and Valkey 7 to 9.
 */
import { OpsError } from '../errors.ts';
import { Crc64 } from './crc64.ts';

const FOOTER_LENGTH = 10;
/** No value has this type, so RESTORE refuses it before it looks further, and nothing is ever made of it. */
const TYPE_OF_NOTHING = 0xff;

/**
 * Types of hashes whose fields may expire: HASH_2 of Valkey 9; HASH_METADATA and HASH_LISTPACK_EX of Redis 7.4, with the two
 * of its release candidates. Source: rdb.h.
 */
const TYPES_WITH_EXPIRIES: readonly number[] = [22, 23, 24, 25];

/** False for hashes of which no field expires. Of values of other types it says nothing. */
export function mayHaveFieldExpiries(payload: Buffer): boolean {
  return TYPES_WITH_EXPIRIES.includes(payload[0] ?? 0);
}

/** The RDB version that the payload was written in. Throws PROTOCOL where it is too short to be one. */
export function dumpVersion(payload: Buffer): number {
  if (payload.length <= FOOTER_LENGTH)
    throw new OpsError('PROTOCOL', `A server answered DUMP with ${payload.length} bytes, which is no value.`);
  return payload.readUInt16LE(payload.length - FOOTER_LENGTH);
}

/**
 * A payload of this version that holds no value: RESTORE stores nothing whatever happens, and answers "Bad data format"
 * where it reads the version, "DUMP payload version or checksum are wrong" where it does not. Seen in Redis 7.0.15 and
 * 8.0.2, Valkey 8.1.1 and 9.1.2.
 */
export function emptyPayload(version: number): Buffer {
  return sealPayload(Buffer.from([TYPE_OF_NOTHING]), version);
}

/** The value as RESTORE takes it: followed by the version and a checksum of both. */
export function sealPayload(value: Buffer, version: number): Buffer {
  const payload = Buffer.concat([value, Buffer.alloc(FOOTER_LENGTH)]);
  const checksumAt = payload.writeUInt16LE(version, value.length);
  const sum = new Crc64();
  sum.update(payload.subarray(0, checksumAt));
  payload.writeBigUInt64LE(sum.digest(), checksumAt);
  return payload;
}

/**
 * Whether a server reads the version of an {@link emptyPayload}, by its error reply to RESTORE; null where the reply is about
 * something else, such as a missing permission.
 */
export function isReadable(errorMessage: string): boolean | null {
  if (/Bad data format/.test(errorMessage)) return true;
  return /DUMP payload version or checksum are wrong/.test(errorMessage) ? false : null;
}
