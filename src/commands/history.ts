import { readRuns } from '../lib/apply/journal.ts';
import { isRunning } from '../lib/local/process-identity.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { journalDirectory } from '../lib/terminal/directories.ts';
import { renderHistory, renderHistoryJson } from '../lib/view/history.ts';

export default class History extends ClusterCommand {
  static override summary = 'What was done from this machine, newest first.';
  static override description =
    'Every run that changed a cluster is in the journal below $XDG_STATE_HOME, with its plan and how far it came.';
  static override examples = ['<%= config.bin %> history', '<%= config.bin %> history --json'];
  static override usage = 'history [FLAGS]';
  static override flags = {};

  async run(): Promise<object> {
    const { flags } = await this.parse(History);
    const runs = readRuns(journalDirectory(process.env)).map((run) => ({
      run: run.run,
      beganAt: run.beganAt,
      intention: run.plan.intention,
      stepsEnded: run.ended.size,
      steps: run.plan.steps.length,
      state: run.outcome ?? (isRunning(run.process) ? ('running' as const) : ('interrupted' as const)),
    }));
    this.print(renderHistory(runs, this.style(flags)));
    return renderHistoryJson(runs);
  }
}
