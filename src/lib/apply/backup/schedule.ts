/** Many at a time, but no host in more than its share: each snapshot costs its host a fork and memory. */

export interface HostBound<Item> {
  readonly parallelMax: number;
  readonly perHostMax: number;
  readonly hostOf: (item: Item) => string;
}

/**
 * Results in the order of `items`; each is begun as soon as there is room for it, in their order where there is a choice.
 * When one fails no further one is begun; those under way are waited for, and the first failure is thrown.
 */
export async function mapByHost<Item, Result>(
  items: readonly Item[],
  { parallelMax, perHostMax, hostOf }: HostBound<Item>,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Array<Result>(items.length);
  const waiting = [...items.keys()];
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const perform = async (index: number, item: Item): Promise<void> => {
    try {
      results[index] = await work(item);
    } catch (failure) {
      failures.push(failure);
    }
  };
  const begin = (index: number): void => {
    const item = items[index] as Item;
    const host = hostOf(item);
    busy.set(host, (busy.get(host) ?? 0) + 1);
    const done = perform(index, item).finally(() => {
      busy.set(host, (busy.get(host) ?? 1) - 1);
      underWay.delete(done);
    });
    underWay.add(done);
  };
  const next = (): number => waiting.findIndex((index) => (busy.get(hostOf(items[index] as Item)) ?? 0) < perHostMax);
  while (waiting.length > 0 || underWay.size > 0) {
    for (let at = next(); at !== -1 && underWay.size < parallelMax && failures.length === 0; at = next())
      begin(...(waiting.splice(at, 1) as [number]));
    if (failures.length > 0) waiting.length = 0;
    if (underWay.size > 0) await Promise.race(underWay);
  }
  if (failures.length > 0) throw failures[0];
  return results;
}
