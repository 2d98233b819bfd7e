/** An error reply of a server, classified once: everyone else asks for its kind. */

export type ReplyErrorKind =
  /** NOAUTH, WRONGPASS, NOPERM: log in, or log in as another. */
  | 'login'
  /** The server is not in cluster mode. */
  | 'not-a-cluster'
  /** A subcommand or command that this server does not have. */
  | 'unknown-command'
  /** A node id that the asked node does not know (yet). */
  | 'unknown-node'
  /** LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN: may pass by itself. */
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

/** By the first word; by the sentence only where the first word is ERR. Sentences seen in Redis 7.0.15 and Valkey 9.1. */
function classify(text: string): ReplyErrorKind {
  const word = text.split(' ', 1)[0];
  switch (word) {
    case 'NOAUTH':
    case 'WRONGPASS':
    case 'NOPERM':
      return 'login';
    case 'LOADING':
    case 'BUSY':
    case 'MASTERDOWN':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
      return 'passing';
    default:
      return classifySentence(text);
  }
}

function classifySentence(text: string): ReplyErrorKind {
  if (/cluster support disabled/i.test(text)) return 'not-a-cluster';
  if (/unknown (sub)?command/i.test(text)) return 'unknown-command';
  if (/unknown node/i.test(text)) return 'unknown-node';
  return 'other';
}
