/** Which slot does a key belong to? Keys may be any bytes. Written for speed: millions of keys are imported. */
import { SLOT_COUNT } from './slot-set.ts';

const POLYNOMIAL = 0x1021;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? POLYNOMIAL : 0)) & 0xffff;
  return crc;
});

/**
 * CRC16 (XMODEM) of the hash tag, or of the whole key where there is none, modulo the number of slots. The tag is what
 * stands between the first `{` and the first `}` after it, unless that is nothing. Source: the cluster specification.
 */
export function keySlot(key: Uint8Array): number {
  let from = 0;
  let to = key.length;
  const open = key.indexOf(OPEN);
  if (open !== -1) {
    const close = key.indexOf(CLOSE, open + 1);
    if (close > open + 1) {
      from = open + 1;
      to = close;
    }
  }
  let crc = 0;
  for (let index = from; index < to; index++)
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ (key[index] as number)] as number);
  return crc % SLOT_COUNT;
}
