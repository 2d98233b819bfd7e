/** Who works in a folder? Told by the system's own list of processes, so that nobody is overlooked. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The processes whose working directory is below the folder, or whose command line names it. Linux only. */
export function processesAt(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const isThere = readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      return isThere || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}
