import { describe, expect, it } from 'vitest';
import { callHazards, endsConnection, refuseWithoutReply } from '../../../src/lib/plan/call-hazards.ts';

const words = (line: string): readonly string[] => line.split(' ');

describe('a command that goes to every node', () => {
  it.each([
    'PING',
    'CONFIG GET *',
    'CONFIG SET maxmemory 1gb',
    'INFO',
    'CLUSTER NODES',
    'CLUSTER COUNTKEYSINSLOT 5',
    'SET flushall 1',
    'DEBUG DIGEST',
    'CLIENT LIST',
    'FUNCTION LIST',
    'HELP HELLO',
  ])('%s is sent without a question', (line) => {
    expect(callHazards(words(line))).toEqual([]);
    expect(refuseWithoutReply(words(line))).toEqual([]);
    expect(endsConnection(words(line))).toBe(false);
  });

  it.each([
    ['FLUSHALL', /^FLUSHALL: It deletes keys on every node/],
    ['flushdb async', /^FLUSHDB: It deletes keys/],
    ['cluster reset hard', /^CLUSTER RESET: It changes which slots and nodes/],
    ['Cluster SetSlot 5 NODE x', /^CLUSTER SETSLOT: /],
    ['SHUTDOWN NOSAVE', /^SHUTDOWN: It stops every server/],
    ['debug segfault', /^DEBUG SEGFAULT: It stops every server/],
    ['DEBUG SLEEP 1', /^DEBUG SLEEP: It keeps every server/],
    ['FUNCTION FLUSH', /^FUNCTION FLUSH: It deletes the functions/],
    ['REPLICAOF NO ONE', /^REPLICAOF: It changes which nodes are primaries/],
  ])('%s wants consent', (line, sentence) => {
    expect(callHazards(words(line))).toEqual([{ name: 'dangerous-command', message: expect.stringMatching(sentence) }]);
  });

  it('may end the connection where it stops the server', () => {
    expect(endsConnection(words('shutdown nosave'))).toBe(true);
    expect(endsConnection(words('FLUSHALL'))).toBe(false);
  });

  it.each(['MONITOR', 'subscribe news', 'PSYNC ? -1', 'CLIENT REPLY OFF', 'HELLO 3'])('%s is refused', (line) => {
    expect(refuseWithoutReply(words(line))).toEqual([
      expect.objectContaining({ rule: 'no-single-reply', message: expect.stringContaining('has no single reply') }),
    ]);
  });
});
