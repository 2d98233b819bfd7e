import { describe, expect, it } from 'vitest';
import type { Execution } from '../../../src/lib/apply/execution.ts';
import { join } from '../../../src/lib/apply/join.ts';
import { refTo } from '../../../src/lib/plan/node-ref.ts';
import { error, scriptedCluster } from '../../support/scripted-cluster.ts';
import { topology } from '../../support/topology-builder.ts';

const NO_RIGHT = "NOPERM this user has no permissions to run the 'cluster|meet' command";

describe('making nodes know each other', () => {
  it('fails at once where the user may not introduce them: nobody would ever come', async () => {
    const { nodes } = topology().primary('a').primary('b').build();
    const [a, b] = nodes;
    const to = b?.peerAddress;
    const cluster = scriptedCluster([
      { sent: `${a?.address.port}> CLUSTER MEET ${to?.host} ${to?.port}`, reply: error(NO_RIGHT) },
    ]);
    const execution = {
      cluster,
      emit: () => undefined,
      signal: new AbortController().signal,
      waitTimeoutMs: 50,
      nodes: new Map(nodes.map((node) => [node.id, node])),
    } as unknown as Execution;
    await expect(join(execution, { kind: 'join', nodes: nodes.map(refTo) })).rejects.toMatchObject({
      code: 'FAILED',
      message: expect.stringContaining(NO_RIGHT),
    });
    expect(cluster.rest()).toEqual([]);
  });
});
