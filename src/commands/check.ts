import { Flags } from '@oclif/core';
import { observeSteady } from '../lib/apply/observe-steady.ts';
import { checkTopology } from '../lib/check/rules.ts';
import { formatAddress } from '../lib/model/address.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { connectionFlags, mapFlag } from '../lib/terminal/flags.ts';
import { mapByDefault, renderCheck, renderCheckJson } from '../lib/view/check.ts';

export default class Check extends ClusterCommand {
  static override summary = 'Health of a cluster, for people and for CI.';
  static override description =
    `Asks every node for its own view and reports what is wrong: disagreement, open slots, slots without an owner,
nodes that fail or do not answer, replicas without a link, shards on one host, and more.

Exit codes: 0 healthy, 1 unhealthy, 3 nothing could be learnt.`;
  static override examples = [
    '<%= config.bin %> check 127.0.0.1:7000',
    '<%= config.bin %> check 127.0.0.1:7000 --strict --json',
  ];
  static override usage = 'check HOST:PORT... [FLAGS]';
  static override strict = false;
  static override flags = {
    strict: Flags.boolean({ description: 'warnings too make it exit 1' }),
    'search-multiple-owners': Flags.boolean({
      description: 'also look for keys on nodes that do not own their slot (asks every primary about every slot)',
      aliases: ['cluster-search-multiple-owners'],
    }),
    ...mapFlag('on a terminal, where slots are open or uncovered'),
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Check);
    return this.withSession(flags, argv as string[], async ({ cluster, seeds, progress, style }) => {
      const topology = await progress.during('Asking every node', () => observeSteady(cluster, seeds));
      const searched = flags['search-multiple-owners'];
      const foreign = searched
        ? await progress.during('Counting keys', () => this.searchMultipleOwners(cluster, topology))
        : [];
      const findings = [...checkTopology(topology), ...foreign];
      const multipleOwners = searched ? 'searched' : 'not-searched';
      const map = flags.map === undefined ? mapByDefault(style) : flags.map ? 'always' : 'never';
      this.print(renderCheck(topology, findings, { seed: formatAddress(topology.seed), multipleOwners, map, style }));
      const isFailing = findings.some(
        ({ severity }) => severity === 'error' || (flags.strict && severity === 'warning'),
      );
      this.setExitCode(isFailing ? EXIT.failed : EXIT.done);
      return renderCheckJson(topology, findings);
    });
  }
}
