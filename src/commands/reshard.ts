import { Flags } from '@oclif/core';
import { planReshard } from '../lib/plan/reshard.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MoveCommand } from '../lib/terminal/move-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { readReshardRequest } from '../lib/terminal/reshard-request.ts';

export default class Reshard extends MoveCommand {
  static override summary = 'Move slots, with their keys, from some primaries to others.';
  static override description =
    `Shows the plan, asks, and moves many slots at a time while clients go on. It can be interrupted at any moment:
\`cluster resume\` goes on, \`cluster undo\` goes back.

On a terminal, what is not said is asked for.`;
  static override examples = [
    '<%= config.bin %> reshard 127.0.0.1:7000 --from all --to 127.0.0.1:7003 --slots 1000',
    '<%= config.bin %> reshard 127.0.0.1:7000 --ranges 0-99,500 --to 127.0.0.1:7003 --yes',
    '<%= config.bin %> reshard 127.0.0.1:7000 --from 127.0.0.1:7000 --to 127.0.0.1:7001,127.0.0.1:7002 --slots all',
  ];
  static override usage = 'reshard HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    from: Flags.string({
      description: 'primaries that give, or "all"',
      helpValue: 'ID,...',
      aliases: ['cluster-from'],
    }),
    to: Flags.string({ description: 'primaries that receive', helpValue: 'ID,...', aliases: ['cluster-to'] }),
    slots: Flags.string({
      description: 'how many slots, or "all" of the sources',
      helpValue: 'N',
      aliases: ['cluster-slots'],
    }),
    ranges: Flags.string({
      description: 'exactly these slots, as in 0-99,500',
      helpValue: 'SLOTS',
      exclusive: ['slots'],
    }),
    ...moveFlags,
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Reshard);
    this.requireSomeoneToAsk(flags);
    return this.withRun(flags, argv as string[], async (session, topology, journal) => {
      const request = await readReshardRequest(flags, topology, this.jsonEnabled());
      const plan = this.acceptable(planReshard(topology, request));
      return this.carryOut(
        session,
        topology,
        journal,
        plan,
        flags,
        'Do you want to proceed with the proposed reshard plan?',
      );
    });
  }
}
