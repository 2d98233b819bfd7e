/**
 * Observing a cluster that may have changed a moment ago. Right after a change views differ, and primaries do not
 * serve yet, for up to some seconds; that is news under way, not ill health, and it is looked at again within a bound
 * before it is reported.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../check/finding.ts';
import { checkTopology } from '../check/rules.ts';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { Cluster } from '../redis/cluster.ts';
import type { Wait } from './clock.ts';
import { waitUntilNothingIsMissing } from './clock.ts';
import type { Emit } from './events.ts';

/** How long news may be under way. Gossip reaches all nodes well within it. */
const SETTLE_TIMEOUT_MS = 2000;
const POLL_MS = 100;

/** The first steady topology, or the last one that was seen within the bound. */
export async function observeSteady(cluster: Cluster, seeds: readonly Address[]): Promise<Topology> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const topology = await cluster.observe(seeds);
    if (!mayPass(topology) || performance.now() >= deadline) return topology;
    await sleep(POLL_MS);
  }
}

/** The first topology without an error; throws TIMEOUT with the findings that are left. */
export async function waitUntilHealthy(
  cluster: Cluster,
  seeds: readonly Address[],
  bound: Pick<Wait, 'timeoutMs' | 'signal'>,
  emit: Emit,
): Promise<Topology> {
  const what = 'the cluster to serve';
  let topology = await cluster.observe(seeds);
  await waitUntilNothingIsMissing(
    { what, pollMs: POLL_MS, ...bound },
    unlessUnseen(async () => {
      topology = await cluster.observe(seeds);
      return errorsOf(topology).map(({ message }) => message);
    }),
    (missing) => emit({ event: 'wait', what, missing }),
  );
  emit({ event: 'wait-end', what });
  return topology;
}

/** True where what is wrong may be news under way: a hole that all nodes agree about is not. */
function mayPass(topology: Topology): boolean {
  const rules = new Set(errorsOf(topology).map(({ rule }) => rule));
  if (rules.has('agreement')) return true;
  return rules.has('cluster-state') && !rules.has('coverage');
}

function errorsOf(topology: Topology): readonly Finding[] {
  return checkTopology(topology).filter(({ severity }) => severity === 'error');
}

/** For a wait that looks at the cluster: that nobody answers is one more thing that may pass, and no reason to give up. */
export function unlessUnseen(look: () => Promise<readonly string[]>): () => Promise<readonly string[]> {
  return () =>
    look().catch((cause: unknown) => {
      if (cause instanceof OpsError && cause.code === 'UNREACHABLE') return [cause.message];
      throw cause;
    });
}
