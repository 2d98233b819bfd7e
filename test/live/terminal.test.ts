/** What is different on a terminal: help, tables that stay within it, the map of slots, and commands typed wrongly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterCli, clusterOnTerminal, hasTerminals } from '../support/executables.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';

const MAP_LINE = /^ *\d+ [A-C!*]+$/;

describe.runIf(hasTerminals())('on a terminal', () => {
  let formed: FormedCluster;

  beforeAll(async () => {
    formed = await formCluster({ shards: 3, replicas: 1 });
  });
  afterAll(() => formed?.stop());

  it.each([
    [['help']],
    [['--help']],
    [['-h']],
    [['check', '--help']],
    [['help', 'local', 'up']],
    [['local', 'up', '-h']],
  ])('%j shows the usage', async (words) => {
    const { code, stdout } = await clusterOnTerminal(words);
    expect(stdout).toContain('USAGE');
    expect(code).toBe(0);
  });

  it('tables and the map of info stay within its width, with nothing lost', async () => {
    const wide = await linesOf(['info', formed.seed, '--no-color'], 200);
    const narrow = await linesOf(['info', formed.seed, '--no-color'], 60);
    const table = narrow.slice(narrow.indexOf('') + 1);
    expect(Math.max(...table.map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(narrow.filter((line) => MAP_LINE.test(line))).toHaveLength(16);
    expect(wide.filter((line) => MAP_LINE.test(line))).toHaveLength(4);
    for (const { address } of formed.nodes) expect(table.join('\n')).toContain(address);
    const nodes = await linesOf(['nodes', formed.seed, '--no-color'], 60);
    expect(Math.max(...nodes.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });

  it('check has the map where slots are open, and a pipe has it where it is asked for', async () => {
    expect((await linesOf(['check', formed.seed, '--no-color'], 80)).some((line) => MAP_LINE.test(line))).toBe(false);
    const [source, target] = [formed.primary(0), formed.primary(1)];
    await formed.call(target, 'CLUSTER', 'SETSLOT', '7', 'IMPORTING', source.id);
    await formed.call(source, 'CLUSTER', 'SETSLOT', '7', 'MIGRATING', target.id);
    const lines = await linesOf(['check', formed.seed, '--no-color'], 80);
    expect(lines.filter((line) => MAP_LINE.test(line))[0]).toBe(`    0 *${'A'.repeat(63)}`);
    expect(lines).toContain('* open: slot 7');
    const piped = await clusterCli(['check', formed.seed]);
    expect(piped.stdout.split('\n').some((line) => MAP_LINE.test(line))).toBe(false);
    const asked = await clusterCli(['check', formed.seed, '--map']);
    expect(asked.stdout.split('\n').filter((line) => MAP_LINE.test(line))).toHaveLength(8);
    for (const node of [source, target]) await formed.call(node, 'CLUSTER', 'SETSLOT', '7', 'STABLE');
  });

  async function linesOf(words: readonly string[], columns: number): Promise<readonly string[]> {
    const { stdout } = await clusterOnTerminal(words, { columns });
    return stdout.split(/\r?\n/);
  }
});

it.each([
  [['chekc', 'h:1'], 'Did you mean `cluster check`?'],
  [['history', 'extra'], '`cluster history` takes no word such as "extra".'],
  [['local', 'upp'], 'Did you mean `cluster local up`?'],
  [['check', '--strct'], 'Did you mean --strict?'],
  [['reshard', 'h:1', '--throttle', 'fast'], '--throttle takes a rate'],
  [['restore', 'h:1', 'dir', '--yes'], 'The folder of the backup comes first'],
])('%j is exit code 2, in words and as JSON', async (words, sentence) => {
  const { code, stdout, stderr } = await clusterCli(words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(sentence);
  const json = await clusterCli([...words, '--json']);
  expect(json).toMatchObject({ code: 2, stderr: '' });
  const { error, exitCode } = JSON.parse(json.stdout);
  expect([error.message, ...error.suggestions].join('\n')).toContain(sentence);
  expect([error.code, exitCode]).toEqual(['USAGE', 2]);
});
