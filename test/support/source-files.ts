/** Every TypeScript file below src, as paths from the project's root with forward slashes, sorted. */
import { readdirSync } from 'node:fs';

export function sourceFiles(): readonly string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file.replaceAll('\\', '/')}`)
    .sort();
}
