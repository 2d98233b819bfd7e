/**
 * Prints `N passed, N failed` from vitest's JSON report, whose path is the argument. A file that could not even be
 * loaded has no tests in the report; it counts as one that failed. Exit code 1 where there is no report.
 */
import { readFileSync } from 'node:fs';

/** The part of the report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped and to be written. */
  readonly skipped: number;
}

/** Every test once. */
function countTests({ testResults }: Report): Counts {
  const statuses = testResults.flatMap(({ status, assertionResults }) => {
    const own = assertionResults.map((result) => result.status);
    return status === 'failed' && !own.includes('failed') ? [...own, 'failed'] : own;
  });
  const count = (wanted: string): number => statuses.filter((status) => status === wanted).length;
  const passed = count('passed');
  const failed = count('failed');
  return { passed, failed, skipped: statuses.length - passed - failed };
}

function main(file: string): void {
  const { passed, failed, skipped } = countTests(JSON.parse(readFileSync(file, 'utf8')) as Report);
  if (skipped > 0) process.stdout.write(`${skipped} skipped\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}

try {
  main(process.argv[2] ?? '');
} catch (failure) {
  process.stderr.write(`There is no report of the tests: ${failure instanceof Error ? failure.message : failure}\n`);
  process.exitCode = 1;
}
