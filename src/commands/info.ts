import { observeSteady } from '../lib/apply/observe-steady.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { connectionFlags, mapFlag } from '../lib/terminal/flags.ts';
import { renderInfo, renderInfoJson } from '../lib/view/info.ts';

export default class Info extends ClusterCommand {
  static override summary = 'Shards, keys, memory and slots at a glance.';
  static override examples = ['<%= config.bin %> info 127.0.0.1:7000'];
  static override usage = 'info HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = { ...mapFlag('on a terminal'), ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Info);
    return this.withSession(flags, argv as string[], async ({ cluster, seeds, progress, style }) => {
      const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
      this.print(renderInfo(topology, { map: flags.map ?? style.width !== null, style }));
      return renderInfoJson(topology);
    });
  }
}
