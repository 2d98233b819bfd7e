/** Which commands change nothing and answer the same on every connection, so that they may be sent again. */

const QUESTIONS: ReadonlySet<string> = new Set([
  'CLIENT LIST',
  'CLUSTER COUNTKEYSINSLOT',
  'CLUSTER GETKEYSINSLOT',
  'CLUSTER GETSLOTMIGRATIONS',
  'CLUSTER INFO',
  'CLUSTER NODES',
  'CLUSTER SHARDS',
  'CONFIG GET',
  'DBSIZE',
  'FUNCTION DUMP',
  'FUNCTION LIST',
  'INFO',
  'MEMORY USAGE',
  'PING',
]);

/** True for the commands above. Others may be questions too, but nobody has made sure. */
export function isQuestion([name, subcommand]: readonly (string | Buffer)[]): boolean {
  return QUESTIONS.has(`${name}`) || QUESTIONS.has(`${name} ${subcommand}`);
}
