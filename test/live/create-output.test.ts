/** What `cluster create` prints where, and how long it waits. stdout is the result, stderr the progress. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { home } from '../support/executables.ts';
import { askEach, expectServing, statesOf, withoutChange } from '../support/node-states.ts';
import { cluster, type Nodes, withNodes } from '../support/transcript.ts';

const SIX = { count: 6 };
/** Their replicas cannot log in, so they are never in sync. */
const HELD_BACK = { ...SIX, settings: { masterauth: 'nobody-asked' } };
const STAGES = ['set-epoch', 'add-slots', 'join', 'replicate', 'join'];

async function release(nodes: Nodes): Promise<void> {
  await askEach(nodes, [['CONFIG', 'SET', 'masterauth', '']]);
}

describe('cluster create', () => {
  it('--json: one document on stdout and nothing else; --progress json: each line of stderr is an event', () =>
    withNodes(SIX, async (nodes, typed) => {
      const file = path.join(home, 'executed.json');
      const run = await cluster(`create ${typed} --replicas 1 --yes --json --progress json --plan-out ${file}`);
      expect(run).toMatchObject({ code: 0 });
      await expectServing(nodes);
      const document = JSON.parse(run.stdout);
      expect(document).toMatchObject({ version: 1, outcome: 'done', check: {} });
      const { checksum: _, request: __, ...plan } = JSON.parse(readFileSync(file, 'utf8'));
      expect(document.plan).toEqual({ ...plan, version: 1 });
      const events = run.stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const begun = events.filter(({ event }) => event === 'stage-begin').map(({ kind }) => kind);
      expect(begun).toEqual(STAGES);
    }));

  it('--dry-run and --plan-out first, and apply does exactly that; once, and only where it can be done', () =>
    withNodes(SIX, async (nodes, typed) => {
      const [file, changed] = [path.join(home, 'later.json'), path.join(home, 'changed.json')];
      expect(await cluster(`create ${typed} --replicas 1 -n --plan-out ${file}`)).toMatchObject({ code: 0 });
      const plan = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(changed, JSON.stringify({ ...plan, steps: plan.steps.toReversed() }));
      const impossible = await withoutChange(nodes, () => cluster(`apply ${changed} --yes`));
      expect(impossible).toMatchObject({ code: 2 });
      expect(impossible.stderr).toContain('it was changed since it was written');
      expect((await withoutChange(nodes, () => cluster(`apply ${file} -n`))).code).toBe(0);
      expect((await withoutChange(nodes, () => cluster(`apply ${file}`))).code).toBe(4);
      const applied = await cluster(`apply ${file} --yes`);
      expect(applied).toMatchObject({ code: 0 });
      expect(applied.stdout).toMatch(/^Healthy: 6 nodes, 3 shards/m);
      await expectServing(nodes);
      const again = await cluster(`apply ${file} --yes`);
      expect(again).toMatchObject({ code: 4 });
      expect(again.stderr).toContain('has changed since the plan was made');
    }));

  it('--json without progress is silent on stderr', () =>
    withNodes(SIX, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes --json -q`);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      await expectServing(nodes);
      expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, outcome: 'done' });
    }));

  it("--progress plain: redis-cli's lines on stderr, no colour and no line that changes", () =>
    withNodes(SIX, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes --progress plain`);
      expect(run).toMatchObject({ code: 0 });
      await expectServing(nodes);
      expect(run.stderr.split('\n').filter((line) => line.startsWith('>>>'))).toEqual([
        '>>> Assign a different config epoch to each node',
        '>>> Nodes configuration updated',
        '>>> Sending CLUSTER MEET messages to join the cluster',
        '>>> Configuring replicas',
        '>>> Sending CLUSTER MEET messages to join the cluster',
      ]);
      expect(run.stderr + run.stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
    }));

  it('-q: the result on stdout, nothing on stderr', () =>
    withNodes(SIX, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes -q`);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      await expectServing(nodes);
      expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    }));

  it.each(['none', 'agree'])('--wait %s: returns sooner, and the cluster comes', (level) =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes --wait ${level}`);
      expect(run).toMatchObject({ code: 0 });
      const states = await statesOf(nodes);
      const views = states.map((state) => state.nodes.map((line) => line.replace('myself,', '')));
      if (level === 'agree') for (const view of views) expect(view).toEqual(views[0]);
      await release(nodes);
      await eventually(() => expectServing(nodes), { what: 'the cluster serves' });
    }),
  );

  it('--wait-timeout: exit code 1 where it does not serve in time; it is made, and comes', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const run = await cluster(`create ${typed} --replicas 1 --yes --wait-timeout 3`);
      expect(run).toMatchObject({ code: 1 });
      expect(run.stderr).toContain('[ERR] Waited 3 s for every node to serve; still missing:');
      expect(run.stderr).toContain(`${nodes[5]?.address} its link to its primary is down`);
      expect(run.stderr).toContain('The cluster is made and all nodes agree; it is left as it is.');
      await release(nodes);
      await eventually(() => expectServing(nodes), { what: 'the cluster serves' });
    }));
});
