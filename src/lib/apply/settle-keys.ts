/**
 * The step before a half-done move goes on: the slots are opened as the move will open them, and of every key that both
 * sides have one value stays. From here on clients find each key, at the source first and then at the target:
 *
 *   client ── GET k ──► source, MIGRATING     has k: answers
 *                         │ has not: ASK
 *                         ▼
 *                       target, IMPORTING     answers after ASKING
 */

import { eachSlot } from '../model/slot-set.ts';
import type { Step } from '../plan/plan.ts';
import { argv } from '../wire/argv.ts';
import { throwIfInterrupted } from './clock.ts';
import { type Execution, nodeOf } from './execution.ts';
import { databasesOf } from './move/server-settings.ts';
import { settleKey } from './settle-key.ts';
import { keysIn, setSlots } from './slot-commands.ts';

export async function settleKeys(execution: Execution, step: Extract<Step, { kind: 'settle-keys' }>): Promise<void> {
  const { cluster, conflicts } = execution;
  const [source, target] = [nodeOf(execution, step.source), nodeOf(execution, step.target)];
  const slots = [...eachSlot(step.slots)];
  await setSlots(
    cluster,
    target,
    // It may take a primary that failed over for the owner: a node that imports a slot takes no news about it.
    slots.flatMap((slot) => [argv.clusterSetSlotNode(slot, source.id), argv.clusterSetSlotImporting(slot, source.id)]),
  );
  await setSlots(
    cluster,
    source,
    slots.map((slot) => argv.clusterSetSlotMigrating(slot, target.id)),
  );
  for (const database of await databasesOf(cluster, source)) {
    for (const slot of slots) {
      throwIfInterrupted(execution.signal);
      const [here, there] = await Promise.all([source, target].map((node) => keysIn(cluster, node, slot, database)));
      const names = new Set((there ?? []).map((key) => key.toString('hex')));
      for (const key of (here ?? []).filter((each) => names.has(each.toString('hex'))))
        await settleKey({ cluster, desk: conflicts }, { source, target, serving: 'source', slot, database }, key);
    }
  }
}
