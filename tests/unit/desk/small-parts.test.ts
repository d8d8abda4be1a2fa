/**
 * Pace, ring, the context of a machine as it may be shown, where a session stands, the disk.
 */
import { describe, expect, test } from 'vitest';
import type { SessionSummary } from '../../../src/common/contract.ts';
import { DiskWatch, type Disk } from '../../../src/service/desk/disk-watch.ts';
import type { Lane } from '../../../src/service/desk/machine-watch.ts';
import { Pace } from '../../../src/service/desk/pace.ts';
import { Ring } from '../../../src/service/desk/ring.ts';
import { decorated, scopeOf, stateView, type StandingView } from '../../../src/service/desk/session-standing.ts';
import { shownContext } from '../../../src/service/desk/shown-context.ts';
import { answerWords, transitionDetail } from '../../../src/service/desk/transition-detail.ts';
import { statusExtras } from '../../../src/service/desk/status-extras.ts';
import { stateOf } from '../../../src/service/store/session-query.ts';
import { summaryOf } from '../../../src/service/store/session-digest.ts';
import { digest, refusedDigest } from '../../support/digest.ts';
import { HandTimers, settle } from '../../support/hand-timers.ts';

describe('a pace', () => {
  test('makes one act of many wishes, never two at a time, and the last wish is always met', async () => {
    const timers = new HandTimers();
    const acts: number[] = [];
    let release = () => {};
    const pace = new Pace(timers, 50, () => {
      acts.push(timers.now());
      return new Promise<void>((resolve) => (release = resolve));
    });
    for (let wish = 0; wish < 100; wish++) pace.request();
    await timers.pass(500);
    pace.request();
    await timers.pass(500);
    expect(acts).toEqual([1_000_050]);
    release();
    await timers.pass(50);
    expect(acts).toHaveLength(2);
    pace.request();
    const closing = pace.close();
    release();
    await settle();
    release();
    await closing;
    expect(acts).toHaveLength(3);
    pace.request();
    release();
    await timers.pass(500);
    expect(acts).toHaveLength(3);
  });

  test('in a hurry acts at once, after what is under way, and is done when that is', async () => {
    const timers = new HandTimers();
    const acts: string[] = [];
    let release = () => {};
    const pace = new Pace(timers, 50, () => {
      acts.push('begun');
      return new Promise<void>((resolve) => {
        release = () => {
          acts.push('done');
          resolve();
        };
      });
    });
    pace.request();
    await timers.pass(50);
    pace.request();
    const both = Promise.all([pace.hurry(), pace.hurry()]).then(() => acts.push('answered'));
    release();
    await settle();
    expect(acts).toEqual(['begun', 'done', 'begun']);
    release();
    await both;
    expect(acts).toEqual(['begun', 'done', 'begun', 'done', 'answered']);
    await timers.pass(500);
    expect([acts.length, timers.waiting]).toEqual([5, 0]);
    await pace.hurry();
    expect(acts).toHaveLength(5);
  });

  test('acts at once on what waits when it is closed', async () => {
    const timers = new HandTimers();
    let acts = 0;
    const pace = new Pace(timers, 50, () => void acts++);
    pace.request();
    await pace.close();
    expect([acts, timers.waiting]).toEqual([1, 0]);
  });
});

test('a ring keeps the last ones, the latest first', () => {
  const ring = new Ring<number>(3);
  expect(ring.latest(5)).toEqual([]);
  for (let item = 1; item <= 2; item++) ring.push(item);
  expect(ring.latest(5)).toEqual([2, 1]);
  for (let item = 3; item <= 8; item++) ring.push(item);
  expect(ring.latest(5)).toEqual([8, 7, 6]);
  expect(ring.latest(1)).toEqual([8]);
  expect(ring.latest(5, (item) => item % 2 === 1)).toEqual([7]);
});

test('of a machine’s context figures and plain words are shown, lists by their length, and nothing that could be content or a secret', () => {
  expect(
    shownContext({
      count: 3,
      isHeld: true,
      state: 'closed',
      since: null,
      queue: [{ id: 's1' }, { id: 's2' }],
      underWay: { s1: { phase: 'sending' } },
      unrecorded: null,
      settings: { concurrency: 2, destination: 'abc', deep: { deeper: { deepest: 1 } } },
      submissionAuthHeader: 'Bearer x',
      sentence: 'PID|1||John Doe',
      lastError: new Error('secret'),
      when: new Date(0),
      run: () => {},
      never: undefined,
      infinite: Infinity,
      messages: ['MSH'],
      big: 10n,
    }),
  ).toEqual({
    count: 3,
    isHeld: true,
    state: 'closed',
    since: null,
    queue: 2,
    underWay: 1,
    settings: { concurrency: 2, deep: {} },
  } satisfies Record<string, unknown>);
  expect(shownContext(null)).toEqual({});
  expect(shownContext('text')).toEqual({});
});

describe('a transition in a few words', () => {
  const answered = (outcome: object | null, more: object = {}) => ({
    id: 's',
    attempts: 1,
    withdrawn: null,
    answer: outcome === null ? null : { outcome, startedAt: 0, durationMs: 1 },
    ...more,
  });
  const said = (from: string, to: string, context: unknown, more: { event?: string; waitMs?: number; machine?: string } = {}) =>
    transitionDetail({ machine: 'session', event: 'e', from, to, context, ...more });
  const busy = { kind: 'later', httpStatus: 503 };

  test('a session’s', () => {
    expect(said('ready', 'attempt', answered(null))).toBeUndefined();
    expect(said('attempt', 'recording', answered({ kind: 'accepted', httpStatus: 201 }))).toBe('answer 201');
    expect(said('ready', 'recording', answered(null))).toBe('the answer again');
    expect(said('recording', 'submitted', answered(busy))).toBe('on disk');
    expect(said('recording', 'failed', answered({ kind: 'refused', httpStatus: 422, code: 'x' }))).toBe('refused 422 x');
    expect(said('recording', 'failed', answered(busy))).toBe('503');
    expect(said('recording', 'backoffWait', answered(busy), { waitMs: 2100 })).toBe('503, 2.1 s');
    expect(said('recording', 'backoffWait', answered(busy))).toBe('503');
    expect(said('attempt', 'deferred', answered(null, { withdrawn: 'deleted' }))).toBe('deleted');
    expect(said('recording', 'deferred', answered({ kind: 'unheard', code: 'ECONNRESET' }))).toBe('no answer (ECONNRESET)');
    expect(said('backoffWait', 'ready', answered(busy), { event: 'xstate.after.retryDelay.session.backoffWait' })).toBe(
      'wait over',
    );
    expect(said('backoffWait', 'ready', answered(busy), { event: 'retry.requested' })).toBe('asked for');
    expect(said('x', 'ready', answered(busy))).toBeUndefined();
    expect(answerWords({ kind: 'unheard' })).toBe('no answer');
    expect(answerWords(undefined)).toBeUndefined();
  });

  test('the worker’s, the endpoint’s, and those of machines of which nothing more is known', () => {
    const worker = (tally: object) => ({ queue: [1, 2], tally: { submitted: 0, failed: 0, deferred: 0, ...tally } });
    expect(said('discovering', 'dispatching', worker({}), { machine: 'worker' })).toBe('found 2');
    expect(said('dispatching', 'idle', worker({ submitted: 3, deferred: 1 }), { machine: 'worker' })).toBe(
      '3 accepted, 1 deferred',
    );
    expect(said('dispatching', 'idle', worker({}), { machine: 'worker' })).toBe('nothing to do');
    expect(said('idle', 'discovering', worker({}), { machine: 'worker' })).toBeUndefined();
    expect(said('closed', 'open', { cause: { httpStatus: 401 } }, { machine: 'endpoint' })).toBe('401');
    expect(said('closed', 'open', { cause: { code: 'ECONNREFUSED' } }, { machine: 'endpoint' })).toBe('ECONNREFUSED');
    expect(said('closed', 'open', { cause: {} }, { machine: 'endpoint' })).toBeUndefined();
    expect(said('closed', 'open', { cause: null }, { machine: 'endpoint' })).toBeUndefined();
    expect(said('open', 'halfOpen', { cause: null }, { machine: 'endpoint' })).toBeUndefined();
    expect(said('idle', 'open', {}, { machine: 'retention' })).toBeUndefined();
  });
});

describe('where a session stands', () => {
  const now = 10_000_000;
  const lane = (more: Partial<Lane>): Lane => ({
    sessionId: 's',
    counter: 7,
    isCounterKnown: true,
    state: 'ready',
    since: 0,
    attempt: 1,
    transitions: new Ring(1),
    snapshot: {} as never,
    ...more,
  });
  const viewOf = ({
    lanes = {},
    circuit = 'closed',
    hasEndpoint = true,
    standing = [],
  }: {
    lanes?: Record<string, Lane>;
    circuit?: 'closed' | 'open' | 'halfOpen';
    hasEndpoint?: boolean;
    standing?: string[];
  } = {}): StandingView => ({
    lanes: new Map(Object.entries(lanes)),
    worker: () => ({ circuit: { state: circuit }, nextCycleAt: now + 1000 }),
    hasEndpoint: () => hasEndpoint,
    isStanding: (causeId) => standing.includes(causeId),
    now: () => now,
  });
  const one = (summary: SessionSummary, view: StandingView) => decorated([summary], view)[0] as SessionSummary;
  const pending = summaryOf(digest('s'));
  const tried = summaryOf(digest('s', { triedAt: 5, durationMs: 9 }));

  test('by its machine while it is under way', () => {
    expect(one(pending, viewOf({ lanes: { s: lane({ state: 'attempt', attemptStartedAt: 4 }) } }))).toMatchObject({
      state: 'attempt',
      attemptStartedAt: 4,
    });
    const waiting = one(
      tried,
      viewOf({ circuit: 'open', lanes: { s: lane({ state: 'backoffWait', until: 77, durationMs: 12 }) } }),
    );
    expect(waiting).toMatchObject({ state: 'backoffWait', nextAttemptAt: 77, durationMs: 12 });
    expect(one(tried, viewOf({ lanes: { s: lane({ state: 'recording', until: 77 }) } }))).not.toHaveProperty('nextAttemptAt');
  });

  test('else by its file, the first that fits', () => {
    expect(one(pending, viewOf()).state).toBe('ready');
    expect(one(tried, viewOf())).toMatchObject({ state: 'deferred', nextAttemptAt: now + 1000, durationMs: 9 });
    expect(one(tried, viewOf({ circuit: 'open' }))).toMatchObject({ state: 'held', nextAttemptAt: now + 1000 });
    expect(one(pending, viewOf({ circuit: 'halfOpen' })).state).toBe('ready');
    expect(one(pending, viewOf({ hasEndpoint: false })).state).toBe('held');
    const incomplete = digest('s', { isComplete: false, savedAt: now - 1000 });
    expect(one(summaryOf(incomplete), viewOf({ circuit: 'open' })).state).toBe('incomplete');
    expect(one(summaryOf({ ...incomplete, savedAt: 0 }), viewOf()).state).toBe('ready');
    for (const submissionStatus of ['submitted', 'failed', 'ignored'] as const)
      expect(one(summaryOf(digest('s', { submissionStatus })), viewOf({ circuit: 'open' })).state).toBe(submissionStatus);
  });

  test('a filter by state finds the same in the store', () => {
    const cases = [
      digest('s'),
      digest('s', { triedAt: 5 }),
      digest('s', { isComplete: false, savedAt: now - 1 }),
      refusedDigest('s'),
    ];
    for (const view of [viewOf(), viewOf({ circuit: 'open' }), viewOf({ lanes: { s: lane({ state: 'recording' }) } })])
      for (const each of cases) expect(stateOf(each, stateView(view), now)).toBe(one(summaryOf(each), view).state);
  });

  test('under its cause only while that stands', () => {
    const refused = summaryOf(refusedDigest('s'));
    expect(one(refused, viewOf())).not.toHaveProperty('causeId');
    expect(one(refused, viewOf({ standing: ['refused-422-unknown-code'] })).causeId).toBe('refused-422-unknown-code');
    expect(one(pending, viewOf({ circuit: 'open', standing: ['circuit'] })).causeId).toBe('circuit');
    expect(one(pending, viewOf({ circuit: 'halfOpen', standing: ['circuit'] }))).not.toHaveProperty('causeId');
  });

  test('a filter by cause becomes ids', async () => {
    const idsOfCause = async () => ['a'];
    const view = viewOf({ standing: ['c', 'circuit'] });
    expect(await scopeOf({ device: 'X' }, view, idsOfCause)).toEqual({
      filter: { device: 'X' },
      scope: { view: stateView(view) },
    });
    expect((await scopeOf({ causeId: 'c' }, view, idsOfCause)).scope.ids).toEqual(['a']);
    expect((await scopeOf({ causeId: 'over' }, view, idsOfCause)).scope.ids).toEqual([]);
    expect((await scopeOf({ causeId: 'circuit' }, view, idsOfCause)).filter).toEqual({ status: ['pending'] });
    expect((await scopeOf({ causeId: 'circuit', status: ['failed'] }, view, idsOfCause)).filter).toEqual({ status: [] });
    expect((await scopeOf({ causeId: 'circuit', status: ['failed', 'pending'] }, view, idsOfCause)).filter).toEqual({
      status: ['pending'],
    });
  });

  test('the worker’s figures count what is under way by state', () => {
    const lanes = [
      lane({}),
      lane({ state: 'recording' }),
      lane({ state: 'backoffWait', until: 90 }),
      lane({ state: 'backoffWait', until: 80 }),
      lane({ state: 'attempt' }),
    ];
    const worker = {
      state: 'dispatching' as const,
      inFlight: 1,
      queueSize: 4,
      heldBack: 0,
      circuit: { state: 'closed' as const },
      unrecorded: 0,
      discoveryError: null,
    };
    const base = {
      now,
      version: '1',
      host: 'lab-pc',
      worker,
      lanes,
      slots: 2,
      survey: null,
      savedRecently: 0,
      disk: undefined,
      openCauses: 1,
      lastInterruptionEndedAt: undefined,
    };
    expect(statusExtras(base)).toEqual({
      now,
      version: '1',
      host: 'lab-pc',
      openCauses: 1,
      circuit: { state: 'closed' },
      worker: { state: 'dispatching', inFlight: 1, queueSize: 4, slots: 2, ready: 1, recording: 1, delayed: 2, nextRetryAt: 80 },
    });
    const survey = {
      pending: { count: 0, devices: [] },
      causes: [],
      today: { captured: 4, accepted: 3, failed: 1, ignored: 0 },
      recent: { captured: 10, accepted: 5 },
    };
    expect(
      statusExtras({
        ...base,
        lanes: [],
        worker: { ...worker, circuit: { state: 'open', tries: 2 }, nextCycleAt: 5 },
        survey,
        savedRecently: 15,
        disk: { state: 'low', freeBytes: 1 },
        lastInterruptionEndedAt: 3,
      }),
    ).toMatchObject({
      circuit: { tries: 2 },
      worker: { nextCycleAt: 5, delayed: 0 },
      today: survey.today,
      rates: { captured: 2, saved: 3, accepted: 1 },
      disk: { state: 'low' },
      lastInterruptionEndedAt: 3,
    });
  });
});

describe('the disk', () => {
  const gb = 1024 ** 3;
  const watchOf = (timers: HandTimers, space: { freeBytes: number; totalBytes: number } | null) => {
    const told: Disk[] = [];
    const look = { space };
    const watch = new DiskWatch({
      dataDir: '/data',
      now: timers.now,
      timers,
      look: async () => {
        if (look.space === null) throw new Error('not told');
        return look.space;
      },
      onChange: (disk) => told.push(disk),
    });
    return { watch, told, look };
  };

  test('is low under 2 GB or 2 percent, and looked at again by itself', async () => {
    const timers = new HandTimers();
    const { watch, told, look } = watchOf(timers, { freeBytes: 500 * gb, totalBytes: 1000 * gb });
    await watch.start();
    look.space = { freeBytes: 19 * gb, totalBytes: 1000 * gb };
    await timers.pass(15_000);
    look.space = { freeBytes: 1 * gb, totalBytes: 10 * gb };
    await timers.pass(15_000);
    look.space = { freeBytes: 3 * gb, totalBytes: 10 * gb };
    await timers.pass(15_000);
    expect(told.map(({ state }) => state)).toEqual(['healthy', 'low', 'healthy']);
    watch.close();
    expect(timers.waiting).toBe(0);
  });

  test('is failing from a write that failed to one that succeeded', async () => {
    const timers = new HandTimers();
    const { watch, told } = watchOf(timers, { freeBytes: 1 * gb, totalBytes: 10 * gb });
    await watch.start();
    watch.noteWrite(false);
    timers.nowMs += 5;
    watch.noteWrite(true);
    watch.noteWrite(true);
    expect(told.map(({ state }) => state)).toEqual(['low', 'failing', 'low']);
    expect(watch.current).toEqual({ state: 'low', freeBytes: 1 * gb, lastWriteAt: timers.now() });
    watch.close();
  });

  test('is left out where the system does not say', async () => {
    const timers = new HandTimers();
    const { watch, told } = watchOf(timers, null);
    const start = watch.start();
    watch.close();
    await start;
    await settle();
    expect([watch.current, told, timers.waiting]).toEqual([undefined, [], 0]);
  });
});
