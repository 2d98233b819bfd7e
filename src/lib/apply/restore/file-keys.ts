/** The names of the keys in a file, as the server that has read it shows them. */
import type { Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { Fingerprints } from '../import/fingerprints.ts';
import type { ServedFile } from './served-file.ts';

const KEYS_PER_PAGE = 10_000;

/** How many there are in database 0, without those that have expired and are still counted by DBSIZE. */
export async function countPresent(source: ServedFile): Promise<number> {
  const seen = new Fingerprints();
  for await (const page of pages(source)) for (const key of page) seen.add(key);
  return seen.count;
}

/** Each of them where the server has no more than `keysMax`, expired ones included; else a random few, at most as many. */
export async function sampleKeys(source: ServedFile, keysMax: number): Promise<readonly Buffer[]> {
  const size = Number(await source.cluster.call(source.address, argv.databaseSize()));
  const names = size <= keysMax ? await listed(source) : await drawn(source, keysMax);
  return [...new Map(names.map((name) => [name.toString('hex'), name])).values()];
}

async function listed(source: ServedFile): Promise<readonly Buffer[]> {
  const names: Buffer[] = [];
  for await (const page of pages(source)) names.push(...page);
  return names;
}

async function drawn({ cluster, address }: ServedFile, count: number): Promise<readonly Buffer[]> {
  const draws = Array.from({ length: count }, () => argv.randomKey());
  return (await cluster.callMany(address, draws, { bytes: true })).filter((name) => Buffer.isBuffer(name));
}

/** Every key that stays is in some page, and may be in several. */
async function* pages({ cluster, address }: ServedFile): AsyncGenerator<readonly Buffer[]> {
  for (let cursor = '0'; ; ) {
    const [reply] = await cluster.callMany(address, [argv.scan(cursor, KEYS_PER_PAGE)], { bulk: true });
    const [next, keys] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
    yield (Array.isArray(keys) ? (keys as readonly Reply[]) : []).filter((key) => Buffer.isBuffer(key));
    cursor = String(next ?? '0');
    if (cursor === '0') return;
  }
}
