/**
 * `cluster add-node` and `cluster del-node`, killed at each line of their journals, of moves at the first. Typed again, they end where an
 * undisturbed run ends, and the history says that all of it is done.
 */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { redisCli } from '../support/executables.ts';
import type { FormedCluster } from '../support/formed-cluster.ts';
import { expectMembers, followed, idOf, withMembers } from '../support/membership.ts';
import { expectEmptyAndAlone, statesOf } from '../support/node-states.ts';
import { findServer, type ServerFlavor } from '../support/server-binaries.ts';
import type { TestServer } from '../support/servers.ts';
import { cluster } from '../support/transcript.ts';
import { killedRun, newStateFolder, type StateFolder } from '../support/watched-run.ts';

/** No journal of these commands is longer, but for the slots of a move. */
const LINES_MAX = 24;
/** Begin, the lines of two windows of slots, and some more. */
const MOVE_LINES = 9;
/** Each with a cluster of its own, at the same time: it is mostly waiting. */
const PARTS = [1, 2, 3] as const;
/** So that a move of slots is met while it goes on. */
const SLOWLY = '--throttle 400keys/s --max-pause 1';
const KEYS = 600;
const TIMEOUT_MS = 180_000;

/** Typed again until it is done: a move that was met half-way is gone on with first, as the message says. */
async function typeAgain(line: string, state: StateFolder): Promise<void> {
  const again = await cluster(line, state);
  if (again.code === 0) return;
  expect(again).toMatchObject({ code: 4 });
  expect(again.stderr).toContain('cluster resume');
  expect(await cluster('resume --yes', state)).toMatchObject({ code: 0 });
  expect(await cluster(line, state)).toMatchObject({ code: 0 });
}

async function expectHistoryDone(state: StateFolder): Promise<void> {
  const { stdout } = await cluster('history --json', state);
  const { runs } = JSON.parse(stdout) as { readonly runs: readonly { readonly state: string }[] };
  expect(new Set(runs.map((run) => run.state))).toEqual(new Set(['done']));
}

async function expectWhole(formed: FormedCluster, members: readonly TestServer[], flavor: string): Promise<void> {
  await expectMembers(members);
  const states = await statesOf(members);
  const primaries = states.filter(({ replication }) => replication['role'] === 'master');
  expect(primaries.reduce((sum, { keys }) => sum + keys, 0)).toBe(KEYS);
  const check = await redisCli(['--cluster', 'check', formed.seed], { flavor });
  expect(check).toMatchObject({ code: 0 });
}

describe.each(['default', 'valkey-9.1'] as const)('kill -9 on the server %s', (flavor) => {
  describe.runIf(findServer(flavor) !== null).concurrent('which is there', () => {
    it.each(PARTS)(
      'add-node --replica, del-node: at every third line, from %i on',
      (part) => everyThirdLine(flavor, part, { add: '--replica', addFrom: 0, del: '', last: LINES_MAX }),
      TIMEOUT_MS,
    );

    it.each(PARTS)(
      'add-node --rebalance, del-node --drain: at every third of the first lines, from %i on',
      (part) =>
        everyThirdLine(flavor, part, {
          add: `--rebalance ${SLOWLY}`,
          addFrom: 6,
          del: `--drain ${SLOWLY}`,
          last: MOVE_LINES,
        }),
      TIMEOUT_MS,
    );
  });
});

interface Words {
  readonly add: string;
  /** Lines before this one are those of other additions as well. */
  readonly addFrom: number;
  readonly del: string;
  /** A move has as many lines as it takes windows; the first of them are like the others. */
  readonly last: number;
}

function everyThirdLine(flavor: ServerFlavor, part: number, words: Words): Promise<void> {
  return withMembers({ shards: 3, fresh: 1, flavor }, async (formed, [fresh]) => {
    await formed.putKeys(KEYS);
    const server = present(fresh, 'one is started');
    let isOver = false;
    for (let lines = part; !isOver && lines <= words.last; lines += PARTS.length) {
      const add = `add-node ${server.address} ${formed.seed} --yes ${words.add}`;
      const isAddOver = await killedAndTypedAgain(add, lines + words.addFrom);
      await expectWhole(formed, [...formed.nodes, server], flavor);
      if (words.add === '--replica') expect(await followed(server)).toMatch(/ up$/);
      const del = `del-node ${formed.seed} ${await idOf(server)} --yes ${words.del}`;
      const isDelOver = await killedAndTypedAgain(del, lines);
      await expectWhole(formed, formed.nodes, flavor);
      await expectEmptyAndAlone([server]);
      isOver = isAddOver && isDelOver;
    }
    expect(isOver || words.last < LINES_MAX).toBe(true);
  });
}

/** True where the journal has no such line: the run was not killed. */
async function killedAndTypedAgain(line: string, lines: number): Promise<boolean> {
  const state = newStateFolder();
  const run = await killedRun(line, state, { lines });
  if (run.signal === 'SIGKILL') await typeAgain(line, state);
  else expect(run).toMatchObject({ code: 0 });
  await expectHistoryDone(state);
  return run.signal !== 'SIGKILL';
}
