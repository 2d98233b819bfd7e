/** Connections that break or fall silent, against a server of this test's own that answers PING or is silent. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trackChanges } from '../../../src/lib/redis/change-feed.ts';
import { Connections } from '../../../src/lib/redis/connections.ts';
import { eventually } from '../../support/eventually.ts';

const PING = [['PING']];
const SHORT_MS = 50;
const LONG_MS = 300;

/** Answers on a thread of its own, while that of the test is stopped. */
const SLOW_SERVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    socket.on('data', () => {
      parentPort.postMessage('asked');
      setTimeout(() => socket.write('+PONG\\r\\n'), ${SHORT_MS});
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;

describe('Connections', () => {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let answer = '+PONG';
  let server: Server;
  let connections: Connections;
  let address: { host: string; port: number };

  beforeEach(async () => {
    isSilent = false;
    answer = '+PONG';
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.on('data', (data) => {
        if (!isSilent) socket.write(`${answer}\r\n`.repeat(data.toString().split('PING').length - 1));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    connections = new Connections({
      user: null,
      password: null,
      tls: null,
      timeoutMs: LONG_MS,
      clientName: null,
      natMap: new Map(),
      family: 0,
    });
  });

  afterEach(() => {
    connections.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const allClosed = (): Promise<void> =>
    eventually(() => expect(sockets.size).toBe(0), { what: 'every connection is closed', withinMs: 2_000 });

  it('keeps the successor of a connection on which a second call is late', async () => {
    await connections.callMany(address, PING);
    isSilent = true;
    const late = expect(connections.callMany(address, PING)).rejects.toThrow('Connection closed');
    const again = connections.callMany(address, PING, { timeoutMs: SHORT_MS }).catch((cause: Error) => {
      isSilent = false;
      expect(cause.message).toContain('no answer within 0.05 s');
      return connections.callMany(address, PING);
    });
    expect(await again).toEqual(['PONG']);
    await late;
    expect(await connections.callMany(address, PING)).toEqual(['PONG']);
    await eventually(() => expect(sockets.size).toBe(1), { what: 'the broken connection is closed' });
    connections.close();
    await allClosed();
  });

  it.each([{ bulk: false }, { bulk: true }])('asks on for a user who may not PING (bulk: $bulk)', async ({ bulk }) => {
    answer = "-NOPERM this user has no permissions to run the 'ping' command";
    const replies = await connections.callMany(address, PING, { bulk });
    expect(replies.map(String)).toEqual([expect.stringContaining('NOPERM')]);
  });

  it('asks on where the server answers PING as it answers writes while its disk fails', async () => {
    answer = '-MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.';
    const replies = await connections.callMany(address, PING, { bulk: true });
    expect(replies.map(String)).toEqual([expect.stringContaining('MISCONF')]);
  });

  it('has its login refused where a connection for many commands is told so', async () => {
    answer = '-NOAUTH Authentication required.';
    await expect(connections.callMany(address, PING, { bulk: true })).rejects.toThrow('NOAUTH');
  });

  it.each([{ bulk: false }, { bulk: true }])(
    'replaces a connection that broke, %o, but not where the call continues an earlier one',
    async (how) => {
      const breakIt = async (): Promise<void> => {
        for (const socket of sockets) socket.destroy();
        await allClosed();
      };
      await connections.callMany(address, PING, how);
      await breakIt();
      await eventually(async () => expect(await connections.callMany(address, PING, how)).toEqual(['PONG']), {
        what: 'the end of the first connection is noticed',
      });
      await breakIt();
      await expect(connections.callMany(address, PING, { ...how, continues: true })).rejects.toThrow(
        'Connection closed',
      );
      await expect(connections.callMany(address, PING, { ...how, continues: true })).rejects.toThrow(
        'Connection closed',
      );
      expect(await connections.callMany(address, PING, how)).toEqual(['PONG']);
    },
  );

  describe.each([{ bulk: false }, { bulk: true }])('where the server ends the connection (bulk: $bulk)', ({ bulk }) => {
    /** Ends each of the next `times` connections at its first command. */
    const endNext = (times: number): void => {
      let left = times;
      server.on('connection', (socket) =>
        socket.prependListener('data', () => {
          if (left-- > 0) socket.destroy();
        }),
      );
    };

    it('asks a question once more', async () => {
      await connections.callMany(address, PING, { bulk });
      for (const socket of sockets) socket.prependOnceListener('data', () => socket.destroy());
      expect((await connections.callMany(address, PING, { bulk })).map(String)).toEqual(['PONG']);
      endNext(2);
      for (const socket of sockets) socket.destroy();
      await expect(connections.callMany(address, PING, { bulk })).rejects.toThrow('Connection closed by the server');
    });

    it('sends nothing twice that may change something', async () => {
      await connections.callMany(address, PING, { bulk });
      for (const socket of sockets) socket.prependOnceListener('data', () => socket.destroy());
      const commands = [['PING'], ['CLUSTER', 'BUMPEPOCH']];
      await expect(connections.callMany(address, commands, { bulk })).rejects.toThrow(/Connection (closed|reset) by/);
    });
  });

  it('closes what is still being opened, and refuses what is asked afterwards', async () => {
    const opening = connections.callMany(address, PING);
    const opened = expect(opening).rejects.toThrow('Could not connect');
    connections.close();
    await opened;
    await expect(connections.callMany(address, PING)).rejects.toThrow('the session has ended');
    await expect(connections.openBulk(address)).rejects.toThrow('the session has ended');
    await allClosed();
  });

  it.each([{ bulk: false }, { bulk: true }])(
    'counts as in time what came while this process was stopped (bulk: $bulk)',
    async ({ bulk }) => {
      const slow = new Worker(SLOW_SERVER, { eval: true });
      try {
        const [port] = await once(slow, 'message');
        const there = { host: '127.0.0.1', port };
        const asked = connections.callMany(there, PING, { bulk, timeoutMs: 2 * SHORT_MS });
        // A connection for many commands greets with a PING of its own.
        for (let asking = bulk ? 2 : 1; asking > 0; asking--) await once(slow, 'message');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4 * SHORT_MS);
        expect((await asked).map(String)).toEqual(['PONG']);
      } finally {
        await slow.terminate();
      }
    },
  );

  it('bounds what is asked on a connection for many commands', async () => {
    const connection = await connections.openBulk(address);
    isSilent = true;
    await expect(connection.send(PING)).rejects.toThrow('no answer within 0.3 s');
    await allClosed();
  });

  it('waits for an answer that comes slowly', async () => {
    const connection = await connections.openBulk(address);
    isSilent = true;
    const asked = connection.send(PING);
    for (const piece of ['$', '6', '\r\n', 'abc', 'def', '\r', '\n']) {
      await sleep(LONG_MS / 2);
      for (const socket of sockets) socket.write(piece);
    }
    expect(await asked).toEqual([Buffer.from('abcdef')]);
    const second = expect(connection.send(PING)).rejects.toThrow('no answer within 0.3 s');
    await second;
    await allClosed();
  });

  it('bounds the silence on each of several that wait, from when its turn comes', async () => {
    const connection = await connections.openBulk(address);
    isSilent = true;
    const first = connection.send(PING);
    const second = expect(connection.send(PING, SHORT_MS)).rejects.toThrow('no answer within 0.05 s');
    await sleep(2 * SHORT_MS);
    for (const socket of sockets) socket.write('+PONG\r\n');
    expect(await first).toEqual(['PONG']);
    await second;
    await allClosed();
  });

  it('says which server it was that did not begin to tell of changes', async () => {
    const feed = trackChanges(connections, address);
    await eventually(() => expect(sockets.size).toBe(1), { what: 'it is connected' });
    const refused = expect(feed).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await refused;
    await expect(feed).rejects.toThrow(`127.0.0.1:${address.port} tells of changes was lost`);
    await allClosed();
  });

  it('closes a connection for many commands that its holder has forgotten', async () => {
    await connections.openBulk(address);
    connections.close();
    await allClosed();
  });
});
