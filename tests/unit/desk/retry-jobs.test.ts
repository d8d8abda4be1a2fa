/**
 * Bulk retries over a store and a worker that a test plays.
 */
import { beforeEach, expect, test } from 'vitest';
import type { RetryJob, SessionState } from '../../../src/common/console.ts';
import type { Outcome } from '../../../src/common/outcome.ts';
import type { SessionOutput } from '../../../machines/session.ts';
import { RetryJobs } from '../../../src/service/desk/retry-jobs.ts';
import { settle } from '../../support/hand-timers.ts';

let now: number;
let jobs: RetryJobs;
let told: RetryJob[];
let pending: string[];
let triggers: number;
const lanes = new Map<string, SessionState>();
let failWrites: boolean;
let untouchable: Set<string>;
const refusal: Outcome = { kind: 'refused', httpStatus: 422, code: 'bad-code' };

beforeEach(() => {
  [now, told, pending, triggers, failWrites, untouchable] = [1000, [], [], 0, false, new Set()];
  lanes.clear();
  jobs = new RetryJobs({
    now: () => now,
    triggerNow: () => triggers++,
    stateOf: (id) => lanes.get(id),
    onChange: (job) => told.push(job),
    store: {
      changeStatus: async (ids, change) => {
        if (failWrites) throw new Error('no space left');
        const changed = ids.filter((id) => !untouchable.has(id) && pending.includes(id) === (change === 'takenBack'));
        pending = change === 'takenBack' ? pending.filter((id) => !changed.includes(id)) : [...pending, ...changed];
        return { changed, unchanged: ids.length - changed.length };
      },
    },
  });
});

const output = (id: string, verdict: SessionOutput['verdict'], more: Partial<SessionOutput> = {}): SessionOutput => ({
  id,
  verdict,
  attempts: 1,
  recorded: null,
  unrecorded: null,
  withdrawn: null,
  outcome: { kind: 'accepted', httpStatus: 201 },
  ...more,
});
async function end(ids: readonly string[], verdict: SessionOutput['verdict'], more: Partial<SessionOutput> = {}): Promise<void> {
  for (const id of ids) {
    pending = pending.filter((each) => each !== id);
    lanes.delete(id);
    jobs.deliveryEnded(output(id, verdict, more));
  }
  await settle();
}
const named = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);
const only = () => jobs.all[0] as RetryJob;

test('it starts with one session and doubles while they are accepted, until all are', async () => {
  const started = jobs.start({ ids: named(10), causeId: 'c' });
  expect(started).toMatchObject({ state: 'running', total: 10, sending: 1, toGo: 9, ramp: 1, causeId: 'c', startedAt: 1000 });
  await settle();
  const steps: number[] = [];
  while (jobs.running.length > 0) {
    steps.push(pending.length);
    now += 100;
    await end([...pending], 'submitted');
  }
  expect(steps).toEqual([1, 2, 4, 3]);
  expect(triggers).toBe(4);
  expect(only()).toEqual({
    id: started.id,
    causeId: 'c',
    state: 'done',
    total: 10,
    accepted: 10,
    failed: 0,
    sending: 0,
    toGo: 0,
    withdrawn: 0,
    ramp: 8,
    startedAt: 1000,
    endedAt: now,
  });
  expect(told.at(-1)).toEqual(only());
});

test('the first that fails as before stops it; the rest keep their status', async () => {
  jobs.start({ ids: named(100), causeId: 'c', recurrence: { httpStatus: 422, code: 'bad-code' } });
  await settle();
  await end(['s0'], 'submitted');
  await end(['s1'], 'failed', { outcome: refusal });
  expect(only()).toMatchObject({
    state: 'stopped',
    accepted: 1,
    failed: 1,
    sending: 0,
    toGo: 98,
    stoppedBy: { httpStatus: 422, code: 'bad-code' },
  });
  expect(pending).toEqual([]);
});

test('a failure of another kind does not stop it, and does not widen its step', async () => {
  jobs.start({ ids: named(4), recurrence: { httpStatus: 422 } });
  await settle();
  await end(['s0'], 'failed', { outcome: { kind: 'later', httpStatus: 503 } });
  expect(only()).toMatchObject({ state: 'running', failed: 1, ramp: 1, sending: 1 });
});

test('without a cause any failure stops it, also one of which nothing is known', async () => {
  jobs.start({ ids: named(3) });
  await settle();
  await end(['s0'], 'failed', { outcome: null });
  expect(only()).toMatchObject({ state: 'stopped', stoppedBy: {} });
});

test('a cancel takes back what waits unsent, and lets what is under way end', async () => {
  const { id } = jobs.start({ ids: named(20) });
  await settle();
  await end(['s0'], 'submitted');
  await end(['s1', 's2'], 'submitted');
  expect(pending).toEqual(['s3', 's4', 's5', 's6']);
  lanes.set('s3', 'attempt');
  lanes.set('s4', 'ready');
  lanes.set('s5', 'backoffWait');
  now = 2000;
  expect(jobs.cancel(id)).toMatchObject({ state: 'cancelled', endedAt: 2000 });
  await settle();
  expect(pending).toEqual(['s3', 's5']);
  expect(only()).toMatchObject({ state: 'cancelled', sending: 2, toGo: 15 });
  now = 3000;
  await end(['s3'], 'submitted');
  await end(['s5'], 'deferred');
  expect(only()).toMatchObject({ state: 'cancelled', accepted: 4, sending: 0, toGo: 16, endedAt: 2000 });
  expect(jobs.running).toEqual([]);
  expect(jobs.cancel(id)).toEqual(only());
});

test('what was deleted, ignored or set back meanwhile is not this job’s any more, and is counted as such', async () => {
  untouchable.add('s1');
  jobs.start({ ids: named(4) });
  await settle();
  await end(['s0'], 'deferred', { withdrawn: 'ignored' });
  // `s1` cannot be started either, so it is the turn of `s2`.
  expect(only()).toMatchObject({ total: 4, sending: 1, toGo: 1, withdrawn: 2 });
  await end(pending, 'submitted');
  await end(pending, 'submitted');
  expect(only()).toMatchObject({ state: 'done', total: 4, accepted: 2, withdrawn: 2 });
});

test('a session that is deferred, or whose answer is not on disk yet, stays under way', async () => {
  jobs.start({ ids: named(2) });
  await settle();
  await end(['s0'], 'deferred', { withdrawn: 'noEndpoint' });
  await end(['s0'], 'failed', { unrecorded: {} as never });
  expect(only()).toMatchObject({ state: 'running', sending: 1, accepted: 0, failed: 0 });
  await end(['s0'], 'submitted');
  expect(only()).toMatchObject({ accepted: 1 });
});

test('a disk that takes nothing stops it and loses nothing', async () => {
  failWrites = true;
  jobs.start({ ids: named(2) });
  await settle();
  expect(only()).toMatchObject({ state: 'stopped', stoppedBy: { code: 'ERR_STORE_WRITE_FAILED' }, toGo: 2, sending: 0 });
});

test('one without sessions is done at once', async () => {
  expect(jobs.start({ ids: [] })).toMatchObject({ state: 'done', total: 0 });
  expect(jobs.running).toEqual([]);
});

test('a second one for the same cause is refused while the first runs, not for another cause', async () => {
  const { id } = jobs.start({ ids: named(2), causeId: 'c' });
  expect(() => jobs.start({ ids: named(2), causeId: 'c' })).toThrow(expect.objectContaining({ code: 'ERR_STATE_CONFLICT' }));
  jobs.start({ ids: ['x'], causeId: 'd' });
  jobs.start({ ids: ['y'] });
  await settle();
  jobs.cancel(id);
  await settle();
  expect(jobs.start({ ids: ['z'], causeId: 'c' }).state).toBe('running');
  jobs.close();
  expect(jobs.running).toEqual([]);
});

test('the last ten that ended are kept', () => {
  for (let count = 0; count < 12; count++) jobs.start({ ids: [] });
  expect(jobs.all).toHaveLength(10);
  jobs.deliveryEnded(output('s0', 'submitted'));
  expect(() => jobs.cancel('unknown')).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }));
});
