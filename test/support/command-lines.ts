/** A line for each command that connects, for tests of who is let in: none of them gets so far that it changes anything. */
export const COMMAND_LINES: readonly string[] = [
  'check SEED',
  'info SEED',
  'nodes SEED',
  'create SEED --yes',
  'reshard SEED --from all --to SEED --slots 1 --yes',
  'rebalance SEED --yes',
  'resume SEED --yes',
  'call SEED PING',
  'set-timeout SEED 3000',
  'add-node 127.0.0.1:1 SEED --yes',
  'del-node SEED a1b2c3 --yes',
  'forget SEED --failed --yes',
  'fix SEED --yes',
  'import SEED --from SEED --copy --yes',
  'backup SEED never-written --yes',
];

/** The words of a line: SEED is a node of the cluster, and `flags` stand behind the command. */
export function wordsOf(line: string, seed: string, flags: readonly string[] = []): readonly string[] {
  const [command = '', ...words] = line.split(' ');
  return [command, ...flags, ...words.map((word) => (word === 'SEED' ? seed : word))];
}
