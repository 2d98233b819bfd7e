/**
 * What DUMP gives and RESTORE takes: the value as in an RDB file, two bytes of format version, eight of checksum, both
 * with the lowest byte first. Source: `createDumpPayload` and `verifyDumpPayload` of Redis 2.6 to 8.0 and Valkey 7 to 9.
 */

const FOOTER_LENGTH = 10;
/** No type of value has this number, so RESTORE refuses it before it looks further. */
const NO_TYPE = 0xff;
/** CRC-64 of Jones, reflected. */
const POLYNOMIAL = 0x95ac9329ac4bc9b5n;

/** The format version that a dump was written in; null where it is too short to be one. */
export function dumpVersion(dump: Buffer): number | null {
  return dump.length <= FOOTER_LENGTH ? null : dump.readUInt16LE(dump.length - FOOTER_LENGTH);
}

/**
 * A dump of that version that holds nothing: a server that reads the version answers `ERR Bad data format`, any other
 * `ERR DUMP payload version or checksum are wrong`. Neither stores anything.
 */
export function emptyDump(version: number): Buffer {
  return sealDump(Buffer.from([NO_TYPE]), version);
}

/** A dump of this body: with the version and the checksum over both. */
export function sealDump(body: Buffer, version: number): Buffer {
  const checked = Buffer.concat([body, Buffer.from([version & 0xff, version >> 8])]);
  const checksum = Buffer.alloc(8);
  checksum.writeBigUInt64LE(crc64(checked));
  return Buffer.concat([checked, checksum]);
}

/** True where RESTORE refused only what {@link emptyDump} holds. */
export function isVersionRead(refusal: string): boolean {
  return refusal.startsWith('ERR Bad data format');
}

function crc64(bytes: Buffer): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
  }
  return crc;
}
