import { describe, expect, it } from 'vitest';
import { maskCommand } from '../../../src/lib/view/masked-command.ts';

function shown(line: string): string {
  return maskCommand(line.split(' ')).words.join(' ');
}

describe('a command as it is shown', () => {
  it.each([
    'PING',
    'CONFIG GET requirepass',
    'CONFIG SET maxmemory 100',
    'SET requirepass x',
    'ACL GETUSER ops',
    'ACL SETUSER ops on ~* +@all nopass',
  ])('has nothing to hide: %s', (line) => {
    expect(shown(line)).toBe(line);
  });

  it.each([
    ['CONFIG SET requirepass hunter2', 'CONFIG SET requirepass ***'],
    ['config set MasterAuth hunter2', 'config set MasterAuth ***'],
    ['CONFIG SET primaryauth hunter2 maxmemory 5', 'CONFIG SET primaryauth *** maxmemory 5'],
    ['CONFIG SET maxmemory 5 requirepass hunter2', 'CONFIG SET maxmemory 5 requirepass ***'],
    ['CONFIG SET tls-key-file-pass hunter2', 'CONFIG SET tls-key-file-pass ***'],
    ['ACL SETUSER ops on >hunter2 <old ~*', 'ACL SETUSER ops on >*** <*** ~*'],
    ['ACL SETUSER ops on #5e884898 !5e884898', 'ACL SETUSER ops on #*** !***'],
    ['HELLO 3 AUTH ops hunter2 SETNAME me', 'HELLO 3 AUTH ops *** SETNAME me'],
    ['AUTH hunter2', 'AUTH ***'],
    ['AUTH ops hunter2', 'AUTH ops ***'],
    ['MIGRATE h 1 k 0 5 AUTH hunter2', 'MIGRATE h 1 k 0 5 AUTH ***'],
    ['MIGRATE h 1 k 0 5 AUTH2 ops hunter2 KEYS a', 'MIGRATE h 1 k 0 5 AUTH2 ops *** KEYS a'],
  ])('hides the password: %s', (line, safe) => {
    expect(shown(line)).toBe(safe);
  });

  it('hides it in what the server says of it too, also where one is the beginning of another', () => {
    const { maskedIn } = maskCommand(['ACL', 'SETUSER', 'ops', '>ab', '>abc']);
    expect(maskedIn("ERR Error in ACL SETUSER modifier '>abc': Syntax error, or >ab")).toBe(
      "ERR Error in ACL SETUSER modifier '>***': Syntax error, or >***",
    );
    expect(maskCommand(['PING']).maskedIn('ERR all of it')).toBe('ERR all of it');
  });
});
