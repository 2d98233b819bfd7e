import { describe, expect, it } from 'vitest';
import { explainNodes } from '../../../src/lib/view/explain-node.ts';
import { renderNodes, renderNodesJson } from '../../../src/lib/view/nodes.ts';
import { PLAIN } from '../../../src/lib/view/style.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const NOW_MS = 1_700_000_001_500;
const OPTIONS = { nowMs: NOW_MS, fullIds: false, explain: false, style: PLAIN };

const small = topology().primary('a', { slots: '0-16383' }).replica('b', { of: 'a' });
const hurt = topology()
  .primary('a', { slots: '0-8191', migrating: { 5: 'b' } })
  .primary('b', { slots: '8192-16383', flags: ['fail'], unreachable: 'Connection refused' })
  .sees('a', (entries) =>
    entries.map((entry) =>
      entry.id === nodeId('b')
        ? { ...entry, link: 'disconnected', pingSentMs: NOW_MS - 65_000, pongReceivedMs: 0, hostname: 'db-2' }
        : entry,
    ),
  )
  .build();

describe('nodes', () => {
  it('has a row for each node and leaves out columns that say nothing', () => {
    expect(renderNodes(small.build(), OPTIONS).split('\n')).toEqual([
      'id        address        role     of             state  link       epoch  slots  last pong  version',
      '86f7e437  10.0.0.1:7000  primary                 ok     connected      1  16384  1.5 s ago  Redis 7.0.15',
      'e9d71f5e  10.0.0.2:7000  replica  10.0.0.1:7000  ok     connected      1      0  1.5 s ago  Redis 7.0.15',
    ]);
  });

  it('says what is wrong with a node, and what is open', () => {
    expect(renderNodes(hurt, OPTIONS).split('\n')).toEqual([
      'id        address        role     state                                             link          epoch  slots  open slots     last pong  version',
      '86f7e437  10.0.0.1:7000  primary  ok                                                connected         1   8192  5 to e9d71f5e  1.5 s ago  Redis 7.0.15',
      'e9d71f5e  10.0.0.2:7000  primary  failed (1 of 1); unreachable: Connection refused  disconnected      2   8192                         -  -',
    ]);
  });

  it('prints ids in full, and the same columns in colour', () => {
    const text = renderNodes(small.build(), { ...OPTIONS, fullIds: true, style: { color: true, width: 100 } });
    expect(text).toContain(`${nodeId('b')}  10.0.0.2:7000`);
    expect(text).toContain('\u001b[32mok\u001b[39m');
    expect(text).not.toContain('open slots');
  });

  it('takes the time of the asked node where it tells it', () => {
    const cluster = topology()
      .primary('a', { slots: '0-16383', info: { server_time_usec: '1700000000200000' } })
      .build();
    expect(renderNodes(cluster, OPTIONS)).toContain('200 ms ago');
  });

  it('gives the same facts as JSON', () => {
    expect(renderNodesJson(hurt).nodes[1]).toEqual({
      id: nodeId('b'),
      address: '10.0.0.2:7000',
      hostname: null,
      role: 'primary',
      primaryId: null,
      primaryAddress: null,
      state: 'failed (1 of 1); unreachable: Connection refused',
      reachable: false,
      flags: ['master', 'fail'],
      link: 'disconnected',
      configEpoch: 2,
      slots: '8192-16383',
      slotCount: 8192,
      migrating: [],
      importing: [],
      pongReceivedMs: 0,
      flavor: null,
    });
  });
});

describe('an explained node', () => {
  it('has every field in words', () => {
    expect(explainNodes(hurt, NOW_MS)[1]?.split('\n')).toEqual([
      `10.0.0.2:7000 ${nodeId('b')}`,
      '  state  failed (1 of 1); unreachable: Connection refused',
      '  role   primary: the owner of its slots, with a vote in failovers',
      '  flag   master: a primary',
      '  flag   fail: more than half of the primaries got no answer from it: it counts as down',
      '  bus    port 17000, where the other nodes reach it at 10.0.0.2',
      '  link   disconnected: 10.0.0.1:7000 has no bus connection to it',
      '  ping   sent 1 min 5 s ago, not answered yet',
      '  pong   none so far',
      '  epoch  2: where two nodes claim a slot, the higher epoch wins',
      '  slots  8192-16383 (8192 slots)',
    ]);
  });

  it('stands below the table, one for each node', () => {
    const text = renderNodes(hurt, { ...OPTIONS, explain: true });
    expect(text.split('\n\n')).toHaveLength(3);
    expect(text).toContain('  link   none: this is the asked node, which does not ping itself');
    expect(text).toContain('  open   slot 5 is on its way to 10.0.0.2:7000 (migrating)');
  });

  it('does not pretend to know a flag of a newer server', () => {
    const cluster = topology()
      .primary('a', { flags: ['sparkling'], epoch: 0 })
      .build();
    const text = renderNodes(cluster, { ...OPTIONS, explain: true });
    expect(text).toContain('  flag   sparkling: a flag that this program does not know');
    expect(text).toContain('  role   primary without slots: it holds no data and has no vote in a failover');
    expect(text).toContain('  epoch  0: it was never given one, so any other claim to its slots wins');
  });
});
