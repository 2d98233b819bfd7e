/** How many slots is each primary due by its weight? */

export interface Claim {
  /** 0 or more. */
  readonly weight: number;
  /** How many it has now. */
  readonly slots: number;
}

/** Remainders that differ by less are the same: what is left is the rounding of floating-point numbers. */
const REMAINDER_STEP = 1e-6;

/** The share that is exactly proportional to the weight, with its fraction. The weights' sum must not be 0. */
export function exactShares(claims: readonly Claim[]): readonly number[] {
  const total = claims.reduce((sum, { slots }) => sum + slots, 0);
  const weights = claims.reduce((sum, { weight }) => sum + weight, 0);
  return claims.map(({ weight }) => (total * weight) / weights);
}

/**
 * Whole numbers of slots, in the order of the claims, that add up to what there is: each is its exact share rounded
 * down or up (largest remainders up), so within one slot of it, and 0 for the weight 0. Of equal remainders those are
 * rounded up that have the slot already, then the earlier ones: where all is even, nobody has too many or too few.
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
