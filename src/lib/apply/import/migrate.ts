/**
 * Batches that the source sends itself: MIGRATE with many keys of one owner, of many slots where the source is
 * standalone. What MIGRATE cannot settle (a key that is there already, an owner that has changed, an answer that did
 * not come) is settled by the relay, which looks at both sides.
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { keySlot } from '../../model/key-slot.ts';
import type { Migration } from '../../redis/cluster.ts';
import { ReplyError, type ReplyErrorKind } from '../../wire/reply-error.ts';
import type { ImportContext, Road } from './import-context.ts';
import { relay } from './relay.ts';
import type { Target } from './targets.ts';

/** What the relay settles and the next MIGRATE may do again. */
const SETTLED_BY_RELAY: readonly ReplyErrorKind[] = [
  'busy-key',
  'passing',
  'not-in-charge',
  'out-of-memory',
  'unreadable',
];
/** In a row: a target that fails over answers so too. */
const FAILURES_MAX = 3;

export class MigrateRoad {
  readonly #context: ImportContext;
  #failures = 0;
  #isGivenUp = false;

  constructor(context: ImportContext) {
    this.#context = context;
  }

  /** The keys of each owner; those without an owner are a group too. */
  groupByOwner(page: readonly Buffer[]): readonly (readonly Buffer[])[] {
    const groups = new Map<Target | null, Buffer[]>();
    for (const key of page) {
      const owner = this.#context.targets.ownerOf(keySlot(key));
      const group = groups.get(owner);
      if (group) group.push(key);
      else groups.set(owner, [key]);
    }
    return [...groups.values()];
  }

  /** Returns as `relay` does. Throws as it does, and FAILED where MIGRATE does not work and nothing else may be done. */
  async move(keys: readonly Buffer[], road: Road): Promise<void> {
    const target = this.#ownerOf(keys);
    const outcome = target === null || this.#isGivenUp ? null : await this.#migrate(keys, target, road.lane);
    if (outcome === 'done') return;
    if (outcome === 'unanswered') return relay(this.#context, keys, road, keys);
    if (target !== null && outcome !== null && !SETTLED_BY_RELAY.includes(outcome.kind)) this.#reckon(target, outcome);
    await relay(this.#context, keys, road);
  }

  #ownerOf(keys: readonly Buffer[]): Target | null {
    return keys[0] === undefined ? null : this.#context.targets.ownerOf(keySlot(keys[0]));
  }

  /** `unanswered`: the connection to the source broke, so the keys may have gone or not. */
  async #migrate(keys: readonly Buffer[], { node }: Target, lane: string): Promise<ReplyError | 'done' | 'unanswered'> {
    const { source, address, settings, tally } = this.#context;
    const migration: Migration = {
      source: address,
      target: node.peerAddress,
      keys,
      replace: settings.replace,
      database: source.database,
      targetDatabase: 0,
      timeoutMs: settings.migrateTimeoutMs,
      channel: lane,
    };
    const reply = await source.cluster.migrate(migration).catch((cause: unknown) => {
      if (cause instanceof OpsError && cause.code === 'UNREACHABLE') return 'unanswered' as const;
      throw cause;
    });
    // One that the source itself refuses has sent nothing.
    if (!(reply instanceof ReplyError) || reply.isFromTarget || reply.kind === 'ambiguous') tally.begin();
    if (reply instanceof ReplyError || reply === 'unanswered') return reply;
    this.#failures = 0;
    // The source held none of them any more: they have expired, or a client has deleted them.
    if (reply === 'NOKEY') tally.gone(keys.length);
    else tally.imported(keys.length, 0);
    return 'done';
  }

  /** Throws FAILED where the operator wants MIGRATE and nothing else. */
  #reckon({ node }: Target, reply: ReplyError): void {
    const { address, settings, emit } = this.#context;
    this.#failures += 1;
    if (reply.kind === 'ambiguous' && this.#failures < FAILURES_MAX) return;
    const what = `MIGRATE from ${formatAddress(address)} to ${formatAddress(node.peerAddress)} does not work: ${reply.message}`;
    if (!settings.mayFallBack)
      throw new OpsError('FAILED', what, {
        suggestions: ['Let this program carry the keys: --engine relay'],
        cause: reply,
      });
    if (!this.#isGivenUp) emit({ event: 'notice', message: `Going on through this program: ${what}` });
    this.#isGivenUp = true;
  }
}
