/** `--keep-primary` and kill -9: the setting that the run changed for its own sake is put back by `resume` and `undo`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasFlag } from '../../src/lib/model/node.ts';
import { countSlots } from '../../src/lib/model/slot-set.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, newStateFolder } from '../support/watched-run.ts';

const SETTING = 'cluster-allow-replica-migration';
const KEYS = 900;

let formed: FormedCluster;

beforeAll(async () => {
  formed = await formCluster({ shards: 3 });
  await formed.putKeys(KEYS);
});
afterAll(() => formed?.stop());

async function setting(): Promise<unknown> {
  return formed.call(formed.primary(0), 'CONFIG', 'GET', SETTING);
}

async function own(): Promise<{ readonly isPrimary: boolean; readonly slots: number }> {
  const entry = (await formed.view(formed.primary(0))).find((each) => hasFlag(each, 'myself'));
  return { isPrimary: entry !== undefined && hasFlag(entry, 'master'), slots: countSlots(entry?.slots ?? []) };
}

it.each([
  { way: 'undo', slots: 5461 },
  { way: 'resume', slots: 0 },
])('$way puts it back', async ({ way, slots }) => {
  const state = newStateFolder();
  const [from, to] = [formed.primary(0).address, formed.primary(1).address];
  const drain = `reshard ${from} --from ${from} --to ${to} --slots all --keep-primary --throttle 200keys/s --max-pause 1 --yes`;
  // The fourth line is of the first slots: the setting has been noted and changed before.
  expect(await killedRun(drain, state, { lines: 4, afterMs: 100 })).toMatchObject({ signal: 'SIGKILL' });
  expect(await setting()).toEqual([SETTING, 'no']);
  expect(await cluster(`${way} --yes`, state)).toMatchObject({ code: 0 });
  expect(await setting()).toEqual([SETTING, 'yes']);
  expect(await own()).toEqual({ isPrimary: true, slots });
});
