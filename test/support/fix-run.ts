/** `cluster fix`, and what it promises: nothing before consent, a whole cluster afterwards, and nothing left to do. */
import { expect } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { hasFlag } from '../../src/lib/model/node.ts';
import { eventually } from './eventually.ts';
import { type RunOptions, type RunResult, redisCli } from './executables.ts';
import type { ClusterNode, FormedCluster } from './formed-cluster.ts';
import { ownerSeenBy, type Scene } from './half-migrated.ts';
import { expectSameKeys, storedIn } from './keys-of-all-kinds.ts';
import { statesOf, withoutChange } from './node-states.ts';
import type { ServerFlavor } from './server-binaries.ts';
import { cluster } from './transcript.ts';

export interface FixRun {
  readonly flavor: ServerFlavor;
  /** Options of the fix beside the seed. */
  readonly words?: string;
  readonly run?: RunOptions;
  /** Who answers; the first is the seed. Default: all. */
  readonly living?: readonly ClusterNode[];
}

const NOTHING = /nothing to (do|fix)/i;
const STEADY_LOOKS = 6;

/** Types `cluster fix SEED --yes`, first as a dry run that changes nothing, and last once more, when all is done. */
export async function fixes(formed: FormedCluster, options: FixRun): Promise<RunResult> {
  const { words = '', run = {}, living = formed.nodes } = options;
  await untilSteady(living);
  const line = `fix ${seedOf(formed, options)} ${words}`;
  const preview = await withoutChange(living, () => cluster(`${line} --dry-run`, run));
  expect(preview.code, said(preview)).toBe(0);
  expect(preview.stdout).not.toMatch(NOTHING);
  const result = await cluster(`${line} --yes`, run);
  expect(result.code, said(result)).toBe(0);
  // At once, and without consent: it does not even ask.
  const again = await cluster(line, run);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(NOTHING) });
  return result;
}

function said({ stdout, stderr }: RunResult): string {
  return `${stdout}${stderr}`;
}

/** Nothing is open, all agree, and every key is where it belongs, once and with its value. */
export async function expectWhole(scene: Scene, options: FixRun): Promise<void> {
  await expectContent(scene.formed, options);
  await expectKeys(scene, options);
}

/** The keys that were there when the slot was whole, at the primaries that answer, and no others. */
export async function expectKeys({ formed, clients, before }: Scene, options: FixRun): Promise<void> {
  const primaries = await primariesNow(formed, options);
  const addresses = primaries.map(({ address }) => address);
  expectSameKeys(await storedIn(clients, addresses), before);
}

/** redis-cli's own check is content. */
export async function expectContent(formed: FormedCluster, options: FixRun): Promise<void> {
  const check = await redisCli(['--cluster', 'check', seedOf(formed, options)], { flavor: options.flavor });
  expect(check).toMatchObject({ code: 0, stdout: expect.not.stringContaining('[WARNING]') });
}

/** All that answer take this node for the owner of the slot. */
export async function expectOwner(
  { formed, slot }: Scene,
  owner: ClusterNode,
  living: readonly ClusterNode[] = formed.nodes,
): Promise<void> {
  const seen = await Promise.all(living.map((node) => ownerSeenBy(formed, node, slot)));
  expect(seen).toEqual(living.map(() => owner.id));
}

/** The verdict of redis-cli and that of `cluster check`, which have to be the same. */
export async function expectBroken(formed: FormedCluster, said: RegExp, options: FixRun): Promise<void> {
  const { flavor, words = '' } = options;
  const typed = [seedOf(formed, options), ...words.split(' ').filter((word) => word !== '')];
  const theirs = await redisCli(['--cluster', 'check', ...typed], { flavor });
  const ours = await cluster(`check ${typed.join(' ')}`);
  for (const run of [theirs, ours]) expect(run).toMatchObject({ code: 1, stdout: expect.stringMatching(said) });
}

function seedOf(formed: FormedCluster, { living = formed.nodes }: FixRun): string {
  return present(living[0], 'somebody answers').address;
}

async function primariesNow(formed: FormedCluster, { living = formed.nodes }: FixRun): Promise<readonly ClusterNode[]> {
  const views = await Promise.all(living.map((node) => formed.view(node)));
  return living.filter((node, index) =>
    views[index]?.some((entry) => entry.id === node.id && hasFlag(entry, 'master') && hasFlag(entry, 'myself')),
  );
}

/** Until several looks in a row show the same: no news is on its way any more. */
export async function untilSteady(nodes: readonly ClusterNode[]): Promise<void> {
  let last = '';
  let looks = 0;
  await eventually(
    async () => {
      const now = JSON.stringify(await statesOf(nodes));
      looks = now === last ? looks + 1 : 0;
      last = now;
      if (looks < STEADY_LOOKS) throw new Error(`it was the same ${looks} times`);
    },
    { what: 'the nodes say the same again and again' },
  );
}
