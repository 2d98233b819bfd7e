/** Where the operator decides which of two values of a key stays. */
import type { Conflict, ConflictDesk, ConflictSide, Verdict } from '../apply/conflicts.ts';
import { printable } from '../apply/settle-key.ts';
import { formatAddress } from '../model/address.ts';
import { formatDuration } from '../view/units.ts';
import type { Aside } from './aside.ts';
import { askWord } from './consent.ts';

/** `ask`: at the terminal, or of what is piped in; where nobody answers, nothing is decided. */
export type OnConflict = 'ask' | Verdict;

/** What became of a key with two values. */
export interface DecidedConflict {
  readonly slot: number;
  readonly database: number;
  /** Base64. */
  readonly key: string;
  readonly source: string;
  readonly target: string;
  readonly verdict: Verdict;
}

export interface TerminalDesk extends ConflictDesk {
  readonly decided: readonly DecidedConflict[];
}

const ANSWERS: Readonly<Record<string, Verdict>> = {
  source: 'source',
  target: 'target',
  skip: 'skip',
  s: 'source',
  t: 'target',
  '': 'skip',
};

export function openDesk(policy: OnConflict, aside: Aside, pause: () => void): TerminalDesk {
  const left = new Set<number>();
  const decided: DecidedConflict[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const decide = async (conflict: Conflict): Promise<Verdict> => {
    if (policy !== 'ask') return policy;
    // One question at a time, however many nodes are at work.
    const answer = turn.then(() => {
      pause();
      return ask(conflict);
    });
    turn = answer.catch(() => undefined);
    return answer;
  };
  return {
    left,
    decided,
    keepAside: (value) => aside.keep(value),
    leave: ({ slot }) => void left.add(slot),
    decide: async (conflict) => {
      const verdict = await decide(conflict);
      const { slot, database, key, source, target } = conflict;
      const [from, to] = [source, target].map(({ node }) => formatAddress(node.address));
      decided.push({ slot, database, key: key.toString('base64'), source: from ?? '', target: to ?? '', verdict });
      return verdict;
    },
  };
}

async function ask(conflict: Conflict): Promise<Verdict> {
  const { slot, key, source, target } = conflict;
  const text = [
    `Key ${printable(key)} of slot ${slot} has two values:`,
    `  source ${inWords(source)}`,
    `  target ${inWords(target)}`,
    'Which one stays? (source, target, skip): ',
  ].join('\n');
  for (;;) {
    const answer = await askWord(text);
    if (answer === null) return 'skip';
    const verdict = ANSWERS[answer.toLowerCase()];
    if (verdict !== undefined) return verdict;
  }
}

/** When it was last used is a hint only: being looked at by an operator counts as a use. */
function inWords({ node, type, expiryMs, idleSeconds }: ConflictSide): string {
  const expiry = expiryMs < 0 ? 'never expires' : `expires in ${formatDuration(expiryMs)}`;
  const idle = idleSeconds === null ? '' : `, not used for ${idleSeconds} s`;
  return `${formatAddress(node.address)}: ${type}, ${expiry}${idle}`;
}
