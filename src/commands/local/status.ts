import { localClusterStatus } from '../../lib/local/cluster-status.ts';
import { ClusterCommand } from '../../lib/terminal/base-command.ts';
import { localDirectory } from '../../lib/terminal/directories.ts';
import { EXIT } from '../../lib/terminal/exit-codes.ts';
import { dirFlag } from '../../lib/terminal/flags.ts';
import { renderLocalStatus } from '../../lib/view/local.ts';

export default class LocalStatus extends ClusterCommand {
  static override summary = 'How the servers of the local cluster are.';
  static override description = 'Exit code 1 where a server that was started is not running.';
  static override examples = ['<%= config.bin %> local status'];
  static override usage = 'local status [FLAGS]';
  static override flags = { ...dirFlag };

  async run(): Promise<object> {
    const { flags } = await this.parse(LocalStatus);
    const dir = localDirectory(flags.dir, process.env);
    const nodes = await localClusterStatus(dir);
    this.print(renderLocalStatus(dir, nodes, this.style(flags)));
    this.setExitCode(nodes?.some(({ state }) => state !== 'running') ? EXIT.failed : EXIT.done);
    return { version: 1, dir, nodes: nodes ?? [] };
  }
}
