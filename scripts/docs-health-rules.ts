/**
 * The page of health rules. Its examples are what the rules really say of a topology that each of them is about, and
 * the severity is read off what they say: a rule without an example here ends the run.
 */
import type { Finding } from '../src/lib/check/finding.ts';
import { checkHiddenKeys } from '../src/lib/check/hidden-keys.ts';
import { checkMultipleOwners } from '../src/lib/check/multiple-owners.ts';
import { RULES } from '../src/lib/check/rules.ts';
import { nodeId, RUNNING_MIGRATION, topology } from '../test/support/topology-builder.ts';

type Cluster = ReturnType<typeof topology>;

/** Three primaries on three hosts, entirely well but for replicas. */
function three(): Cluster {
  return topology()
    .primary('a', { slots: '0-5460' })
    .primary('b', { slots: '5461-10922' })
    .primary('c', { slots: '10923-16383' });
}

/** One shard of two. */
function pair(): Cluster {
  return topology().primary('a', { slots: '0-16383' }).replica('b', { of: 'a' });
}

const EXAMPLES: Readonly<Record<string, () => Cluster>> = {
  agreement: () =>
    three().sees('c', (entries) =>
      entries.map((entry) => (entry.id === nodeId('a') ? { ...entry, slots: [] } : entry)),
    ),
  'open-slots': () =>
    topology()
      .primary('a', { slots: '0-8191', migrating: { 5: 'b' } })
      .primary('b'),
  coverage: () => topology().primary('a', { slots: '0-99,200-16383' }),
  'cluster-state': () =>
    topology()
      .primary('a', { clusterInfo: { cluster_state: 'fail' } })
      .primary('b'),
  unreachable: () => pair().primary('c', { unreachable: 'Connection refused' }),
  failing: () => pair().replica('c', { of: 'a', flags: ['fail'], unreachable: 'Connection refused' }),
  'replica-links': () =>
    topology()
      .primary('a')
      .replica('b', { of: 'a', info: { master_link_status: 'down', master_link_down_since_seconds: '12' } }),
  'replica-coverage': () => pair().primary('c', { slots: '0-5460' }),
  'shard-hosts': () =>
    topology()
      .primary('a', { slots: '0-16383', host: '10.0.0.1' })
      .replica('b', { of: 'a', host: '10.0.0.1', port: 7001 })
      .primary('c', { host: '10.0.0.2' }),
  'host-majority': () =>
    topology()
      .primary('a', { slots: '0-5460', host: '10.0.0.1' })
      .primary('b', { slots: '5461-10922', host: '10.0.0.1', port: 7001 })
      .primary('c', { slots: '10923-16383', host: '10.0.0.2' }),
  versions: () => pair().replica('c', { of: 'a', flavor: { product: 'redis', version: '8.0.2' } }),
  'config-epochs': () => topology().primary('a', { epoch: 7 }).primary('b', { epoch: 7 }),
  'atomic-migrations': () =>
    topology()
      .primary('a', {
        migrations: [{ ...RUNNING_MIGRATION, slotRanges: '0-100' }],
      })
      .primary('b'),
};

/** The text of docs/health-rules.md. */
export function healthRulesPage(): string {
  const rules = RULES.map((rule) => row(rule.name, rule.finds, rule.check(exampleOf(rule.name).build())));
  const keys = new Map([[nodeId('b'), new Map([[5, 1]])]]);
  const owners = row(
    'multiple-owners',
    'slots that more than one primary claims or has keys of; only with `--search-multiple-owners`',
    checkMultipleOwners(topology().primary('a', { slots: '0-8191' }).primary('b').build(), keys),
  );
  const hidden = row(
    'hidden-keys',
    'nodes with keys of slots that they do not own and show to nobody (Redis 8.4 and later); only with `--search-multiple-owners`',
    checkHiddenKeys(topology().primary('a', { slots: '0-16383' }).primary('b').build(), new Map([[nodeId('b'), 3]])),
  );
  return [
    '<!-- Made by `npm run docs` from the rules themselves: change those, not this file. -->',
    '',
    '# Health rules',
    '',
    '`cluster check` asks every node for its own view and applies each of these rules to all views together.',
    '',
    '- An **error** makes the cluster unhealthy: exit code 1.',
    '- A **warning** leaves it healthy: exit code 0, or 1 with `--strict`.',
    '- A **note** never counts.',
    '',
    'The four rules that redis-cli knows too (`agreement`, `open-slots`, `coverage`, `multiple-owners`) come to its',
    'verdict; see [ADR 0004](adr/0004-verdicts-agree-with-redis-cli.md). The name of a rule is the `rule` of its',
    'findings in `--json`, and stays.',
    '',
    '| rule | severity | finds | for example |',
    '| --- | --- | --- | --- |',
    ...rules,
    owners,
    hidden,
    '',
  ].join('\n');
}

function exampleOf(rule: string): Cluster {
  const example = EXAMPLES[rule];
  if (example === undefined) throw new Error(`The rule ${rule} has no example in scripts/docs-health-rules.ts.`);
  return example();
}

function row(rule: string, finds: string, findings: readonly Finding[]): string {
  const [first] = findings;
  if (first === undefined) throw new Error(`The rule ${rule} finds nothing in its example.`);
  const severities = [...new Set(findings.map(({ severity }) => severity))].join(', ');
  return `| \`${rule}\` | ${severities} | ${finds} | ${first.message.replaceAll('|', '\\|')} |`;
}
