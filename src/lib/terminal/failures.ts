/** Failures as an operator reads them, and as a script does. */
import { AssertionFailure } from '../assert.ts';
import { OpsError } from '../errors.ts';
import { EXIT, exitCodeOf, isFrameworkError } from './exit-codes.ts';

/** What the system answers where the program is right: no room, no right, no such folder, too much of something. */
const SYSTEM_REFUSALS: ReadonlySet<unknown> = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT EFBIG EIO EMFILE ENFILE ENOENT ENOTDIR EISDIR ELOOP ENAMETOOLONG ENOMEM EAGAIN'.split(
    ' ',
  ),
);

/** The failure; what the system refused, wherever that was met, as an operating failure: a full disk is no bug. */
export function foreseen(failure: Error): Error {
  const { code, syscall, message } = failure as NodeJS.ErrnoException;
  if (failure instanceof OpsError || syscall === undefined || !SYSTEM_REFUSALS.has(code)) return failure;
  return new OpsError('FAILED', `The system refuses: ${message.replace(/^[A-Z]+: /, '')}`, {
    suggestions: ['Look at the rights to that folder and the space on its disk, or name another folder.'],
    cause: failure,
  });
}

/** The message, then what to type next. A bug shows its stack and asks to be reported. */
export function describeFailure(failure: Error): string {
  if (failure instanceof OpsError) {
    const [first = '', ...rest] = failure.message.split('\n');
    const message = /^(\[ERR\]|\*\*\*|>>>)/.test(first) ? first : `[ERR] ${first}`;
    return [message, ...rest, ...failure.suggestions.map((suggestion) => `  ${suggestion}`)].join('\n');
  }
  if (isFrameworkError(failure)) return `[ERR] ${failure.message}`;
  const kind =
    failure instanceof AssertionFailure
      ? 'Something that must be true was not'
      : 'Something happened that nobody foresaw';
  return `[BUG] ${kind}: ${failure.message}\n${failure.stack ?? ''}\nPlease report this with the command that you typed.`;
}

/** The document of --json. */
export function failureDocument(failure: Error): object {
  const code = failure instanceof OpsError ? failure.code : isFrameworkError(failure) ? 'USAGE' : 'BUG';
  const suggestions = failure instanceof OpsError ? failure.suggestions : [];
  return { version: 1, error: { code, message: failure.message, suggestions }, exitCode: exitCodeOf(failure) };
}

/** What goes wrong before a command has begun: above all, that there is no such command. */
export function reportStartFailure(failure: unknown, words: readonly string[]): void {
  const cause = foreseen(failure instanceof Error ? failure : new Error(String(failure)));
  const isUnknownCommand = isFrameworkError(cause) && /^command .* not found$/.test(cause.message);
  process.exitCode = isUnknownCommand ? EXIT.usage : exitCodeOf(cause);
  const text = isUnknownCommand
    ? `[ERR] There is no command "${words[0]}".\n  Type \`cluster help\` to see what there is.`
    : describeFailure(cause);
  process.stderr.write(`${text}\n`);
}
