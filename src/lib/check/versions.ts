/** Do all nodes run the same server? Normal during an upgrade, surprising after it. */
import { formatFlavor } from '../model/flavor.ts';
import { reachedNodes } from '../model/topology.ts';
import { groupBy } from './group.ts';
import type { Rule } from './rule.ts';
import { listInWords, nameOf } from './words.ts';

export const versions: Rule = {
  name: 'versions',
  finds: 'nodes that run different products or versions',
  check: (topology) => {
    const groups = [...groupBy(reachedNodes(topology), (node) => formatFlavor(node.reach.view.flavor))];
    if (groups.length < 2) return [];
    const [, ...others] = [...groups].sort(([, a], [, b]) => b.length - a.length);
    const parts = groups.map(([flavor, nodes]) => `${flavor} (${listInWords(nodes.map(nameOf))})`);
    const odd = new Set(others.flatMap(([, nodes]) => nodes.map((node) => node.id)));
    return [
      {
        rule: 'versions',
        severity: 'warning',
        message: `The nodes run different versions: ${parts.join('; ')}.`,
        nodeIds: reachedNodes(topology)
          .map((node) => node.id)
          .filter((id) => odd.has(id)),
        suggestion: 'Finish the upgrade before slots are moved.',
      },
    ];
  },
};
