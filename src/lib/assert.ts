/**
 * The mechanism for bugs, as against operating failures (`errors.ts`): what an assertion guards can only be
 * broken by this program's own code, so its message speaks to us, and the process ends with exit code 70.
 */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** Throws {@link AssertionFailure} with `sentence` unless `condition` holds. The sentence states what must be true. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new AssertionFailure(sentence);
}

/** The value, which by construction is there; `sentence` says why it must be. */
export function present<T>(value: T | null | undefined, sentence: string): T {
  assert(value !== null && value !== undefined, sentence);
  return value;
}
