/**
 * A bulk retry as the operator reads it.
 */
import { expect, test } from 'vitest';
import type { RetryJob } from '../../../src/common/console.ts';
import { retryFoot, retryProgress } from '../../../src/renderer/attention/retry-words.ts';

const job = (more: Partial<RetryJob>): RetryJob => ({
  id: 'retry-1',
  state: 'running',
  total: 12,
  accepted: 3,
  sending: 4,
  failed: 0,
  toGo: 5,
  ramp: 4,
  startedAt: 0,
  ...more,
});

test('what a retry lost to others is said, so that its figures add up', () => {
  expect(retryProgress(job({ toGo: 2, withdrawn: 3 }))).toBe('3 accepted, 4 sending, 2 to go, 3 went on without it');
  expect(retryProgress(job({ state: 'done', accepted: 9, sending: 0, toGo: 0, withdrawn: 3 }))).toBe(
    '9 accepted, 3 went on without it',
  );
});

test('what is nothing is not said, also by a service that does not count it', () => {
  expect(retryProgress(job({ withdrawn: 0 }))).toBe('3 accepted, 4 sending, 5 to go');
  expect(retryProgress(job({ state: 'stopped', failed: 1, sending: 0, toGo: 8 }))).toBe('3 accepted, 1 failed, 8 unchanged');
});

test('its end says why, and what was left as it was', () => {
  expect(retryFoot(job({}))).toMatch(/now 4 at a time/);
  expect(retryFoot(job({ state: 'done' }))).toBe('None is left to retry.');
  expect(retryFoot(job({ state: 'cancelled' }))).toMatch(/5 unchanged/);
  expect(retryFoot(job({ state: 'stopped', failed: 1, toGo: 8, stoppedBy: { httpStatus: 422 } }))).toMatch(
    /^Stopped after 4: .*422.* 8 unchanged\.$/,
  );
  expect(retryFoot(job({ state: 'stopped', stoppedBy: { code: 'ECONNREFUSED' } }))).toMatch(/ECONNREFUSED/);
  expect(retryFoot(job({ state: 'stopped' }))).toMatch(/no answer/);
});
