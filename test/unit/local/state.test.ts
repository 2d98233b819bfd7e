import { describe, expect, it } from 'vitest';
import { type LocalState, parseLocalState } from '../../../src/lib/local/state.ts';

const state: LocalState = {
  version: 1,
  binary: '/usr/bin/redis-server',
  host: '127.0.0.1',
  replicas: 1,
  nodes: [
    { port: 7000, process: { pid: 4711, startTime: 'boot/99' } },
    { port: 7001, process: null },
  ],
};

function changed(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...state, ...change });
}

describe('the record of a local cluster', () => {
  it('is read as it was written', () => {
    expect(parseLocalState(JSON.stringify(state))).toEqual(state);
  });

  it.each([
    ['', 'it is not a JSON object'],
    ['{"version": 1, "nodes"', 'it is not a JSON object'],
    ['[]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    [changed({ version: 2 }), 'its version is 2, and only 1 is known here'],
    [changed({ version: undefined }), 'its version is undefined, and only 1 is known here'],
    [changed({ binary: 'redis-server' }), 'its binary is not an absolute path'],
    [changed({ host: '' }), 'its host is not an address'],
    [changed({ replicas: -1 }), 'its replicas are not a number'],
    [changed({ nodes: [] }), 'it has no nodes'],
    [changed({ nodes: {} }), 'it has no nodes'],
    [changed({ nodes: [state.nodes[0], { port: '7001', process: null }] }), 'its node 2 is not a port with a process'],
    [changed({ nodes: [{ port: 70000, process: null }] }), 'its node 1 is not a port with a process'],
    [changed({ nodes: [{ port: 7000 }] }), 'its node 1 is not a port with a process'],
    [changed({ nodes: [state.nodes[1], state.nodes[1]] }), 'it names a port twice'],
  ])('refuses %s: %s', (text, reason) => {
    expect(parseLocalState(text)).toBe(reason);
  });

  it.each([-1, 0, 1, 1.5, '4711'])('never takes %s for a process: a signal to it would reach others', (pid) => {
    const nodes = [{ port: 7000, process: { pid, startTime: 'boot/99' } }];
    expect(parseLocalState(changed({ nodes }))).toBe('its node 1 is not a port with a process');
  });
});
