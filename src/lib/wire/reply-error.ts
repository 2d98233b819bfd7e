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
  /** FORGET of a node's own primary. */
  | 'own-primary'
  /** LOADING, BUSY, MASTERDOWN, CLUSTERDOWN, TRYAGAIN, too many clients: may pass by itself. */
  | 'passing'
  /** OOM: the node has no memory for the command. */
  | 'out-of-memory'
  /** READONLY, MOVED, ASK, or SETSLOT on a replica or on one that does not own the slot: somebody else is in charge now. */
  | 'not-in-charge'
  /** BUSYKEY: the key exists already. */
  | 'busy-key'
  /** RESTORE: the value was dumped by a server whose format this one does not read. */
  | 'unreadable'
  /** IOERR of MIGRATE: whether the target has the keys is not known. */
  | 'ambiguous'
  /** NOREPLICAS of Valkey 8's SETSLOT: the replicas did not confirm in time. */
  | 'no-replicas'
  | 'other';

export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly kind: ReplyErrorKind;
  /** True where a MIGRATE passes on what the target said. */
  readonly isFromTarget: boolean;

  /** `text` is the error line without the leading `-`. */
  constructor(text: string) {
    super(text);
    const inner = /^ERR Target instance replied with error: (.*)$/s.exec(text)?.[1];
    this.isFromTarget = inner !== undefined;
    this.kind = classify(inner ?? text);
  }
}

/**
 * What the user lacks, as ACL rules name it: `cluster|nodes`, `migrate`; null where the reply is about something else. Seen
 * in Redis 7.0.15, `NOPERM this user has no permissions to run the 'cluster|nodes' command`, and in Valkey 9.1.2, where
 * the user is named.
 */
export function missingRightOf({ message }: ReplyError): string | null {
  return /NOPERM .* run the '([^']+)' command/.exec(message)?.[1] ?? null;
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
    case 'OOM':
      return 'out-of-memory';
    case 'READONLY':
    case 'MOVED':
    case 'ASK':
      return 'not-in-charge';
    case 'BUSYKEY':
      return 'busy-key';
    case 'IOERR':
      return 'ambiguous';
    case 'NOREPLICAS':
      return 'no-replicas';
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
  if (/^ERR Can't forget my (master|primary)/.test(text)) return 'own-primary';
  if (/^ERR max number of clients reached/.test(text)) return 'passing';
  // SETSLOT of any slot at a node that takes part in an atomic migration (Valkey 9.1.2).
  if (/^ERR Slot (export|import) in progress/.test(text)) return 'passing';
  // SETSLOT of a slot that is being moved atomically (Redis 8.6.3).
  if (/^ERR Slot \d+ is currently in an active atomic slot migration/.test(text)) return 'passing';
  // The last of them is about the other side, which has become a replica.
  if (
    /^ERR (Please use SETSLOT only with (masters|primaries)|I'm not the owner of hash slot|Target node is not a (master|primary))/.test(
      text,
    )
  )
    return 'not-in-charge';
  if (/^ERR (DUMP payload version or checksum are wrong|Bad data format)/.test(text)) return 'unreadable';
  // A password was sent to a server that has none.
  if (/^ERR AUTH <password> called without any password configured/.test(text)) return 'login';
  return 'other';
}
