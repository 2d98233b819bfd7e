import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OpsError } from '../../../src/lib/errors.ts';
import { parseClusterNodes, printClusterNodes } from '../../../src/lib/wire/cluster-nodes.ts';
import { nodeId } from '../../support/topology-builder.ts';

const A = nodeId('a');
const B = nodeId('b');

/** A line of an ordinary primary, in which a test replaces what it is about. */
function line(parts: { endpoint?: string; flags?: string; primary?: string; slots?: string } = {}): string {
  const { endpoint = '10.0.0.1:7000@17000', flags = 'master', primary = '-', slots = ' 0-10' } = parts;
  return `${A} ${endpoint} ${flags} ${primary} 0 1700000000000 1 connected${slots}\n`;
}

function fixture(name: string): ReturnType<typeof parseClusterNodes> {
  return parseClusterNodes(readFileSync(`test/fixtures/cluster-nodes/${name}.txt`, 'utf8'));
}

describe('parseClusterNodes', () => {
  it('reads every part of a line', () => {
    expect(parseClusterNodes(line({ flags: 'myself,master', slots: ' 5 7-9' }))).toEqual([
      {
        id: A,
        address: { host: '10.0.0.1', port: 7000, busPort: 17000 },
        aux: {},
        flags: ['myself', 'master'],
        primaryId: null,
        pingSentMs: 0,
        pongReceivedMs: 1_700_000_000_000,
        configEpoch: 1,
        link: 'connected',
        slots: [
          [5, 5],
          [7, 9],
        ],
        migrating: [],
        importing: [],
      },
    ]);
  });

  it.each([
    ['10.0.0.1:7000@17000', { host: '10.0.0.1', port: 7000, busPort: 17000 }],
    ['::1:7000@17000', { host: '::1', port: 7000, busPort: 17000 }],
    ['fe80::1%eth0:7000@7777', { host: 'fe80::1%eth0', port: 7000, busPort: 7777 }],
    [':7000@17000', { host: '', port: 7000, busPort: 17000 }],
    [':0@0', { host: '', port: 0, busPort: 0 }],
    ['10.0.0.1:7000', { host: '10.0.0.1', port: 7000, busPort: 17000 }],
    [':0', { host: '', port: 0, busPort: 0 }],
  ])('reads the address %s', (endpoint, address) => {
    expect(parseClusterNodes(line({ endpoint }))[0]?.address).toEqual(address);
  });

  it.each([
    ['10.0.0.1:7000@17000', undefined, {}],
    ['10.0.0.1:7000@17000,', '', {}],
    ['10.0.0.1:7000@17000,a.example.com', 'a.example.com', {}],
    ['10.0.0.1:0@17000,,tls-port=7000,shard-id=abc', '', { 'tls-port': '7000', 'shard-id': 'abc' }],
    ['10.0.0.1:7000@17000,a.example.com,invented=x=y', 'a.example.com', { invented: 'x=y' }],
  ])('reads the host name and the fields of %s', (endpoint, hostname, aux) => {
    const [entry] = parseClusterNodes(line({ endpoint }));
    expect(entry?.hostname).toBe(hostname);
    expect(entry?.aux).toEqual(aux);
    expect(printClusterNodes(parseClusterNodes(line({ endpoint })))).toBe(line({ endpoint }));
  });

  it('keeps flags that it does not know', () => {
    expect(parseClusterNodes(line({ flags: 'master,invented' }))[0]?.flags).toEqual(['master', 'invented']);
  });

  it('reads both ends of an open slot', () => {
    const [entry] = parseClusterNodes(line({ slots: ` 0-10 [5->-${B}] [20-<-${B}]` }));
    expect(entry).toMatchObject({
      slots: [[0, 10]],
      migrating: [{ slot: 5, peer: B }],
      importing: [{ slot: 20, peer: B }],
    });
  });

  it('reads a replica, and a node that nobody can name the address of', () => {
    const gone = fixture('valkey-9.1.2-noaddr').find(({ flags }) => flags.includes('noaddr'));
    expect(gone).toMatchObject({
      address: { host: '', port: 0, busPort: 0 },
      flags: ['slave', 'fail', 'noaddr'],
      link: 'disconnected',
    });
    expect(gone?.primaryId).toMatch(/^[0-9a-f]{40}$/);
  });

  it.each([
    ['redis-7.0.15-pfail', 'fail?'],
    ['redis-8.0.2-fail', 'fail'],
    ['valkey-8.1.1-handshake', 'handshake'],
    ['valkey-9.1.2-replicas-nofailover', 'nofailover'],
  ])('%s has a node that is %s', (name, flag) => {
    expect(fixture(name).filter(({ flags }) => flags.includes(flag))).toHaveLength(1);
  });

  it('reads the text of a server that knows nobody as no nodes', () => {
    expect(parseClusterNodes('')).toEqual([]);
  });

  it.each([
    ['OK\n', 'the node id'],
    [line().replace(A, 'abc'), 'the node id'],
    [`${A}\n`, 'the flags'],
    [line({ endpoint: '10.0.0.1' }), 'the address'],
    [line({ endpoint: '10.0.0.1:7000@17000,,field' }), 'the field "field"'],
    [line({ primary: 'abc' }), "the primary's id"],
    [line().replace(' 1700000000000 ', ' soon '), 'the number "soon"'],
    [line().replace('connected', 'linked'), 'the state of the link'],
    [line({ slots: ' 5-3' }), 'the slots "5-3"'],
    [line({ slots: ' 16384' }), 'the slots "16384"'],
    [line({ slots: ' [5->-abc]' }), 'the slots "[5->-abc]"'],
    [line({ slots: ' five' }), 'the slots "five"'],
  ])('refuses %j and shows it', (text, what) => {
    const shown = text.trimEnd();
    expect(() => parseClusterNodes(text)).toThrow(OpsError);
    expect(() => parseClusterNodes(text)).toThrow(
      expect.objectContaining({
        code: 'PROTOCOL',
        message: `A server sent a line of CLUSTER NODES in which ${what} cannot be read: "${shown}".`,
      }),
    );
  });
});
