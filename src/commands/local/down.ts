import { Flags } from '@oclif/core';
import { stopLocalCluster } from '../../lib/local/stop-cluster.ts';
import { ClusterCommand } from '../../lib/terminal/base-command.ts';
import { localDirectory } from '../../lib/terminal/directories.ts';
import { dirFlag } from '../../lib/terminal/flags.ts';

export default class LocalDown extends ClusterCommand {
  static override summary = 'Stop the servers of the local cluster, and only those.';
  static override description = 'Their data is removed, unless it is to be kept for the next `local up`.';
  static override examples = ['<%= config.bin %> local down', '<%= config.bin %> local down --keep'];
  static override usage = 'local down [FLAGS]';
  static override flags = {
    ...dirFlag,
    keep: Flags.boolean({ description: 'keep the data: `local up` brings the same cluster back' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(LocalDown);
    const dir = localDirectory(flags.dir, process.env);
    const { stopped, isRemoved } = await stopLocalCluster(dir, { keep: flags.keep });
    const data = isRemoved ? 'Their data is removed.' : flags.keep ? 'Their data is kept.' : '';
    this.print(
      stopped.length === 0
        ? `No server was running. ${data}`.trim()
        : `[OK] Stopped ${stopped.length} servers. ${data}`.trim(),
    );
    return { version: 1, dir, stopped, removed: isRemoved };
  }
}
