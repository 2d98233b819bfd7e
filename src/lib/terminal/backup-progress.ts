/** How far a backup is, on one line. */
import type { ApplyEvent, BackupEvent } from '../apply/events.ts';
import { formatBytes } from '../view/units.ts';

const NAMES: ReadonlySet<string> = new Set<BackupEvent['event']>([
  'backup-progress',
  'snapshot-begin',
  'snapshot-end',
  'restore-file',
]);

export function isBackupEvent(event: ApplyEvent): event is BackupEvent {
  return NAMES.has(event.event);
}

/** Empty where the event is news for others: the command prints which node it begins with. */
export function renderBackupProgress(event: BackupEvent): string {
  if (event.event === 'restore-file') return event.state === 'reading' ? `Reading ${event.file}` : '';
  if (event.event !== 'backup-progress') return '';
  const { shardsDone, shards, bytesDone, nodes } = event;
  return `${shardsDone} of ${shards} shards saved  ${formatBytes(bytesDone)}  from ${nodes.join(', ')}`;
}
