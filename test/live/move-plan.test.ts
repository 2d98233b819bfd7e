/** What `cluster reshard`, `rebalance` and `apply` say they will do, refuse to do, and then exactly do. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { formatSlots, slotSet } from '../../src/lib/model/slot-set.ts';
import { home, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { withoutChange } from '../support/node-states.ts';
import { cluster } from '../support/transcript.ts';
import { newStateFolder } from '../support/watched-run.ts';

let formed: FormedCluster;
const state = newStateFolder();

beforeAll(async () => {
  formed = await formCluster({ shards: 3, settings: { 'cluster-allow-replica-migration': 'no' } });
  await formed.putKeys(200);
});
afterAll(() => formed?.stop());

function address(index: number): string {
  return formed.primary(index).address;
}

async function slotsOf(index: number): Promise<string> {
  const { id } = formed.primary(index);
  const own = present(
    (await formed.view(formed.primary(index))).find((entry) => entry.id === id),
    'a node knows itself',
  );
  return formatSlots(slotSet(own.slots));
}

async function slotCount(index: number): Promise<number> {
  const text = await slotsOf(index);
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => part.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

async function expectHealthy(): Promise<void> {
  expect(await redisCli(['--cluster', 'check', address(0)])).toMatchObject({ code: 0 });
}

describe('a plan', () => {
  it('is shown and saved by --dry-run, which changes nothing; apply does exactly that, once', async () => {
    const file = path.join(home, 'move.json');
    const line = `reshard ${address(0)} --ranges 10-19,30 --to ${address(1)} --dry-run`;
    const shown = await withoutChange(formed.nodes, () => cluster(`${line} --plan-out ${file}`, state));
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toContain('Ready to move 11 slots.');
    const json = await withoutChange(formed.nodes, () => cluster(`${line} --json`, state));
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, outcome: 'planned', run: null });
    const plan = JSON.parse(readFileSync(file, 'utf8')) as { steps: { slots: unknown }[] };
    expect(plan.steps.map(({ slots }) => slots)).toEqual([
      [
        [10, 19],
        [30, 30],
      ],
    ]);
    expect((await cluster('history', state)).stdout).not.toContain('reshard');
    expect(await cluster(`apply ${file} ${address(2)} --yes`, state)).toMatchObject({ code: 0 });
    expect(await slotsOf(0)).toBe('0-9,20-29,31-5460');
    expect(await slotsOf(1)).toBe('10-19,30,5461-10922');
    const stale = await withoutChange(formed.nodes, () => cluster(`apply ${file} ${address(2)} --yes`, state));
    expect(stale).toMatchObject({ code: 4 });
    expect(stale.stderr).toContain('The cluster has changed since the plan was made:');
    expect(stale.stderr).toMatch(new RegExp(`Node ${formed.primary(0).id} was: .* It is now: `));
    const undone = await cluster('undo --yes --json', state);
    expect(JSON.parse(undone.stdout)).toMatchObject({ version: 1, outcome: 'done' });
    expect(await slotsOf(0)).toBe('0-5460');
    await expectHealthy();
  });

  it('that moves nothing is done at once; a refusal to consent changes nothing', async () => {
    const none = await cluster(`reshard ${address(0)} --ranges 0-9 --to ${address(0)} --yes`, state);
    expect(none.code).toBeOneOf([0, 4]);
    const line = `reshard ${address(0)} --ranges 0-9 --to ${address(1)}`;
    expect(await withoutChange(formed.nodes, () => cluster(line, { ...state, input: 'no\n' }))).toMatchObject({
      code: 4,
    });
    expect(await withoutChange(formed.nodes, () => cluster(line, state))).toMatchObject({ code: 4 });
    expect(await withoutChange(formed.nodes, () => cluster(`${line} --json`, state))).toMatchObject({ code: 4 });
  });
});

describe('what makes no sense', () => {
  it.each([
    ['--from nobody --to ID1 --slots 10', 4],
    ['--from ID0 --to 0123456789 --slots 10', 4],
    ['--from ID0 --to ID1 --slots 0', [2, 4]],
    ['--from ID0 --to ID1 --slots 99999', [2, 4]],
    ['--from ID0 --to ID0 --slots 10', 4],
    ['--from ID0 --to ID1 --slots many', 2],
    ['--to ID1 --ranges 5-1', 2],
    ['--to ID1 --ranges 0-16384', 2],
    ['--to ID1', 2],
    ['--to ID1 --ranges 1 --throttle soon', 2],
    ['--to ID1 --ranges 1 --max-pause 0', 2],
  ] as const)('reshard %s', async (flags, codes) => {
    const typed = flags.replace('ID0', formed.primary(0).id).replace('ID1', formed.primary(1).id);
    const run = await withoutChange(formed.nodes, () => cluster(`reshard ${address(0)} ${typed} --yes`, state));
    expect(run.code).toBeOneOf([codes].flat());
    // After the question, where one is asked.
    expect(run.stderr).toMatch(/^(\[ERR\]|\*\*\*)/m);
  });

  it.each([
    ['--weight nobody=1', 4],
    ['--weight ID0=x', 2],
    ['--threshold -1', 2],
    ['--weight ID0=0 --weight ID1=0 --weight ID2=0', 4],
  ] as const)('rebalance %s', async (flags, code) => {
    const typed = flags.replaceAll(/ID(\d)/g, (_, index) => formed.primary(Number(index)).id);
    const run = await withoutChange(formed.nodes, () => cluster(`rebalance ${address(0)} ${typed} --yes`, state));
    expect(run).toMatchObject({ code });
  });
});

describe("redis-cli's own words", () => {
  it('reshard --cluster-from --cluster-to --cluster-slots --cluster-yes', async () => {
    const ids = `--cluster-from ${formed.primary(0).id} --cluster-to ${formed.primary(1).id}`;
    expect(await cluster(`reshard ${address(0)} ${ids} --cluster-slots 61 --cluster-yes`, state)).toMatchObject({
      code: 0,
    });
    expect(await slotCount(0)).toBe(5400);
    await expectHealthy();
  });

  it('rebalance --cluster-weight a=1 b=2 --cluster-threshold', async () => {
    const [a, b, c] = [0, 1, 2].map((index) => formed.primary(index).id.slice(0, 12));
    const line = `rebalance ${address(0)} --cluster-weight ${a}=1 ${b}=2 ${c}=1 --cluster-threshold 1 --cluster-yes`;
    expect(await cluster(line, state)).toMatchObject({ code: 0 });
    expect([await slotCount(0), await slotCount(1), await slotCount(2)]).toEqual([4096, 8192, 4096]);
    const again = await withoutChange(formed.nodes, () => cluster(line, state));
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('No rebalancing needed!');
  });

  it('a weight of 0 drains, --cluster-use-empty-masters fills again', async () => {
    const drained = await cluster(`rebalance ${address(1)} --weight ${address(2)}=0 --yes`, state);
    expect(drained).toMatchObject({ code: 0 });
    expect(await slotCount(2)).toBe(0);
    const kept = await withoutChange(formed.nodes, () => cluster(`rebalance ${address(0)} --yes`, state));
    expect(kept).toMatchObject({ code: 0 });
    expect(await cluster(`rebalance ${address(1)} --cluster-use-empty-masters --cluster-yes`, state)).toMatchObject({
      code: 0,
    });
    const counts = [await slotCount(0), await slotCount(1), await slotCount(2)];
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    await expectHealthy();
  });
});

it('all slots of a primary, to two targets', async () => {
  const line = `reshard ${address(1)} --from ${address(0)} --to ${address(1)},${address(2)} --slots all --yes --json`;
  const run = await cluster(line, state);
  expect(run).toMatchObject({ code: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done', plan: { steps: [{}, {}] } });
  expect([await slotCount(0), (await slotCount(1)) + (await slotCount(2))]).toEqual([0, 16384]);
  expect(await cluster('undo --yes', state)).toMatchObject({ code: 0 });
  expect(await slotCount(0)).toBeGreaterThan(5000);
  await expectHealthy();
});
