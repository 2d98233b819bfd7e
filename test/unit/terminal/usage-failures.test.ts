import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../src/lib/terminal/failures.ts';
import { misused, unknownCommand } from '../../../src/lib/terminal/usage-failures.ts';

const IDS = ['help', 'check', 'reshard', 'rebalance', 'resume', 'history', 'local:up', 'local:down', 'local:status'];

function said(...words: readonly string[]): readonly string[] {
  return describeFailure(unknownCommand(words, IDS)).split('\n');
}

describe('words that are no command', () => {
  it.each([
    ['chekc', 'check'],
    ['rehsard', 'reshard'],
    ['reshrad', 'reshard'],
    ['rebalence', 'rebalance'],
    ['hepl', 'help'],
    ['status', 'local status'],
  ])('%s is near to %s', (typed, meant) => {
    expect(said(typed, '10.0.0.1:7000').slice(0, 2)).toEqual([
      `[ERR] There is no command "${typed}".`,
      `  Did you mean \`cluster ${meant}\`?`,
    ]);
  });

  it('are near to nothing', () => {
    expect(said('stop')).toEqual(['[ERR] There is no command "stop".', '  Type `cluster help` to see what there is.']);
  });

  it('follow a topic', () => {
    expect(said('local', 'upp')[1]).toBe('  Did you mean `cluster local up`?');
    expect(said('local', 'xyz')).toEqual([
      '[ERR] There is no command "local xyz".',
      '  There are: cluster local up, cluster local down, cluster local status.',
    ]);
  });

  it('follow a command that takes none', () => {
    expect(said('history', 'extra')[0]).toBe('[ERR] `cluster history` takes no word such as "extra".');
    expect(said('local', 'down', 'extra')[0]).toBe('[ERR] `cluster local down` takes no further words.');
  });

  it('may be secrets behind an option, and are not repeated', () => {
    expect(said('-a', 'secret').join()).not.toContain('secret');
    expect(said('--pass=secret').join()).not.toContain('secret');
    expect(said('local', '-a', 'secret').join()).not.toContain('secret');
  });
});

describe('what the framework says of a command line', () => {
  const told = (message: string): readonly string[] =>
    describeFailure(misused(new Error(message), 'local:up', ['strict', 'dry-run'])).split('\n');

  it.each([
    ['Unexpected argument: x\nSee more help with --help', 'Unexpected argument: x.'],
    ['Parsing --nodes \n\tExpected an integer but received: x', '--nodes: Expected an integer but received: x.'],
    [
      'The following errors occurred:\n  --a cannot be x\n  --b cannot be y\nSee more help with --help',
      '--a cannot be x; --b cannot be y.',
    ],
  ])('%j is one sentence, and where to look', (message, sentence) => {
    expect(told(message)).toEqual([`[ERR] ${sentence}`, '  See `cluster local up --help`.']);
  });

  it('has the flag that is nearest', () => {
    expect(told('Nonexistent flag: --strct\nSee more help with --help')[1]).toBe('  Did you mean --strict?');
    expect(told('Nonexistent flag: --dryrun\nSee more help with --help')[1]).toBe('  Did you mean --dry-run?');
    expect(told('Nonexistent flag: --zzzzzz\nSee more help with --help')).toHaveLength(2);
  });
});
