/** Many keys of one size into a cluster, as fast as it takes them: plain bytes through one connection for each node. */
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import { SLOT_COUNT } from '../../src/lib/model/slot-set.ts';
import { keySlot } from './key-slot.ts';

/** What every key holds at first. */
export const VALUE = 'x'.repeat(100);

const KEYS_PER_WRITE = 2000;
const OK_REPLY = '+OK\r\n';

/** Plain names, which CRC16 spreads over all slots. Numbers begin at 1. */
export function keyName(number: number): string {
  return `key:${number}`;
}

/** Sets `key:1` to `key:count`; how many of them each slot has. `ownerOf`: the address of the node that serves a slot. */
export async function fill(count: number, ownerOf: (slot: number) => string): Promise<Uint32Array> {
  const keysInSlot = new Uint32Array(SLOT_COUNT);
  const owners = Array.from({ length: SLOT_COUNT }, (_, slot) => ownerOf(slot));
  const numbers = new Map<string, number[]>(owners.map((address) => [address, []]));
  for (let number = 1; number <= count; number++) {
    const slot = keySlot(keyName(number));
    keysInSlot[slot] = (keysInSlot[slot] ?? 0) + 1;
    numbers.get(owners[slot] ?? '')?.push(number);
  }
  await Promise.all([...numbers].map(([address, own]) => setAll(address, own)));
  return keysInSlot;
}

async function setAll(address: string, numbers: readonly number[]): Promise<void> {
  if (numbers.length === 0) return;
  const { host, port } = present(parseAddress(address), 'a test server is named as host:port');
  const socket = connect({ host, port, noDelay: true });
  let left = numbers.length * OK_REPLY.length;
  const replies = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk) => {
      left -= chunk.length;
      if (chunk.includes('-')) reject(new Error(`${address} refused a SET: ${chunk.subarray(0, 200)}`));
      else if (left === 0) resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${address} closed the connection while keys were set.`)));
  });
  try {
    await Promise.all([pipeline(Readable.from(setCommands(numbers)), socket, { end: false }), replies]);
  } finally {
    socket.destroy();
  }
}

function* setCommands(numbers: readonly number[]): Generator<Buffer> {
  for (let from = 0; from < numbers.length; from += KEYS_PER_WRITE) {
    const commands = numbers.slice(from, from + KEYS_PER_WRITE).map((number) => {
      const key = keyName(number);
      return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${VALUE.length}\r\n${VALUE}\r\n`;
    });
    yield Buffer.from(commands.join(''), 'latin1');
  }
}
