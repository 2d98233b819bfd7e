/** Folders for backups, and what a test reads in them past the program. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type BackupManifest, parseManifest } from '../../src/lib/model/backup.ts';
import { home } from './executables.ts';

/** A new and empty folder; gone with the test process. */
export function newBackupFolder(): string {
  return mkdtempSync(path.join(home, 'backups-'));
}

/** Throws where it is not a manifest. */
export function manifestIn(folder: string): BackupManifest {
  const manifest = parseManifest(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  if (typeof manifest === 'string') throw new Error(manifest);
  return manifest;
}

/** The names of the snapshots, sorted. */
export function rdbFilesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rdb'))
    .sort();
}
