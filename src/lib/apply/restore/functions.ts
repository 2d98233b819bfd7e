/** Functions are the same on every node of a cluster and belong to no slot: every primary gets those of the backup. */
import { mapBounded } from '../../bounded.ts';
import { listInWords } from '../../check/words.ts';
import { OpsError } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { formatAddress } from '../../model/address.ts';
import type { Cluster, Reply } from '../../redis/cluster.ts';
import { argv } from '../../wire/argv.ts';
import { ReplyError } from '../../wire/reply-error.ts';
import type { ServedFile } from './served-file.ts';

const CONCURRENT_NODES_MAX = 16;

/** Code by the name of its library. */
type Libraries = ReadonlyMap<string, string>;

/**
 * The names of the libraries that every primary has now. Throws REFUSED, and nothing was changed, where a primary has a
 * library of the same name with other code, unless `replace`; FAILED where one does not take them.
 */
async function restoreFunctions(
  source: ServedFile,
  cluster: Cluster,
  primaries: readonly Address[],
  replace: boolean,
): Promise<readonly string[]> {
  const libraries = await librariesOf(source.cluster, source.address);
  if (libraries.size === 0) return [];
  const lacking = (
    await mapBounded(primaries, CONCURRENT_NODES_MAX, async (address) => {
      const own = await librariesOf(cluster, address);
      const different = [...libraries].filter(([name, code]) => own.has(name) && own.get(name) !== code);
      if (different.length > 0 && !replace)
        throw conflict(
          address,
          different.map(([name]) => name),
        );
      return [...libraries].every(([name, code]) => own.get(name) === code) ? [] : [address];
    })
  ).flat();
  const [dump] = await source.cluster.callMany(source.address, [argv.functionDump()], { bytes: true });
  if (!Buffer.isBuffer(dump)) throw new OpsError('FAILED', 'The functions of the backup cannot be read.');
  await mapBounded(lacking, CONCURRENT_NODES_MAX, async (address) => {
    const [reply] = await cluster.callMany(address, [argv.functionRestore(dump, 'REPLACE')]);
    if (reply instanceof ReplyError)
      throw new OpsError('FAILED', `Node ${formatAddress(address)} does not take the functions: ${reply.message}`, {
        cause: reply,
      });
  });
  return [...libraries.keys()].sort();
}

/** Every file holds the functions of its shard: the first file's are restored before any key, the others' must be the same. */
export class FunctionsOfFiles {
  readonly #cluster: Cluster;
  readonly #primaries: readonly Address[];
  readonly #replace: boolean;
  readonly #names = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, primaries: readonly Address[], replace: boolean) {
    this.#cluster = cluster;
    this.#primaries = primaries;
    this.#replace = replace;
  }

  get names(): readonly string[] {
    return [...this.#names].sort();
  }

  get isTouched(): boolean {
    return this.#names.size > 0;
  }

  /** One after another; when one is refused, so is every later one. */
  restore(served: ServedFile): Promise<void> {
    const turn = this.#turn.then(async () => {
      for (const name of await restoreFunctions(served, this.#cluster, this.#primaries, this.#replace))
        this.#names.add(name);
    });
    this.#turn = turn;
    return turn;
  }
}

/** None where the server has no functions: before Redis 7.0. Throws FAILED where it does not tell. */
async function librariesOf(cluster: Cluster, address: Address): Promise<Libraries> {
  const [reply] = await cluster.callMany(address, [argv.functionList()]);
  if (reply instanceof ReplyError) {
    if (reply.kind === 'unknown-command') return new Map();
    throw new OpsError('FAILED', `Node ${formatAddress(address)} does not list its functions: ${reply.message}`, {
      cause: reply,
    });
  }
  return new Map((Array.isArray(reply) ? (reply as readonly Reply[]) : []).map(libraryOf));
}

/** Names and values in turn. */
function libraryOf(reply: Reply): readonly [string, string] {
  const fields = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
  const textOf = (name: string): string => String(fields[fields.indexOf(name) + 1] ?? '');
  return [textOf('library_name'), textOf('library_code')];
}

function conflict(address: Address, names: readonly string[]): OpsError {
  const message = `Node ${formatAddress(address)} has functions of its own under names of the backup's: ${listInWords(names)}.`;
  return new OpsError('REFUSED', message, {
    suggestions: ['Add --replace to let those of the backup win, or delete them: FUNCTION DELETE NAME.'],
  });
}
