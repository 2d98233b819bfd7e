/**
 * Resetting a node that all others have forgotten. SOFT, as redis-cli does it, takes it out of the cluster; HARD gives it
 * another id as well. With its old id the others would not hear of it for the 60 s of their ban when it is added again,
 * and a member that was away while they forgot would find it, and bring it back to all of them.
 */
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
 * Again until the node stays alone. A replica drops its copy of the data (`clusterReset`, every version); a primary with
 * keys refuses, and FAILED says so. One that stops answering is left as it is, with a notice: the others are rid of it.
 */
export async function leave(execution: Execution, step: Extract<Step, { readonly kind: 'leave' }>): Promise<void> {
  const { address } = nodeOf(execution, step.node);
  const name = formatAddress(address);
  let looksAlone = -1;
  const look = async (): Promise<readonly string[]> => {
    const [info] = await execution.cluster.callMany(address, [argv.clusterInfo()]);
    const isAlone = parseInfo(String(info))['cluster_known_nodes'] === '1' && looksAlone >= 0;
    looksAlone = isAlone ? looksAlone + 1 : 0;
    if (isAlone) return looksAlone >= LOOKS_ALONE_MIN ? [] : [`${name} was reset a moment ago`];
    const replies = await execution.cluster.callMany(address, [argv.clusterResetSoft(), argv.clusterResetHard()]);
    const refusal = replies.find((reply) => reply instanceof ReplyError);
    if (refusal instanceof ReplyError)
      throw new OpsError('FAILED', `Node ${name} refused CLUSTER RESET: ${refusal.message}`, {
        suggestions: [
          `All others have forgotten it. If nobody needs its data: FLUSHALL, then CLUSTER RESET, to ${name}.`,
        ],
        cause: refusal,
      });
    return [`${name} was reset a moment ago`];
  };
  const what = `${name} to forget the other nodes`;
  const bound = { timeoutMs: execution.waitTimeoutMs, pollMs: POLL_MS, signal: execution.signal };
  try {
    await waitUntilNothingIsMissing({ what, ...bound }, look, () => undefined);
  } catch (cause) {
    if (!(cause instanceof OpsError) || cause.code !== 'UNREACHABLE') throw cause;
    const message = `>>> Skipping unreachable node ${name}. It may need manual reconfiguration when it comes back online.`;
    execution.emit({ event: 'notice', message });
  }
}
