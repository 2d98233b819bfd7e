/** An error reply of a server, classified once: everyone else asks for its kind. */

export type ReplyErrorKind =
  /** NOAUTH, WRONGPASS, NOPERM, DENIED: log in, log in as another, or log in without a password. */
  | 'login'
  /** The server is not in cluster mode. */
  | 'not-a-cluster'
  /** A subcommand or command that this server does not have. */
  | 'unknown-command'
  /** A node id that the asked node does not know (yet). */
  | 'unknown-node'
  /** LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, too many clients: may pass by itself. */
  | 'passing'
  | 'other';

export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly kind: ReplyErrorKind;

  /** `text` is the error line without the leading `-`. */
  constructor(text: string) {
    super(text);
    this.kind = classify(text);
  }
}

/**
 * By the first word, and by the sentence where the first word is the general ERR. Seen in Redis 7.0.15 and 8.0.2,
 * Valkey 8.1.1 and 9.1.2, but for DENIED (protected mode, asked from another machine), MASTERDOWN and TRYAGAIN:
 * source, networking.c and server.c of Redis 7.0.
 */
function classify(text: string): ReplyErrorKind {
  switch (text.split(' ', 1)[0]) {
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'NOPERM':
    case 'DENIED':
      return 'login';
    case 'LOADING':
    case 'BUSY':
    case 'MASTERDOWN':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
      return 'passing';
    case 'ERR':
      return classifySentence(text);
    default:
      return 'other';
  }
}

function classifySentence(text: string): ReplyErrorKind {
  if (/^ERR This instance has cluster support disabled/.test(text)) return 'not-a-cluster';
  // Redis before 7.0 writes "Unknown subcommand or wrong number of arguments".
  if (/^ERR unknown (sub)?command/i.test(text)) return 'unknown-command';
  // SETSLOT IMPORTING and MIGRATING have words of their own.
  if (/^ERR (Unknown node|I don't know about node)/.test(text)) return 'unknown-node';
  if (/^ERR max number of clients reached/.test(text)) return 'passing';
  // A password was sent to a server that has none.
  if (/^ERR AUTH <password> called without any password configured/.test(text)) return 'login';
  return 'other';
}
