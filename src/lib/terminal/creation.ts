/** What the commands share that make a cluster: carrying out the plan, and the check at the end. */
import { type CreateOptions, createCluster } from '../apply/create.ts';
import { observeSteady } from '../apply/observe-steady.ts';
import { checkTopology } from '../check/rules.ts';
import { formatAddress } from '../model/address.ts';
import type { Topology } from '../model/topology.ts';
import type { Plan } from '../plan/plan.ts';
import { mapByDefault, renderCheck, renderCheckJson } from '../view/check.ts';
import type { Session } from './base-command.ts';

/** What --json shows of a creation that was carried out. */
export interface CreationDocument {
  readonly version: 1;
  readonly outcome: 'done';
  readonly run: string;
  readonly plan: Plan;
  readonly check: object;
  readonly durationMs: number;
}

/** Carries out a plan that was shown and consented to, and prints what has become of it. */
export async function makeCluster(
  { cluster, seeds, progress, style }: Session,
  plan: Plan,
  topology: Topology,
  options: Omit<CreateOptions, 'cluster' | 'emit'>,
  print: (text: string) => void,
): Promise<CreationDocument> {
  const begun = performance.now();
  await createCluster(plan, topology, { ...options, cluster, emit: progress.emit });
  const durationMs = performance.now() - begun;
  const made = await progress.during('Asking every node', () => observeSteady(cluster, seeds.slice(0, 1)));
  const findings = checkTopology(made);
  const seed = formatAddress(made.seed);
  print(renderCheck(made, findings, { seed, multipleOwners: 'not-searched', map: mapByDefault(style), style }));
  const { run } = options.journal;
  return { version: 1, outcome: 'done', run, plan, check: renderCheckJson(made, findings), durationMs };
}
