/**
 * What a piece of work costs this process, in milliseconds of processor time: that other work on the machine makes it
 * wait does not count.
 */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
