/** `cluster fix`, and what it promises: nothing before consent, a whole cluster afterwards, and nothing left to do. */
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { type RunOptions, type RunResult, redisCli } from './executables.ts';
import type { ClusterNode, FormedCluster } from './formed-cluster.ts';
import { addressesOf, ownerSeenBy, type Scene } from './half-migrated.ts';
import { expectSameKeys, storedIn } from './keys-of-all-kinds.ts';
import { statesOf, withoutChange } from './node-states.ts';
import type { ServerFlavor } from './server-binaries.ts';
import { cluster } from './transcript.ts';

export interface FixRun {
  readonly flavor: ServerFlavor;
  /** Options of the fix beside the seed. */
  readonly words?: string;
  readonly run?: RunOptions;
}

const STEADY_LOOKS = 6;

/** Types `cluster fix SEED --yes`, first as a dry run that changes nothing, and last once more, when all is done. */
export async function fixes(formed: FormedCluster, { words = '', run = {} }: FixRun): Promise<RunResult> {
  await untilSteady(formed);
  const line = `fix ${formed.seed} ${words}`;
  const preview = await withoutChange(formed.nodes, () => cluster(`${line} --dry-run`, run));
  expect(preview).toMatchObject({ code: 0 });
  expect(preview.stdout).not.toMatch(NOTHING);
  const result = await cluster(`${line} --yes`, run);
  expect(result).toMatchObject({ code: 0 });
  await expectNothingToFix(formed, { words, run });
  return result;
}

const NOTHING = /nothing to (do|fix)/i;

/** Typed again, `fix` does not even ask. */
async function expectNothingToFix(formed: FormedCluster, { words = '', run = {} }: Omit<FixRun, 'flavor'>) {
  const again = await withoutChange(formed.nodes, () => cluster(`fix ${formed.seed} ${words}`, run));
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(NOTHING) });
}

/** Nothing is open, all agree, and every key is where it belongs, once and with its value. */
export async function expectWhole(scene: Scene, { flavor }: FixRun): Promise<void> {
  await expectContent(scene.formed, flavor);
  expectSameKeys(await storedIn(scene.clients, addressesOf(scene.formed)), scene.before);
}

/** redis-cli's own check, which searches for stray keys as well. */
export async function expectContent(formed: FormedCluster, flavor: ServerFlavor): Promise<void> {
  const line = ['--cluster', 'check', formed.seed, '--cluster-search-multiple-owners'];
  const check = await redisCli(line, { flavor });
  expect(check).toMatchObject({ code: 0 });
  expect(check.stdout).not.toContain('[WARNING]');
}

export async function expectOwner({ formed, slot }: Scene, owner: ClusterNode): Promise<void> {
  for (const node of formed.primaries) expect(await ownerSeenBy(formed, node, slot)).toBe(owner.id);
}

/** The verdicts of redis-cli and of `cluster check`, which have to be the same. */
export async function expectBroken(formed: FormedCluster, flavor: ServerFlavor, said: string | RegExp): Promise<void> {
  const theirs = ['--cluster', 'check', formed.seed, '--cluster-search-multiple-owners'];
  const ours = `check ${formed.seed} --search-multiple-owners`;
  for (const { code, stdout } of [await redisCli(theirs, { flavor }), await cluster(ours)]) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(said) });
  }
}

/** Until several looks in a row show the same: no news is on its way any more. */
async function untilSteady(formed: FormedCluster): Promise<void> {
  let last = '';
  let looks = 0;
  await eventually(
    async () => {
      const now = JSON.stringify(await statesOf(formed.nodes));
      looks = now === last ? looks + 1 : 0;
      last = now;
      if (looks < STEADY_LOOKS) throw new Error(`it was the same ${looks} times`);
    },
    { what: 'the nodes say the same again and again' },
  );
}
