import { Flags } from '@oclif/core';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { connectionFlags } from '../lib/terminal/flags.ts';
import { renderNodes, renderNodesJson } from '../lib/view/nodes.ts';

export default class Nodes extends ClusterCommand {
  static override summary = 'Every node with its state, and each field of CLUSTER NODES in words.';
  static override examples = [
    '<%= config.bin %> nodes 127.0.0.1:7000',
    '<%= config.bin %> nodes 127.0.0.1:7000 --explain',
  ];
  static override usage = 'nodes HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    explain: Flags.boolean({ description: 'below the table, every field of every node in words' }),
    'full-ids': Flags.boolean({ description: 'node ids in full' }),
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Nodes);
    return this.withSession(flags, argv as string[], async ({ cluster, seeds, progress, style }) => {
      const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
      const fullIds = flags['full-ids'] || flags.verbose;
      this.print(renderNodes(topology, { nowMs: Date.now(), fullIds, explain: flags.explain, style }));
      return renderNodesJson(topology);
    });
  }
}
