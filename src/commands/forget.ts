import { Flags } from '@oclif/core';
import { listInWords } from '../lib/check/words.ts';
import { OpsError } from '../lib/errors.ts';
import { formatAddress } from '../lib/model/address.ts';
import type { Topology } from '../lib/model/topology.ts';
import { failedNodes, failedOwners } from '../lib/plan/failed-nodes.ts';
import { refTo } from '../lib/plan/node-ref.ts';
import type { RemovalRequest } from '../lib/plan/request.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { MemberCommand } from '../lib/terminal/member-command.ts';
import { moveFlags, WITHOUT_MOVES } from '../lib/terminal/move-flags.ts';
import { splitSeed } from '../lib/terminal/removal.ts';

export default class Forget extends MemberCommand {
  static override summary = 'Make every node forget nodes that are gone for good.';
  static override description =
    `With --failed, all nodes that do not answer, that every other node flags as failed, without address or in handshake,
and that own no slots. Otherwise the dead nodes that are named. Nodes that answer are removed with del-node.`;
  static override examples = [
    '<%= config.bin %> forget 127.0.0.1:7000 --failed',
    '<%= config.bin %> forget 127.0.0.1:7000 07c37dfeb235213a872192d90877d0cd55635b91',
  ];
  static override usage = 'forget HOST:PORT [NODE...] [FLAGS]';
  static override strict = false;
  static override flags = {
    failed: Flags.boolean({ description: 'all that have failed and own no slots' }),
    force: moveFlags.force,
    'wait-timeout': moveFlags['wait-timeout'],
    ...consentFlags,
    ...connectionFlags,
  };
  async run(): Promise<object> {
    const { flags: parsed, argv } = await this.parse(Forget);
    const flags = { ...WITHOUT_MOVES, ...parsed };
    this.requireSomeoneToAsk(flags);
    const { seed, names } = splitSeed(argv as string[]);
    // A switch that is off is not there.
    if ((flags.failed === true) === names.length > 0)
      throw new OpsError('USAGE', 'Name the nodes to forget, or say --failed for all that have failed.', {
        suggestions: ['cluster forget HOST:PORT --failed'],
      });
    return this.withRun(flags, [seed], async (session, topology, journal) => {
      if (flags.failed) this.sayWhoStays(topology);
      const request: RemovalRequest = {
        kind: 'remove',
        seed: formatAddress(topology.seed),
        names: flags.failed ? failedNodes(topology).map(({ id }) => id) : names,
        drain: null,
        zones: [],
        which: 'dead',
      };
      const change = await this.planChange(session, topology, request, { journal, force: flags.force });
      return this.carryOutChange(session, journal, change, flags);
    });
  }

  /** Failed primaries with slots: nobody may forget them before the slots have other owners. */
  private sayWhoStays(topology: Topology): void {
    const owners = failedOwners(topology);
    if (owners.length === 0) return;
    const names = listInWords(owners.map((node) => refTo(node).address));
    this.print(
      `[WARNING] ${names} failed with slots, and cannot be forgotten before: cluster fix ${formatAddress(topology.seed)}`,
    );
  }
}
