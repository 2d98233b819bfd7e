/** Keys of every type in some slots, and what is really stored on nodes: to prove that a move lost and changed nothing. */
import { expect } from 'vitest';
import type { SlotRange } from '../../src/lib/model/slot-set.ts';
import type { ByteClients, ByteReply, Bytes } from './byte-clients.ts';
import { keySlot, namesIn } from './key-slot.ts';

/** One key as one node holds it. */
export interface StoredKey {
  /** In hexadecimal: names are bytes. */
  readonly name: string;
  readonly address: string;
  /** The same text for the same value; `stray` where the node does not own the slot and so does not show it. */
  readonly value: string;
  readonly expiresAtMs: number | null;
}

/** Big enough that the servers leave their compact encodings. */
const LARGE_COUNT = 600;
const SCAN_COUNT = 1000;
/** Expiry travels as the time that is left. */
const EXPIRY_DIFFERENCE_MS_MAX = 10_000;

/** Stores `count` keys in these slots, which the node owns: of each type in turn, with names and values of any bytes. */
export async function putAllKinds(
  clients: ByteClients,
  address: string,
  range: SlotRange,
  count: number,
): Promise<void> {
  const plain = namesIn(range, 'key:', count - Math.floor(count / COMMANDS.length));
  const binary = binaryNamesIn(range, count - plain.length);
  const names = [...plain.map((name) => Buffer.from(name)), ...binary];
  await Promise.all(
    names.map((name, index) => {
      const isLarge = index < 2 * COMMANDS.length;
      const commands = (COMMANDS[index % COMMANDS.length] as Kind)(name, isLarge ? LARGE_COUNT : 5);
      return Promise.all(commands.map((command) => clients.call(address, command)));
    }),
  );
}

/** Everything that these nodes hold, also what they should not. */
export async function storedIn(clients: ByteClients, addresses: readonly string[]): Promise<readonly StoredKey[]> {
  const all = await Promise.all(
    addresses.map(async (address) => {
      const names = await scan(clients, address);
      return Promise.all(names.map((name) => read(clients, address, name)));
    }),
  );
  return all.flat().sort((a, b) => a.name.localeCompare(b.name));
}

/** The same keys with the same values, each at exactly one node. Where that is, is not looked at. */
export function expectSameKeys(after: readonly StoredKey[], before: readonly StoredKey[]): void {
  const strip = (keys: readonly StoredKey[]): readonly object[] =>
    keys.map(({ name, value, expiresAtMs }) => ({ name, value, expires: expiresAtMs !== null }));
  expect(strip(after)).toEqual(strip(before));
  const expiries = new Map(before.map(({ name, expiresAtMs }) => [name, expiresAtMs ?? 0]));
  for (const { name, expiresAtMs } of after)
    expect(Math.abs((expiresAtMs ?? 0) - (expiries.get(name) ?? 0))).toBeLessThan(EXPIRY_DIFFERENCE_MS_MAX);
}

type Kind = (name: Buffer, size: number) => readonly (readonly Bytes[])[];

const COMMANDS: readonly Kind[] = [
  (name, size) => [['SET', name, 'text '.repeat(size)]],
  (name, size) => [['SET', name, Buffer.from(Array.from({ length: 256 + size }, (_, byte) => byte % 256))]],
  (name, size) => [['HSET', name, ...items(size).flatMap((item) => [`field ${item}`, item])]],
  (name, size) => [['RPUSH', name, ...items(size)]],
  (name, size) => [['SADD', name, ...items(size)]],
  (name, size) => [['ZADD', name, ...items(size).flatMap((item, index) => [`${index / 3}`, item])]],
  (name, size) => [
    ...items(size).map((item, index) => ['XADD', name, `${index + 1}-1`, 'field', item]),
    ['XGROUP', 'CREATE', name, 'group', '0'],
    ['XREADGROUP', 'GROUP', 'group', 'reader', 'COUNT', '3', 'STREAMS', name, '>'],
    ['XACK', name, 'group', '1-1'],
  ],
  (name) => [['SET', name, 'for a day', 'EX', '86400']],
];

function items(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `item ${index}`);
}

/** Names with every byte in them, also NUL, line ends, braces and what is no UTF-8. */
function binaryNamesIn([first, last]: SlotRange, count: number): readonly Buffer[] {
  const names: Buffer[] = [];
  for (let index = 0; names.length < count; index++) {
    const name = Buffer.from([0, 13, 10, 255, 254, 34, 92, index & 255, (index >> 8) & 255, (index >> 16) & 255]);
    const slot = keySlot(name);
    if (first <= slot && slot <= last) names.push(name);
  }
  return names;
}

async function scan(clients: ByteClients, address: string): Promise<readonly Buffer[]> {
  const names = new Map<string, Buffer>();
  let cursor = '0';
  do {
    const reply = await clients.call(address, ['SCAN', cursor, 'COUNT', `${SCAN_COUNT}`]);
    const [next, page] = reply as readonly [Buffer, readonly Buffer[]];
    for (const name of page) names.set(name.toString('hex'), name);
    cursor = next.toString();
  } while (cursor !== '0');
  return [...names.values()];
}

async function read(clients: ByteClients, address: string, name: Buffer): Promise<StoredKey> {
  const key = { name: name.toString('hex'), address };
  try {
    const [type, remainingMs] = await Promise.all([
      clients.call(address, ['TYPE', name]),
      clients.call(address, ['PTTL', name]),
    ]);
    const value = await Promise.all(readersOf(String(type), name).map((command) => clients.call(address, command)));
    const expiresAtMs = Number(remainingMs) < 0 ? null : Date.now() + Number(remainingMs);
    return { ...key, value: `${type} ${canonical(String(type), value)}`, expiresAtMs };
  } catch (cause) {
    if (!/^(MOVED|ASK) /.test(String((cause as Error).message))) throw cause;
    return { ...key, value: 'stray', expiresAtMs: null };
  }
}

function readersOf(type: string, name: Buffer): readonly (readonly Bytes[])[] {
  switch (type) {
    case 'hash':
      return [['HGETALL', name]];
    case 'set':
      return [['SMEMBERS', name]];
    case 'stream':
      return [
        ['XRANGE', name, '-', '+'],
        ['XINFO', 'GROUPS', name],
        ['XPENDING', name, 'group'],
      ];
    default:
      return [['DUMP', name]];
  }
}

/** Hashes and sets have no order. */
function canonical(type: string, replies: readonly ByteReply[]): string {
  const [first] = replies;
  const width = type === 'hash' ? 2 : type === 'set' ? 1 : 0;
  if (width === 0 || !Array.isArray(first)) return asText(replies);
  const parts = first.map(asText);
  const elements = Array.from({ length: parts.length / width }, (_, index) =>
    parts.slice(index * width, (index + 1) * width).join('='),
  );
  return elements.sort().join(' ');
}

function asText(reply: ByteReply): string {
  if (Buffer.isBuffer(reply)) return reply.toString('hex');
  return Array.isArray(reply) ? `[${reply.map(asText).join(' ')}]` : String(reply);
}
