/**
 * `cluster create` that does not come to its end: killed, stopped by its operator, or left by a node. The moment is
 * named by what has been printed on stderr, where `--progress json` tells each stage, step and wait.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { eventually } from '../support/eventually.ts';
import { home, type RunOptions } from '../support/executables.ts';
import { askEach, expectEmptyAndAlone, expectServing, statesOf, withoutChange } from '../support/node-states.ts';
import { cluster, type Nodes, typedAs, withNodes } from '../support/transcript.ts';

const FLAGS = '--replicas 1 --yes --progress json';

/** Replicas of these nodes cannot log in, so a creation waits for them until it is stopped: no signal comes too late. */
const HELD_BACK = { count: 6, settings: { masterauth: 'nobody-asked' } };

async function release(nodes: Nodes): Promise<void> {
  await askEach(nodes, [['CONFIG', 'SET', 'masterauth', '']]);
}

/** Moments of an undisturbed run, in their order. */
const MOMENTS = {
  'when it has begun with the epochs': /"stage-begin","kind":"set-epoch"/,
  'when it has begun with the slots': /"stage-begin","kind":"add-slots"/,
  'when the nodes of a shard begin to meet': /"stage-begin","kind":"join"/,
  'when one replica has its primary': /"step-end","kind":"replicate"/,
  'when all begin to meet': /"stage-end","kind":"replicate"[\s\S]*"stage-begin","kind":"join"/,
  'when all know each other': /"stage-end","kind":"replicate"[\s\S]*"stage-end","kind":"join"/,
  'while it waits for the cluster to serve': /its link to its primary is down/,
} as const;

function newStateFolder(): RunOptions {
  return { env: { XDG_STATE_HOME: mkdtempSync(path.join(home, 'state-')) } };
}

/** The newest run's journal; throws where there is none yet. */
function journalOf(state: RunOptions): string {
  const folder = path.join(present(state.env?.['XDG_STATE_HOME'], 'it was made above'), 'cluster/runs');
  const [newest] = readdirSync(folder).sort().reverse();
  return readFileSync(path.join(folder, present(newest, 'there was a run')), 'utf8');
}

/** What the newest run has got done with, in its order. */
function stepsEnded(state: RunOptions): readonly string[] {
  const [begin, ...lines] = journalOf(state)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ended = lines.filter(({ line }) => line === 'step-end').flatMap(({ steps }) => steps);
  return ended.map((index) => begin.plan.steps[index].kind);
}

/** News goes on spreading after the program was killed. With all slots given out, it ends with every node serving. */
async function untilQuiet(nodes: Nodes): Promise<void> {
  await eventually(
    async () => {
      const states = await statesOf(nodes);
      const views = states.map((state) => state.nodes.map((line) => line.replace('myself,', '')));
      for (const view of views) expect(view).toEqual(views[0]);
      expect(states.map(({ clusterInfo }) => clusterInfo['cluster_state'])).not.toContain('fail');
    },
    { what: 'the nodes of the killed creation have nothing new to tell' },
  );
}

describe.concurrent('kill -9', () => {
  it.each(Object.entries(MOMENTS))('%s: the same command again makes the cluster', (_, when) =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      const killed = await cluster(`create ${typed} ${FLAGS}`, {
        ...state,
        interruptions: [{ signal: 'SIGKILL', when }],
      });
      expect(killed).toMatchObject({ signal: 'SIGKILL' });
      await release(nodes);
      const again = await cluster(`create ${typed} ${FLAGS}`, state);
      expect(again).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }),
  );

  it('without its journal: refused with the way out, and nothing is changed', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const when = MOMENTS['when all know each other'];
      await cluster(`create ${typed} ${FLAGS}`, { ...newStateFolder(), interruptions: [{ signal: 'SIGKILL', when }] });
      await untilQuiet(nodes);
      const again = await withoutChange(nodes, () => cluster(`create ${typed} ${FLAGS}`, newStateFolder()));
      expect(again).toMatchObject({ code: 4 });
      for (const { address } of nodes) expect(again.stderr).toContain(`[ERR] Node ${address} is not empty.`);
      expect(again.stderr).toContain('send it CLUSTER RESET HARD');
    }));

  it('its journal says what is reset, and --dry-run resets nothing', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      const when = MOMENTS['when all know each other'];
      await cluster(`create ${typed} ${FLAGS}`, { ...state, interruptions: [{ signal: 'SIGKILL', when }] });
      await untilQuiet(nodes);
      const look = await withoutChange(nodes, () => cluster(`create ${typed} --replicas 1 --dry-run`, state));
      expect(look).toMatchObject({ code: 0 });
      expect(look.stdout).toMatch(/^\[WARNING\] An earlier creation was interrupted .* are reset first: /);
      for (const { address } of nodes) expect(look.stdout.split('\n')[0]).toContain(address);
      const file = path.join(mkdtempSync(path.join(home, 'plan-')), 'plan.json');
      const words = `create ${typed} --replicas 1 --dry-run --plan-out ${file}`;
      const saved = await withoutChange(nodes, () => cluster(words, state));
      expect(saved).toMatchObject({ code: 4, stderr: expect.stringContaining('their reset gives them other ids') });
      expect(existsSync(file)).toBe(false);
    }));

  it.each([
    [
      'of the way back, when it begins',
      [
        { signal: 'SIGINT', when: MOMENTS['when the nodes of a shard begin to meet'] },
        { signal: 'SIGKILL', when: /"undo-begin"/ },
      ],
    ],
    [
      'of the way back, when nodes are being reset',
      [
        { signal: 'SIGINT', when: MOMENTS['when the nodes of a shard begin to meet'] },
        { signal: 'SIGKILL', when: /"stage-begin","kind":"reset"/ },
      ],
    ],
  ] as const)('%s: the same command again makes the cluster', (_, interruptions) =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      // The way back is short: where the signal comes after it, there is nothing left to clear away.
      expect(await cluster(`create ${typed} ${FLAGS}`, { ...state, interruptions })).not.toMatchObject({ code: 0 });
      await release(nodes);
      expect(await cluster(`create ${typed} ${FLAGS}`, state)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }),
  );

  it('of the run that clears away, too', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      for (const when of [MOMENTS['when the nodes of a shard begin to meet'], /"stage-begin","kind":"reset"/]) {
        const killed = await cluster(`create ${typed} ${FLAGS}`, {
          ...state,
          interruptions: [{ signal: 'SIGKILL', when }],
        });
        expect(killed).toMatchObject({ signal: 'SIGKILL' });
      }
      await release(nodes);
      expect(await cluster(`create ${typed} ${FLAGS}`, state)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));
});

describe.concurrent('Ctrl-C', () => {
  it.each(Object.entries(MOMENTS))('%s: everything is undone', (_, when) =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      const stopped = await cluster(`create ${typed} ${FLAGS}`, {
        ...state,
        interruptions: [{ signal: 'SIGINT', when }],
      });
      expect(stopped).toMatchObject({ code: 130 });
      await expectEmptyAndAlone(nodes);
      expect(stopped.stderr).toContain('Everything was undone: the nodes are as empty as before.');
      expect(journalOf(state)).toContain('"outcome":"undone"');
    }),
  );

  it('SIGTERM likewise, and the same command works at once', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const when = MOMENTS['while it waits for the cluster to serve'];
      const stopped = await cluster(`create ${typed} ${FLAGS}`, { interruptions: [{ signal: 'SIGTERM', when }] });
      expect(stopped).toMatchObject({ code: 130 });
      await expectEmptyAndAlone(nodes);
      await release(nodes);
      expect(await cluster(`create ${typed} ${FLAGS}`)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));

  it('twice: it stops at once, and the same command again makes the cluster', () =>
    withNodes(HELD_BACK, async (nodes, typed) => {
      const state = newStateFolder();
      const stopping = cluster(`create ${typed} ${FLAGS} -t 2`, {
        ...state,
        interruptions: [
          { signal: 'SIGINT', when: /no answer within 2 s/ },
          { signal: 'SIGINT', when: /Stopping in good order/ },
        ],
      });
      // A node that does not answer makes the way back long enough for the second Ctrl-C.
      const slow = present(nodes[5], 'there are six');
      await eventually(
        () => expect(stepsEnded(state).lastIndexOf('join')).toBeGreaterThan(stepsEnded(state).lastIndexOf('replicate')),
        {
          what: 'all commands are sent',
        },
      );
      process.kill(slow.pid, 'SIGSTOP');
      const stopped = await stopping;
      process.kill(slow.pid, 'SIGCONT');
      expect(stopped).toMatchObject({ code: 130 });
      expect(stopped.stderr).toContain('Stopped at once. What was begun is left as it is.');
      await release(nodes);
      expect(await cluster(`create ${typed} ${FLAGS}`, state)).toMatchObject({ code: 0 });
      await expectServing(nodes);
    }));
});

describe.concurrent('a node that dies meanwhile', () => {
  it.each([
    ['a primary', 2, 5],
    ['a replica', 5, 2],
    ['a node elsewhere', 0, 2],
  ])('%s: it is named, and all others are empty again', (_, victim, inTheWay) =>
    withNodes({ count: 6 }, async (nodes, typed) => {
      const state = newStateFolder();
      const dying = present(nodes[victim], 'there are six');
      const blocked = present(nodes[inTheWay], 'there are six');
      // One that cannot be met keeps the creation from its end until the other has died.
      await askEach([blocked], [['CONFIG', 'SET', 'cluster-announce-bus-port', '1']]);
      const running = cluster(`create ${typed} ${FLAGS} --wait-timeout 5`, state);
      await eventually(() => expect(stepsEnded(state)).toContain('add-slots'), { what: 'the nodes meet' });
      process.kill(dying.pid, 'SIGKILL');
      const run = await running;
      expect(run).toMatchObject({ code: 5 });
      expect(run.stderr).toContain(`Node ${dying.address} is still as it was when it was lost`);
      const others = nodes.filter((node) => node !== dying);
      await expectEmptyAndAlone(others);
      await askEach([blocked], [['CONFIG', 'SET', 'cluster-announce-bus-port', '0']]);
      expect(await cluster(`create ${typedAs(others)} --yes`, state)).toMatchObject({ code: 0 });
      await expectServing(others);
    }),
  );
});

describe.concurrent('a bus port that cannot be reached', () => {
  it.each([0, 3, 5])('of node %i: it is named, and everything is undone', (index) =>
    withNodes({ count: 6 }, async (nodes, typed) => {
      const blocked = present(nodes[index], 'there are six');
      await askEach([blocked], [['CONFIG', 'SET', 'cluster-announce-bus-port', '1']]);
      const run = await cluster(`create ${typed} --replicas 1 --yes --wait-timeout 3`);
      expect(run).toMatchObject({ code: 1 });
      expect(run.stderr).toContain(`Bus port 1 of ${blocked.address} cannot be reached from here: Connection refused.`);
      await expectEmptyAndAlone(nodes);
      const others = nodes.filter((node) => node !== blocked);
      expect(await cluster(`create ${typedAs(others)} --yes`)).toMatchObject({ code: 0 });
      await expectServing(others);
    }),
  );
});
