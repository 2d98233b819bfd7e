/** What is wrong with a command line, as one sentence and what to type instead: of the framework's errors, and ours. */
import { OpsError } from '../errors.ts';
import { nearest } from './nearest.ts';

const OVERVIEW = 'Type `cluster help` to see what there is.';

/**
 * The words of a command line that name no command. `ids` are those that there are, as in `local:up`. Behind an option
 * nothing is named: it may be a password.
 */
export function unknownCommand(words: readonly string[], ids: readonly string[]): OpsError {
  const [first = '-', ...rest] = words;
  if (first.startsWith('-')) return usage(`No command was given before "${first.replace(/=.*/, '')}".`, OVERVIEW);
  const second = rest.find((word, index) => index === 0 && !word.startsWith('-'));
  const names = ids.map((id) => id.replaceAll(':', ' '));
  if (names.includes(first) && second !== undefined)
    return usage(`\`cluster ${first}\` takes no word such as "${second}".`, `See \`cluster ${first} --help\`.`);
  const inTopic = names.filter((name) => name.startsWith(`${first} `));
  if (inTopic.length > 0) {
    const whole = inTopic.find((name) => name === `${first} ${second}`);
    if (whole !== undefined)
      return usage(`\`cluster ${whole}\` takes no further words.`, `See \`cluster ${whole} --help\`.`);
    const meant = nearest(
      second ?? '',
      inTopic.map((name) => name.slice(first.length + 1)),
    );
    const suggestion =
      meant === null ? `There are: cluster ${inTopic.join(', cluster ')}.` : didYouMean(`${first} ${meant}`);
    return usage(`There is no command "${[first, second].join(' ').trim()}".`, suggestion);
  }
  const meant = names.find((name) => name.endsWith(` ${first}`)) ?? nearest(first, names);
  const text = `There is no command "${first}".`;
  return meant === null ? usage(text, OVERVIEW) : usage(text, didYouMean(meant), OVERVIEW);
}

/** The framework's complaint about a command line. `flags` are the names of the command's options, without dashes. */
export function misused(failure: Error, command: string, flags: readonly string[]): OpsError {
  const message = failure.message
    .replace(/\nSee more help with --help$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (--\S+)\s*/, '$1: ')
    .replace(/\s*\n\s*/g, '; ');
  const [, unknown] = /^Nonexistent flags?: --?([^\s,]+)/.exec(message) ?? [];
  const meant = unknown === undefined ? null : nearest(unknown.replace(/=.*/, ''), flags);
  return new OpsError('USAGE', /[.!?]$/.test(message) ? message : `${message}.`, {
    suggestions: [
      ...(meant === null ? [] : [`Did you mean --${meant}?`]),
      `See \`cluster ${command.replaceAll(':', ' ')} --help\`.`,
    ],
    cause: failure,
  });
}

function didYouMean(name: string): string {
  return `Did you mean \`cluster ${name}\`?`;
}

function usage(message: string, ...suggestions: readonly string[]): OpsError {
  return new OpsError('USAGE', message, { suggestions });
}
