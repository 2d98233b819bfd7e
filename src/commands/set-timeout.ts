import { randomBytes } from 'node:crypto';
import { Flags } from '@oclif/core';
import { readNodeTimeouts, setNodeTimeouts } from '../lib/apply/node-timeout.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { OpsError } from '../lib/errors.ts';
import { formatAddress } from '../lib/model/address.ts';
import { planNodeTimeout, refuseShortTimeout } from '../lib/plan/node-timeout.ts';
import { wrongArguments } from '../lib/terminal/addresses.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import {
  isDone,
  renderTimeoutJson,
  renderTimeoutOutcomes,
  renderTimeoutPlan,
  renderTimeoutWayBack,
} from '../lib/view/node-timeout.ts';

export default class SetTimeout extends ClusterCommand {
  static override summary = 'Set cluster-node-timeout on every node.';
  static override description =
    `Sets it on all nodes at the same time, and has each write it to its configuration file. As with redis-cli nobody is
asked, unless the time is short for a cluster or a node does not answer. Milliseconds come last.

Exit codes: 0 every node has it, 1 some node does not, or has it only until it is started again.`;
  static override examples = [
    '<%= config.bin %> set-timeout 127.0.0.1:7000 15000',
    '<%= config.bin %> set-timeout 127.0.0.1:7000 5000 --dry-run',
  ];
  static override usage = 'set-timeout HOST:PORT MILLISECONDS [FLAGS]';
  static override strict = false;
  static override flags = {
    yes: consentFlags.yes,
    'dry-run': consentFlags['dry-run'],
    force: Flags.boolean({ description: 'begin although another run seems to be at work', helpGroup: 'SAFETY' }),
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(SetTimeout);
    const words = argv as string[];
    const timeoutMs = parseTimeout(words.at(-1));
    const refusals = refuseShortTimeout(timeoutMs);
    if (refusals.length > 0) this.acceptable({ ok: false, refusals });
    if (planNodeTimeout([], timeoutMs).hazards.length > 0) this.requireSomeoneToAsk(flags);
    const name = `${CLIENT_NAME_PREFIX}set-timeout-${randomBytes(2).toString('hex')}`;
    return this.withSession(
      flags,
      words.slice(0, -1),
      async ({ cluster, seeds, progress, style }) => {
        const topology = await progress.during('Asking every node', () => cluster.observe(seeds));
        const plan = planNodeTimeout(await readNodeTimeouts(cluster, topology.nodes), timeoutMs);
        this.print(renderTimeoutPlan(plan, style));
        if (flags['dry-run']) return renderTimeoutJson(plan, null);
        if (!flags.force) await refuseBeside(cluster, topology, [name], { isTakeover: false });
        if (plan.hazards.length > 0) {
          this.requireSomeoneToAsk(flags);
          await this.consent(`Set the node timeout to ${timeoutMs} ms?`, flags);
        }
        this.print('>>> Reconfiguring node timeout in every cluster node...');
        const outcomes = await setNodeTimeouts(cluster, plan);
        this.print(renderTimeoutOutcomes(outcomes, style));
        const wayBack = renderTimeoutWayBack(outcomes, formatAddress(topology.seed), timeoutMs);
        if (wayBack !== null) this.print(wayBack);
        if (!outcomes.every(isDone)) this.setExitCode(EXIT.failed);
        return renderTimeoutJson(plan, outcomes);
      },
      name,
    );
  }
}

/** Throws USAGE. */
function parseTimeout(word: string | undefined): number {
  if (word === undefined || word.includes(':'))
    throw wrongArguments('Name a node and the time in milliseconds: cluster set-timeout 127.0.0.1:7000 15000');
  const timeoutMs = Number(word);
  if (/^\d+$/.test(word) && Number.isSafeInteger(timeoutMs)) return timeoutMs;
  throw new OpsError('USAGE', `The node timeout is a whole number of milliseconds, not "${word}".`);
}
