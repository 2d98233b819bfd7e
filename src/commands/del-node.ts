import { Flags } from '@oclif/core';
import { OpsError } from '../lib/errors.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { RemovalRequest } from '../lib/plan/request.ts';
import { connectionFlags, consentFlags, zoneFlag } from '../lib/terminal/flags.ts';
import { MemberCommand } from '../lib/terminal/member-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { parseZones } from '../lib/terminal/placement-input.ts';
import { splitSeed } from '../lib/terminal/removal.ts';

export default class DelNode extends MemberCommand {
  static override summary = 'Remove nodes from a cluster, also dead ones.';
  static override description =
    `The first address is any node of the cluster, what follows names those to remove: by id, by the beginning of one, or
by host:port. Their replicas get other primaries, every node forgets them, and they are reset, which drops a replica's
copy of the data and gives the node another id. The server process goes on.

A primary with slots is refused, or its slots are moved to others first with --drain.`;
  static override examples = [
    '<%= config.bin %> del-node 127.0.0.1:7000 127.0.0.1:7006',
    '<%= config.bin %> del-node 127.0.0.1:7000 07c37dfeb235213a872192d90877d0cd55635b91 --yes',
    '<%= config.bin %> del-node 127.0.0.1:7000 127.0.0.1:7003 --drain',
    '<%= config.bin %> del-node 127.0.0.1:7000 127.0.0.1:7003 --drain --to 127.0.0.1:7001',
  ];
  static override usage = 'del-node HOST:PORT NODE... [FLAGS]';
  static override strict = false;
  static override flags = {
    drain: Flags.boolean({ description: 'move their slots to other primaries first' }),
    to: Flags.string({
      description: 'the primaries that get the slots; all that have slots and stay unless given',
      helpValue: 'ID,...',
      dependsOn: ['drain'],
    }),
    zone: zoneFlag('where a host is, for the replicas that get other primaries'),
    ...moveFlags,
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(DelNode);
    this.requireSomeoneToAsk(flags);
    const { seed, names } = splitSeed(argv as string[]);
    if (names.length === 0)
      throw new OpsError('USAGE', 'Name a node of the cluster, and then the nodes to remove.', {
        suggestions: ['cluster del-node HOST:PORT ID'],
      });
    const zones = [...parseZones(flags.zone ?? [])];
    return this.withRun(flags, [seed], async (session, members, journal) => {
      const request: RemovalRequest = {
        kind: 'remove',
        seed: formatAddress(members.seed),
        names,
        drain: flags.drain ? { to: flags.to?.split(',') ?? null, mover: flags.mover } : null,
        zones,
        which: 'any',
      };
      const change = await this.planChange(session, members, request, { journal, force: flags.force });
      return this.carryOutChange(session, journal, change, flags);
    });
  }
}
