/** How far a move is, on one line. */
import type { MoveProgress } from '../apply/events.ts';
import { formatBytes, formatCount, formatDuration } from '../view/units.ts';

const BAR_CELLS = 20;

/**
 * `[#####---------------] 25%  slots 120/480  keys 7,320/29,300  0.9 MiB/3.5 MiB  41,000 keys/s  0.5 s left  a to b`:
 * pieces between which it may be folded, two spaces apart.
 */
export function renderMoveProgress(event: MoveProgress): string {
  const share = event.slots === 0 ? 1 : Math.min(1, event.slotsDone / event.slots);
  const filled = Math.floor(share * BAR_CELLS);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}]`;
  const keys =
    event.keys === null ? formatCount(event.keysDone) : `${formatCount(event.keysDone)}/${formatCount(event.keys)}`;
  const bytes =
    event.bytes === null || event.bytesDone === null
      ? ''
      : `${formatBytes(event.bytesDone)}/${formatBytes(event.bytes)}`;
  const [pair = '', ...others] = event.pairs;
  const pairs = others.length === 0 ? pair : `${pair} and ${others.length} more`;
  return [
    `${bar} ${Math.floor(share * 100)}%`,
    `slots ${event.slotsDone}/${event.slots}`,
    `keys ${keys}`,
    bytes,
    ...(event.isPaused ? ['paused'] : paceOf(event)),
    pairs,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function paceOf({ keysPerSecond, keysPerSecondMax, remainingMs, isSlowedDown }: MoveProgress): readonly string[] {
  const bound = keysPerSecondMax === null ? '' : ` of at most ${formatCount(Math.round(keysPerSecondMax))}`;
  return [
    `${formatCount(keysPerSecond)}${bound} keys/s`,
    remainingMs === null ? '' : `${formatDuration(remainingMs)} left`,
    isSlowedDown ? 'slowed down for the other clients' : '',
  ];
}
