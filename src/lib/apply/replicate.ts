/** Making a node the replica of another. */
import { OpsError } from '../errors.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

const POLL_MS = 25;

/** The node may hear of its primary only in a moment: that is waited for, every other error ends it. */
export async function replicate(execution: Execution, step: Extract<Step, { kind: 'replicate' }>): Promise<void> {
  const { address } = nodeOf(execution, step.node);
  const what = `${step.node.address} to become a replica of ${step.primary.address}`;
  await waitUntilNothingIsMissing(
    { what, timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal },
    async () => {
      const [reply] = await execution.cluster.callMany(address, [argv.clusterReplicate(step.primary.id)]);
      if (!(reply instanceof ReplyError)) return [];
      if (reply.kind === 'unknown-node') return [`${step.node.address} does not know ${step.primary.address} yet`];
      throw new OpsError('FAILED', `Node ${step.node.address} refused CLUSTER REPLICATE: ${reply.message}`, {
        cause: reply,
      });
    },
    () => undefined,
  );
}
