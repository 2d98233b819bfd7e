/**
 * `cluster del-node` that is held up between FORGET and RESET: since Valkey 8.1 the removed node meets again whoever it does
 * not hear from, and no ban keeps it out. It is gone from every view all the same when the command returns. A server that is
 * not there is not tested, and the report shows its tests as skipped.
 */
import { describe, expect, it } from 'vitest';
import { present } from '../../src/lib/assert.ts';
import { eventually } from '../support/eventually.ts';
import { expectMembers, idOf, withMembers } from '../support/membership.ts';
import { expectEmptyAndAlone } from '../support/node-states.ts';
import { findServer } from '../support/server-binaries.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

const flavor = 'valkey-9.1';
/** The lines: 1 begin, 2 step-begin, 3 step-end of FORGET, 4 step-begin of RESET. */
const BETWEEN = { lines: 3 };
const MEETS_AGAIN = /Sending MEET packet to node .* because there is no inbound link for it/;
/** It may be past the moment when it is stopped. */
const ATTEMPTS_MAX = 5;

describe.runIf(findServer(flavor) !== null)('cluster del-node that is held up', () => {
  it('makes those forget the node again that it has met meanwhile', () =>
    withMembers({ shards: 3, fresh: 1, flavor }, async (formed, [fresh]) => {
      const server = present(fresh, 'one is started');
      let hasMet = false;
      for (let attempt = 1; attempt <= ATTEMPTS_MAX && !hasMet; attempt++) {
        const state = newStateFolder();
        expect(await cluster(`add-node ${server.address} ${formed.seed} --yes`, state)).toMatchObject({ code: 0 });
        const before = server.log().length;
        const meets = (): boolean => MEETS_AGAIN.test(server.log().slice(before));
        const removing = newStateFolder();
        const line = `del-node ${formed.seed} ${await idOf(server)} --yes`;
        const run = await meetRun(line, removing, BETWEEN, async (pid) => {
          process.kill(pid, 'SIGSTOP');
          await eventually(() => expect(meets()).toBe(true), {
            what: 'it meets the others again',
            withinMs: 5000,
          }).catch(() => undefined);
          process.kill(pid, 'SIGCONT');
        });
        hasMet = meets();
        expect(run).toMatchObject({ code: 0 });
        await expectMembers(formed.nodes);
        await expectEmptyAndAlone([server]);
      }
      expect(hasMet).toBe(true);
    }));
});
