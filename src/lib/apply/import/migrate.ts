/**
 * Batches that the source sends itself: MIGRATE with many keys of one owner, of many slots where the source is
 * standalone. What MIGRATE cannot settle (a key that is there already, an owner that has changed, an answer that did
 * not come) is settled by the relay, which looks at both sides.
 */
import { OpsError } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { keySlot } from '../../model/key-slot.ts';
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
    const refusal = target === null || this.#isGivenUp ? null : await this.#migrate(keys, target, road.lane);
    if (refusal === 'done') return;
    if (target !== null && refusal !== null && !SETTLED_BY_RELAY.includes(refusal.kind)) this.#reckon(target, refusal);
    await relay(this.#context, keys, road);
  }

  #ownerOf(keys: readonly Buffer[]): Target | null {
    return keys[0] === undefined ? null : this.#context.targets.ownerOf(keySlot(keys[0]));
  }

  async #migrate(keys: readonly Buffer[], { node }: Target, lane: string): Promise<ReplyError | 'done'> {
    const { source, address, settings, tally } = this.#context;
    tally.begin();
    const reply = await source.cluster.migrate({
      source: address,
      target: node.peerAddress,
      keys,
      replace: settings.replace,
      database: source.database,
      targetDatabase: 0,
      timeoutMs: settings.migrateTimeoutMs,
      channel: lane,
    });
    if (reply instanceof ReplyError) return reply;
    this.#failures = 0;
    tally.imported(keys.length, 0);
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
