/**
 * Is this stream of bytes a whole RDB file? Looked at while it passes by: the head, the end and the checksum. What is in
 * between is the servers' own business.
 *
 *   REDIS0010 …keys… 0xFF <8 bytes of CRC64, least significant first>
 *   VALKEY080 …                                   Valkey 9 and later
 *
 * Source: rdb.c of Redis 7.0; Valkey 9.1.2. The checksum is there from version 5 on, and zero where the server has
 * `rdbchecksum no`.
 */
import type { RdbChecksum } from '../model/backup.ts';
import { Crc64 } from './crc64.ts';

export interface RdbFacts {
  /** The first bytes: who defines the version. */
  readonly magic: 'REDIS' | 'VALKEY';
  readonly version: number;
  /** Where it is `absent`, damage in the middle cannot be seen. */
  readonly checksum: RdbChecksum;
  readonly bytes: number;
}

const HEAD_LENGTH = 9;
const CHECKSUM_LENGTH = 8;
const END_OF_FILE = 0xff;
const CHECKSUM_SINCE_VERSION = 5;
/** The end mark and the checksum. As many bytes are held back until it is known that nothing follows them. */
const TAIL_LENGTH = 1 + CHECKSUM_LENGTH;

/** Is given every byte of the file in order, by `write`, and then asked once, by `end`. */
export class RdbInspection {
  readonly #sum = new Crc64();
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  write(chunk: Buffer): void {
    if (this.#head.length < HEAD_LENGTH)
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, HEAD_LENGTH - this.#head.length)]);
    this.#bytes += chunk.length;
    if (chunk.length >= TAIL_LENGTH) {
      this.#sum.update(this.#tail);
      this.#sum.update(chunk.subarray(0, chunk.length - TAIL_LENGTH));
      this.#tail = Buffer.from(chunk.subarray(chunk.length - TAIL_LENGTH));
      return;
    }
    const held = Buffer.concat([this.#tail, chunk]);
    const passed = Math.max(0, held.length - TAIL_LENGTH);
    this.#sum.update(held.subarray(0, passed));
    this.#tail = held.subarray(passed);
  }

  /** What the file says of itself, or a phrase that says why it is no whole RDB file. */
  end(): RdbFacts | string {
    const head = /^(?:(REDIS)(\d{4})|(VALKEY)(\d{3}))$/.exec(this.#head.toString('latin1'));
    if (head === null) return 'it does not begin as an RDB file does';
    const magic = head[1] === undefined ? 'VALKEY' : 'REDIS';
    const version = Number(head[2] ?? head[4]);
    if (version < CHECKSUM_SINCE_VERSION) return `its RDB version ${version} is older than checksums are`;
    if (this.#bytes < HEAD_LENGTH + TAIL_LENGTH || this.#tail[0] !== END_OF_FILE) return 'its end is missing';
    const stored = this.#tail.readBigUInt64LE(1);
    this.#sum.update(this.#tail.subarray(0, 1));
    if (stored === 0n) return { magic, version, checksum: 'absent', bytes: this.#bytes };
    if (stored !== this.#sum.digest()) return 'its checksum is wrong';
    return { magic, version, checksum: 'verified', bytes: this.#bytes };
  }
}
