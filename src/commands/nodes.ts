import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { connectionFlags } from '../lib/terminal/flags.ts';

export default class Nodes extends ClusterCommand {
  static override description = 'Every node with its state, each field of CLUSTER NODES in words.';
  static override strict = false;
  static override flags = { ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Nodes);
    return this.withSession(flags, argv as string[], async ({ seeds }) => ({ seeds }));
  }
}
