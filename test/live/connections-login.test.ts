/** Every command with a password that is not on the command line, ways to be asked for it, and logins that are refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND_LINES, wordsOf } from '../support/command-lines.ts';
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';
import { clusterCli, clusterOnTerminal, hasTerminals, redisCli } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';

const PASSWORD = 'correct horse/battery:staple@%';
const WRONG = 'tell-nobody';

tour({
  name: 'the password in REDISCLI_AUTH',
  flavor: 'default',
  reach: () =>
    reachServers({ password: PASSWORD }, () => ({
      env: { REDISCLI_AUTH: PASSWORD, REDISCLI_FROM_AUTH: PASSWORD },
      login: { password: PASSWORD },
    })),
});

describe('a password', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, password: PASSWORD });
  });
  afterAll(() => formed?.stop());

  it.each(COMMAND_LINES)('%s: a wrong one is exit code 3, and is not shown', async (line) => {
    const run = await clusterCli(wordsOf(line, formed.seed), { env: { REDISCLI_AUTH: WRONG } });
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toContain(`Node ${formed.seed} refused the login: WRONGPASS`);
    expect(run.stderr).not.toContain(WRONG);
  });

  it.runIf(hasTerminals())('is asked for on a terminal, and not shown', async () => {
    const replies = [{ when: /Please input password:/, text: `${PASSWORD}\r` }];
    const run = await clusterOnTerminal(['check', formed.seed, '--askpass'], { replies });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain('[OK] All 16384 slots covered.');
    expect(run.stdout).not.toContain(PASSWORD);
    const wrong = await clusterOnTerminal(['check', formed.seed, '--askpass'], {
      replies: [{ when: /Please input password:/, text: `${WRONG}\r` }],
    });
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.stdout).not.toContain(WRONG);
  });

  it('is piped in, as with redis-cli, before the answer to the question', async () => {
    const input = `${PASSWORD}\n`;
    expect(await redisCli(['--askpass', '--cluster', 'check', formed.seed], { input })).toMatchObject({ code: 0 });
    expect(await clusterCli(['--askpass', '--cluster', 'check', formed.seed], { input })).toMatchObject({ code: 0 });
    const line = ['reshard', formed.seed, '--ranges', '0-9', '--to', formed.primary(1).address, '--askpass'];
    expect(await clusterCli(line, { input: `${PASSWORD}\nno\n` })).toMatchObject({ code: 4 });
    expect(await clusterCli(line, { input: `${PASSWORD}\nyes\n` })).toMatchObject({ code: 0 });
  });

  it('that nobody gives is exit code 2, at once', async () => {
    const run = await clusterCli(['check', formed.seed, '--askpass']);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('REDISCLI_AUTH');
  });
});
