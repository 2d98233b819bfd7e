/**
 * A client that writes all the time and remembers what was acknowledged. It follows redirections as a cluster client
 * does and tries again what was not acknowledged; afterwards everything that was must be there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlotRange } from '../../src/lib/model/slot-set.ts';
import { ByteClients, type ByteReply } from './byte-clients.ts';
import { keySlot, namesIn } from './key-slot.ts';

export interface WriterOptions {
  /** Every key is in these slots. */
  readonly range: SlotRange;
  /** Acknowledged only once a replica has it too: a failover may lose what only the primary had. Default false. */
  readonly confirmed?: boolean;
  /** Also counts with INCR, which is not tried again when its end is not known. Default true. */
  readonly counters?: boolean;
  readonly password?: string;
}

export interface WriterReport {
  readonly acknowledged: number;
  /** One phrase each. */
  readonly lost: readonly string[];
}

const WORKERS = 4;
const CALL_TIMEOUT_MS = 1000;
const PAUSE_MS = 2;
const RETRY_PAUSE_MS = 20;
const COUNTERS = 20;
const REDIRECTIONS_MAX = 5;
/** How long one value is asked for before it counts as lost. */
const READ_ATTEMPTS_MAX = 100;
const REPLICATION_TIMEOUT_MS = 500;

export class AcknowledgedWriter {
  readonly #clients: ByteClients;
  readonly #addresses: readonly string[];
  readonly #options: WriterOptions;
  readonly #owners = new Map<number, string>();
  readonly #written = new Map<string, string>();
  readonly #counted = new Map<string, { acknowledged: number; unknown: number }>();
  readonly #names: Iterator<string>;
  readonly #workers: readonly Promise<void>[];
  #isStopped = false;

  /** Begins at once. */
  constructor(addresses: readonly string[], options: WriterOptions) {
    const { password } = options;
    this.#clients = new ByteClients({ timeoutMs: CALL_TIMEOUT_MS, ...(password === undefined ? {} : { password }) });
    this.#addresses = addresses;
    this.#options = options;
    this.#names = namesFor(options.range);
    const counters = namesIn(options.range, 'count:', COUNTERS);
    this.#workers = Array.from({ length: WORKERS }, (_, worker) => this.#work(worker, counters));
  }

  get acknowledged(): number {
    return this.#written.size;
  }

  /** Stops, and reads everything back. */
  async stop(): Promise<WriterReport> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
    try {
      const lost = await Promise.all([
        ...[...this.#written].map(([name, value]) => this.#lostValue(name, value)),
        ...[...this.#counted].map(([name, count]) => this.#lostCount(name, count)),
      ]);
      return { acknowledged: this.acknowledged, lost: lost.filter((each) => each !== null) };
    } finally {
      this.#clients.close();
    }
  }

  async #work(worker: number, counters: readonly string[]): Promise<void> {
    const { counters: isCounting = true } = this.#options;
    for (let turn = 0; !this.#isStopped; turn++) {
      if (isCounting && turn % 4 === 3) await this.#count(counters[(turn + worker) % COUNTERS] as string);
      else await this.#write(String(this.#names.next().value), `${worker}:${turn}`);
      await sleep(PAUSE_MS);
    }
  }

  /** The same value again and again until it is acknowledged: writing it twice does no harm. */
  async #write(name: string, value: string): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#send(name, ['SET', name, value], this.#options.confirmed === true);
        this.#written.set(name, value);
        return;
      } catch {
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  async #count(name: string): Promise<void> {
    const count = this.#counted.get(name) ?? { acknowledged: 0, unknown: 0 };
    this.#counted.set(name, count);
    try {
      await this.#send(name, ['INCR', name], false);
      count.acknowledged += 1;
    } catch (cause) {
      if (!isErrorReply(cause)) count.unknown += 1;
      await sleep(RETRY_PAUSE_MS);
    }
  }

  async #lostValue(name: string, value: string): Promise<string | null> {
    const found = await this.#read(name);
    return found === value ? null : `${name} (slot ${keySlot(name)}) is ${found}, not ${value}`;
  }

  async #lostCount(name: string, { acknowledged, unknown }: { acknowledged: number; unknown: number }) {
    const found = Number(await this.#read(name));
    const isRight = found >= acknowledged && found <= acknowledged + unknown;
    return isRight ? null : `${name} counts ${found}, not ${acknowledged} to ${acknowledged + unknown}`;
  }

  async #read(name: string): Promise<string | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.#send(name, ['GET', name], false);
        return reply === null ? null : String(reply);
      } catch (cause) {
        if (attempt >= READ_ATTEMPTS_MAX) throw cause;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  async #send(name: string, command: readonly string[], isConfirmed: boolean): Promise<ByteReply> {
    const slot = keySlot(name);
    let address = this.#owners.get(slot) ?? this.#anyone();
    let isAsking = false;
    for (let redirections = 0; ; redirections++) {
      try {
        const reply = await this.#clients.call(address, ...(isAsking ? [['ASKING']] : []), command);
        if (isConfirmed) await this.#confirm(address);
        return reply;
      } catch (cause) {
        const [, kind, to] = /^(MOVED|ASK) \d+ (\S+)/.exec(String((cause as Error).message)) ?? [];
        if (to === undefined || redirections >= REDIRECTIONS_MAX) {
          this.#owners.delete(slot);
          throw cause;
        }
        if (kind === 'MOVED') this.#owners.set(slot, to);
        isAsking = kind === 'ASK';
        address = to;
      }
    }
  }

  async #confirm(address: string): Promise<void> {
    const replicas = await this.#clients.call(address, ['WAIT', '1', `${REPLICATION_TIMEOUT_MS}`]);
    if (Number(replicas) < 1) throw new Error('no replica has it');
  }

  #anyone(): string {
    return this.#addresses[Math.floor(Math.random() * this.#addresses.length)] as string;
  }
}

function isErrorReply(cause: unknown): boolean {
  return cause instanceof Error && /^[A-Z]+ /.test(cause.message);
}

function* namesFor([first, last]: SlotRange): Generator<string> {
  for (let index = 0; ; index++) {
    const slot = keySlot(`written:${index}`);
    if (first <= slot && slot <= last) yield `written:${index}`;
  }
}
