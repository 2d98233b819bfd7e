/** What a node of a fake cluster answers: the commands that this program sends, with the rules of a server. */
import { present } from '../../src/lib/assert.ts';
import type { Argument, Reply } from '../../src/lib/redis/cluster.ts';
import { ReplyError } from '../../src/lib/wire/reply-error.ts';
import { type FakeNode, slotOfKey } from './fake-node.ts';

/** What a node's answers depend on beside itself. */
export interface FakeSurroundings {
  readonly nodes: readonly FakeNode[];
  /** Slots from this one on have no keys. */
  readonly slotCount: number;
}

/** MIGRATE deletes exactly the keys whose RESTORE the target has confirmed. `isCutShort`: the last one's is not heard. */
export function migrateKeys(
  node: FakeNode,
  receiver: FakeNode | undefined,
  names: readonly string[],
  replace: boolean,
  isCutShort: boolean,
): Reply | ReplyError {
  const [first] = names;
  if (first === undefined) return 'NOKEY';
  const isServed = node.claims(slotOfKey(first)) || node.importing.has(slotOfKey(first));
  if (!isServed) return new ReplyError(`MOVED ${slotOfKey(first)} somewhere:else`);
  if (receiver === undefined || receiver.isDown)
    return new ReplyError('IOERR error or timeout connecting to the client');
  let refusal: string | null = null;
  const sent = isCutShort ? names.slice(0, Math.ceil(names.length / 2)) : names;
  for (const [index, key] of sent.entries()) {
    const refused =
      receiver.refusesImport(key) ??
      (!replace && receiver.keys.has(key) ? 'BUSYKEY Target key name already exists.' : null);
    refusal ??= refused;
    if (refused !== null) continue;
    receiver.keys.set(key, present(node.keys.get(key), 'the key is there'));
    if (!isCutShort || index < sent.length - 1) node.keys.delete(key);
  }
  if (isCutShort) return new ReplyError('IOERR error or timeout reading from target instance');
  return refusal === null ? 'OK' : new ReplyError(`ERR Target instance replied with error: ${refusal}`);
}

/** All at once, errors among the replies; where a watched key has changed, nothing. A transaction without EXEC never happened. */
export function transact(node: FakeNode, commands: readonly (readonly Argument[])[], around: FakeSurroundings): Reply {
  const isChanged = [...node.watched].some(([key, value]) => node.keys.get(key) !== value);
  node.watched.clear();
  if (isChanged) return null;
  return commands.map((command) => answer(node, command, around)) as readonly Reply[];
}

/** An error reply for a command that no test needs yet. */
export function answer(
  node: FakeNode,
  command: readonly Argument[],
  { nodes, slotCount }: FakeSurroundings,
): Reply | ReplyError {
  // Asked about all slots, of which few have keys.
  if (command[1] === 'COUNTKEYSINSLOT' && Number(command[2]) >= slotCount) return 0;
  const [word, second = '', third = '', fourth = '', fifth] = command.map(String);
  if (word === 'CLUSTER' && second === 'SETSLOT') return node.setSlot(nodes, Number(third), fourth, fifth);
  if (word === 'CLUSTER' && second === 'DELSLOTS') return node.deleteSlot(Number(third));
  if (word === 'CLUSTER' && second === 'ADDSLOTSRANGE') return node.addSlot(Number(third));
  if (word === 'CLUSTER' && second === 'ADDSLOTS') return node.addSlot(Number(third));
  if (word === 'CLUSTER' && second === 'INFO')
    return `cluster_my_epoch:${nodes.find(({ id }) => id === node.primaryId)?.epoch ?? node.epoch}\r\n`;
  if (word === 'CLUSTER' && second === 'BUMPEPOCH') return node.bumpEpoch(nodes);
  if (word === 'WATCH') {
    node.watched.set(second, node.keys.get(second));
    return 'OK';
  }
  if (word === 'UNLINK') return node.keys.delete(second) ? 1 : 0;
  if (word === 'OBJECT') return 0;
  if (word === 'CLUSTER' && second === 'COUNTKEYSINSLOT') return node.keysIn(Number(third)).length;
  if (word === 'CLUSTER' && second === 'GETKEYSINSLOT')
    return node
      .keysIn(Number(third))
      .slice(0, Number(fourth))
      .map((key) => Buffer.from(key));
  if (word === 'CONFIG' && second === 'GET') {
    const value = node.settings.get(third);
    return value === undefined ? [] : [third, value];
  }
  if (word === 'CONFIG' && second === 'SET') {
    node.settings.set(third, fourth);
    return 'OK';
  }
  if (word === 'CLIENT') return 'id=1 name= db=0\n';
  if (word === 'PING' || word === 'ASKING') return 'OK';
  const value = node.keys.get(second);
  if (word === 'TYPE') return value === undefined ? 'none' : 'string';
  if (word === 'DUMP' || word === 'GET') return value === undefined ? null : Buffer.from(value);
  if (word === 'PTTL') return value === undefined ? -2 : -1;
  return new ReplyError(`ERR unknown command '${word} ${second}'`);
}
