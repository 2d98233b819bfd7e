/** Making nodes forget everything they know of a cluster. Planned only for nodes that hold no keys. */
import { OpsError } from '../errors.ts';
import { formatAddress } from '../model/address.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { parseInfo } from '../wire/info.ts';
import { ReplyError } from '../wire/reply-error.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { Execution } from './execution.ts';
import { nodeOf } from './execution.ts';

const POLL_MS = 100;
/** A MEET that was under way when the node forgot makes it know its sender again; it must stay alone for this many looks. */
const LOOKS_ALONE_MIN = 3;

/**
 * CLUSTER RESET HARD, again until the node stays alone. Keys are looked for right BEFORE: the server itself refuses
 * only primaries with keys (Redis 7.0: `ERR CLUSTER RESET can't be called with master nodes containing keys`).
 */
export async function reset(execution: Execution, step: Extract<Step, { kind: 'reset' }>): Promise<void> {
  const { address } = nodeOf(execution, step.node);
  let looksAlone = 0;
  await waitUntilNothingIsMissing(
    {
      what: `${formatAddress(address)} to forget the other nodes`,
      timeoutMs: execution.waitTimeoutMs,
      pollMs: POLL_MS,
      signal: execution.signal,
    },
    async () => {
      const [clusterInfo, size] = await execution.cluster.callMany(address, [argv.clusterInfo(), argv.databaseSize()]);
      if (typeof size !== 'number' || size > 0)
        throw new OpsError('REFUSED', `Node ${formatAddress(address)} holds keys and is not reset.`);
      const isAlone = parseInfo(String(clusterInfo))['cluster_known_nodes'] === '1' && looksAlone > 0;
      if (!isAlone) {
        const [reply] = await execution.cluster.callMany(address, [argv.clusterResetHard()]);
        if (reply instanceof ReplyError)
          throw new OpsError('FAILED', `Node ${formatAddress(address)} refused CLUSTER RESET: ${reply.message}`, {
            cause: reply,
          });
      }
      looksAlone = isAlone ? looksAlone + 1 : 1;
      return looksAlone > LOOKS_ALONE_MIN ? [] : [`${formatAddress(address)} was reset a moment ago`];
    },
    () => undefined,
  );
}
