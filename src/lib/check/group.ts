/** Puts what has something in common together. (Node 20 has no Map.groupBy.) */

/** Each item in the group of its key. Groups are in the order of their first item, items in the order given. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly [T, ...T[]]> {
  return groupByEach(items, (item) => [keyOf(item)]);
}

/** As {@link groupBy}, each item in the groups of all its keys. */
export function groupByEach<T, K>(
  items: readonly T[],
  keysOf: (item: T) => Iterable<K>,
): ReadonlyMap<K, readonly [T, ...T[]]> {
  const groups = new Map<K, [T, ...T[]]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}
