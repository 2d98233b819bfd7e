/**
 * redis-cli's cluster mode as a table: what a script has after `redis-cli`, and what our command must have read of it.
 * Every option of redis-cli 7 and 8 and of valkey-cli 9 is in it, in both wordings.
 */

export interface DropInRow {
  /** Words parted by spaces, as there are no quotes. */
  readonly line: string;
  /** oclif's id of the command that is to read it. */
  readonly command: string;
  /** The words that are left for it. */
  readonly words: readonly string[];
  /** Flags that it must have; others are as by default. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Options that mean nothing to it and are left out with a note. */
  readonly ignored?: readonly string[];
}

const ID = '0123456789abcdef0123456789abcdef01234567';
const OTHER = 'fedcba9876543210fedcba9876543210fedcba98';

/** A row for each line: `command` with these flags, asked about h:1. */
function rows(
  command: string,
  words: readonly string[],
  lines: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): readonly DropInRow[] {
  return Object.entries(lines).map(([line, flags]) => ({ line, command, words, flags }));
}

/** Options of a connection, which stand before `--cluster`, or after. */
const CONNECTION: readonly DropInRow[] = rows('check', ['h:1'], {
  '-a secret --cluster check h:1': { pass: 'secret' },
  '--pass secret --cluster check h:1': { pass: 'secret' },
  '--cluster check h:1 -a secret': { pass: 'secret' },
  '--cluster check h:1 --pass=secret': { pass: 'secret' },
  '--pass=secret --cluster check h:1': { pass: 'secret' },
  '-a check --cluster check h:1': { pass: 'check' },
  '--askpass --cluster check h:1': { askpass: true },
  '--user ops -a secret --no-auth-warning --cluster check h:1': { user: 'ops', pass: 'secret' },
  '--cluster check h:1 --no-auth-warning': { 'no-auth-warning': true },
  '-u redis://h:1 --cluster check h:1': { uri: 'redis://h:1' },
  '-t 3 --cluster check h:1': { 'connect-timeout': '3' },
  '-t 0.5 --cluster check h:1': { 'connect-timeout': '0.5' },
  '-u valkey://h:1 --cluster check h:1': { uri: 'valkey://h:1' },
  '--cluster check h:1 -t 0': { 'connect-timeout': '0' },
  '-4 --cluster check h:1': { ipv4: true },
  '--cluster check -6 h:1': { ipv6: true },
  '--tls --cluster check h:1': { tls: true },
  '--tls --cacert ca.pem --cluster check h:1': { tls: true, cacert: 'ca.pem' },
  '--tls --cacertdir certs --cluster check h:1': { cacertdir: 'certs' },
  '--tls --cert c.pem --key k.pem --cluster check h:1': { cert: 'c.pem', key: 'k.pem' },
  '--tls --sni name --cluster check h:1': { sni: 'name' },
  '--tls --insecure --cluster check h:1': { insecure: true },
  '--tls --tls-ciphers A:B --cluster check h:1': { 'tls-ciphers': 'A:B' },
  '--tls --tls-ciphersuites A:B --cluster check h:1': { 'tls-ciphersuites': 'A:B' },
  '--verbose --cluster check h:1': { verbose: true },
});

const CHECK_AND_INFO: readonly DropInRow[] = [
  { line: '--cluster check h:1', command: 'check', words: ['h:1'] },
  { line: '--cluster check h 1', command: 'check', words: ['h', '1'] },
  { line: '--cluster check ::1:7000', command: 'check', words: ['::1:7000'] },
  { line: '--cluster check h:1@2', command: 'check', words: ['h:1@2'] },
  ...rows('check', ['h:1'], {
    '--cluster check h:1 --cluster-search-multiple-owners': { 'search-multiple-owners': true },
    '--cluster check --cluster-search-multiple-owners h:1': { 'search-multiple-owners': true },
    '--cluster-search-multiple-owners --cluster check h:1': { 'search-multiple-owners': true },
  }),
  ...rows('check', ['h', '1'], {
    '--cluster check --cluster-search-multiple-owners h 1': { 'search-multiple-owners': true },
  }),
  { line: '--cluster info h:1', command: 'info', words: ['h:1'] },
  { line: '--cluster info h 1', command: 'info', words: ['h', '1'] },
  { line: '-a secret --cluster info h 1', command: 'info', words: ['h', '1'], flags: { pass: 'secret' } },
];

const CREATE: readonly DropInRow[] = rows('create', ['h:1', 'h:2', 'h:3'], {
  '--cluster create h:1 h:2 h:3': { replicas: 0, yes: false },
  '--cluster create h:1 h:2 h:3 --cluster-replicas 1': { replicas: 1 },
  '--cluster create h:1 h:2 h:3 --cluster-replicas 1 --cluster-yes': { replicas: 1, yes: true },
  '--cluster create --cluster-replicas 1 --cluster-yes h:1 h:2 h:3': { replicas: 1, yes: true },
  '--cluster-replicas 1 --cluster-yes --cluster create h:1 h:2 h:3': { replicas: 1, yes: true },
  '--cluster create h:1 h:2 h:3 --cluster-replicas=2': { replicas: 2 },
});

const RESHARD: readonly DropInRow[] = [
  ...rows('reshard', ['h:1'], {
    [`--cluster reshard h:1 --cluster-from ${ID} --cluster-to ${OTHER} --cluster-slots 5 --cluster-yes`]: {
      from: ID,
      to: OTHER,
      slots: '5',
      yes: true,
    },
    [`--cluster reshard h:1 --cluster-from all --cluster-to ${ID} --cluster-slots 5`]: { from: 'all', yes: false },
    [`--cluster reshard h:1 --cluster-from ${ID},${OTHER}`]: { from: `${ID},${OTHER}` },
    '--cluster reshard h:1 --cluster-timeout 5000': { 'cluster-timeout': '5000' },
    '--cluster reshard h:1 --cluster-pipeline 100': { 'cluster-pipeline': '100' },
    '--cluster reshard h:1 --cluster-replace': { replace: true },
    '--cluster reshard h:1 --cluster-use-atomic-slot-migration': { 'cluster-use-atomic-slot-migration': true },
    [`--cluster-from all --cluster-to ${ID} --cluster-slots 5 --cluster-yes --cluster reshard h:1`]: {
      from: 'all',
      to: ID,
      slots: '5',
      yes: true,
    },
    // redis-cli would simulate nothing here and move: whoever asks for a simulation gets one.
    '--cluster reshard h:1 --cluster-simulate': { 'dry-run': true },
  }),
  ...rows('reshard', ['h', '1'], {
    [`--cluster reshard h 1 --cluster-from all --cluster-to ${ID} --cluster-slots 5`]: { to: ID },
  }),
];

const REBALANCE: readonly DropInRow[] = [
  ...rows('rebalance', ['h:1'], {
    '--cluster rebalance h:1 --cluster-weight a=1 b=0.5 c=0': { weight: ['a=1', 'b=0.5', 'c=0'] },
    '--cluster rebalance --cluster-weight a=1 b=0 h:1': { weight: ['a=1', 'b=0'] },
    '--cluster rebalance --cluster-weight a=1 b=0 --cluster-threshold 1 h:1': {
      weight: ['a=1', 'b=0'],
      threshold: '1',
    },
    '--cluster-weight a=1 b=0 --cluster rebalance h:1': { weight: ['a=1', 'b=0'] },
    '--cluster rebalance h:1 --cluster-use-empty-masters': { 'use-empty-primaries': true },
    '--cluster rebalance h:1 --cluster-use-empty-primaries': { 'use-empty-primaries': true },
    '--cluster rebalance h:1 --cluster-threshold 5': { threshold: '5' },
    '--cluster rebalance h:1 --cluster-simulate': { 'dry-run': true },
    '--cluster rebalance h:1 --cluster-timeout 5000 --cluster-pipeline 20': {
      'cluster-timeout': '5000',
      'cluster-pipeline': '20',
    },
    '--cluster rebalance h:1 --cluster-replace': { replace: true },
    '--cluster rebalance h:1 --cluster-use-atomic-slot-migration': { 'cluster-use-atomic-slot-migration': true },
    '--cluster rebalance h:1 --verbose': { verbose: true },
    '--cluster rebalance h:1 --cluster-yes': { yes: true },
    '--cluster-use-empty-masters --cluster-threshold 3 --cluster rebalance h:1': {
      'use-empty-primaries': true,
      threshold: '3',
    },
  }),
  ...rows('rebalance', ['h', '1'], { '--cluster rebalance h 1 --cluster-weight a=1 b=0': { weight: ['a=1', 'b=0'] } }),
  ...rows('rebalance', ['h', '1'], { '--cluster rebalance --cluster-weight a=1 b=0 h 1': { weight: ['a=1', 'b=0'] } }),
];

const CALL_AND_TIMEOUT: readonly DropInRow[] = [
  ...rows('call', ['h:1', 'CONFIG', 'GET', 'save'], {
    '--cluster call h:1 CONFIG GET save': { 'only-primaries': false, 'only-replicas': false },
    '--cluster call h:1 CONFIG GET save --cluster-only-masters': { 'only-primaries': true },
    '--cluster call --cluster-only-masters h:1 CONFIG GET save': { 'only-primaries': true },
    '--cluster-only-masters --cluster call h:1 CONFIG GET save': { 'only-primaries': true },
    '--cluster call h:1 CONFIG GET save --cluster-only-primaries': { 'only-primaries': true },
    '--cluster call h:1 CONFIG GET save --cluster-only-replicas': { 'only-replicas': true },
    '-a secret --cluster call h:1 CONFIG GET save': { pass: 'secret' },
    '-x --cluster call h:1 CONFIG GET save': { stdin: true },
    '--cluster call h:1 CONFIG GET save -a secret --no-auth-warning': { pass: 'secret' },
  }),
  { line: '--cluster call h:1 -- INCRBY k -4', command: 'call', words: ['h:1', 'INCRBY', 'k', '-4'] },
  { line: '--cluster set-timeout h:1 15000', command: 'set-timeout', words: ['h:1', '15000'] },
  {
    line: '-a s --cluster set-timeout h:1 15000',
    command: 'set-timeout',
    words: ['h:1', '15000'],
    flags: { pass: 's' },
  },
];

/** redis-cli accepts every option with every subcommand, and does not look at those that are not for it. */
const IGNORED: readonly DropInRow[] = [
  ...[
    ['--cluster-yes'],
    ['--cluster-replicas', '1'],
    ['--cluster-master-id', ID],
    ['--cluster-primary-id', ID],
    ['--cluster-slave'],
    ['--cluster-replica'],
    ['--cluster-from', 'all'],
    ['--cluster-to', ID],
    ['--cluster-slots', '5'],
    ['--cluster-timeout', '5'],
    ['--cluster-pipeline', '5'],
    ['--cluster-replace'],
    ['--cluster-copy'],
    ['--cluster-weight', 'a=1', 'b=2'],
    ['--cluster-use-empty-masters'],
    ['--cluster-use-empty-primaries'],
    ['--cluster-threshold', '5'],
    ['--cluster-fix-with-unreachable-masters'],
    ['--cluster-fix-with-unreachable-primaries'],
    ['--cluster-only-masters'],
    ['--cluster-only-primaries'],
    ['--cluster-only-replicas'],
    ['--cluster-from-user', 'u'],
    ['--cluster-from-pass', 'p'],
    ['--cluster-from-askpass'],
    ['--cluster-use-atomic-slot-migration'],
  ].flatMap((option) => [
    { line: `--cluster check h:1 ${option.join(' ')}`, command: 'check', words: ['h:1'], ignored: option.slice(0, 1) },
    { line: `${option.join(' ')} --cluster check h:1`, command: 'check', words: ['h:1'], ignored: option.slice(0, 1) },
    { line: `--cluster check ${option.join(' ')} h:1`, command: 'check', words: ['h:1'], ignored: option.slice(0, 1) },
  ]),
  ...[
    '-h x',
    '-p 1',
    '-s sock',
    '-n 0',
    '-r 1',
    '-i 1',
    '-d x',
    '-D x',
    '-c',
    '-e',
    '-2',
    '-3',
    '--raw',
    '--no-raw',
    '--csv',
    '--quoted-json',
    '--quoted-input',
    '--show-pushes no',
    '-X tag',
    '--name x',
    '--mptcp',
  ].flatMap((option) => {
    const row = { command: 'check', words: ['h:1'], ignored: option.split(' ').slice(0, 1) };
    return [
      { ...row, line: `${option} --cluster check h:1` },
      { ...row, line: `--cluster check h:1 ${option}` },
    ];
  }),
  {
    line: '-h h -p 1 -a secret --cluster reshard h:1 --cluster-yes',
    command: 'reshard',
    words: ['h:1'],
    flags: { pass: 'secret', yes: true },
    ignored: ['-h', '-p'],
  },
];

/** Rows of the commands in this source. */
export const ROWS: readonly DropInRow[] = [
  ...CONNECTION,
  ...CHECK_AND_INFO,
  ...CREATE,
  ...RESHARD,
  ...REBALANCE,
  ...CALL_AND_TIMEOUT,
  ...IGNORED,
];
