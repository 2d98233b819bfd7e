import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coveredBy, openJournal, readRuns, resumeJournal } from '../../../src/lib/apply/journal.ts';
import { OWNER, PLAN, ref } from '../../support/journaled-plan.ts';

describe('the journal', () => {
  let directory = '';
  beforeEach(() => {
    directory = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-journal-')), 'runs');
  });
  afterEach(() => rmSync(path.dirname(directory), { recursive: true }));

  function open(now = new Date('2026-11-23T01:15:00Z'), suffix = '4e1f'): ReturnType<typeof openJournal> {
    return openJournal({ directory, now, process: OWNER, suffix });
  }

  it('is read back as it was written', () => {
    const journal = open();
    journal.begin(PLAN);
    journal.stepBegin([0, 1]);
    journal.stepEnd([0, 1]);
    journal.stepBegin([2]);
    journal.end('undone');
    expect(readRuns(directory)).toEqual([
      {
        run: '20261123-011500-4e1f',
        process: OWNER,
        plan: PLAN,
        beganAt: expect.any(String),
        begun: new Set([0, 1, 2]),
        ended: new Set([0, 1]),
        outcome: 'undone',
        settings: [],
      },
    ]);
  });

  it('tells which settings a killed run has left changed', () => {
    const journal = open();
    journal.begin(PLAN);
    const [one, other] = ['a', 'b'].map((name) => ({ node: ref(name), name: 'maxmemory', before: '0' }));
    for (const change of [one, other]) if (change) journal.setting('changing', change);
    if (one) journal.setting('restored', one);
    expect(readRuns(directory)).toMatchObject([{ settings: [other] }]);
  });

  it('has each line on the disk when the call returns', () => {
    const journal = open();
    const file = path.join(directory, `${journal.run}.jsonl`);
    journal.begin(PLAN);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    journal.stepBegin([0]);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
  });

  it('is for its owner only', () => {
    const journal = open();
    journal.begin(PLAN);
    expect(statSync(directory).mode & 0o077).toBe(0);
    expect(statSync(path.join(directory, `${journal.run}.jsonl`)).mode & 0o077).toBe(0);
  });

  it('writes nothing for a run that never begins', () => {
    open();
    expect(readRuns(directory)).toEqual([]);
  });

  it("is written on by who goes on with the run: all of it counts as begun, and its end is the run's", () => {
    const journal = open();
    journal.begin(PLAN);
    journal.end('partial');
    appendFileSync(path.join(directory, `${journal.run}.jsonl`), '{"line":"en');
    const other = { pid: 4712, startTime: 'later' };
    const resumed = resumeJournal(directory, journal.run, other);
    resumed.begin(PLAN);
    resumed.stepBegin([7]);
    const begun = new Set(PLAN.steps.keys());
    expect(readRuns(directory)).toMatchObject([{ run: journal.run, process: other, begun, outcome: null }]);
    resumed.end('failed');
    expect(readRuns(directory)).toMatchObject([{ outcome: 'partial' }]);
    resumed.end('done');
    expect(readRuns(directory)).toMatchObject([{ outcome: 'done' }]);
  });

  it('names the run that it takes back', () => {
    openJournal({ directory, now: new Date(), process: OWNER, suffix: '4e1f', undoes: 'earlier' }).begin(PLAN);
    expect(readRuns(directory)).toMatchObject([{ undoes: 'earlier' }]);
  });

  it('is not written for what another journal covers', () => {
    const journal = coveredBy('earlier');
    journal.begin(PLAN);
    journal.end('done');
    expect(journal.run).toBe('earlier');
    expect(readRuns(directory)).toEqual([]);
  });

  it('passes over a torn last line: what it announced did not begin', () => {
    const journal = open();
    journal.begin(PLAN);
    journal.stepBegin([0]);
    appendFileSync(path.join(directory, `${journal.run}.jsonl`), '{"line":"step-begin","steps":[1');
    const [run] = readRuns(directory);
    expect(run?.begun).toEqual(new Set([0]));
    expect(run?.outcome).toBeNull();
  });

  it('leaves out files without a whole first line, of another version, and of another kind', () => {
    const journal = open();
    journal.begin(PLAN);
    writeFileSync(path.join(directory, 'torn.jsonl'), '{"line":"begin","run":"torn"');
    writeFileSync(path.join(directory, 'empty.jsonl'), '');
    writeFileSync(
      path.join(directory, 'newer.jsonl'),
      `${JSON.stringify({ line: 'begin', run: 'newer', process: OWNER, plan: { ...PLAN, version: 2 } })}\n`,
    );
    writeFileSync(path.join(directory, 'notes.txt'), 'not ours');
    expect(readRuns(directory).map(({ run }) => run)).toEqual([journal.run]);
  });

  it('has the run first that began to act last, also of those that were named in one second', () => {
    const [early, late] = ['ffff', '0000'].map((suffix) => open(undefined, suffix));
    for (const [journal, at] of [
      [early, '2026-11-23T01:15:00.200Z'],
      [late, '2026-11-23T01:15:00.900Z'],
    ] as const) {
      const line = { line: 'begin', run: journal?.run, process: OWNER, at, plan: PLAN };
      mkdirSync(directory, { recursive: true });
      writeFileSync(path.join(directory, `${journal?.run}.jsonl`), `${JSON.stringify(line)}\n`);
    }
    expect(readRuns(directory).map(({ run }) => run.slice(-4))).toEqual(['0000', 'ffff']);
  });

  describe('whose folder', () => {
    /** What the operator was told. */
    const told: string[] = [];
    const openTelling = (): ReturnType<typeof openJournal> =>
      openJournal({ directory, now: new Date(), process: OWNER, suffix: '4e1f', warn: (text) => told.push(text) });
    const putFileInstead = (): void => {
      rmSync(directory, { recursive: true, force: true });
      writeFileSync(directory, '');
    };
    beforeEach(() => told.splice(0));

    it('is removed while the run goes on begins anew with all that was written before', () => {
      const journal = open();
      journal.begin(PLAN);
      journal.stepBegin([0]);
      rmSync(directory, { recursive: true });
      journal.stepEnd([0]);
      expect(readRuns(directory)).toMatchObject([
        { run: journal.run, plan: PLAN, begun: new Set([0]), ended: new Set([0]) },
      ]);
      const resumed = resumeJournal(directory, journal.run, OWNER);
      rmSync(directory, { recursive: true });
      resumed.begin(PLAN);
      resumed.end('done');
      expect(readRuns(directory)).toMatchObject([{ run: journal.run, plan: PLAN, outcome: 'done' }]);
    });

    it('cannot be written refuses the beginning of a run, in words', () => {
      putFileInstead();
      const journal = openTelling();
      const refusal = {
        code: 'REFUSED',
        message: expect.stringMatching(/cannot be written: .+\. Nothing was changed\.$/),
      };
      expect(() => journal.begin(PLAN)).toThrow(expect.objectContaining(refusal));
      expect(() => resumeJournal(directory, 'earlier', OWNER).begin(PLAN)).toThrow(expect.objectContaining(refusal));
      expect(told).toEqual([]);
    });

    it('cannot be written any more stops before the next step, and says once what it misses', () => {
      const journal = openTelling();
      journal.begin(PLAN);
      journal.stepBegin([0]);
      const text = readFileSync(path.join(directory, `${journal.run}.jsonl`));
      putFileInstead();
      journal.slots(0, 'opening', [[0, 7]]);
      journal.stepEnd([0]);
      expect(() => journal.stepBegin([1])).toThrow(expect.objectContaining({ code: 'FAILED' }));
      journal.end('partial');
      expect(told).toEqual([expect.stringMatching(/^\[WARNING\] The journal \S+ cannot be written, and misses/)]);
      // There is room again: what was missed comes first.
      rmSync(directory);
      mkdirSync(directory);
      writeFileSync(path.join(directory, `${journal.run}.jsonl`), text);
      journal.end('undone');
      expect(readRuns(directory)).toMatchObject([{ ended: new Set([0]), outcome: 'undone' }]);
    });

    it('cannot be read is no reason to believe that there was no run', () => {
      mkdirSync(path.join(directory, 'a-folder.jsonl'), { recursive: true });
      expect(() => readRuns(directory)).toThrow(
        expect.objectContaining({ code: 'FAILED', message: expect.stringContaining('cannot be read: EISDIR') }),
      );
    });
  });

  it('has no runs in a folder that is not there', () => {
    expect(readRuns(path.join(directory, 'nowhere'))).toEqual([]);
  });
});
