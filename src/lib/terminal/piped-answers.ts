/**
 * Answers that are piped in, a line each. All questions of a run read from here: what was read ahead for the first is
 * the answer to the second (`printf '100\nID\nall\nyes\n' | cluster reshard …`).
 */
import { unlessInterrupted } from './interruption.ts';

const pending: string[] = [];
const decoder = new TextDecoder();
let chunks: AsyncIterator<string | Uint8Array> | null = null;
let unfinished = '';
let hasEnded = false;

/** The next line without white space around it; null at the end of the input, however often one asks. */
export async function nextPipedAnswer(): Promise<string | null> {
  return (await nextPipedLine())?.trim() ?? null;
}

/** The next line as it is, for what may begin or end with white space; null at the end of the input. */
export async function nextPipedLine(): Promise<string | null> {
  while (pending.length === 0 && !hasEnded) await readOn();
  return pending.shift()?.replace(/\r$/, '') ?? null;
}

async function readOn(): Promise<void> {
  const input: NodeJS.ReadStream = process.stdin;
  chunks ??= input[Symbol.asyncIterator]();
  input.ref?.();
  const reading = chunks.next().catch(() => null);
  // A pipe that stays open must not keep the process from ending.
  const next = await unlessInterrupted(reading).finally(() => input.unref?.());
  if (next === null || next.done) {
    hasEnded = true;
    if (unfinished !== '') pending.push(unfinished);
    return;
  }
  const text = typeof next.value === 'string' ? next.value : decoder.decode(next.value, { stream: true });
  const lines = `${unfinished}${text}`.split('\n');
  unfinished = lines.pop() ?? '';
  pending.push(...lines);
}
