/**
 * CLUSTER NODES as values, and back: one line per node.
 *
 *   <id> <ip>:<port>[@<bus port>][,<hostname>[,<name>=<value>]...] <flag>[,<flag>]... <primary id or ->
 *     <ping sent ms> <pong received ms> <config epoch> connected|disconnected [<slots>]...
 *
 *   <slots>:  5   0-10   [5->-<target id>] (migrating)   [5-<-<source id>] (importing)
 *
 * The server prints the open slots in ascending order, whichever way they go. Fields such as `shard-id` stand in
 * nodes.conf only; CLUSTER NODES leaves them out. Seen in Redis 7.0.15 and 8.0.2, Valkey 8.1.1 and 9.1.2.
 */
import { OpsError } from '../errors.ts';
import { type Address, BUS_PORT_OFFSET } from '../model/address.ts';
import { isNodeId, type NodeEntry, type NodeId, type OpenSlot } from '../model/node.ts';
import { isSlot, type SlotRange, type SlotSet, slotSet } from '../model/slot-set.ts';

/**
 * The nodes in the order sent. Flags and fields that this program does not know are kept.
 * Throws PROTOCOL, with the line, where a line cannot be read.
 */
export function parseClusterNodes(text: string): readonly NodeEntry[] {
  return clusterNodesReader()(text);
}

/** What {@link clusterNodesReader} makes: reads one reply, as {@link parseClusterNodes} does. */
export type ClusterNodesReader = (text: string) => readonly NodeEntry[];

/**
 * A {@link parseClusterNodes} that remembers, for the replies of all nodes of one cluster: most of their lines differ only in
 * the times of ping and pong. Of such a line nothing but the times is read again, and its entry shares address, flags and
 * slots with the one before. The 40,000 lines of 200 nodes take 60 ms instead of 250, and the million lines of 1000 nodes
 * 1.3 s and 175 MB. The memory is freed with the reader.
 */
export function clusterNodesReader(): ClusterNodesReader {
  const known = new Map<string, NodeEntry>();
  return (text) => {
    const entries: NodeEntry[] = [];
    for (let from = 0; from < text.length; ) {
      const feed = text.indexOf('\n', from);
      const end = feed === -1 ? text.length : feed;
      if (end > from) entries.push(readLine(text, from, end, known));
      from = end + 1;
    }
    return entries;
  };
}

function readLine(text: string, from: number, end: number, known: Map<string, NodeEntry>): NodeEntry {
  let ping = from;
  for (let field = 0; field < PING_FIELD; field++) ping = text.indexOf(' ', ping) + 1 || end;
  const pingEnd = text.indexOf(' ', ping);
  const pongEnd = text.indexOf(' ', pingEnd + 1);
  const pingSentMs = readDigits(text, ping, pingEnd);
  const pongReceivedMs = readDigits(text, pingEnd + 1, pongEnd);
  // Something is wrong with the line, or unusual: the careful parser reads it, or names what it cannot read.
  if (pongEnd >= end || !Number.isSafeInteger(pingSentMs + pongReceivedMs)) return parseLine(text.slice(from, end));
  const timeless = `${text.slice(from, ping)}0 0${text.slice(pongEnd, end)}`;
  let entry = known.get(timeless);
  if (entry === undefined) {
    // Read as it was sent first, because an error shows the line. What is kept is made of `timeless`: parts of `text`
    // would keep the whole reply in memory.
    parseLine(text.slice(from, end));
    entry = parseLine(timeless);
    known.set(timeless, entry);
  }
  return { ...entry, pingSentMs, pongReceivedMs };
}

/** The index of the first of the two times: id, address, flags and primary come before it. */
const PING_FIELD = 4;

/** The number that stands there; NaN where there is anything else than digits, or nothing. */
function readDigits(text: string, from: number, end: number): number {
  let value = from < end ? 0 : Number.NaN;
  for (let at = from; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** The text that a server sends for these nodes: `printClusterNodes(parseClusterNodes(text)) === text`. */
export function printClusterNodes(entries: readonly NodeEntry[]): string {
  return entries.map((entry) => `${printLine(entry)}\n`).join('');
}

function parseLine(line: string): NodeEntry {
  const [id, endpoint, flags, primaryId, pingSent, pongReceived, configEpoch, link, ...slots] = line.split(' ');
  const number = (field: string | undefined) => readNumber(field, line);
  if (id === undefined || !isNodeId(id)) throw unreadable('the node id', line);
  if (flags === undefined || flags === '') throw unreadable('the flags', line);
  return {
    id,
    ...readEndpoint(endpoint ?? '', line),
    flags: flags.split(','),
    primaryId: readPrimaryId(primaryId, line),
    pingSentMs: number(pingSent),
    pongReceivedMs: number(pongReceived),
    configEpoch: number(configEpoch),
    link: readLink(link, line),
    ...readSlots(slots, line),
  };
}

/** Host names and fields hold no commas; an IPv6 address holds colons, so the port is what follows the last one. */
function readEndpoint(text: string, line: string): Pick<NodeEntry, 'address' | 'hostname' | 'aux'> {
  const [place = '', hostname, ...fields] = text.split(',');
  const address = readAddress(place);
  if (address === null) throw unreadable('the address', line);
  const aux = Object.fromEntries(fields.map((field) => readField(field, line)));
  return hostname === undefined ? { address, aux } : { address, hostname, aux };
}

function readAddress(text: string): Required<Address> | null {
  const match = /^(.*):(\d{1,5})(?:@(\d{1,5}))?$/.exec(text);
  if (!match) return null;
  const [, host = '', portText, busPortText] = match;
  const port = Number(portText);
  // Redis before 4.0 printed no bus port, and knew no other than this one.
  const assumed = port === 0 ? 0 : port + BUS_PORT_OFFSET;
  return { host, port, busPort: busPortText === undefined ? assumed : Number(busPortText) };
}

function readField(field: string, line: string): readonly [name: string, value: string] {
  const equals = field.indexOf('=');
  if (equals < 1) throw unreadable(`the field "${field}"`, line);
  return [field.slice(0, equals), field.slice(equals + 1)];
}

function readPrimaryId(field: string | undefined, line: string): NodeId | null {
  if (field === '-') return null;
  if (field === undefined || !isNodeId(field)) throw unreadable("the primary's id", line);
  return field;
}

function readNumber(field: string | undefined, line: string): number {
  const value = /^\d+$/.test(field ?? '') ? Number(field) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw unreadable(`the number "${field ?? ''}"`, line);
  return value;
}

function readLink(field: string | undefined, line: string): NodeEntry['link'] {
  if (field !== 'connected' && field !== 'disconnected') throw unreadable('the state of the link', line);
  return field;
}

function readSlots(tokens: readonly string[], line: string): Pick<NodeEntry, 'slots' | 'migrating' | 'importing'> {
  const ranges: SlotRange[] = [];
  const migrating: OpenSlot[] = [];
  const importing: OpenSlot[] = [];
  for (const token of tokens) {
    const [, firstText, lastText] = /^(\d+)(?:-(\d+))?$/.exec(token) ?? [];
    const [, openText, arrow, peer] = /^\[(\d+)-([<>])-(\w+)\]$/.exec(token) ?? [];
    const first = Number(firstText ?? openText);
    const last = Number(lastText ?? first);
    if (!isSlot(first) || !isSlot(last) || first > last) throw unreadable(`the slots "${token}"`, line);
    if (peer === undefined) ranges.push([first, last]);
    else if (isNodeId(peer)) (arrow === '>' ? migrating : importing).push({ slot: first, peer });
    else throw unreadable(`the slots "${token}"`, line);
  }
  return { slots: slotSet(ranges), migrating, importing };
}

function unreadable(what: string, line: string): OpsError {
  return new OpsError('PROTOCOL', `A server sent a line of CLUSTER NODES in which ${what} cannot be read: "${line}".`);
}

function printLine(entry: NodeEntry): string {
  return [
    entry.id,
    printEndpoint(entry),
    entry.flags.join(','),
    entry.primaryId ?? '-',
    entry.pingSentMs,
    entry.pongReceivedMs,
    entry.configEpoch,
    entry.link,
    ...printSlots(entry.slots),
    ...printOpenSlots(entry),
  ].join(' ');
}

function printEndpoint({ address, hostname, aux }: NodeEntry): string {
  const fields = Object.entries(aux).map(([name, value]) => `${name}=${value}`);
  const named = hostname !== undefined || fields.length > 0 ? [hostname ?? ''] : [];
  return [`${address.host}:${address.port}@${address.busPort}`, ...named, ...fields].join(',');
}

function printSlots(slots: SlotSet): readonly string[] {
  return slots.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
}

function printOpenSlots({ migrating, importing }: NodeEntry): readonly string[] {
  const tokens = [
    ...migrating.map(({ slot, peer }) => ({ slot, text: `[${slot}->-${peer}]` })),
    ...importing.map(({ slot, peer }) => ({ slot, text: `[${slot}-<-${peer}]` })),
  ];
  return tokens.sort((a, b) => a.slot - b.slot).map(({ text }) => text);
}
