/** `cluster import` while clients write to the source: what was acknowledged there is not lost without a word. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ByteClients } from '../support/byte-clients.ts';
import { eventually } from '../support/eventually.ts';
import { type FormedCluster, formCluster } from '../support/formed-cluster.ts';
import { keySlot } from '../support/key-slot.ts';
import { putAllKinds } from '../support/keys-of-all-kinds.ts';
import { type Standalone, startStandalone } from '../support/standalone.ts';
import { cluster } from '../support/transcript.ts';
import { meetRun, newStateFolder } from '../support/watched-run.ts';

const KEYS = 1600;
/** The journal has begin and step-begin when the first key leaves; with the throttle it then takes a second and more. */
const SLOWLY = '--throttle 1200keys/s --max-pause 1';

let source: Standalone;
let formed: FormedCluster;
let clients: ByteClients;
beforeAll(async () => {
  [source, formed] = await Promise.all([startStandalone(), formCluster({ shards: 3 })]);
  clients = new ByteClients();
});
afterAll(async () => {
  clients?.close();
  await Promise.all([formed?.stop(), source?.stop()]);
});
beforeEach(async () => {
  const addresses = [source.address, ...formed.nodes.map(({ address }) => address)];
  await Promise.all(addresses.map((address) => clients.call(address, ['FLUSHALL'])));
  await putAllKinds(clients, source.address, [0, 16383], KEYS);
});

/** Sets and deletes 400 keys of the source all the time, and remembers what was acknowledged last of each. */
class SourceWriter {
  readonly acknowledged = new Map<string, string | null>();
  readonly #pauseMs: number;
  readonly #running: Promise<void>;
  #isStopped = false;

  constructor(pauseMs: number) {
    this.#pauseMs = pauseMs;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#isStopped; turn++) {
      const name = `key:${turn % 400}`;
      if (turn % 7 === 3) {
        await clients.call(source.address, ['DEL', name]);
        this.acknowledged.set(name, null);
      } else {
        await clients.call(source.address, ['SET', name, `${turn}`]);
        this.acknowledged.set(name, `${turn}`);
      }
      if (this.#pauseMs > 0) await sleep(this.#pauseMs);
    }
  }
}

describe('under a writer at the source', () => {
  const ask = async (name: string): Promise<string | null> => {
    const reply = await clients.call(formed.ownerOf(keySlot(name)).address, ['GET', name]);
    return reply === null ? null : String(reply);
  };

  it('a copy has whatever was acknowledged before it ended', async () => {
    const writer = new SourceWriter(1);
    const typed = `import ${formed.seed} --from ${source.address} --yes --copy ${SLOWLY}`;
    const run = await meetRun(typed, newStateFolder(), { lines: 2, afterMs: 900 }, () => writer.stop());
    expect(run).toMatchObject({ code: 0 });
    expect(writer.acknowledged.size).toBeGreaterThan(100);
    for (const [name, value] of writer.acknowledged) expect([name, await ask(name)]).toEqual([name, value]);
  });

  it('a copy that finds no rest says so, and leaves nothing unsaid', async () => {
    const writers = Array.from({ length: 4 }, () => new SourceWriter(0));
    const run = await cluster(`import ${formed.seed} --from ${source.address} --yes --copy`);
    await Promise.all(writers.map((writer) => writer.stop()));
    if (run.code === 0) return expect(run.stdout).toContain('[OK]');
    expect(run).toMatchObject({ code: 1 });
    expect(run.stdout).toMatch(/\[ERR\] [\d,]+ keys? changed at the source/);
    const again = await cluster(`import ${formed.seed} --from ${source.address} --yes --copy --replace`);
    expect(again).toMatchObject({ code: 0 });
    for (const [name] of writers[0]?.acknowledged ?? []) {
      const reply = await clients.call(source.address, ['GET', name]);
      if (reply !== null) expect([name, await ask(name)]).toEqual([name, String(reply)]);
    }
  });

  it('a move loses no counted increment', async () => {
    const counters = Array.from({ length: 10 }, (_, index) => `count:${index}`);
    const counted = new Map<string, number>();
    let isStopped = false;
    const counting = (async () => {
      for (let turn = 0; !isStopped; turn++) {
        const name = counters[turn % counters.length] as string;
        await clients.call(source.address, ['INCR', name]);
        counted.set(name, (counted.get(name) ?? 0) + 1);
      }
    })();
    await eventually(() => expect(counted.size).toBe(counters.length), { what: 'each counter counts' });
    const run = await cluster(`import ${formed.seed} --from ${source.address} --yes`);
    isStopped = true;
    await counting;
    // A counter that was moved begins again at the source: then both sides have a part, and the import says so.
    expect(run.code).toBeOneOf([0, 1]);
    if (run.code === 1) expect(run.stdout).toMatch(/\[ERR\] \d+ keys? (in the cluster|changed at the source)/);
    for (const name of counters) {
      const there = Number((await ask(name)) ?? 0);
      const here = Number((await clients.call(source.address, ['GET', name])) ?? 0);
      expect([name, here + there]).toEqual([name, counted.get(name)]);
    }
  });
});
