import { describe, expect, it } from 'vitest';
import { nameOf } from '../../../src/lib/check/words.ts';
import type { Topology } from '../../../src/lib/model/topology.ts';
import { primariesOf, replicasOf } from '../../../src/lib/model/topology.ts';
import { placeReplicas } from '../../../src/lib/plan/replica-places.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

/** Where those whose names begin with `new` go: `node primary` by the last number of their hosts. */
function placesIn(cluster: Topology, zones: Readonly<Record<string, string>> = {}): readonly string[] {
  const isNew = ({ id }: { readonly id: string }): boolean =>
    ['new1', 'new2', 'new3'].some((name) => nodeId(name) === id);
  const places = primariesOf(cluster)
    .filter((node) => !isNew(node))
    .map((primary) => ({ primary, replicas: replicasOf(cluster, primary.id) }));
  const placed = placeReplicas(cluster.nodes.filter(isNew), places, new Map(Object.entries(zones)));
  return cluster.nodes
    .filter(isNew)
    .map((node) => `${nameOf(node)} ${nameOf(placed.get(node.id) ?? node)}`.replaceAll(/10\.0\.0\.|:7000/g, ''));
}

const three = topology().primary('a').primary('b').primary('c');

describe('the primary of a new replica', () => {
  it('is one with the fewest replicas', () => {
    const cluster = three.replica('d', { of: 'a' }).replica('e', { of: 'c' }).primary('new1').build();
    expect(placesIn(cluster)).toEqual(['6 2']);
  });

  it('is on another host where that is even', () => {
    const cluster = three.primary('new1', { host: '10.0.0.1', port: 7001 }).build();
    expect(placesIn(cluster)).not.toContain('1:7001 1');
  });

  it('is on the same host where every other is uneven', () => {
    const cluster = three
      .replica('d', { of: 'b' })
      .replica('e', { of: 'c' })
      .primary('new1', { host: '10.0.0.1', port: 7001 })
      .build();
    expect(placesIn(cluster)).toEqual(['1:7001 1']);
  });

  it.each([0, 1, 2])('is on another host for all of three, although the last has no choice (%s)', (turn) => {
    const names = ['new1', 'new2', 'new3'];
    const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
    const cluster = names
      .reduce(
        (builder, name, index) => builder.primary(name, { host: hosts[(index + turn) % 3] ?? '', port: 7001 }),
        three,
      )
      .build();
    const places = placesIn(cluster);
    expect(new Set(places.map((place) => place.split(' ')[1])).size).toBe(3);
    for (const place of places) expect(place).not.toMatch(/^(\d):7001 \1$/);
  });

  it('has slots, of two with as few replicas', () => {
    const cluster = topology().primary('a').primary('b').primary('c', { slots: '0-16383' }).primary('new1').build();
    expect(placesIn(cluster)).toEqual(['4 3']);
  });

  it('is in another zone', () => {
    const zones = { '10.0.0.1': 'x', '10.0.0.2': 'x', '10.0.0.3': 'y', '10.0.0.4': 'x' };
    expect(placesIn(three.primary('new1').build(), zones)).toEqual(['4 3']);
  });

  it('has its other replicas elsewhere', () => {
    const cluster = topology()
      .primary('a')
      .primary('b')
      .replica('c', { of: 'a', host: '10.0.0.9' })
      .replica('d', { of: 'b' })
      .primary('new1', { host: '10.0.0.9', port: 7001 })
      .build();
    expect(placesIn(cluster)).toEqual(['9:7001 2']);
  });

  it('does not depend on the order of the nodes', () => {
    const cluster = three.primary('new1').primary('new2').build();
    const turned = { ...cluster, nodes: [...cluster.nodes].reverse() };
    expect([...placesIn(turned)].sort()).toEqual([...placesIn(cluster)].sort());
  });
});
