import { describe, expect, it } from 'vitest';
import { connectionFlags, outputFlags } from '../../../src/lib/terminal/flags.ts';
import { commandFirst } from '../../../src/lib/terminal/words.ts';

/** As on a command line, so that a test reads like one. */
function first(line: string): string {
  return commandFirst(line.split(' ')).join(' ');
}

describe('commandFirst', () => {
  it.each([
    ['check 127.0.0.1:7000', 'check 127.0.0.1:7000'],
    ['local up --port 7100', 'local up --port 7100'],
    ['--help', '--help'],
    ['--version', '--version'],
    ['constructor check h:1', 'constructor check h:1'],
  ])('leaves alone: %s', (line, same) => {
    expect(first(line)).toBe(same);
  });

  it.each([
    ['--cluster check h:1', 'check h:1'],
    ['-a secret --cluster check h:1', 'check h:1 -a secret'],
    ['--tls --cacert ca.pem --cluster info h:1', 'info h:1 --tls --cacert ca.pem'],
    ['--cluster -a secret check h:1', 'check h:1 -a secret'],
    ['-t 3 --user ops -y create h:1 h:2', 'create h:1 h:2 -t 3 --user ops -y'],
    ['--user=ops check h:1', 'check h:1 --user=ops'],
    [
      '--cluster-yes --cluster-replicas 1 --cluster create h:1 h:2',
      'create h:1 h:2 --cluster-yes --cluster-replicas 1',
    ],
    [
      '--cluster-from s:1 --cluster-from-user u --cluster-from-pass p --cluster-copy --cluster import h:1',
      'import h:1 --cluster-from s:1 --cluster-from-user u --cluster-from-pass p --cluster-copy',
    ],
    ['--json --no-color check h:1 --strict', 'check h:1 --strict --json --no-color'],
  ])('moves options behind the command: %s', (line, moved) => {
    expect(first(line)).toBe(moved);
  });

  it('does not take the word after a switch for its value', () => {
    expect(first('--askpass check h:1')).toBe('check h:1 --askpass');
  });

  it('does not take the command for the value of an option that has one already', () => {
    expect(first('--connect-timeout=2 check h:1')).toBe('check h:1 --connect-timeout=2');
  });

  it('takes a value that looks like a command or an option for a value', () => {
    expect(first('-a check check h:1')).toBe('check h:1 -a check');
    expect(first('-a --tls check h:1')).toBe('check h:1 -a --tls');
  });

  it('knows every option for connection and output, by both its names', () => {
    for (const [name, flag] of Object.entries({ ...connectionFlags, ...outputFlags })) {
      const value = flag.type === 'boolean' ? '' : ' value';
      for (const option of [`--${name}`, ...(flag.char === undefined ? [] : [`-${flag.char}`])])
        expect(first(`${option}${value} check h:1`)).toBe(`check h:1 ${option}${value}`);
    }
  });

  it('puts moved options before a --', () => {
    expect(first('-a secret check -- h:1')).toBe('check -a secret -- h:1');
  });

  it('gives -4 and -6 names that the framework can have, wherever they stand', () => {
    expect(first('-4 check h:1')).toBe('check h:1 --ipv4');
    expect(first('check h:1 -6')).toBe('check h:1 --ipv6');
  });

  it('takes nothing for a command line', () => {
    expect(commandFirst([])).toEqual([]);
    expect(commandFirst(['--cluster'])).toEqual([]);
    expect(commandFirst(['-a'])).toEqual(['-a']);
  });
});
