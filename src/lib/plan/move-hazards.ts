/** What should a person know before these slots are moved? What follows from measured data is in `estimate.ts`. */
import { groupBy } from '../check/group.ts';
import { isLinkUp } from '../check/replica-links.ts';
import { listInWords, nameOf } from '../check/words.ts';
import { countSlots } from '../model/slot-set.ts';
import type { Topology } from '../model/topology.ts';
import type { SlotFlow } from './moves.ts';
import type { Hazard } from './plan.ts';

/** `emptied-primary` and `no-replica`: one sentence each, however many nodes it is about. */
export function moveHazards(topology: Topology, flows: readonly SlotFlow[]): readonly Hazard[] {
  return [...emptiedPrimaries(flows), ...withoutReplica(topology, flows)];
}

/**
 * A primary that loses its last slot becomes a replica of whoever took it, and its replicas follow. Source:
 * `clusterUpdateSlotsConfigWith`, Redis 6.2 and later, every Valkey; the setting is on unless it was changed.
 */
function emptiedPrimaries(flows: readonly SlotFlow[]): readonly Hazard[] {
  const emptied = [...groupBy(flows, ({ source }) => source)].filter(
    ([source, own]) => own.reduce((sum, { slots }) => sum + countSlots(slots), 0) === countSlots(source.entry.slots),
  );
  if (emptied.length === 0) return [];
  const receivers = [...new Set(emptied.flatMap(([, own]) => own.map(({ target }) => nameOf(target))))];
  const names = listInWords(emptied.map(([source]) => nameOf(source)));
  const fate = emptied.length === 1 ? 'may then become a replica of' : 'may then become replicas of';
  const message = `${names} will have no slots left and ${fate} ${orInWords(receivers)}, unless cluster-allow-replica-migration is no.`;
  return [{ name: 'emptied-primary', message }];
}

/** As in `check`, only a replica that answers and is up to date can take over. */
function withoutReplica(topology: Topology, flows: readonly SlotFlow[]): readonly Hazard[] {
  const guarded = new Set(topology.nodes.filter(isLinkUp).map(({ entry }) => entry.primaryId));
  const involved = [...new Set(flows.flatMap(({ source, target }) => [source, target]))];
  const bare = involved.filter(({ id }) => !guarded.has(id));
  if (bare.length === 0) return [];
  const who =
    bare.length === involved.length && bare.length > 2
      ? `All ${bare.length} nodes that take part`
      : listInWords(bare.map(nameOf));
  const verb = bare.length === 1 ? 'has' : 'have';
  const message = `${who} ${verb} no healthy replica: a failure during the move stops it and may lose keys.`;
  return [{ name: 'no-replica', message }];
}

/** `a`, `a or b`, `one of 9 others`. */
function orInWords(names: readonly string[]): string {
  return names.length > 3 ? `one of ${names.length} others` : names.join(' or ');
}
