/** What does it cost to start at all? Measured against Node itself, below which no program of ours can come. */
import path from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { withCluster } from './production-servers.ts';
import { interleave } from './rounds.ts';
import { timedRun } from './timed-run.ts';

const ROUNDS = 15;
const NODES = 6;
const CHECK_RATIO_MAX = 3;
const EXECUTABLE = path.resolve(import.meta.dirname, '../../bin/run.js');

export const startBenchmark: Benchmark = {
  name: 'start',
  title: 'start of the program, against Node that does nothing',
  run: (tell) =>
    withCluster(NODES, async (seed) => {
      tell(`${ROUNDS} rounds of --version, check on ${NODES} nodes, node -e 0`);
      const samples = await interleave(
        {
          version: () => timedRun(process.execPath, [EXECUTABLE, '--version']),
          check: () => timedRun(process.execPath, [EXECUTABLE, 'check', seed]),
          node: () => timedRun(process.execPath, ['-e', '0']),
        },
        { rounds: ROUNDS, warmUps: 1 },
      );
      const beside = { label: 'node -e 0', samplesMs: samples.node };
      const common = { beside, also: [], notes: [] };
      return [
        {
          ...common,
          what: 'start: --version',
          ours: { label: 'cluster --version', samplesMs: samples.version },
          ratioMax: null,
        },
        {
          ...common,
          what: `start: check, ${NODES} nodes`,
          ours: { label: 'cluster check', samplesMs: samples.check },
          ratioMax: CHECK_RATIO_MAX,
        },
      ];
    }),
};
