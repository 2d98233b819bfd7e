import { refuseStale } from '../lib/apply/run-moves.ts';
import { OpsError } from '../lib/errors.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { readPlan } from '../lib/terminal/plan-file.ts';
import { addressesOf } from '../lib/terminal/runs.ts';

export default class Apply extends MoveCommand {
  static override summary = 'Do exactly what a saved plan says.';
  static override description =
    `A plan is saved with --plan-out by the command that made it. It is refused, with the difference, when the cluster is
not what the plan was made from any more. Plans that move slots can be applied; a creation is planned the same way each
time, so it is simply typed again.`;
  static override examples = [
    '<%= config.bin %> apply plan.json',
    '<%= config.bin %> apply plan.json 127.0.0.1:7000 --yes',
  ];
  static override usage = 'apply FILE [HOST:PORT...] [FLAGS]';
  static override strict = false;
  static override flags = { ...moveFlags, ...consentFlags, ...connectionFlags };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Apply);
    const [file, ...words] = argv as string[];
    if (file === undefined)
      throw new OpsError('USAGE', 'Name the file of the plan.', { suggestions: ['cluster apply FILE'] });
    const plan = readPlan(file);
    const seeds = words.length > 0 ? words : addressesOf(plan);
    return this.withRun(flags, seeds, async (session, topology, journal) => {
      refuseStale(plan, topology);
      return this.carryOut(
        session,
        topology,
        journal,
        plan,
        { ...flags, yes: flags.yes || this.jsonEnabled() },
        'Do you want to apply this plan?',
      );
    });
  }
}
