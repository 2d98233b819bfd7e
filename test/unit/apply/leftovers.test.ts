import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { continueJournal, openJournal, readRuns } from '../../../src/lib/apply/journal.ts';
import { findLeftovers } from '../../../src/lib/apply/leftovers.ts';
import { OWNER, PLAN } from '../../support/journaled-plan.ts';
import { nodeId, topology } from '../../support/topology-builder.ts';

const NODES = topology().primary('a').primary('b').primary('c').build();

describe('what a run without an end has left', () => {
  let directory = '';
  beforeEach(() => {
    directory = path.join(mkdtempSync(path.join(tmpdir(), 'cluster-leftovers-')), 'runs');
  });
  afterEach(() => rmSync(path.dirname(directory), { recursive: true }));

  function open(): ReturnType<typeof openJournal> {
    return openJournal({ directory, now: new Date('2026-11-23T01:15:00Z'), process: OWNER, suffix: '4e1f' });
  }

  const leftovers = (nodes = NODES) => {
    const { runs, nodes: touched } = findLeftovers(readRuns(directory), nodes);
    return { runs: runs.map(({ run }) => run), nodes: touched.map(({ id }) => id) };
  };
  const NONE = { runs: [], nodes: [] };

  it('is every node that it has begun to change, until it is closed', () => {
    const journal = open();
    journal.begin(PLAN);
    journal.stepBegin([1]);
    expect(leftovers()).toEqual({ runs: [journal.run], nodes: [nodeId('b')] });
    journal.stepBegin([2]);
    expect(leftovers()).toEqual({ runs: [journal.run], nodes: [nodeId('a'), nodeId('b'), nodeId('c')] });
    continueJournal(directory, journal.run, OWNER).end('undone');
    expect(leftovers()).toEqual(NONE);
  });

  it('is the same where it could not be undone', () => {
    const journal = open();
    journal.begin(PLAN);
    journal.stepBegin([0]);
    journal.end('partial');
    expect(leftovers()).toEqual({ runs: [journal.run], nodes: [nodeId('a')] });
  });

  it('is also what a node has met that was silent while the others were reset', () => {
    const journal = open();
    journal.begin(PLAN);
    journal.stepBegin([2]);
    journal.end('partial');
    const anew = (name: string) => [`${name}, reset`, { host: name }] as const;
    const found = topology()
      .primary('a', { host: 'a', slots: '0-8191' })
      .primary(...anew('b'));
    const ids = (...names: readonly string[]) => ({ runs: [journal.run], nodes: names.map(nodeId) });
    expect(leftovers(found.primary('c, reset', { host: 'c', lonely: true }).build())).toEqual(ids('a', 'b, reset'));
    // One with slots of its own, or that knows somebody else, is no leftover, whatever else it knows.
    expect(leftovers(found.primary('c, reset', { host: 'c', slots: '8192-16383' }).build())).toEqual(
      ids('a', 'b, reset'),
    );
    expect(leftovers(found.primary('x').build())).toEqual(ids('a'));
    // Others have made a cluster of the same nodes since.
    const theirs = topology()
      .primary('a, reset', { host: 'a', slots: '0-16383' })
      .primary(...anew('b'));
    expect(leftovers(theirs.build())).toEqual(NONE);
  });

  it('is nothing where it changed nothing yet, or only other nodes', () => {
    const early = open();
    early.begin(PLAN);
    expect(leftovers()).toEqual(NONE);
    early.stepBegin([0]);
    expect(leftovers(topology().primary('b').build())).toEqual(NONE);
  });
});
