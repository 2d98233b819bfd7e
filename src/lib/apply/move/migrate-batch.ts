/**
 * One MIGRATE, to its end whatever the servers say. MIGRATE removes from the source exactly the keys that the target
 * has confirmed, so it may be repeated; what is repeated finds only the keys that are still there.
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { argv } from '../../wire/argv.ts';
import { missingRightOf, ReplyError } from '../../wire/reply-error.ts';
import type { MoveContext, MoveJob } from './move.ts';
import { compareValues } from './same-value.ts';

/** LOADING, CLUSTERDOWN, TRYAGAIN and OOM may pass by themselves, and are waited for this long. */
const PASSING_TIMEOUT_MS = 10_000;
const PASSING_POLL_MS = 100;
/** After an ambiguous end it is looked at what is where, which settles it; more than this many in a row is a broken link. */
const AMBIGUOUS_ATTEMPTS_MAX = 3;

export interface Batch {
  readonly keys: readonly Buffer[];
  readonly database: number;
  /** The connection to use. */
  readonly channel: string;
}

/** Returns once none of the keys is at the source. Throws FAILED with the way out, or UNREACHABLE. */
export async function migrateBatch(job: MoveJob, context: MoveContext, batch: Batch): Promise<void> {
  const { clock } = context;
  const deadline = clock.now() + PASSING_TIMEOUT_MS;
  for (let ambiguous = 0; ; ) {
    const reply = await send(job, context, batch, batch.keys, context.replace);
    if (!(reply instanceof ReplyError)) return;
    switch (reply.kind) {
      case 'busy-key':
        return context.settle === undefined ? settleConflicts(job, context, batch) : context.settle();
      case 'ambiguous':
        if (++ambiguous >= AMBIGUOUS_ATTEMPTS_MAX)
          throw failure(job, reply, 'Look at the network between the two nodes.');
        // A MIGRATE to a target that hangs holds up the source, which must not look dead as well: UNREACHABLE ends it.
        await context.cluster.callMany(job.target.address, [argv.ping()], { channel: 'probe' });
        await clock.sleep(context.migrateTimeoutMs);
        break;
      case 'passing':
      case 'out-of-memory':
        if (clock.now() >= deadline) throw failure(job, reply, wayOut(job, reply));
        await clock.sleep(PASSING_POLL_MS);
        break;
      default:
        throw failure(job, reply, wayOut(job, reply));
    }
  }
}

function send(
  { source, target }: MoveJob,
  context: MoveContext,
  batch: Batch,
  keys: readonly Buffer[],
  replace: boolean,
): Promise<unknown> {
  return context.cluster.migrate({
    source: source.address,
    target: target.peerAddress,
    keys,
    replace,
    database: batch.database,
    timeoutMs: context.migrateTimeoutMs,
    channel: batch.channel,
  });
}

/**
 * Some keys exist on both sides: copies that an earlier attempt left, or values that somebody wrote there. A copy is
 * replaced only where both values are proven the same, by the source's, which is the one that clients see; anything else
 * needs the operator's explicit word.
 */
async function settleConflicts(job: MoveJob, context: MoveContext, batch: Batch): Promise<void> {
  const different: Buffer[] = [];
  for (const key of batch.keys) {
    const alone = await send(job, context, batch, [key], context.replace);
    if (!(alone instanceof ReplyError)) continue;
    if (alone.kind !== 'busy-key') throw failure(job, alone, wayOut(job, alone));
    const comparison = await compareValues(job, context, batch.database, key, 'or-late-copy');
    if (comparison === 'different') different.push(key);
    if (comparison !== 'same') continue;
    const replaced = await send(job, context, batch, [key], true);
    if (replaced instanceof ReplyError) throw failure(job, replaced, wayOut(job, replaced));
  }
  if (different.length > 0) throw conflict(job, different);
}

const KEYS_SHOWN_MAX = 5;

function conflict({ source, target }: MoveJob, keys: readonly Buffer[]): OpsError {
  const shown = keys.slice(0, KEYS_SHOWN_MAX).map((key) => JSON.stringify(key.toString('latin1')));
  const more = keys.length > shown.length ? ` and ${keys.length - shown.length} more` : '';
  return new OpsError(
    'FAILED',
    `${keys.length} keys have different values on ${formatAddress(source.address)} and ${formatAddress(target.address)}: ${shown.join(', ')}${more}. Neither was changed.`,
    {
      suggestions: [
        `Delete the value that is not wanted, or let the one of ${formatAddress(source.address)} win with --replace.`,
      ],
    },
  );
}

function failure({ source, target }: MoveJob, reply: ReplyError, suggestion: string): OpsError {
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  return new OpsError('FAILED', `Keys could not be moved from ${from} to ${to}: ${reply.message}`, {
    suggestions: [suggestion],
    cause: reply,
  });
}

function wayOut({ target }: MoveJob, reply: ReplyError): string {
  const to = formatAddress(target.address);
  if (reply.kind === 'out-of-memory')
    return `Give ${to} more memory (CONFIG SET maxmemory), or move fewer slots there.`;
  const right = missingRightOf(reply);
  if (right !== null) return `Give the right on every node, with ACL SETUSER USER +${right}, then go on.`;
  if (reply.kind === 'login')
    return `The nodes log in to each other with the user and password of this command: ${to} refused them.`;
  return 'Go on with `cluster resume` when this is mended.';
}
