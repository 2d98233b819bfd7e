/**
 * The source may break a connection (an idle one, one of too many, by an operator's word, because a firewall forgot it)
 * and be there all the same: then it is asked again. A source that was STARTED ANEW is another matter: keys that it had
 * may be missing, and a listing that was begun means nothing to it.
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { argv } from '../../wire/argv.ts';
import { parseInfo } from '../../wire/info.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import { throwIfInterrupted } from '../clock.ts';
import type { ImportContext } from './import-context.ts';

const RETRY_PAUSE_MS = 200;

/** What tells one life of the source from the next; empty where it does not say. Throws UNREACHABLE or LOGIN. */
export async function lifeOf({ source, address }: Pick<ImportContext, 'source' | 'address'>): Promise<string> {
  const [reply] = await source.cluster.callMany(address, [argv.info('server')]);
  return reply instanceof ReplyError ? '' : (parseInfo(String(reply))['run_id'] ?? '');
}

/** Throws FAILED where the source was started anew since the import began; UNREACHABLE where it does not answer. */
export async function requireSameLife(context: ImportContext): Promise<void> {
  const now = await lifeOf(context);
  if (now === context.life) return;
  throw new OpsError(
    'FAILED',
    `The source ${formatAddress(context.address)} was started anew meanwhile: keys may be missing there.`,
    { suggestions: ['Look at its log, and whether it has read its data.'] },
  );
}

/**
 * The result of `work`, which only asks, or may be done again: tried again while connections to the source break. Throws
 * what `withPatience` throws, and FAILED where the source was started anew.
 */
export function withSource<Result>(context: ImportContext, work: () => Promise<Result>): Promise<Result> {
  return withPatience(context, context.settings.sourcePatienceMs, work, () => requireSameLife(context));
}

/**
 * The result of `work`, tried again while its server breaks connections or is not ready. The time for that counts from
 * the beginning of what failed, so one that was silent for longer is not asked again. `before` each further attempt may
 * throw to give up. Throws what `work` throws otherwise, INTERRUPTED.
 */
export async function withPatience<Result>(
  { clock, signal }: Pick<ImportContext, 'clock' | 'signal'>,
  patienceMs: number,
  work: () => Promise<Result>,
  before: () => Promise<void> = async () => undefined,
): Promise<Result> {
  const begun = clock.now();
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      if (!mayPass(cause) || clock.now() - begun >= patienceMs) throw cause;
    }
    throwIfInterrupted(signal);
    await clock.sleep(RETRY_PAUSE_MS, signal);
    await before().catch((cause: unknown) => {
      if (!mayPass(cause)) throw cause;
    });
  }
}

function mayPass(cause: unknown): boolean {
  if (!(cause instanceof OpsError)) return false;
  return cause.code === 'UNREACHABLE' || (cause.cause instanceof ReplyError && cause.cause.kind === 'passing');
}
