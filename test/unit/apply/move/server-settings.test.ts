import { describe, expect, it } from 'vitest';
import { databasesOf } from '../../../../src/lib/apply/move/server-settings.ts';
import { present } from '../../../../src/lib/assert.ts';
import type { TopologyNode } from '../../../../src/lib/model/topology.ts';
import type { Cluster, Reply } from '../../../../src/lib/redis/cluster.ts';
import { ReplyError } from '../../../../src/lib/wire/reply-error.ts';
import { topology } from '../../../support/topology-builder.ts';

const answering = (reply: Reply | ReplyError): Cluster =>
  ({ callMany: async () => [reply] }) as Partial<Cluster> as Cluster;

function nodeWith(info: Readonly<Record<string, string>>): TopologyNode {
  return present(topology().primary('a', { info }).build().nodes[0], 'it was built');
}

describe('the databases that may hold keys', () => {
  it('are as many as the server says', async () => {
    expect(await databasesOf(answering(['cluster-databases', '3']), nodeWith({}))).toEqual([0, 1, 2]);
  });

  it('are one for a server that has no such setting', async () => {
    expect(await databasesOf(answering([]), nodeWith({ db0: 'keys=1' }))).toEqual([0]);
  });

  it('go up to the last with keys for a user who may not ask', async () => {
    const refusal = new ReplyError("NOPERM User ops has no permissions to run the 'config|get' command");
    const node = nodeWith({ db0: 'keys=1', db4: 'keys=2' });
    expect(await databasesOf(answering(refusal), node)).toEqual([0, 1, 2, 3, 4]);
  });
});
