/** Which slot does a key belong to? CRC16/XMODEM of its bytes, modulo the number of slots: the cluster specification. */
import { SLOT_COUNT } from '../../src/lib/model/slot-set.ts';

const POLYNOMIAL = 0x1021;
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? POLYNOMIAL : 0)) & 0xffff;
  return crc;
});

/** Of a key of ASCII characters without `{`, the only ones that these benchmarks have. */
export function keySlot(key: string): number {
  let crc = 0;
  for (let index = 0; index < key.length; index++)
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ key.charCodeAt(index)] ?? 0);
  return crc % SLOT_COUNT;
}
