import { describe, expect, it } from 'vitest';
import { announcedAddress, parseNatMap, reachableAddress } from '../../../src/lib/redis/nat.ts';

const map = parseNatMap(['10.0.0.1:6379=localhost:7001,10.0.0.1:6380=localhost:7002', '10.0.0.2=bastion']);

describe('a NAT map', () => {
  it('reads pairs, several to an option', () => {
    expect([...map]).toEqual([
      ['10.0.0.1:6379', 'localhost:7001'],
      ['10.0.0.1:6380', 'localhost:7002'],
      ['10.0.0.2', 'bastion'],
    ]);
    expect(parseNatMap([]).size).toBe(0);
  });

  it.each(['10.0.0.1', '=b', 'a=', 'a=b=c', 'a:1=b', 'a=b:1', ''])('refuses "%s"', (pair) => {
    expect(() => parseNatMap([pair])).toThrow(`--nat-map takes announced=reachable`);
  });

  it.each([
    ['10.0.0.1', 6379, 'localhost', 7001],
    ['10.0.0.1', 6380, 'localhost', 7002],
    ['10.0.0.2', 6379, 'bastion', 6379],
    ['10.0.0.3', 6379, '10.0.0.3', 6379],
  ])('leads from %s:%i to %s:%i, and back', (host, port, reachableHost, reachablePort) => {
    const announced = { host, port };
    const reachable = { host: reachableHost, port: reachablePort };
    expect(reachableAddress(map, announced)).toEqual(reachable);
    expect(announcedAddress(map, reachable)).toEqual(announced);
  });

  it('takes IPv6 addresses, with a port in brackets', () => {
    const ipv6 = parseNatMap(['[fd00::1]:6379=[::1]:7001', 'fd00::2=::1', '[fd00::3]=127.0.0.1']);
    expect(reachableAddress(ipv6, { host: 'fd00::1', port: 6379 })).toEqual({ host: '::1', port: 7001 });
    expect(reachableAddress(ipv6, { host: 'fd00::2', port: 6379 })).toEqual({ host: '::1', port: 6379 });
    expect(reachableAddress(ipv6, { host: 'fd00::3', port: 6379 })).toEqual({ host: '127.0.0.1', port: 6379 });
    expect(announcedAddress(ipv6, { host: '::1', port: 7001 })).toEqual({ host: 'fd00::1', port: 6379 });
  });

  it('prefers the whole address to the host alone', () => {
    const both = parseNatMap(['a=b', 'a:1=c:2']);
    expect(reachableAddress(both, { host: 'a', port: 1 })).toEqual({ host: 'c', port: 2 });
    expect(reachableAddress(both, { host: 'a', port: 3 })).toEqual({ host: 'b', port: 3 });
  });
});
