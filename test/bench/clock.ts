/** The system's monotonic clock, which all processes share: what one process did can be found in the figures of another. */

/** Milliseconds, with fractions. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
