/** Where keys come from: the flags that begin with `--from`, and how to connect there. */
import { Flags } from '@oclif/core';
import { OpsError } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { parseAddress } from '../model/address.ts';
import type { ConnectOptions } from '../redis/options.ts';
import { definedOnly, type TlsFlags, tlsOptions } from './connection.ts';
import { askPassword } from './consent.ts';
import type { ConnectionFlags } from './flags.ts';

const helpGroup = 'SOURCE';

export const importSourceFlags = {
  from: Flags.string({
    description: 'the server, or any node of the cluster, whose keys are imported',
    helpValue: 'HOST:PORT',
    helpGroup,
    aliases: ['cluster-from'],
  }),
  'from-db': Flags.integer({ description: 'its logical database', min: 0, helpValue: 'N', helpGroup }),
  'from-user': Flags.string({
    description: 'ACL user to log in as there',
    helpValue: 'NAME',
    helpGroup,
    aliases: ['cluster-from-user'],
  }),
  'from-pass': Flags.string({
    description: 'password there; REDISCLI_FROM_AUTH or --from-askpass keep it out of the process list',
    helpValue: 'PASSWORD',
    helpGroup,
    aliases: ['cluster-from-pass'],
  }),
  'from-askpass': Flags.boolean({
    description: 'ask for the password there',
    helpGroup,
    aliases: ['cluster-from-askpass'],
    exclusive: ['from-pass'],
  }),
  'from-tls': Flags.boolean({
    description: 'connect there with TLS, with the certificates of this command unless others are given',
    helpGroup,
  }),
  'from-cacert': Flags.string({ description: 'certificate authority to trust there', helpValue: 'FILE', helpGroup }),
  'from-cert': Flags.string({
    description: 'client certificate',
    helpValue: 'FILE',
    helpGroup,
    dependsOn: ['from-key'],
  }),
  'from-key': Flags.string({ description: 'its key', helpValue: 'FILE', helpGroup, dependsOn: ['from-cert'] }),
  'from-sni': Flags.string({ description: 'server name to ask for and to verify there', helpValue: 'NAME', helpGroup }),
  'from-insecure': Flags.boolean({ description: 'do not verify certificates there', helpGroup }),
};

type TextFlag = 'from' | 'from-user' | 'from-pass' | 'from-cacert' | 'from-cert' | 'from-key' | 'from-sni';
type SwitchFlag = 'from-askpass' | 'from-tls' | 'from-insecure';

export type ImportSourceFlagValues = { readonly [Name in TextFlag]?: string | undefined } & {
  readonly [Name in SwitchFlag]?: boolean | undefined;
} & { readonly 'from-db'?: number | undefined };

/** The source as it was typed. Throws USAGE, in redis-cli's words where it was not. */
export function readSourceAddress({ from }: ImportSourceFlagValues): Address {
  if (from === undefined)
    throw new OpsError('USAGE', "[ERR] Option '--cluster-from' is required for subcommand 'import'.", {
      suggestions: ['Name the server whose keys are imported: --from HOST:PORT'],
    });
  const address = parseAddress(from);
  if (address !== null) return address;
  throw new OpsError('USAGE', `--from takes host:port, not "${from}".`);
}

/** How to connect to the source. `session` is how the cluster is connected to. Throws USAGE; no secret is in a message. */
export async function readSourceOptions(
  flags: ImportSourceFlagValues & ConnectionFlags,
  session: ConnectOptions,
  environment: NodeJS.ProcessEnv,
): Promise<ConnectOptions> {
  const password = flags['from-askpass']
    ? await askPassword('Please input the password of the source:', 'REDISCLI_FROM_AUTH')
    : (flags['from-pass'] ?? environment['REDISCLI_FROM_AUTH'] ?? null);
  return {
    ...session,
    user: flags['from-user'] ?? null,
    password,
    tls: flags['from-tls'] === true ? tlsOptions(sourceTls(flags)) : null,
    targetLogin: { user: session.user, password: session.password },
    loginHint: 'Give the user with --from-user and the password with --from-askpass or in REDISCLI_FROM_AUTH.',
  };
}

/** Its own certificates, and those of the session where it has none. */
function sourceTls(flags: ImportSourceFlagValues & ConnectionFlags): TlsFlags {
  const own = {
    cacert: flags['from-cacert'],
    cert: flags['from-cert'],
    key: flags['from-key'],
    sni: flags['from-sni'],
    insecure: flags['from-insecure'],
  };
  return { ...definedOnly(flags), ...definedOnly(own) };
}
