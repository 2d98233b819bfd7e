import { Flags } from '@oclif/core';
import { planRebalance, THRESHOLD_PERCENT_DEFAULT } from '../lib/plan/rebalance.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { parseThreshold, parseWeights } from '../lib/terminal/weights.ts';

export default class Rebalance extends MoveCommand {
  static override summary = 'Even out the slots over the primaries.';
  static override description =
    `Shows the plan, asks, and moves as few slots as possible, in as few pieces as possible; several pairs of nodes work
at the same time. A weight of 0 drains a primary.`;
  static override examples = [
    '<%= config.bin %> rebalance 127.0.0.1:7000',
    '<%= config.bin %> rebalance 127.0.0.1:7000 --use-empty-primaries --yes',
    '<%= config.bin %> rebalance 127.0.0.1:7000 --weight 127.0.0.1:7002=0',
  ];
  static override usage = 'rebalance HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    weight: Flags.string({
      description: 'share of a primary: 1 unless said, 0 to drain it',
      helpValue: 'NODE=W',
      multiple: true,
      // Several after one option are parted by terminal/words.ts, so that an address after them is none of them.
      multipleNonGreedy: true,
      aliases: ['cluster-weight'],
    }),
    'use-empty-primaries': Flags.boolean({
      description: 'give slots to primaries that have none',
      aliases: ['cluster-use-empty-masters', 'cluster-use-empty-primaries'],
    }),
    threshold: Flags.string({
      description: 'do nothing while all are within this many percent of their due',
      default: `${THRESHOLD_PERCENT_DEFAULT}`,
      helpValue: 'PERCENT',
      aliases: ['cluster-threshold'],
    }),
    ...moveFlags,
    ...consentFlags,
    'dry-run': Flags.boolean({
      char: 'n',
      description: 'show the plan, change nothing',
      aliases: ['cluster-simulate'],
      helpGroup: 'SAFETY',
    }),
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Rebalance);
    this.requireSomeoneToAsk(flags);
    const request = {
      weights: parseWeights(flags.weight ?? []),
      useEmptyPrimaries: flags['use-empty-primaries'],
      thresholdPercent: parseThreshold(flags.threshold),
      mover: flags.mover,
    };
    return this.withRun(flags, argv as string[], async (session, topology, journal) => {
      const plan = this.acceptable(planRebalance(topology, request));
      return this.carryOut(session, topology, journal, plan, flags, 'Do you want to move these slots?');
    });
  }
}
