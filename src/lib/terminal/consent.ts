/** Asking a person. A terminal is asked with inquirer; an answer that is piped in counts; the end of input is a no. */
import { OpsError } from '../errors.ts';
import { nextPipedAnswer, nextPipedLine } from './piped-answers.ts';

export interface Asking {
  readonly yes: boolean;
  readonly json: boolean;
  readonly environment: NodeJS.ProcessEnv;
}

/** Consent given beforehand, by flag or in the way of redis-cli and valkey-cli by the environment. */
function isConsentGiven({ yes, environment }: Asking): boolean {
  return yes || (environment['VALKEYCLI_CLUSTER_YES'] ?? environment['REDISCLI_CLUSTER_YES']) === '1';
}

/** Throws REFUSED where nobody could be asked: to be called BEFORE anything is connected to. */
export function refuseUnattended(asking: Asking): void {
  if (!asking.json || isConsentGiven(asking)) return;
  throw new OpsError('REFUSED', 'With --json nobody can be asked, so nothing was done.', {
    suggestions: ['Add --yes to consent beforehand, or --dry-run to see the plan.'],
  });
}

/** Returns when the answer is `yes`; throws REFUSED for any other, and for the end of input. */
export async function askConsent(question: string, asking: Asking): Promise<void> {
  if (isConsentGiven(asking)) return;
  const prompt = `${question} (type 'yes' to accept): `;
  const answer = await askWord(prompt).catch((cause: unknown) => {
    if (!(cause instanceof OpsError && cause.code === 'INTERRUPTED')) throw cause;
    throw new OpsError('INTERRUPTED', 'Interrupted by the operator; nothing was changed.', { cause });
  });
  if (answer === 'yes') return;
  throw new OpsError(
    'REFUSED',
    answer === null ? 'No answer was given, so nothing was changed.' : 'Not accepted, so nothing was changed.',
    {
      suggestions: ["Type 'yes' to accept, or add --yes to consent beforehand."],
    },
  );
}

/** A secret typed without being shown. Throws USAGE without a terminal. */
export async function askPassword(message = 'Please input password:', variable = 'REDISCLI_AUTH'): Promise<string> {
  if (!process.stdin.isTTY) {
    const piped = await nextPipedLine();
    if (piped !== null) return piped;
    throw new OpsError('USAGE', '--askpass needs a terminal to ask on, or the password on the standard input.', {
      suggestions: [`Give the password in ${variable}.`],
    });
  }
  const { default: inquirer } = await import('inquirer');
  return orInterrupted(async () => (await inquirer.prompt([{ type: 'password', name: 'password', message }])).password);
}

/** One word from the terminal, or the next line that is piped in; null at the end of input. The text is shown on stderr. */
export async function askWord(text: string): Promise<string | null> {
  return process.stdin.isTTY ? (await askOnTerminal(text)).trim() : readPipedAnswer(text);
}

async function askOnTerminal(prompt: string): Promise<string> {
  const { default: inquirer } = await import('inquirer');
  return orInterrupted(
    async () => (await inquirer.prompt([{ type: 'input', name: 'answer', message: prompt.trimEnd() }])).answer,
  );
}

async function readPipedAnswer(prompt: string): Promise<string | null> {
  process.stderr.write(prompt);
  const answer = await nextPipedAnswer();
  process.stderr.write('\n');
  return answer;
}

/** What `ask` answers. Throws INTERRUPTED where Ctrl-C is pressed at a prompt of inquirer, which then throws ExitPromptError. */
export async function orInterrupted<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'ExitPromptError') {
      throw new OpsError('INTERRUPTED', 'Interrupted by the operator.', { cause });
    }
    throw cause;
  }
}
