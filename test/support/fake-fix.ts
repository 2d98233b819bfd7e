/** Fixing a fake cluster as the command does: look, plan, carry out. */
import type { ConflictDesk, Verdict } from '../../src/lib/apply/conflicts.ts';
import { MOVE_DEFAULTS } from '../../src/lib/apply/move/settings.ts';
import { runFix } from '../../src/lib/apply/run-fix.ts';
import { type FixPlanned, planFix } from '../../src/lib/plan/fix.ts';
import type { MoveIntent } from '../../src/lib/plan/fix-diagnosis.ts';
import { suspectSlots } from '../../src/lib/plan/slot-facts.ts';
import { readSlotEvidence } from '../../src/lib/redis/slot-evidence.ts';
import type { FakeCluster } from './fake-cluster.ts';
import { memoryJournal } from './fake-run.ts';

export interface FixRun {
  readonly planned: FixPlanned;
  readonly failure: unknown;
  readonly left: ReadonlySet<number>;
  /** `key=value` of each value that was deleted because another won. */
  readonly aside: readonly string[];
}

/** What it throws is the result's `failure`. A plan without steps, or a refusal, is not carried out. */
export async function fixFake(
  cluster: FakeCluster,
  { verdict = 'skip', intents = [] }: { readonly verdict?: Verdict; readonly intents?: readonly MoveIntent[] } = {},
): Promise<FixRun> {
  const left = new Set<number>();
  const aside: string[] = [];
  const desk: ConflictDesk = {
    left,
    leave: ({ slot }) => void left.add(slot),
    keepAside: ({ key, dump }) => void aside.push(`${key}=${dump}`),
    decide: () => Promise.resolve(verdict),
  };
  const topology = cluster.topology();
  const evidence = await readSlotEvidence(cluster, topology, suspectSlots(topology));
  const planned = planFix(topology, evidence, {
    intents,
    coverTo: null,
    withUnreachable: false,
    busy: { slots: [], nodes: [] },
  });
  if (!planned.ok || planned.plan.steps.length === 0) return { planned, failure: null, left, aside };
  const failure = await runFix(planned.plan, topology, {
    cluster,
    journal: memoryJournal(),
    emit: () => undefined,
    signal: cluster.operator.signal,
    waitTimeoutMs: 5_000,
    clock: cluster.clock,
    move: { ...MOVE_DEFAULTS, strayMarks: 'leave' },
    conflicts: desk,
  }).then(
    () => null,
    (cause: unknown) => cause,
  );
  return { planned, failure, left, aside };
}
