/** A command that a person sent to servers, as it may be shown: without the passwords in it. */

const MASK = '***';

/** The word after one of these is a password. Source: redis.conf 7.0 and valkey.conf 9.0. */
const PASSWORD_SETTINGS: ReadonlySet<string> = new Set([
  'requirepass',
  'masterauth',
  'primaryauth',
  'tls-key-file-pass',
  'tls-client-key-file-pass',
]);

export interface MaskedCommand {
  readonly words: readonly string[];
  /** The text of a server's error without the passwords: servers repeat what they do not understand. */
  maskedIn(text: string): string;
}

/** Passwords are found by the words before them, as in `CONFIG SET requirepass x`, and in ACL SETUSER by their signs, hashes too. */
export function maskCommand(command: readonly string[]): MaskedCommand {
  const secrets: string[] = [];
  const words = command.map((word, index) => {
    const sign = isAclUser(command) && index >= 3 ? /^[><#!]/.exec(word)?.[0] : undefined;
    const secret = sign === undefined ? (isPassword(command, index) ? word : '') : word.slice(1);
    if (secret === '') return word;
    secrets.push(secret);
    return `${sign ?? ''}${MASK}`;
  });
  // The longest first: one may be the beginning of another.
  secrets.sort((a, b) => b.length - a.length);
  return {
    words,
    maskedIn: (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text),
  };
}

function isAclUser(command: readonly string[]): boolean {
  return command[0]?.toUpperCase() === 'ACL' && command[1]?.toUpperCase() === 'SETUSER';
}

function isPassword(command: readonly string[], index: number): boolean {
  const [first, before, beforeThat] = [0, index - 1, index - 2].map((each) => command[each]?.toUpperCase());
  // AUTH [user] password.
  if (first === 'AUTH') return index > 0 && index === command.length - 1;
  // HELLO 3 AUTH user password.
  if (first === 'HELLO') return beforeThat === 'AUTH';
  // AUTH password, or AUTH2 user password.
  if (first === 'MIGRATE') return before === 'AUTH' || beforeThat === 'AUTH2';
  return first === 'CONFIG' && index >= 3 && PASSWORD_SETTINGS.has(before?.toLowerCase() ?? '');
}
