/**
 * A test that cannot run here says so where it is read: the runner's own output names it, but not why.
 */
import type { TestContext } from 'vitest';

/** Prints the reason and skips the test that is running. */
export function notRun(context: TestContext, reason: string): never {
  console.log(`Not run: ${context.task.name}: ${reason}`);
  return context.skip(reason);
}
