import { randomBytes } from 'node:crypto';
import { Flags } from '@oclif/core';
import { callEach } from '../lib/apply/call-each.ts';
import { CLIENT_NAME_PREFIX, refuseBeside } from '../lib/apply/refuse-beside.ts';
import { countInWords, listInWords, nameOf } from '../lib/check/words.ts';
import { OpsError } from '../lib/errors.ts';
import { parseAddress } from '../lib/model/address.ts';
import { roleOf } from '../lib/model/node.ts';
import type { NodeAnswer } from '../lib/model/node-answer.ts';
import type { Topology, TopologyNode } from '../lib/model/topology.ts';
import { callHazards, endsConnection, refuseWithoutReply } from '../lib/plan/call-hazards.ts';
import { wrongArguments } from '../lib/terminal/addresses.ts';
import type { ConsentFlags, Session } from '../lib/terminal/base-command.ts';
import { ClusterCommand } from '../lib/terminal/base-command.ts';
import { parseSeconds } from '../lib/terminal/connection.ts';
import { EXIT } from '../lib/terminal/exit-codes.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { readStandardInput } from '../lib/terminal/standard-input.ts';
import type { CallDocument, Labels } from '../lib/view/call.ts';
import { renderAnswers, renderCalling, renderCallJson, renderCallPlanJson } from '../lib/view/call.ts';
import type { MaskedCommand } from '../lib/view/masked-command.ts';
import { maskCommand } from '../lib/view/masked-command.ts';
import type { Style } from '../lib/view/style.ts';

export default class Call extends ClusterCommand {
  static override summary = 'Send a command to every node.';
  static override description =
    `All nodes are asked at the same time; their replies come in the order of the cluster. What may lose keys, or stop or
change every node, is asked about first. Passwords in the command are not shown.

Arguments that begin with - come after --. Exit codes: 0 every node did it, 1 some node refused or did not answer.`;
  static override examples = [
    '<%= config.bin %> call 127.0.0.1:7000 CONFIG GET maxmemory',
    '<%= config.bin %> call 127.0.0.1:7000 --only-replicas INFO replication',
    '<%= config.bin %> call 127.0.0.1:7000 --label every-line INFO memory | grep used_memory_human',
    '<%= config.bin %> call 127.0.0.1:7000 -- CONFIG SET save ""',
    'cluster call 127.0.0.1:7000 --only-primaries -x FUNCTION LOAD < library.lua',
  ];
  static override usage = 'call HOST:PORT COMMAND [ARGUMENT...] [FLAGS]';
  static override strict = false;
  static override flags = {
    'only-primaries': Flags.boolean({
      description: 'ask primaries only',
      aliases: ['cluster-only-masters', 'cluster-only-primaries'],
      exclusive: ['only-replicas'],
    }),
    'only-replicas': Flags.boolean({ description: 'ask replicas only', aliases: ['cluster-only-replicas'] }),
    timeout: Flags.string({
      description: 'how long the command may take (default: as --connect-timeout)',
      helpValue: 'SECONDS',
    }),
    label: Flags.option({ options: ['first-line', 'every-line'] as const })({
      description: 'lines of a reply that begin with its node (default: every line on a terminal, else as redis-cli)',
      helpGroup: 'OUTPUT',
    }),
    stdin: Flags.boolean({ char: 'x', description: 'the last argument is what is piped in, byte for byte' }),
    yes: consentFlags.yes,
    'dry-run': Flags.boolean({ char: 'n', description: 'show who would be asked, send nothing', helpGroup: 'SAFETY' }),
    force: Flags.boolean({ description: 'send although another run seems to be at work', helpGroup: 'SAFETY' }),
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Call).catch(withAdvice);
    const { seeds, command } = splitSeed(argv as string[]);
    const timeoutMs = flags.timeout === undefined ? null : parseSeconds(flags.timeout, '--timeout');
    const refusals = refuseWithoutReply(command);
    if (refusals.length > 0) this.acceptable({ ok: false, refusals });
    const isDangerous = callHazards(command).length > 0;
    if (isDangerous) this.requireSomeoneToAsk(flags);
    const last = flags.stdin ? [await readStandardInput()] : [];
    const name = isDangerous ? `${CLIENT_NAME_PREFIX}call-${randomBytes(2).toString('hex')}` : null;
    const masked = maskCommand(command);
    return this.withSession(
      flags,
      seeds,
      async (session) => {
        const topology = await session.progress.during('Asking every node', () =>
          session.cluster.observe(session.seeds),
        );
        const nodes = topology.nodes.filter(isWanted(flags));
        this.print(renderCalling(masked));
        for (const { message } of callHazards(command)) this.print(`[WARNING] ${message}`);
        if (flags['dry-run']) {
          this.print(`Would be sent to ${countInWords(nodes.length, 'node')}: ${nodes.map(nameOf).join(', ')}.`);
          return renderCallPlanJson(nodes, masked);
        }
        if (name !== null) await this.consentBeside(session, topology, name, nodes.length, flags);
        const answers = await session.progress.during('Waiting for the replies', () =>
          callEach(session.cluster, nodes, [...command, ...last], {
            timeoutMs,
            endsConnection: endsConnection(command),
          }),
        );
        const labels = flags.label ?? (process.stdout.isTTY ? 'every-line' : 'first-line');
        return this.report(answers, masked, session.style, labels);
      },
      name,
    );
  }

  /** What is dangerous is not sent beside another run, and not without consent. */
  private async consentBeside(
    { cluster }: Session,
    topology: Topology,
    name: string,
    nodes: number,
    flags: ConsentFlags & { readonly force: boolean },
  ): Promise<void> {
    if (!flags.force) await refuseBeside(cluster, topology, [name], { isTakeover: false });
    await this.consent(`Send it to ${countInWords(nodes, 'node')}?`, flags);
  }

  /** Prints the replies, names who failed on stderr, and sets the exit code; the document for --json. */
  private report(answers: readonly NodeAnswer[], masked: MaskedCommand, style: Style, labels: Labels): CallDocument {
    if (answers.length === 0) process.stderr.write('No node of this cluster has that role: nobody was asked.\n');
    else this.print(renderAnswers(answers, masked, style, labels));
    const failed = answers.filter(({ ok }) => !ok);
    if (failed.length === 0) return renderCallJson('done', answers, masked);
    const isNobodyThere = answers.every(({ node }) => !node.reach.ok);
    this.setExitCode(isNobodyThere ? EXIT.unreachable : EXIT.failed);
    const names = listInWords(failed.map(({ node }) => nameOf(node)));
    process.stderr.write(`[ERR] ${failed.length} of ${countInWords(answers.length, 'node')} failed: ${names}.\n`);
    const isReadOnly = failed.some((answer) => !answer.ok && /^READONLY /.test(answer.message));
    if (isReadOnly) process.stderr.write('  Replicas take no writes: add --only-primaries.\n');
    return renderCallJson('failed', answers, masked);
  }
}

/** Most words that begin with - and are no option were meant for the server. */
function withAdvice(failure: unknown): never {
  if (failure instanceof Error && /^Nonexistent flag/.test(failure.message)) {
    const [first = ''] = failure.message.split('\n');
    const suggestions = [
      'Arguments of the command that begin with - go after --: cluster call HOST:PORT -- COMMAND -1',
    ];
    throw new OpsError('USAGE', first, { suggestions });
  }
  throw failure;
}

/** The seed is the first word, unless a URI or a context names it. Throws USAGE where no command is left. */
function splitSeed(words: readonly string[]): {
  readonly seeds: readonly string[];
  readonly command: readonly string[];
} {
  const isSeeded = parseAddress(words[0] ?? '') !== null;
  const command = isSeeded ? words.slice(1) : words;
  if (command.length > 0) return { seeds: isSeeded ? words.slice(0, 1) : [], command };
  throw wrongArguments('Name a node and a command: cluster call 127.0.0.1:7000 PING');
}

function isWanted(flags: { readonly 'only-primaries': boolean; readonly 'only-replicas': boolean }) {
  return ({ entry }: TopologyNode): boolean => {
    if (flags['only-primaries']) return roleOf(entry) === 'primary';
    return !flags['only-replicas'] || roleOf(entry) === 'replica';
  };
}
