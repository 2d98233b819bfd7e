/**
 * The shapes of the JSON documents: every field with the types it was seen to have, over topologies that make each
 * field appear. Values are other tests' business.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Config } from '@oclif/core';
import { afterAll, describe, expect, it, vi } from 'vitest';
import Create from '../../src/commands/create.ts';
import { checkMultipleOwners } from '../../src/lib/check/multiple-owners.ts';
import { checkTopology } from '../../src/lib/check/rules.ts';
import { OpsError } from '../../src/lib/errors.ts';
import type { Topology } from '../../src/lib/model/topology.ts';
import { planCreate } from '../../src/lib/plan/create.ts';
import type { PlanRequest } from '../../src/lib/plan/request.ts';
import { planReset } from '../../src/lib/plan/reset.ts';
import type { Cluster } from '../../src/lib/redis/cluster.ts';
import type { Session } from '../../src/lib/terminal/base-command.ts';
import { failureDocument } from '../../src/lib/terminal/failures.ts';
import { writePlan } from '../../src/lib/terminal/plan-file.ts';
import { renderCheckJson } from '../../src/lib/view/check.ts';
import { renderInfoJson } from '../../src/lib/view/info.ts';
import { renderNodesJson } from '../../src/lib/view/nodes.ts';
import { nodeId, topology } from '../support/topology-builder.ts';

const well = topology()
  .primary('a', { slots: '0-16383', info: { uptime_in_seconds: '60' } })
  .replica('b', { of: 'a' })
  .build();
const hurt = topology()
  .primary('a', { slots: '0-8191', migrating: { 5: 'b' } })
  .primary('b', { slots: '8193-16000', importing: { 5: 'a' } })
  .primary('c', { slots: '16001-16383', unreachable: 'Connection refused', flags: ['fail'] })
  .replica('d', { of: 'a', unreachable: 'Connection refused' })
  .sees('a', (entries) => entries.map((entry) => ({ ...entry, hostname: 'db-1' })))
  .build();
const named: Topology = {
  ...well,
  nodes: well.nodes.map((node) => ({ ...node, entry: { ...node.entry, hostname: 'db-1' } })),
};
const fresh = topology()
  .primary('a', { lonely: true, epoch: 0 })
  .primary('b', { lonely: true, epoch: 0 })
  .primary('c', { lonely: true, epoch: 0 })
  .primary('d', { lonely: true, epoch: 0 })
  .build();

/** Create with nodes that need no network; `--dry-run` asks them nothing but how they are. */
class CreateOf extends Create {
  protected override withSession<Result>(
    _flags: unknown,
    _words: unknown,
    work: (session: Session) => Promise<Result>,
  ): Promise<Result> {
    const cluster = { observeEach: async () => fresh } as Partial<Cluster> as Cluster;
    return work({
      cluster,
      seeds: fresh.nodes.map(({ address }) => address),
      progress: { emit: () => undefined, during: (_, task) => task(), stop: () => undefined },
      style: { color: false, width: 100 },
    });
  }
}

// The journal of whoever runs the tests is no part of them.
vi.stubEnv('XDG_STATE_HOME', '/nonexistent');
afterAll(() => vi.unstubAllEnvs());

describe('the JSON document of', () => {
  it('check', async () => {
    const foreign = checkMultipleOwners(hurt, new Map([[nodeId('b'), new Map([[5, 1]])]]));
    const documents = [
      renderCheckJson(well, checkTopology(well)),
      renderCheckJson(hurt, [...checkTopology(hurt), ...foreign]),
    ];
    await expect(shapeOf(documents)).toMatchFileSnapshot('documents/check.txt');
  });

  it('info', async () => {
    await expect(shapeOf([renderInfoJson(well), renderInfoJson(hurt)])).toMatchFileSnapshot('documents/info.txt');
  });

  it('nodes', async () => {
    const documents = [renderNodesJson(well), renderNodesJson(hurt), renderNodesJson(named)];
    await expect(shapeOf(documents)).toMatchFileSnapshot('documents/nodes.txt');
  });

  it('create --dry-run', async () => {
    // All that the framework is asked for by a command that is run directly.
    const config = { bin: 'cluster', runHook: async () => ({ successes: [], failures: [] }) } as unknown as Config;
    const words = fresh.nodes.map(({ address }) => `${address.host}:${address.port}`);
    const document = await new CreateOf([...words, '--replicas', '1', '--dry-run', '--json'], config).run();
    await expect(shapeOf([document])).toMatchFileSnapshot('documents/create-dry-run.txt');
  });

  const plans = [planCreate(fresh, { replicas: 1, zones: new Map() }), planReset(well, new Set([nodeId('a')]), 'x')];

  it('a plan, as the journal holds it', async () => {
    const documents = plans.map((planned) => (planned.ok ? planned.plan : planned.refusals));
    await expect(shapeOf(documents)).toMatchFileSnapshot('documents/plan.txt');
  });

  it('what --plan-out writes beside the plan', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-documents-')), 'plan.json');
    const seed = '10.0.0.1:7000';
    const zones = [['10.0.0.4', 'z']] as const;
    const added = { kind: 'add', seed, nodes: ['10.0.0.4:7000'], zones } as const;
    const removed = { kind: 'remove', seed, names: ['a'], zones } as const;
    const intents = [{ run: 'r', slots: [[0, 1]] as const, targets: [nodeId('a')] }];
    const requests: readonly PlanRequest[] = [
      { kind: 'create' },
      { kind: 'move' },
      { kind: 'import' },
      { kind: 'restore' },
      { kind: 'resume', run: null },
      { kind: 'undo', run: 'r' },
      { ...added, role: { kind: 'primary' }, rebalance: { mover: 'auto' } },
      { ...added, role: { kind: 'replica', of: null }, rebalance: null },
      { ...added, role: { kind: 'replica', of: 'a' }, rebalance: null },
      { ...removed, which: 'any', drain: { to: ['a'], mover: 'auto' } },
      { ...removed, which: 'any', drain: { to: null, mover: 'auto' } },
      { ...removed, which: 'dead', drain: null },
      { kind: 'fix', seed, options: { intents, coverTo: null, withUnreachable: false }, sharedKeys: 'x' },
      { kind: 'fix', seed, options: { intents, coverTo: 'a', withUnreachable: true }, sharedKeys: 'x' },
    ];
    const documents = requests.map((request) => {
      writePlan(file, { version: 1, intention: 'x', basis: 'x', steps: [], hazards: [] }, request);
      return JSON.parse(readFileSync(file, 'utf8'));
    });
    rmSync(path.dirname(file), { recursive: true });
    await expect(shapeOf(documents)).toMatchFileSnapshot('documents/plan-file.txt');
  });

  it('a failure', async () => {
    const failures = [
      new OpsError('REFUSED', 'x', { suggestions: ['y'] }),
      new OpsError('FAILED', 'x'),
      new Error('a bug'),
    ];
    await expect(shapeOf(failures.map(failureDocument))).toMatchFileSnapshot('documents/failure.txt');
  });
});

/** Fields whose values are words that scripts compare with: these are part of the shape. */
const WORD_FIELDS = ['kind', 'link', 'outcome', 'product', 'role', 'severity'];

/** A line for each path with the types that were seen there; `[]` stands for every item of a list. */
function shapeOf(documents: readonly object[]): string {
  const types = new Map<string, Set<string>>();
  const counts = new Map<string, number>();
  const visit = (place: string, value: unknown): void => {
    types.set(place, (types.get(place) ?? new Set()).add(typeOf(place, value)));
    counts.set(place, (counts.get(place) ?? 0) + 1);
    if (Array.isArray(value)) for (const item of value) visit(`${place}[]`, item);
    else if (typeof value === 'object' && value !== null)
      for (const [field, inner] of Object.entries(value)) visit(`${place}.${field}`, inner);
  };
  for (const document of documents) visit('', document);
  const isOptional = (place: string): boolean => {
    const dot = place.lastIndexOf('.');
    const isField = dot !== -1 && !place.endsWith('[]');
    return isField && (counts.get(place) ?? 0) < objectsAt(place.slice(0, dot), types, counts);
  };
  const lines = [...types].map(
    ([place, found]) => `${place || '.'}: ${[...found].sort().join(' or ')}${isOptional(place) ? ', or absent' : ''}`,
  );
  return `${lines.sort().join('\n')}\n`;
}

function typeOf(place: string, value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  const isWord = WORD_FIELDS.some((field) => place.endsWith(`.${field}`));
  return isWord && typeof value === 'string' && !/\d/.test(value) ? JSON.stringify(value) : typeof value;
}

/** How many objects could have had a field; where null was seen as well, that is not known, and no field is optional. */
function objectsAt(
  place: string,
  types: ReadonlyMap<string, ReadonlySet<string>>,
  counts: ReadonlyMap<string, number>,
): number {
  return types.get(place)?.has('null') ? 0 : (counts.get(place) ?? 0);
}
