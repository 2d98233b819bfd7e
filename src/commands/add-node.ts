import { Flags } from '@oclif/core';
import { OpsError } from '../lib/errors.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { AdditionRequest } from '../lib/plan/request.ts';
import { parseAddresses } from '../lib/terminal/addresses.ts';
import { connectionFlags, consentFlags, zoneFlag } from '../lib/terminal/flags.ts';
import { MemberCommand } from '../lib/terminal/member-command.ts';
import { moveFlags } from '../lib/terminal/move-flags.ts';
import { parseZones } from '../lib/terminal/placement-input.ts';

export default class AddNode extends MemberCommand {
  static override summary = 'Add new nodes to a cluster, as primaries or as replicas.';
  static override description =
    `The last address is a node of the cluster, those before it are new. Returns when every node knows them, and they
serve: a replica has its link. What was interrupted is gone on with by typing the same command again.

A replica goes to the primary with the fewest, on another host and zone than its primary where possible. A new primary
gets the functions of the cluster, and with --rebalance its share of the slots.`;
  static override examples = [
    '<%= config.bin %> add-node 127.0.0.1:7006 127.0.0.1:7000',
    '<%= config.bin %> add-node 127.0.0.1:7006 127.0.0.1:7007 127.0.0.1:7000 --replica',
    '<%= config.bin %> add-node 127.0.0.1:7006 127.0.0.1:7000 --replica --of 127.0.0.1:7001',
    '<%= config.bin %> add-node 127.0.0.1:7006 127.0.0.1:7000 --rebalance --yes',
  ];
  static override usage = 'add-node NEW-HOST:PORT... HOST:PORT [FLAGS]';
  static override strict = false;
  static override flags = {
    replica: Flags.boolean({
      description: 'add them as replicas',
      aliases: ['cluster-slave', 'cluster-replica'],
    }),
    of: Flags.string({
      description: 'the primary whose replicas they become',
      helpValue: 'ID',
      aliases: ['cluster-master-id', 'cluster-primary-id'],
      dependsOn: ['replica'],
    }),
    rebalance: Flags.boolean({
      description: 'give the new primaries their share of the slots at once',
      exclusive: ['replica'],
    }),
    zone: zoneFlag(),
    ...moveFlags,
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(AddNode);
    this.requireSomeoneToAsk(flags);
    const { existing, named } = splitExisting(argv as string[]);
    if (existing === undefined || named.length === 0)
      throw new OpsError('USAGE', 'Name the new nodes, and then a node of the cluster.', {
        suggestions: ['cluster add-node NEW-HOST:PORT HOST:PORT'],
      });
    // A slip is told BEFORE anything is connected to.
    parseAddresses(named);
    const zones = [...parseZones(flags.zone ?? [])];
    return this.withRun(flags, [existing], async (session, members, journal) => {
      const request: AdditionRequest = {
        kind: 'add',
        seed: formatAddress(members.seed),
        nodes: named,
        role: flags.replica ? { kind: 'replica', of: flags.of ?? null } : { kind: 'primary' },
        zones,
        rebalance: flags.rebalance ? { mover: flags.mover } : null,
      };
      const change = await this.planChange(session, members, request, { journal, force: flags.force });
      return this.carryOutChange(session, journal, change, flags);
    });
  }
}

/** The last address is of the cluster; as everywhere, its port may be a word of its own. */
function splitExisting(words: readonly string[]): {
  readonly existing: string | undefined;
  readonly named: readonly string[];
} {
  const last = words.at(-1);
  const isPort = last !== undefined && /^\d{1,5}$/.test(last);
  const existing = isPort ? `${words.at(-2)}:${last}` : last;
  return { existing, named: words.slice(0, isPort ? -2 : -1) };
}
