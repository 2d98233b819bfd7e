/** Watches the latency of the nodes that are loaded, and has their pace reined in while it is above the bound. */
import type { NodeId } from '../../model/node.ts';
import { argv } from '../../wire/argv.ts';
import type { Execution } from '../execution.ts';
import type { IndexedMove } from './all.ts';
import type { Pace } from './pace.ts';

const PROBE_EVERY_MS = 50;

/** Probes only while some pace has a latency bound. A probe that fails says nothing about latency. */
export function guardLatency(
  execution: Execution,
  moves: readonly IndexedMove[],
  paces: ReadonlyMap<NodeId, Pace>,
): { readonly stop: () => void } {
  const timer = setInterval(() => {
    for (const { move } of moves) {
      const pace = paces.get(move.source.id);
      if (pace === undefined || pace.limits.latencyMsMax === null) continue;
      void slowest(execution, [move.source.id, move.target.id]).then(
        (latencyMs) => pace.observeLatency(latencyMs),
        () => undefined,
      );
    }
  }, PROBE_EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

async function slowest(execution: Execution, ids: readonly NodeId[]): Promise<number> {
  const probes = ids.map(async (id) => {
    const node = execution.nodes.get(id);
    if (node === undefined) return 0;
    const begun = performance.now();
    await execution.cluster.callMany(node.address, [argv.ping()], { channel: 'probe' });
    return performance.now() - begun;
  });
  return Math.max(...(await Promise.all(probes)));
}
