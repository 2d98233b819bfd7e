/** On what was it measured? Ratios carry over to other machines, times do not. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { serverBinary } from '../support/server-binaries.ts';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  /** Runnable processes before the first benchmark, averaged over a minute: an idle machine has about 0. */
  readonly load: number;
  readonly node: string;
  readonly server: string;
  /** redis-cli or valkey-cli, as it names itself. */
  readonly beside: string;
}

export function describeMachine(): Machine {
  const { server, cli } = serverBinary();
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    node: process.version,
    server: firstWords(execFileSync(server, ['--version'], { encoding: 'utf8' })),
    beside: execFileSync(cli, ['--version'], { encoding: 'utf8' }).trim(),
  };
}

/** "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 …": what follows the version is of the build. */
function firstWords(version: string): string {
  return version.split(' sha=')[0]?.trim() ?? '';
}
