import { describe, expect, it } from 'vitest';
import { connectionFlags, outputFlags } from '../../../src/lib/terminal/flags.ts';
import { commandOptions } from '../../../src/lib/terminal/manifest.ts';
import { rearrange } from '../../../src/lib/terminal/words.ts';
import { declaredCommands } from '../../support/command-classes.ts';

const options = commandOptions(await declaredCommands());

/** As on a command line, so that a test reads like one. */
function first(line: string): string {
  return rearrange(line.split(' '), () => options).words.join(' ');
}

function notesOf(line: string): readonly string[] {
  return rearrange(line.split(' '), () => options).notes;
}

describe('the words of a line', () => {
  it.each([
    ['check 127.0.0.1:7000', 'check 127.0.0.1:7000'],
    ['local up --port 7100', 'local up --port 7100'],
    ['--help', '--help'],
    ['--version', '--version'],
    ['call h:1 ECHO -h', 'call h:1 ECHO -h'],
    ['constructor check h:1', 'constructor check h:1'],
    ['call h:1 CONFIG GET dir', 'call h:1 CONFIG GET dir'],
    ['call h:1 -- SET key -4 --cluster', 'call h:1 -- SET key -4 --cluster'],
    ['call h:1 INCRBY key -4', 'call h:1 INCRBY key -4'],
  ])('leaves alone: %s', (line, same) => {
    expect(first(line)).toBe(same);
  });

  it.each([
    ['-h', '--help'],
    ['-v', '--version'],
    ['version', '--version'],
    ['check -h', 'check --help'],
    ['local up -h', 'local up --help'],
  ])('are a question: %s', (line, asked) => {
    expect(first(line)).toBe(asked);
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
      '--cluster-slave --cluster-master-id 0a1b2c --cluster add-node h:1 h:2',
      'add-node h:1 h:2 --cluster-slave --cluster-master-id 0a1b2c',
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
    expect(first('call -6 h:1 PING')).toBe('call --ipv6 h:1 PING');
  });

  it('takes nothing for a command line', () => {
    const words = (...typed: readonly string[]): readonly string[] => rearrange(typed, () => options).words;
    expect(words()).toEqual([]);
    expect(words('--cluster')).toEqual([]);
    expect(words('-a')).toEqual(['-a']);
  });

  it('reads the options of all commands only where it matters', () => {
    const never = (): never => {
      throw new Error('this takes time');
    };
    for (const line of ['check h:1 --json', 'reshard h:1 --from a --to b --slots 5 -y', 'call h:1 -- GET -4', 'help'])
      expect(rearrange(line.split(' '), never).words.join(' ')).toBe(line);
  });

  it('moves every option of every command behind it', () => {
    for (const [id, arities] of options) {
      const command = id.replace(':', ' ');
      for (const [option, arity] of arities) {
        const value = arity === 'none' ? '' : ' 7';
        if (option !== '-n') expect(first(`${option}${value} ${command} h:1`)).toBe(`${command} h:1 ${option}${value}`);
      }
    }
  });

  it('names the word that is no command, not the value of an option before it', () => {
    expect(first('-a secret chekc h:1')).toBe('chekc h:1 -a secret');
    expect(first('--cluster chekc h:1')).toBe('chekc h:1');
    expect(first('--bogus check h:1')).toBe('check h:1 --bogus');
  });
});

describe('weights', () => {
  it('in one option are parted, wherever the address stands', () => {
    const parted = '--cluster-weight a=1 --cluster-weight b=0';
    expect(first('rebalance h:1 --cluster-weight a=1 b=0')).toBe(`rebalance h:1 ${parted}`);
    expect(first('rebalance --cluster-weight a=1 b=0 h:1')).toBe(`rebalance ${parted} h:1`);
    expect(first('--cluster-weight a=1 b=0 --cluster rebalance h:1')).toBe(`rebalance h:1 ${parted}`);
    expect(first('rebalance --weight a=1 b=0 h 1 --yes')).toBe('rebalance --weight a=1 --weight b=0 h 1 --yes');
  });
});

describe('options of redis-cli that mean nothing to the command', () => {
  it.each([
    ['check h:1 --cluster-yes', 'check h:1', '--cluster-yes'],
    ['--cluster-replicas 1 --cluster check h:1', 'check h:1', '--cluster-replicas'],
    ['info --cluster-from-pass secret h:1', 'info h:1', '--cluster-from-pass'],
    ['check --cluster-weight a=1 b=2 h:1', 'check h:1', '--cluster-weight'],
    ['-h 10.0.0.1 --cluster check h:1', 'check h:1', '-h'],
    ['-n 0 --cluster reshard h:1', 'reshard h:1', '-n'],
    ['-c --cluster check h:1', 'check h:1', '-c'],
    ['check h:1 -c', 'check h:1', '-c'],
    ['check h:1 -p 7000', 'check h:1', '-p'],
    ['check h:1 -h other', 'check h:1', '-h'],
    ['check -2 h:1', 'check h:1', '-2'],
    ['reshard h:1 -n 0', 'reshard h:1', '-n'],
    ['--cluster check h:1 --show-pushes no', 'check h:1', '--show-pushes'],
    ['call -c h:1 PING', 'call h:1 PING', '-c'],
    ['-X tag --mptcp --cluster call h:1 PING', 'call h:1 PING', '-X'],
  ])('are left out, and named: %s', (line, left, option) => {
    expect(first(line)).toBe(left);
    expect(notesOf(line)[0]).toContain(`${option} means nothing to ${left.split(' ')[0]}`);
    expect(notesOf(line).join()).not.toContain('secret');
  });

  it('are left to the framework where they may be words for a server', () => {
    for (const line of ['call h:1 SET key -c', 'call h:1 INCRBY key -3', 'call h:1 GET -n 0'])
      expect(first(line)).toBe(line);
  });

  it('-h without a host asks for help', () => {
    expect(first('check -h')).toBe('check --help');
    expect(first('call h:1 PING -h')).toBe('call h:1 PING -h');
  });

  it('-n without a number is our dry run, and so it is before a number that is one of the words', () => {
    for (const [line, same] of [
      ['-n reshard h:1', 'reshard h:1 -n'],
      ['set-timeout h:1 -n 15000', 'set-timeout h:1 -n 15000'],
    ] as const) {
      expect(first(line)).toBe(same);
      expect(notesOf(line)).toEqual([]);
    }
  });

  it('a simulation is one, or refused', () => {
    expect(first('reshard h:1 --cluster-simulate')).toBe('reshard h:1 --dry-run');
    expect(first('rebalance h:1 --cluster-simulate')).toBe('rebalance h:1 --cluster-simulate');
    expect(first('check h:1 --cluster-simulate')).toBe('check h:1 --cluster-simulate');
  });
});
