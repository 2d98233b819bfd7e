import { Flags } from '@oclif/core';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { nameOf } from '../lib/check/words.ts';
import { OpsError } from '../lib/errors.ts';
import type { Address } from '../lib/model/address.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { Topology } from '../lib/model/topology.ts';
import { findNode } from '../lib/model/topology.ts';
import type { AddRequest } from '../lib/plan/add-nodes.ts';
import { planAddNodes } from '../lib/plan/add-nodes.ts';
import { withNewcomers } from '../lib/plan/newcomers.ts';
import { compareFunctions } from '../lib/redis/read-functions.ts';
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
    const zones = parseZones(flags.zone ?? []);
    return this.withRun(flags, [existing], async (session, members, journal) => {
      const { cluster, seeds, progress } = session;
      const asked = await progress.during('Asking the new nodes', () => cluster.observeEach(named));
      const topology = withNewcomers(members, asked);
      const own = [`${CLIENT_NAME_PREFIX}${journal.run}`];
      if (!flags.force) await refuseBeside(cluster, strangersIn(asked, members), own, { isTakeover: true });
      const request: AddRequest = {
        ids: asked.nodes.map(({ id }) => id),
        role: flags.replica ? { kind: 'replica', of: flags.of ?? null } : { kind: 'primary' },
        zones,
        functions: await compareFunctions(cluster, members, asked),
        rebalance: flags.rebalance ? { mover: flags.mover } : null,
      };
      const plan = this.acceptableAfter(planAddNodes(topology, request), 'add', request.ids);
      const look = async (): Promise<Topology> =>
        withNewcomers(await cluster.observe(seeds), await cluster.observeEach(named));
      const seed = formatAddress(members.seed);
      const document = await this.carryOutChange(
        session,
        journal,
        {
          plan,
          topology,
          look,
          goal: { kind: 'add', ids: request.ids },
          headings: asked.nodes.map((node) => `>>> Adding node ${nameOf(node)} to cluster ${seed}`),
          question: 'Do you want to add this?',
          isDangerous: flags.rebalance,
          nothing: 'Nothing to do: every node knows them already, and they serve.',
        },
        flags,
      );
      if (document.outcome !== 'planned') this.print('[OK] New node added correctly.');
      return document;
    });
  }
}

/** The last address is of the cluster; as everywhere, its port may be a word of its own. */
function splitExisting(words: readonly string[]): {
  readonly existing: string | undefined;
  readonly named: readonly Address[];
} {
  const last = words.at(-1);
  const isPort = last !== undefined && /^\d{1,5}$/.test(last);
  const existing = isPort ? `${words.at(-2)}:${last}` : last;
  return { existing, named: parseAddresses(words.slice(0, isPort ? -2 : -1)) };
}

/** Members were looked at with the others: what one of them has open is the cluster's. */
function strangersIn(asked: Topology, members: Topology): Topology {
  return { ...asked, nodes: asked.nodes.filter(({ id }) => findNode(members, id) === undefined) };
}
