/** For every live test: when it fails, the last commands that it ran are shown with what they said. */
import { beforeEach } from 'vitest';
import { takeRecentRuns } from './recent-runs.ts';

beforeEach(({ onTestFailed }) => {
  takeRecentRuns();
  onTestFailed(() => {
    for (const told of takeRecentRuns()) process.stderr.write(`\n--- was run by the test that failed:\n${told}\n`);
  });
});
