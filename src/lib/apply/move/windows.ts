/** How many slots are open at one time: few where they are full, many where they are empty. Pure. */

/** Keys that the slots of one window hold together, unless a single slot holds more. */
const KEYS_PER_WINDOW_MAX = 4096;
/** Multi-key commands may be refused while a slot is open, so even of empty slots not all are opened at once. */
const SLOTS_PER_WINDOW_MAX = 256;

/** The slots in their order, cut into windows. `keysInSlot` may be stale: it only decides where to cut. */
export function windowsOf(
  slots: readonly number[],
  keysInSlot: ReadonlyMap<number, number>,
): readonly (readonly number[])[] {
  const windows: number[][] = [];
  let window: number[] = [];
  let keys = 0;
  for (const slot of slots) {
    const more = keysInSlot.get(slot) ?? 0;
    if (window.length > 0 && (window.length >= SLOTS_PER_WINDOW_MAX || keys + more > KEYS_PER_WINDOW_MAX)) {
      windows.push(window);
      window = [];
      keys = 0;
    }
    window.push(slot);
    keys += more;
  }
  if (window.length > 0) windows.push(window);
  return windows;
}
