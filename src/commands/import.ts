import { Flags } from '@oclif/core';
import { PACE_DEFAULTS } from '../lib/apply/move/settings.ts';
import { present } from '../lib/assert.ts';
import { connect } from '../lib/redis/connect.ts';
import { connectionFlags, consentFlags } from '../lib/terminal/flags.ts';
import { ImportCommand } from '../lib/terminal/import-command.ts';
import { importSourceFlags, readSourceAddress, readSourceOptions } from '../lib/terminal/import-source.ts';

export default class Import extends ImportCommand {
  static override summary = 'Bring the keys of another server, or of another cluster, into this cluster.';
  static override description =
    `Keys are MOVED, as redis-cli does: each is deleted at the source once the cluster has it. With --copy they stay, and
those that change meanwhile are copied again until none does.

A key that the cluster has with another value is left alone and named, and the exit code is 1, unless --replace is
given. Interrupted at any moment, the same command typed again goes on.

Exit codes: 0 all keys are in the cluster, 1 some were left alone, 5 stopped part-way.`;
  static override examples = [
    '<%= config.bin %> import 127.0.0.1:7000 --from 127.0.0.1:6379',
    '<%= config.bin %> import 127.0.0.1:7000 --from old.example:6379 --from-tls --from-db 2 --copy --yes',
    'REDISCLI_FROM_AUTH=… <%= config.bin %> import 127.0.0.1:7000 --from 10.0.0.1:7000 --throttle 20MB/s',
  ];
  static override usage = 'import HOST:PORT... --from HOST:PORT [FLAGS]';
  static override strict = false;
  static override flags = {
    copy: Flags.boolean({ description: 'the keys stay at the source as well', aliases: ['cluster-copy'] }),
    replace: Flags.boolean({
      description: 'where the cluster has a key with another value, let the one of the source win',
      aliases: ['cluster-replace'],
      helpGroup: 'SAFETY',
    }),
    engine: Flags.option({ options: ['auto', 'relay', 'migrate'] as const, default: 'auto' as const })({
      description: 'through this program, or sent by the source with MIGRATE, which serves nobody meanwhile',
    }),
    ...importSourceFlags,
    'max-pause': Flags.string({
      description: 'how long one batch of MIGRATE may hold up the source',
      default: `${PACE_DEFAULTS.batchMsMax}`,
      helpValue: 'MS',
      helpGroup: 'PACE',
    }),
    throttle: Flags.string({
      description: 'no faster than this, for example 5000keys/s or 20MB/s',
      helpValue: 'RATE',
      helpGroup: 'PACE',
    }),
    force: Flags.boolean({ description: 'begin although another run seems to be at work', helpGroup: 'SAFETY' }),
    'cluster-timeout': Flags.string({ hidden: true }),
    'cluster-pipeline': Flags.string({ hidden: true }),
    ...consentFlags,
    ...connectionFlags,
  };

  async run(): Promise<object> {
    const { flags, argv } = await this.parse(Import);
    this.requireSomeoneToAsk(flags);
    const from = readSourceAddress(flags);
    this.checkLimits(flags);
    return this.withRun(flags, argv as string[], async (session, topology, journal) => {
      const options = present(this.connectOptions, 'a run has a session');
      const sourceOptions = await readSourceOptions(flags, options, process.env);
      const cluster = connect(sourceOptions);
      try {
        const isDirect = sourceOptions.tls === null && options.tls === null && options.natMap.size === 0;
        const parties = { cluster, from, topology, isDirect };
        return await this.importFrom(session, parties, journal, flags);
      } finally {
        cluster.close();
      }
    });
  }
}
