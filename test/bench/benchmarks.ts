/** All benchmarks, in the order they run in. */
import { backupBenchmark } from './backup.ts';
import type { Benchmark } from './benchmark.ts';
import { checkBenchmark } from './check.ts';
import { createBenchmark } from './create.ts';
import { importBenchmark } from './import.ts';
import { rebalanceBenchmark } from './rebalance.ts';
import { reshardBenchmark } from './reshard.ts';
import { startBenchmark } from './start.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  startBenchmark,
  checkBenchmark,
  createBenchmark,
  reshardBenchmark,
  rebalanceBenchmark,
  backupBenchmark,
  importBenchmark,
];
