/** Which slot is a key in? Worked out here, so that tests can name keys of the slots that they move. */
import { SLOT_COUNT, type SlotRange } from '../../src/lib/model/slot-set.ts';

/** CRC16-CCITT (XMODEM) of the hash tag, or of the whole name where there is none. */
export function keySlot(name: string | Buffer): number {
  const bytes = hashedPart(typeof name === 'string' ? Buffer.from(name) : name);
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc % SLOT_COUNT;
}

/** The first `count` of `prefix0`, `prefix1`, … whose slots are in the range. */
export function namesIn([first, last]: SlotRange, prefix: string, count: number): readonly string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index++) {
    const slot = keySlot(`${prefix}${index}`);
    if (first <= slot && slot <= last) names.push(`${prefix}${index}`);
  }
  return names;
}

function hashedPart(name: Buffer): Buffer {
  const open = name.indexOf('{');
  const close = open === -1 ? -1 : name.indexOf('}', open + 1);
  return close > open + 1 ? name.subarray(open + 1, close) : name;
}
