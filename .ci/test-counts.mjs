/**
 * Prints `N passed, N failed` from vitest's JSON report, whose path is the argument. A file that could not even be
 * loaded has no failed tests in the report; it counts as one. Exit code 1 where there is no report.
 */
import { readFileSync } from 'node:fs';

/** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */
let report;
try {
  report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
} catch (failure) {
  process.stderr.write(`There is no report of the tests: ${failure instanceof Error ? failure.message : failure}\n`);
  process.exit(1);
}

const statuses = report.testResults.flatMap(({ status, assertionResults }) => {
  const own = assertionResults.map((result) => result.status);
  return status === 'failed' && !own.includes('failed') ? [...own, 'failed'] : own;
});
const passed = statuses.filter((status) => status === 'passed').length;
const failed = statuses.filter((status) => status === 'failed').length;
const skipped = statuses.length - passed - failed;
if (skipped > 0) process.stdout.write(`${skipped} skipped\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
