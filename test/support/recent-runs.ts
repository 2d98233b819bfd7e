/** What the programs that a test ran have said: when it fails, the difference of two exit codes alone tells nothing. */

const SHOWN_MAX = 4;
const CHARACTERS_MAX = 4000;

const recent: string[] = [];

/** `told` is the command line and all output of a run that has ended. */
export function rememberRun(told: string): void {
  recent.push(
    told.length > CHARACTERS_MAX
      ? `${told.slice(0, CHARACTERS_MAX / 2)}\n[...]\n${told.slice(-CHARACTERS_MAX / 2)}`
      : told,
  );
  if (recent.length > SHOWN_MAX) recent.shift();
}

/** The last ones since the last call. */
export function takeRecentRuns(): readonly string[] {
  return recent.splice(0);
}
