/** How far an import is, on one line. */
import type { ImportProgress } from '../apply/events.ts';
import { formatBytes, formatCount, formatDuration } from '../view/units.ts';

/** `keys 120,000/480,000 (25%)  13.2 MiB  41,000/s  1.1 MiB/s  8.7 s left  3 conflicts`. */
export function renderImportProgress(event: ImportProgress): string {
  const share = event.keys === null || event.keys === 0 ? null : Math.min(1, event.keysDone / event.keys);
  const keys =
    event.keys === null || share === null
      ? formatCount(event.keysDone)
      : `${formatCount(event.keysDone)}/${formatCount(event.keys)} (${Math.floor(share * 100)}%)`;
  const conflicts = event.conflicts === 1 ? '1 conflict' : `${formatCount(event.conflicts)} conflicts`;
  return [
    `keys ${keys}`,
    formatBytes(event.bytesDone),
    `${formatCount(event.keysPerSecond)}/s`,
    `${formatBytes(event.bytesPerSecond)}/s`,
    event.remainingMs === null ? '' : `${formatDuration(event.remainingMs)} left`,
    event.conflicts === 0 ? '' : conflicts,
  ]
    .filter((part) => part !== '')
    .join('  ');
}
