import { describe, expect, it } from 'vitest';
import { isRefused, selectNode, selectPrimary } from '../../../src/lib/plan/select-node.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const cluster = topology()
  .primary('a', { slots: '0-8191' })
  .primary('b', { slots: '8192-16383' })
  .replica('c', { of: 'a' })
  .build();

function idOf(name: string, prefixLengthMin?: number): string {
  const selected = selectNode(cluster, name, prefixLengthMin);
  return isRefused(selected) ? selected.rule : selected.id;
}

describe('selectNode', () => {
  it('knows a node by its id, by the beginning of it, and by its address', () => {
    for (const name of [nodeId('b'), nodeId('b').slice(0, 6), '10.0.0.2:7000', '10.0.0.2:7000@17000'])
      expect(idOf(name)).toBe(nodeId('b'));
  });

  it('knows a node by the address that others use, and by its host name', () => {
    const nodes = cluster.nodes.map((node) => ({ ...node, address: { host: 'gateway', port: node.address.port } }));
    const behindNat = {
      ...cluster,
      nodes: nodes.map((node) => ({ ...node, entry: { ...node.entry, hostname: 'x' } })),
    };
    expect(selectNode(behindNat, '10.0.0.3:7000')).toMatchObject({ id: nodeId('c') });
    expect(selectNode(behindNat, 'gateway:7000')).toMatchObject({ rule: 'ambiguous-node' });
    expect(selectNode(behindNat, 'x:7000')).toMatchObject({ rule: 'ambiguous-node' });
    expect(selectNode(behindNat, 'x:7001')).toMatchObject({ rule: 'unknown-node' });
  });

  it('takes a short beginning only where it is told to', () => {
    expect(idOf(nodeId('b').slice(0, 5))).toBe('unknown-node');
    expect(idOf(nodeId('b').slice(0, 5), 1)).toBe(nodeId('b'));
    expect(idOf('', 1)).toBe('unknown-node');
  });

  it('says what a node may be called where no node is called so', () => {
    expect(selectNode(cluster, 'b')).toEqual({
      rule: 'unknown-node',
      severity: 'error',
      message: 'No node of this cluster is called "b".',
      nodeIds: [],
      suggestion:
        'The beginning of a node id takes at least 6 digits. The primaries are 10.0.0.1:7000 and 10.0.0.2:7000; for all nodes: cluster nodes 10.0.0.1:7000',
    });
    expect(selectNode(cluster, 'node b')).toMatchObject({
      suggestion:
        'A node is named by its id, by the beginning of its id, or by its host:port. The primaries are 10.0.0.1:7000 and 10.0.0.2:7000; for all nodes: cluster nodes 10.0.0.1:7000',
    });
  });

  it('names the candidates where the beginning is that of two ids', () => {
    const [first, second] = namesWithOneBeginning();
    const twins = topology().primary(first, { slots: '0-16383' }).primary(second).build();
    const prefix = nodeId(first).slice(0, 6);
    const names = [
      [nodeId(first), '10.0.0.1:7000'],
      [nodeId(second), '10.0.0.2:7000'],
    ]
      .sort()
      .map(([id, address]) => `${address} (${id})`);
    expect(selectNode(twins, prefix)).toMatchObject({
      rule: 'ambiguous-node',
      message: `"${prefix}" may be any of 2 nodes: ${names.join(' and ')}.`,
    });
    expect(selectNode(twins, nodeId(second))).toMatchObject({ id: nodeId(second) });
  });
});

describe('selectPrimary', () => {
  it('refuses in the words of redis-cli, and says which of the two it is', () => {
    expect(selectPrimary(cluster, '10.0.0.3:7000')).toMatchObject({
      rule: 'not-primary',
      message: '*** The specified node (10.0.0.3:7000) is not known or not a master, please retry.',
      suggestion: '10.0.0.3:7000 is a replica: name its primary, 10.0.0.1:7000.',
    });
    expect(selectPrimary(cluster, '10.0.0.9:7000')).toMatchObject({
      rule: 'unknown-node',
      message: '*** The specified node (10.0.0.9:7000) is not known or not a master, please retry.',
    });
    expect(selectPrimary(cluster, nodeId('a'))).toMatchObject({ id: nodeId('a') });
  });
});

/** Two names whose ids begin with the same six digits. */
function namesWithOneBeginning(): readonly [string, string] {
  const seen = new Map<string, string>();
  for (let number = 0; ; number++) {
    const name = `node-${number}`;
    const beginning = nodeId(name).slice(0, 6);
    const other = seen.get(beginning);
    if (other !== undefined) return [other, name];
    seen.set(beginning, name);
  }
}
