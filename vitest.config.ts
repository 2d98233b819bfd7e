import { defineConfig } from 'vitest/config';

/** `unit` needs nothing but Node; `live` runs the built executable against real servers that it starts itself. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/architecture.test.ts', 'test/{unit,property,transcripts,contract}/**/*.test.ts'],
          // They wait for nothing, but a busy machine lets them wait.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'live',
          sequence: { groupOrder: 1 },
          include: ['test/live/**/*.test.ts'],
          setupFiles: ['test/support/show-runs.setup.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          maxWorkers: 4,
        },
      },
    ],
  },
});
