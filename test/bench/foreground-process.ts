/**
 * The process behind `foreground.ts`: sends requests at their times, answers questions about them.
 *
 * It uses no client library, because it would be measured too. Every SET has a key of its own; every GET asks for the
 * key of a SET half a second before, so what it has to find is certain.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { present } from '../../src/lib/assert.ts';
import { eachSlot, hasSlot, SLOT_COUNT, type SlotSet } from '../../src/lib/model/slot-set.ts';
import { monotonicMs } from './clock.ts';
import { keyName, VALUE } from './fill.ts';
import { keySlot } from './key-slot.ts';
import { RespConnection, type RespReply } from './resp-connection.ts';

export interface ForegroundOptions {
  /** Who serves which slots at first; later it follows redirections, as any client does. */
  readonly nodes: readonly { readonly address: string; readonly slots: SlotSet }[];
  /** `key:1` to `key:keys` are there. */
  readonly keys: number;
  readonly perSecond: number;
}

/** Milliseconds from the intended time of a request to its final reply, whatever redirections are between them. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Account {
  readonly acknowledged: number;
  /** Acknowledged writes that are not there at the end. */
  readonly lost: number;
  /** Replies that were not the last acknowledged value. */
  readonly stale: number;
  /** Requests that ended with an error, after as many attempts as a patient client makes. */
  readonly failed: number;
  /** MOVED and ASK. */
  readonly redirections: number;
}

/** By `clock.ts`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  /** Only requests for keys of these slots. Default: all. */
  readonly slots?: SlotSet;
}

export type Question = Span | 'end';

/** Between two looks at the clock: below a millisecond, where Node's own timers end. */
const NAP_MS = 0.2;
/** Prime, so that keys come in an order without a pattern, and none comes twice. */
const KEY_STRIDE = 7919;
/** Odd, so that it leads from a GET to a SET. */
const READ_BACK_REQUESTS = 1001;
const ATTEMPTS_MAX = 200;
const RETRY_PAUSE_MS = 5;
const READS_AT_ONCE_MAX = 500;
const ALL_SLOTS: SlotSet = [[0, SLOT_COUNT - 1]];

class Load {
  readonly #options: ForegroundOptions;
  readonly #beganMs = monotonicMs();
  readonly #owners: string[] = [];
  readonly #connections = new Map<string, RespConnection>();
  /** By request: NaN until it is answered. */
  readonly #latencies: number[] = [];
  /** By key: the acknowledged value. */
  readonly #written = new Map<string, string>();
  readonly #underWay = new Set<Promise<void>>();
  #isEnding = false;
  #stale = 0;
  #failed = 0;
  #redirections = 0;

  constructor(options: ForegroundOptions) {
    this.#options = options;
    for (const { address, slots } of options.nodes) {
      this.#connections.set(address, new RespConnection(address));
      for (const slot of eachSlot(slots)) this.#owners[slot] = address;
    }
    if (Object.keys(this.#owners).length !== SLOT_COUNT) throw new Error('Not all slots have an owner.');
  }

  async run(): Promise<void> {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let next = 0; !this.#isEnding; ) {
      for (const now = monotonicMs(); this.#dueAt(next) <= now; next++) this.#begin(next);
      Atomics.wait(cell, 0, 0, NAP_MS);
      await turn();
    }
  }

  async latencies({ fromMs, toMs, slots = ALL_SLOTS }: Span): Promise<Latencies> {
    await Promise.all(this.#underWay);
    const isMeant = (request: number): boolean =>
      this.#dueAt(request) >= fromMs &&
      this.#dueAt(request) <= toMs &&
      hasSlot(slots, keySlot(this.#keyAsked(request)));
    const sorted = Float64Array.from(this.#latencies.filter((_, request) => isMeant(request))).sort();
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }

  async end(): Promise<Account> {
    this.#isEnding = true;
    await Promise.all(this.#underWay);
    const written = [...this.#written];
    let lost = 0;
    for (let from = 0; from < written.length; from += READS_AT_ONCE_MAX) {
      const part = written.slice(from, from + READS_AT_ONCE_MAX);
      const replies = await Promise.all(part.map(([key]) => this.#ask(key, ['GET', key])));
      lost += part.filter(([, value], index) => replies[index] !== value).length;
    }
    for (const connection of this.#connections.values()) connection.close();
    const [stale, failed, redirections] = [this.#stale, this.#failed, this.#redirections];
    return { acknowledged: written.length, lost, stale, failed, redirections };
  }

  #dueAt(request: number): number {
    return this.#beganMs + (request * 1000) / this.#options.perSecond;
  }

  #begin(request: number): void {
    this.#latencies[request] = Number.NaN;
    const work = (request % 2 === 0 ? this.#write(request) : this.#read(request))
      .catch(() => {
        this.#failed += 1;
      })
      .then(() => {
        this.#latencies[request] = monotonicMs() - this.#dueAt(request);
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #write(request: number): Promise<void> {
    const key = this.#keyAsked(request);
    const value = `write ${request} `.padEnd(VALUE.length, '.');
    await this.#ask(key, ['SET', key, value]);
    this.#written.set(key, value);
  }

  async #read(request: number): Promise<void> {
    const key = this.#keyAsked(request);
    const expected = this.#written.get(key);
    const reply = await this.#ask(key, ['GET', key]);
    // Not acknowledged yet when it was asked for: both values are right.
    if (expected !== undefined && reply !== expected) this.#stale += 1;
  }

  /** A GET reads back what an earlier SET has written. */
  #keyAsked(request: number): string {
    return this.#keyOf(request % 2 === 0 ? request : Math.abs(request - READ_BACK_REQUESTS));
  }

  #keyOf(request: number): string {
    return keyName(1 + ((request * KEY_STRIDE) % this.#options.keys));
  }

  /** Follows redirections; rejects with an error that remains. */
  async #ask(key: string, command: readonly string[]): Promise<string | null> {
    const slot = keySlot(key);
    let asking: string | null = null;
    for (let attempt = 1; ; attempt++) {
      const address: string = asking ?? present(this.#owners[slot], 'every slot has an owner');
      const reply: RespReply = await this.#connection(address).ask(command, { asking: asking !== null });
      asking = null;
      if (reply === null || typeof reply === 'string') return reply;
      const [word, , to = ''] = reply.message.split(' ');
      if (attempt >= ATTEMPTS_MAX) throw reply;
      if (word === 'MOVED') this.#owners[slot] = to;
      else if (word === 'ASK') asking = to;
      else if (word === 'TRYAGAIN' || word === 'CLUSTERDOWN') await sleep(RETRY_PAUSE_MS);
      else throw reply;
      if (word === 'MOVED' || word === 'ASK') this.#redirections += 1;
    }
  }

  #connection(address: string): RespConnection {
    const connection = this.#connections.get(address) ?? new RespConnection(address);
    this.#connections.set(address, connection);
    return connection;
  }
}

process.once('disconnect', () => process.exit());
const load = new Load(JSON.parse(process.argv[2] ?? '') as ForegroundOptions);
process.on('message', async (question: Question) => {
  process.send?.(question === 'end' ? await load.end() : await load.latencies(question));
});
process.send?.('begun');
await load.run();
