/** What the commands share that make a cluster. */
import { observeSteady } from '../apply/observe-steady.ts';
import { checkTopology } from '../check/rules.ts';
import { formatAddress } from '../model/address.ts';
import { renderCheck, renderCheckJson } from '../view/check.ts';
import type { Session } from './base-command.ts';

/** Prints what has become of it; the document for --json. */
export async function reportCreation(
  { cluster, seeds, progress, style }: Session,
  print: (text: string) => void,
): Promise<object> {
  const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds.slice(0, 1)));
  const findings = checkTopology(topology);
  print(renderCheck(topology, findings, { seed: formatAddress(topology.seed), multipleOwners: 'not-searched', style }));
  return renderCheckJson(topology, findings);
}
