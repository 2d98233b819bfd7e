/** Which slots are the servers themselves moving right now? Each migration once, although both sides report it. */
import type { NodeId } from '../model/node.ts';
import type { SlotMigration, Topology } from '../model/topology.ts';
import { reachedNodes, slotsOfMigration } from '../model/topology.ts';
import type { Finding } from './finding.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { nameById, slotsInWords } from './words.ts';

export const atomicMigrations: Rule = {
  name: 'atomic-migrations',
  finds: 'slot migrations that run inside the servers',
  check: (topology) => {
    const running = reachedNodes(topology)
      .flatMap((node) => node.reach.view.migrations)
      .filter((migration) => migration.isRunning);
    return [...groupBy(running, (migration) => migration.id).values()].map((sides) => findingOf(topology, sides));
  },
};

/** The source knows best how far it is; either side may know only itself. */
function findingOf(topology: Topology, sides: readonly SlotMigration[]): Finding {
  const best = sides.find((side) => side.side === 'source') ?? sides[0];
  const sourceId = sides.find((side) => side.sourceId !== null)?.sourceId ?? null;
  const targetId = sides.find((side) => side.targetId !== null)?.targetId ?? null;
  const ranges = best?.slotRanges ?? '';
  const slots = slotsOfMigration({ slotRanges: ranges });
  const ids: readonly (NodeId | null)[] = [sourceId, targetId];
  const name = (id: NodeId | null): string => (id === null ? 'an unknown node' : nameById(topology, id));
  return {
    rule: 'atomic-migrations',
    severity: 'note',
    message: `The servers are moving ${slots ? slotsInWords(slots) : `slots ${ranges}`} from ${name(sourceId)} to ${name(targetId)}: ${best?.state}.`,
    nodeIds: topology.nodes.map((node) => node.id).filter((id) => ids.includes(id)),
    ...(slots ? { slots } : {}),
  };
}
