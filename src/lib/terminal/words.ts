/**
 * Habits of redis-cli on the command line, undone before the framework reads it: options may stand before the
 * command (`cluster -a secret check h:p`), the command may be introduced by `--cluster`, and options may have
 * redis-cli's names. Names that are mere aliases are declared with the flags; this file only moves words.
 */

/** Options that redis-cli lets stand before the command, by whether the next word is their value. */
const LEADING_OPTIONS: Readonly<Record<string, boolean>> = {
  '-a': true,
  '--pass': true,
  '--user': true,
  '-u': true,
  '--uri': true,
  '-t': true,
  '--connect-timeout': true,
  '--cacert': true,
  '--cacertdir': true,
  '--cert': true,
  '--key': true,
  '--sni': true,
  '--tls-ciphers': true,
  '--tls-ciphersuites': true,
  '--nat-map': true,
  '--context': true,
  '--progress': true,
  '--askpass': false,
  '--tls': false,
  '--insecure': false,
  '--no-auth-warning': false,
  '--verbose': false,
  '--quiet': false,
  '--json': false,
  '--color': false,
  '--no-color': false,
  '--ipv4': false,
  '--ipv6': false,
  '--yes': false,
  '--cluster-yes': false,
  '--cluster-replicas': true,
  '--cluster-search-multiple-owners': false,
  '--cluster-from': true,
  '--cluster-from-user': true,
  '--cluster-from-pass': true,
  '--cluster-from-askpass': false,
  '--cluster-copy': false,
  '--cluster-replace': false,
  '--cluster-timeout': true,
  '--cluster-pipeline': true,
  '-y': false,
  '-v': false,
  '-q': false,
};

/** The framework allows no digits as short names. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['-4', '--ipv4'],
  ['-6', '--ipv6'],
]);

/** The words with leading options moved to the end, before a `--` if there is one, so that the command comes first. */
export function commandFirst(typed: readonly string[]): readonly string[] {
  const words = typed.map((word) => RENAMED.get(word) ?? word);
  const leading: string[] = [];
  let index = 0;
  for (;;) {
    const word = words[index];
    if (word === '--cluster') index += 1;
    else if (word !== undefined && takesPlace(word)) {
      const count = LEADING_OPTIONS[word] === true ? 2 : 1;
      leading.push(...words.slice(index, index + count));
      index += count;
    } else break;
  }
  const rest = words.slice(index);
  // What follows `--` is not ours to read as options, so the moved ones go before it.
  const end = rest.indexOf('--');
  return end === -1 ? [...rest, ...leading] : [...rest.slice(0, end), ...leading, ...rest.slice(end)];
}

function takesPlace(word: string): boolean {
  const [name = ''] = word.split('=', 1);
  return Object.hasOwn(LEADING_OPTIONS, name);
}
