/**
 * How the tests run: `unit` and `model` in milliseconds with a simulated clock, `integration` with real files, sockets
 * and processes, `e2e` with a real Chromium, `types` where types are the contract.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    typecheck: { enabled: false },
    // Most of a test's time is waiting for processes and sockets: no core need be kept free.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['machines/**/*.ts', 'src/service/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      thresholds: { 'machines/**': { branches: 95 }, 'src/service/**': { branches: 95 } },
    },
  },
});
