/** One batch, word by word: what is said to the source (6379) and to the owner of the key's slot (7000), and what is counted. */
import { describe, expect, it } from 'vitest';
import type { ImportContext, Road } from '../../../../src/lib/apply/import/import-context.ts';
import { ImportTally } from '../../../../src/lib/apply/import/import-tally.ts';
import { RELEASE_SCRIPT } from '../../../../src/lib/apply/import/read-batch.ts';
import { relay } from '../../../../src/lib/apply/import/relay.ts';
import { Targets } from '../../../../src/lib/apply/import/targets.ts';
import { Pace } from '../../../../src/lib/apply/move/pace.ts';
import { OpsError } from '../../../../src/lib/errors.ts';
import type { CallOptions } from '../../../../src/lib/redis/cluster.ts';
import { type Exchange, error, scriptedCluster } from '../../../support/scripted-cluster.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';
import { topology } from '../../../support/topology-builder.ts';

const KEY = Buffer.from('k');
const OLD = Buffer.from('old-value-footer123');
const NEW = Buffer.from('new-value-footer123');
const SOURCE = { host: '10.9.9.9', port: 6379 };
const NODES = topology().primary('a', { slots: '0-16383' }).build();

const restored = (payload: Buffer, reply: Exchange['reply'] = 'OK'): Exchange => ({
  sent: `7000> RESTORE k 0 ${payload}`,
  reply,
});
const read = (payload: Buffer | null): readonly Exchange[] => [
  { sent: '6379> WATCH k', reply: 'OK' },
  { sent: '6379> DUMP k', reply: payload },
  { sent: '6379> PTTL k', reply: payload === null ? -2 : -1 },
];
const released = (reply: Exchange['reply']): readonly Exchange[] => [
  { sent: '6379> MULTI', reply: 'OK' },
  { sent: '6379> UNLINK k', reply: 'QUEUED' },
  { sent: '6379> EXEC', reply },
];
const shown = (payload: Buffer | null): readonly Exchange[] => [
  { sent: '7000> TYPE k', reply: 'string' },
  { sent: '7000> DUMP k', reply: payload },
  { sent: '7000> PTTL k', reply: payload === null ? -2 : -1 },
];
/** What this run has written is looked at there, to go again. */
const watched = (payload: Buffer): readonly Exchange[] => [
  { sent: '7000> WATCH k', reply: 'OK' },
  { sent: '7000> DUMP k', reply: payload },
];
const takenBack = (reply: Exchange['reply']): readonly Exchange[] => [
  { sent: '7000> MULTI', reply: 'OK' },
  { sent: '7000> UNLINK k', reply: 'QUEUED' },
  { sent: '7000> EXEC', reply },
];
/** What a server that is over its memory says. */
const refused = (port: string, command: string): readonly Exchange[] => [
  { sent: `${port}> MULTI`, reply: 'OK' },
  { sent: `${port}> ${command}`, reply: error("OOM command not allowed when used memory > 'maxmemory'.") },
  { sent: `${port}> EXEC`, reply: error('EXECABORT Transaction discarded because of previous errors.') },
];
const scriptSent = `6379> EVAL ${RELEASE_SCRIPT} 1 k ${OLD} 0`;
const unwatched: Exchange = { sent: '6379> UNWATCH', reply: 'OK' };
const isAlive = (life = 'first'): Exchange => ({ sent: '6379> INFO server', reply: `run_id:${life}\r\n` });

/** The command does not get its answer. */
function lost(exchanges: readonly Exchange[]): readonly Exchange[] {
  const last = exchanges.at(-1) as Exchange;
  const meanwhile = (): never => {
    throw new OpsError('UNREACHABLE', 'the connection broke');
  };
  return [...exchanges.slice(0, -1), { ...last, meanwhile }];
}

async function batch(script: readonly (Exchange | readonly Exchange[])[]) {
  const port = scriptedCluster(script.flat());
  const asked: { readonly sent: string; readonly options: CallOptions | undefined }[] = [];
  const cluster: typeof port = {
    ...port,
    observe: async () => NODES,
    callMany: (address, commands, options) => {
      asked.push({ sent: `${address.port}> ${commands[0]?.join(' ')}`, options });
      return port.callMany(address, commands, options);
    },
  };
  const targets = new Targets(cluster, [SOURCE]);
  await targets.refresh();
  const clock = new SimulatedClock();
  const tally = new ImportTally(() => undefined, null, clock);
  const limits = { batchMsMax: 20, keysPerSecondMax: null, latencyMsMax: null };
  const context: ImportContext = {
    cluster,
    emit: () => undefined,
    signal: new AbortController().signal,
    clock,
    settings: {
      copy: false,
      replace: false,
      engine: 'relay',
      mayFallBack: true,
      limits: () => limits,
      keys: null,
      patienceMs: 60_000,
      sourcePatienceMs: 10_000,
      migrateTimeoutMs: 5000,
    },
    source: {
      cluster: { ...cluster, trackChanges: async () => null },
      primaries: [SOURCE],
      isCluster: false,
      database: 0,
    },
    address: SOURCE,
    life: 'first',
    targets,
    tally,
    pace: new Pace(() => limits, clock),
    settled: new Set(),
  };
  const road: Road = { lane: 'l', isOurs: () => false, onRead: () => undefined, onCopied: () => undefined };
  const failure = await relay(context, [KEY], road).then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(port.rest()).toEqual([]);
  return { failure, report: tally.report(), asked };
}

describe('a batch of one key', () => {
  it('is released when it has arrived', async () => {
    const { failure, report } = await batch([read(OLD), restored(OLD), released([1])]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 1, alreadyThere: 0 });
  });

  it('whose key has changed is sent again, over what it has written itself', async () => {
    const busy = error('BUSYKEY Target key name already exists.');
    const { failure, report } = await batch([
      [read(OLD), restored(OLD), released(null)].flat(),
      [read(NEW), restored(NEW, busy), shown(OLD)].flat(),
      [
        { sent: '6379> GET k', reply: NEW },
        { sent: '7000> GET k', reply: OLD },
      ],
      [{ sent: `7000> RESTORE k 0 ${NEW} REPLACE`, reply: 'OK' }, ...released([1])],
    ]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 1, conflicts: { count: 0 } });
  });

  it('whose key was deleted at the source meanwhile leaves nothing of it at the target', async () => {
    const { failure, report } = await batch([
      [read(OLD), restored(OLD), released(null)].flat(),
      [...read(null), ...watched(OLD), ...takenBack([1]), unwatched],
    ]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 0 });
  });

  it('whose key was deleted at the source meanwhile leaves what somebody else has written at the target', async () => {
    const { report } = await batch([
      [read(OLD), restored(OLD), released(null)].flat(),
      [...read(null), ...watched(NEW), { sent: '7000> UNWATCH', reply: 'OK' }, unwatched],
    ]);
    expect(report).toMatchObject({ keys: 0 });
  });

  it('whose key was deleted at the source leaves what is written at the target at that very moment', async () => {
    const { report } = await batch([
      [read(OLD), restored(OLD), released(null)].flat(),
      [...read(null), ...watched(OLD), ...takenBack(null), unwatched],
    ]);
    expect(report).toMatchObject({ keys: 0 });
  });

  it('whose key was deleted at the source goes from a target that is out of memory, too', async () => {
    const { report } = await batch([
      [read(OLD), restored(OLD), released(null)].flat(),
      [...read(null), ...watched(OLD), ...refused('7000', 'UNLINK k'), { sent: '7000> UNLINK k', reply: 1 }, unwatched],
    ]);
    expect(report).toMatchObject({ keys: 0 });
  });

  it('is released by a script where the source is out of memory, and only with the value that was read', async () => {
    const script = (reply: Exchange['reply']): Exchange => ({ sent: scriptSent, reply });
    const once = (reply: Exchange['reply']) => [...refused('6379', 'UNLINK k'), script(reply)];
    const busy = error('BUSYKEY Target key name already exists.');
    const { failure, report } = await batch([
      [...read(OLD), restored(OLD), ...once(0)],
      [...read(OLD), restored(OLD, busy), ...shown(OLD), ...once(1)],
    ]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 1, changed: { count: 0 } });
  });

  it('stays where the source is out of memory and runs no script', async () => {
    const denied = error("NOPERM User ops has no permissions to run the 'eval' command");
    const { failure } = await batch([
      [...read(OLD), restored(OLD), ...refused('6379', 'UNLINK k')],
      [{ sent: scriptSent, reply: denied }],
    ]);
    expect(failure).toMatchObject({ code: 'FAILED', message: expect.stringContaining('OOM') });
  });

  it('whose key changes all the time without another value leaves the one that the target had before', async () => {
    const busy = error('BUSYKEY Target key name already exists.');
    const once = [...read(OLD), restored(OLD, busy), ...shown(OLD), ...released(null)];
    const { report } = await batch(Array.from({ length: 31 }, () => once));
    expect(report).toMatchObject({ keys: 0, changed: { count: 1 } });
  });

  it('is read again when the connection to the source breaks', async () => {
    const { failure, report } = await batch([lost(read(OLD)), isAlive(), read(OLD), restored(OLD), released([1])]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 1 });
  });

  it('counts as imported, and stays at the target, where the answer to its release was lost', async () => {
    const { failure, report } = await batch([
      [read(OLD), restored(OLD), lost(released([1])), isAlive()].flat(),
      [...read(null), unwatched],
    ]);
    expect(failure).toBeNull();
    expect(report).toMatchObject({ keys: 1 });
  });

  it('ends where the source was started anew, which may have lost keys', async () => {
    const { failure } = await batch([lost(read(OLD)), isAlive('second')]);
    expect(failure).toMatchObject({ code: 'FAILED', message: expect.stringContaining('was started anew meanwhile') });
  });

  it('is given up when the source does not come back within ten seconds', async () => {
    const tries = Array.from({ length: 50 }, () => [...lost(read(OLD).slice(0, 1)), ...lost([isAlive()])]).flat();
    const { failure } = await batch([...tries, ...lost(read(OLD).slice(0, 1))]);
    expect(failure).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('asks the source for elements on the connection that watches, and on no other', async () => {
    const { asked } = await batch([
      [read(OLD), restored(OLD, error('BUSYKEY Target key name already exists.')), shown(NEW)].flat(),
      [
        { sent: '6379> GET k', reply: Buffer.from('same') },
        { sent: '7000> GET k', reply: Buffer.from('same') },
      ],
      released([1]),
    ]);
    const ofSource = asked.filter(({ sent }) => sent.startsWith('6379>'));
    expect(ofSource.map(({ sent, options }) => [sent, options?.continues ?? false])).toEqual([
      ['6379> WATCH k', false],
      ['6379> GET k', true],
      ['6379> MULTI', true],
    ]);
  });

  describe('that the cluster has already, for a user who may not look at it', () => {
    const busy = [read(OLD), restored(OLD, error('BUSYKEY Target key name already exists.'))].flat();
    const denied = (command: string): ReturnType<typeof error> =>
      error(`NOPERM this user has no permissions to run the '${command}' command`);

    it('ends at once where the cluster does not show it: it is not gone', async () => {
      const [type, , ttl] = shown(OLD) as [Exchange, Exchange, Exchange];
      const { failure } = await batch([busy, [type, { sent: '7000> DUMP k', reply: denied('dump') }, ttl]]);
      expect(failure).toMatchObject({ code: 'FAILED', message: expect.stringContaining("run the 'dump' command") });
    });

    it.each(['6379', '7000'])('ends where %s does not show its elements: they are not different', async (port) => {
      const asking = ['6379', '7000'].map((each) => ({
        sent: `${each}> GET k`,
        reply: each === port ? denied('get') : OLD,
      }));
      const { failure, report } = await batch([busy, shown(NEW), asking]);
      expect(failure).toMatchObject({ code: 'FAILED', message: expect.stringContaining("run the 'get' command") });
      expect(report).toMatchObject({ conflicts: { count: 0 } });
    });
  });
});
