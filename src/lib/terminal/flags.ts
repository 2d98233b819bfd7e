/** The flags that commands share. redis-cli's and valkey-cli's own names are hidden aliases of ours. */
import { Flags } from '@oclif/core';

/** Every command that speaks to servers has these. */
export const connectionFlags = {
  user: Flags.string({ description: 'ACL user to log in as', helpGroup: 'CONNECTION', helpValue: 'NAME' }),
  pass: Flags.string({
    char: 'a',
    description: 'password; REDISCLI_AUTH or --askpass keep it out of the process list',
    helpGroup: 'CONNECTION',
    helpValue: 'PASSWORD',
  }),
  askpass: Flags.boolean({ description: 'ask for the password', helpGroup: 'CONNECTION', exclusive: ['pass'] }),
  uri: Flags.string({
    char: 'u',
    description: 'user, password and TLS in one, and a seed: redis[s]://[user[:password]@]host:port',
    helpGroup: 'CONNECTION',
    helpValue: 'URI',
  }),
  tls: Flags.boolean({ description: 'connect with TLS', helpGroup: 'CONNECTION' }),
  cacert: Flags.string({ description: 'certificate authority to trust', helpGroup: 'CONNECTION', helpValue: 'FILE' }),
  cacertdir: Flags.string({ hidden: true, helpGroup: 'CONNECTION', helpValue: 'DIR' }),
  cert: Flags.string({
    description: 'client certificate',
    helpGroup: 'CONNECTION',
    helpValue: 'FILE',
    dependsOn: ['key'],
  }),
  key: Flags.string({
    description: 'key of the client certificate',
    helpGroup: 'CONNECTION',
    helpValue: 'FILE',
    dependsOn: ['cert'],
  }),
  sni: Flags.string({
    description: 'server name to ask for and to verify; without it the chain is verified but, as in redis-cli, no name',
    helpGroup: 'CONNECTION',
    helpValue: 'NAME',
  }),
  insecure: Flags.boolean({ description: 'do not verify certificates', helpGroup: 'CONNECTION' }),
  'tls-ciphers': Flags.string({ hidden: true }),
  'tls-ciphersuites': Flags.string({ hidden: true }),
  'connect-timeout': Flags.string({
    char: 't',
    description: 'how long to wait for a connection, and for each answer',
    default: '5',
    helpGroup: 'CONNECTION',
    helpValue: 'SECONDS',
  }),
  'nat-map': Flags.string({
    description: 'announced=reachable: where a node is reached that announces another address (host:port or host)',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'CONNECTION',
    helpValue: 'A=B',
  }),
  ipv4: Flags.boolean({
    description: 'resolve host names to IPv4 only (also -4)',
    helpGroup: 'CONNECTION',
    exclusive: ['ipv6'],
  }),
  ipv6: Flags.boolean({ description: 'resolve host names to IPv6 only (also -6)', helpGroup: 'CONNECTION' }),
  context: Flags.string({
    description: 'take seeds and connection from this entry of the configuration file',
    helpGroup: 'CONNECTION',
    helpValue: 'NAME',
  }),
  'no-auth-warning': Flags.boolean({ hidden: true }),
};

/** Every command has these. */
export const outputFlags = {
  progress: Flags.option({ options: ['auto', 'plain', 'json', 'none'] as const, default: 'auto' as const })({
    description: 'how to tell what is being done, on stderr',
    helpGroup: 'OUTPUT',
  }),
  color: Flags.boolean({
    description: 'colour on a terminal (NO_COLOR and TERM=dumb count)',
    default: true,
    allowNo: true,
    helpGroup: 'OUTPUT',
  }),
  quiet: Flags.boolean({ char: 'q', description: 'no progress', helpGroup: 'OUTPUT' }),
  verbose: Flags.boolean({
    char: 'v',
    description: 'ids in full, and what stands behind a failure',
    helpGroup: 'OUTPUT',
  }),
};

/** Every command that changes a cluster has these. */
export const consentFlags = {
  yes: Flags.boolean({
    char: 'y',
    description: 'consent beforehand (also REDISCLI_CLUSTER_YES=1)',
    aliases: ['cluster-yes'],
    helpGroup: 'SAFETY',
  }),
  'dry-run': Flags.boolean({ char: 'n', description: 'show the plan, change nothing', helpGroup: 'SAFETY' }),
  'plan-out': Flags.string({
    description: 'write the plan as JSON to this file',
    helpGroup: 'SAFETY',
    helpValue: 'FILE',
  }),
};

/** Commands that place nodes have it; `parseZones` reads it. */
export function zoneFlag(description = 'where a host is, so that the nodes of a shard are in different zones') {
  return Flags.string({ description, multiple: true, multipleNonGreedy: true, helpValue: 'HOST=ZONE' });
}

/** Commands that can show the map of all slots have it. Undefined is for the command to decide. */
export function mapFlag(when: string) {
  return { map: Flags.boolean({ description: `a map of all slots; unless given, ${when}`, allowNo: true }) };
}

/** Commands of the local cluster have it; `localDirectory` reads it. */
export const dirFlag = {
  dir: Flags.string({
    description: 'folder of the local cluster (default: a folder below $XDG_STATE_HOME)',
    helpValue: 'DIR',
  }),
};

/** Commands that wait for a cluster to serve have these. */
export const waitFlags = {
  wait: Flags.option({ options: ['none', 'agree', 'ready'] as const, default: 'ready' as const })({
    description: 'return when the commands are sent, when every node agrees, or when every node serves',
    helpGroup: 'SAFETY',
  }),
  'wait-timeout': Flags.string({
    description: 'how long each wait may take',
    default: '60',
    helpGroup: 'SAFETY',
    helpValue: 'SECONDS',
  }),
};

export type ConnectionFlags = {
  readonly [Name in keyof typeof connectionFlags]?: (typeof connectionFlags)[Name] extends { readonly type: 'boolean' }
    ? boolean | undefined
    : Name extends 'nat-map'
      ? readonly string[] | undefined
      : string | undefined;
};
