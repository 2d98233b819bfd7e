/** How many slots is each primary due by its weight? */

export interface Claim {
  /** 0 or more. */
  readonly weight: number;
  /** How many it has now. */
  readonly slots: number;
}

/** Remainders that differ by less count as equal: the difference comes from rounding floating-point numbers. */
const REMAINDER_STEP = 1e-6;

/** The share that is exactly proportional to the weight, with its fraction. The weights' sum must not be 0. */
export function exactShares(claims: readonly Claim[]): readonly number[] {
  const total = claims.reduce((sum, { slots }) => sum + slots, 0);
  const weights = claims.reduce((sum, { weight }) => sum + weight, 0);
  return claims.map(({ weight }) => (total * weight) / weights);
}

/**
 * How many slots each is due, in the order of the claims. They add up to all slots. Each is the exact share rounded down or
 * up, the largest remainders up; 0 for the weight 0. Of equal remainders those go up that have the slot already, so that
 * nothing moves where all is even; then the earlier ones.
 */
export function slotDues(claims: readonly Claim[]): readonly number[] {
  const shares = exactShares(claims).map((share) => Math.round(share / REMAINDER_STEP) * REMAINDER_STEP);
  const total = claims.reduce((sum, { slots }) => sum + slots, 0);
  const dues = shares.map((share) => Math.floor(share + REMAINDER_STEP / 2));
  const remainder = (index: number): number => Math.round(((shares[index] ?? 0) - (dues[index] ?? 0)) / REMAINDER_STEP);
  const hasMore = (index: number): number => ((claims[index]?.slots ?? 0) > (dues[index] ?? 0) ? 1 : 0);
  const order = [...dues.keys()].sort((a, b) => remainder(b) - remainder(a) || hasMore(b) - hasMore(a) || a - b);
  const left = total - dues.reduce((sum, due) => sum + due, 0);
  for (const index of order.slice(0, left)) dues[index] = (dues[index] ?? 0) + 1;
  return dues;
}
