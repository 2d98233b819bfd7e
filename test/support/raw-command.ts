/** One command to one node, past the program under test: to set the stage, and to look at what is really there. */
import { createClient } from 'redis';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';
import { clientOptions, type NodeLogin } from './node-login.ts';

/** A RESP2 reply. */
export type RawReply = string | number | null | readonly RawReply[];

/** A busy machine may take this long; nobody who is there takes longer. */
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Tests ask many nodes, and the library builds a class for each client that is not a duplicate of another: tens of
 * milliseconds of a busy processor, against one tenth of one.
 */
const prototype = createClient({ RESP: 2, disableClientInfo: true });

/** Connects, sends, disconnects. Rejects with the server's error reply. */
export async function rawCommand(address: string, argv: readonly string[], login: NodeLogin = {}): Promise<RawReply> {
  const [reply = null] = await rawCommands(address, [argv], login);
  return reply;
}

/** Several commands over one connection, sent together; their replies in the same order. */
export async function rawCommands(
  address: string,
  commands: readonly (readonly string[])[],
  login: NodeLogin = {},
): Promise<readonly RawReply[]> {
  const { host, port } = present(parseAddress(address), 'a test names a node as host:port');
  const client = prototype.duplicate(clientOptions(login, { host, port, connectTimeout: CONNECT_TIMEOUT_MS }));
  // What goes wrong also rejects the call that it went wrong for.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await Promise.all(commands.map((argv) => client.sendCommand<RawReply>(argv)));
  } finally {
    client.destroy();
  }
}
