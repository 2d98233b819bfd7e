/** Which server it is and what it can do. Callers ask for a capability; none compares versions. */

export type Product = 'redis' | 'valkey';

export interface Flavor {
  readonly product: Product;
  /** `7.0.15`: the product's own version, not the compatibility version that Valkey reports beside it. */
  readonly version: string;
}

/** Moves whole slot ranges inside the server. Source: CLUSTER MIGRATESLOTS (Valkey 9.0), CLUSTER MIGRATION (Redis 8.4). */
export function movesSlotsAtomically(flavor: Flavor): boolean {
  return flavor.product === 'valkey' ? isAtLeast(flavor, 9, 0) : isAtLeast(flavor, 8, 4);
}

/**
 * Shows no key of a slot that it neither owns nor imports: COUNTKEYSINSLOT is 0, GETKEYSINSLOT, SCAN and KEYS leave them
 * out, and only DBSIZE counts them. Source: `clusterCanAccessKeysInSlot` (Redis 8.4); seen in Redis 8.6.3.
 */
export function hidesForeignKeys(flavor: Flavor): boolean {
  return flavor.product === 'redis' && isAtLeast(flavor, 8, 4);
}

/**
 * Takes CLUSTER SETSLOT inside MULTI. Valkey waits for its replicas before it carries a SETSLOT out, and a primary that has
 * some ENDS ITSELF when that happens inside of a transaction. Seen in Valkey 8.1.1 and 9.1.2; Redis 7.0.15, 8.0.2 and
 * 8.6.3 take it.
 */
export function takesSlotsInTransaction(flavor: Flavor): boolean {
  return flavor.product === 'redis';
}

/** Takes slots as ranges in ADDSLOTSRANGE. Source: Redis 7.0; every Valkey. */
export function addsSlotsByRange(flavor: Flavor): boolean {
  return isAtLeast(flavor, 7, 0);
}

/** `Redis 7.0.15`. */
export function formatFlavor(flavor: Flavor): string {
  return `${flavor.product === 'valkey' ? 'Valkey' : 'Redis'} ${flavor.version}`;
}

/** What the server, and redis-cli or valkey-cli with it, calls the two roles. */
export function roleWords(flavor: Flavor): { readonly primary: string; readonly replica: string } {
  return flavor.product === 'valkey'
    ? { primary: 'primary', replica: 'replica' }
    : { primary: 'master', replica: 'slave' };
}

function isAtLeast(flavor: Flavor, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = flavor.version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
