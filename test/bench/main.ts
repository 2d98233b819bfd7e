/**
 *   tsx test/bench/main.ts [--json] [NAME...]
 *
 * Runs the named benchmarks, or all. stdout: the report. stderr: progress. Exit code 0 also where an aim is missed,
 * for a benchmark is not a test; 1 where something could not be measured; 2 where there is no benchmark of that name.
 * Servers end with this process, however it ends.
 */
import { parseArgs } from 'node:util';
import type { Benchmark, Tell } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks.ts';
import { describeMachine } from './machine.ts';
import { type Outcome, renderJson, renderText } from './report.ts';

interface Request {
  readonly benchmarks: readonly Benchmark[];
  readonly json: boolean;
}

async function main(): Promise<void> {
  const request = readRequest(process.argv.slice(2));
  if (typeof request === 'string') {
    tell(request);
    process.exitCode = 2;
    return;
  }
  const machine = describeMachine();
  const outcomes: Outcome[] = [];
  for (const benchmark of request.benchmarks) outcomes.push(await measure(benchmark));
  process.stdout.write(request.json ? renderJson(machine, outcomes) : renderText(machine, outcomes));
  if (outcomes.some(({ failure }) => failure !== null)) process.exitCode = 1;
}

/** What is asked for, or a sentence that says what can be. */
function readRequest(argv: readonly string[]): Request | string {
  const known = `The benchmarks are ${BENCHMARKS.map(({ name }) => name).join(', ')}.`;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const unknown = positionals.filter((word) => !BENCHMARKS.some(({ name }) => name === word));
    if (unknown.length > 0) return `There is no benchmark ${unknown.join(', ')}. ${known}`;
    const benchmarks = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    return { benchmarks, json: values.json };
  } catch (error) {
    return `${messageOf(error)}. ${known}`;
  }
}

async function measure({ name, title, run }: Benchmark): Promise<Outcome> {
  tell(`${name}: ${title}`);
  try {
    return { name, title, comparisons: await run(tell), failure: null };
  } catch (error) {
    return { name, title, comparisons: [], failure: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const tell: Tell = (line) => {
  process.stderr.write(`bench: ${line}\n`);
};

await main();
