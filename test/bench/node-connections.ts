/** The harness's own connections to the nodes that are measured: one a node, opened beforehand. */
import { createClient } from 'redis';
import { present } from '../../src/lib/assert.ts';
import { parseAddress } from '../../src/lib/model/address.ts';

export interface NodeConnection {
  /** `host:port`. */
  readonly address: string;
  /** The reply as text. Rejects with the server's error reply, and once the connection is closed. */
  ask(...argv: readonly string[]): Promise<string>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5000;

/** In the order of the addresses; rejects, with none left open, where one cannot be reached. */
export async function connectNodes(addresses: readonly string[]): Promise<readonly NodeConnection[]> {
  // A copy costs next to nothing; each call of createClient would build a class.
  const model = createClient({ RESP: 2, disableClientInfo: true });
  const clients = addresses.map((address) => {
    const { host, port } = present(parseAddress(address), 'a test server is named as host:port');
    const socket = { host, port, connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false } as const;
    // What goes wrong also rejects the question that it went wrong for.
    return { address, client: model.duplicate({ socket }).on('error', () => undefined) };
  });
  const connections = clients.map(({ address, client }) => ({
    address,
    ask: async (...argv: readonly string[]) => String(await client.sendCommand(argv)),
    close: () => client.destroy(),
  }));
  try {
    await Promise.all(clients.map(({ client }) => client.connect()));
    return connections;
  } catch (error) {
    for (const { client } of clients) if (client.isOpen) client.destroy();
    throw error;
  }
}
