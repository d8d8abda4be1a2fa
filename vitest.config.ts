/**
 * How the tests run: `unit` and `model` in milliseconds with a simulated clock, `integration` with real files, sockets
 * and processes, `e2e` with a real Chromium, `types` where types are the contract.
 */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Numbers and dates are told in the language of the machine; what tests expect of them is English.
if (!/^en\b/i.test(new Intl.NumberFormat().resolvedOptions().locale)) process.env['LC_ALL'] = 'en_US.UTF-8';

/** The long ones first, so that no core waits for the last of them: browsers, then processes, then the rest as it comes. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = ['tests/e2e/', 'tests/integration/command-line/', 'tests/integration/', ''];
    const rank = ({ moduleId }: TestSpecification) => order.findIndex((folder) => moduleId.includes(folder));
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    typecheck: { enabled: false },
    // One for each core: with twice as many the run of two cores took as long, and each test twice as long.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // A limit ends what hangs. What only takes long, on a loaded machine with a slow disk, is well within it.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    coverage: {
      provider: 'v8',
      include: ['machines/**/*.ts', 'src/service/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      thresholds: { 'machines/**': { branches: 95 }, 'src/service/**': { branches: 95 } },
    },
  },
});
