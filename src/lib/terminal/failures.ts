/** Failures as an operator reads them, and as a script does. */
import { AssertionFailure } from '../assert.ts';
import { OpsError } from '../errors.ts';
import { exitCodeOf, isFrameworkError } from './exit-codes.ts';
import { unknownCommand } from './usage-failures.ts';

/** A chain of causes that is longer than this tells nobody more. */
const CAUSES_MAX = 5;

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

/** What the system said, in its words but for the code and the call: `no such file or directory`. */
export function systemReason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/^[A-Z]+: /, '').replace(/, \w+( '.*')?$/, '');
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

/** What stood behind a failure, the nearest first: a line for each cause that its message does not have already. */
export function describeCauses(failure: Error): readonly string[] {
  const lines: string[] = [];
  for (let cause = failure.cause; cause instanceof Error && lines.length < CAUSES_MAX; cause = cause.cause)
    if (!failure.message.includes(cause.message)) lines.push(`  Because: ${cause.message}`);
  return lines;
}

/** The document of --json. */
export function failureDocument(failure: Error): object {
  const code = failure instanceof OpsError ? failure.code : isFrameworkError(failure) ? 'USAGE' : 'BUG';
  const suggestions = failure instanceof OpsError ? failure.suggestions : [];
  // The marks are for people, who see the code and the message on one line.
  const message = failure.message.replace(/^\[ERR\] /gm, '');
  return { version: 1, error: { code, message, suggestions }, exitCode: exitCodeOf(failure) };
}

/**
 * What goes wrong before a command has begun: above all, that there is no such command. `listCommands` gives the ids of
 * those that there are.
 */
export function reportStartFailure(
  thrown: unknown,
  words: readonly string[],
  listCommands: () => readonly string[],
): void {
  const cause = foreseen(thrown instanceof Error ? thrown : new Error(String(thrown)));
  const isUnknownCommand = isFrameworkError(cause) && /^command .* not found$/i.test(cause.message);
  const failure = isUnknownCommand ? unknownCommand(words, listCommands()) : cause;
  process.exitCode = exitCodeOf(failure);
  if (words.includes('--json')) process.stdout.write(`${JSON.stringify(failureDocument(failure), null, 2)}\n`);
  else process.stderr.write(`${describeFailure(failure)}\n`);
}
