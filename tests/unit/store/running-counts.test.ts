/**
 * Figures that are kept up to date are at any time what a count of all sessions gives, whatever came, changed and went.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketsOf, countActivity } from '../../../src/service/store/activity-counts.ts';
import { deviceOf, isLater } from '../../../src/service/store/device-survey.ts';
import { LeastOf } from '../../../src/service/store/least-of.ts';
import { clockToleranceMs, RunningCounts, type StandingCounts } from '../../../src/service/store/running-counts.ts';
import { isHeldBack, type SessionDigest } from '../../../src/service/store/session-digest.ts';
import { digest } from '../../support/digest.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 100);
/** The same cases at every run; FUZZ_SEED tries others. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_101);
/** Half an hour after midnight. */
const began = 1_699_921_800_000;
const minute = 60_000;
const hour = 60 * minute;
const spans = ['1h', '24h', '7d'] as const;

/** Moments that meet often: now, at the edges of spans, long ago, and in a future that no clock should show. */
const anyMoment = fc.constantFrom(-9 * 24 * hour, -25 * hour, -hour, -40 * minute, -minute, -1, 0, 3 * minute, 2 * hour);
interface Fields extends Pick<SessionDigest, 'submissionStatus' | 'device' | 'deviceIP' | 'isComplete' | 'durationMs'> {
  /** From now, ms; null: never. */
  start: number;
  tookMs: number;
  saved: number;
  submitted: number | null;
  tried: number | null;
}
const anyFields: fc.Arbitrary<Fields> = fc.record({
  submissionStatus: fc.constantFrom('pending', 'submitted', 'failed', 'ignored'),
  device: fc.constantFrom('', 'CHEM', 'HEMA'),
  deviceIP: fc.constantFrom('10.0.0.5', '10.0.0.6'),
  isComplete: fc.boolean(),
  start: anyMoment,
  tookMs: fc.constantFrom(0, 1, 50),
  saved: anyMoment,
  submitted: fc.oneof(fc.constant(null), anyMoment),
  tried: fc.oneof(fc.constant(null), anyMoment),
  durationMs: fc.constantFrom(-1, 0, 7, 500),
});
const anyId = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.integer({ min: 0, max: 69 }).map((index) => `old${index}`),
);
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), id: anyId, fields: anyFields }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('remove' as const), id: anyId }) },
  /** As a change of status is: the session itself stays as it was. */
  { weight: 2, arbitrary: fc.record({ type: fc.constant('settle' as const), id: anyId }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('ask' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(minute, 20 * minute, 26 * hour, -10 * minute, -hour),
    }),
  },
);

test('whatever comes, changes and goes', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (steps) => {
      const digests = new Map<string, SessionDigest>();
      const running = new RunningCounts(digests);
      let now = began;
      const put = (after: SessionDigest) => {
        const before = digests.get(after.id);
        digests.set(after.id, after);
        running.replaced(before, after);
      };
      // More than a usual gap needs, so that some are cut off.
      for (let index = 0; index < 70; index++) put(made(`old${index}`, oldFields(index), now));
      for (const step of [...steps, { type: 'ask' as const }]) {
        if (step.type === 'put') put(made(step.id, step.fields, now));
        else if (step.type === 'pass') now += step.ms;
        else if (step.type === 'ask') expect(askedOf(running, now)).toEqual(countedAnew(digests, now));
        else {
          const before = digests.get(step.id);
          if (before === undefined) continue;
          if (step.type === 'settle') put({ ...before, submissionStatus: 'submitted', submittedAt: now });
          else {
            digests.delete(step.id);
            running.replaced(before, undefined);
          }
        }
      }
    }),
    { numRuns: runs, seed },
  );
}, 60_000);

test('the least of many is found, also after more came and went than are there', () => {
  const keys = new Map<string, number>([['stuck', 0]]);
  const least = new LeastOf((id) => keys.get(id) ?? null);
  least.put('stuck', 0, 1);
  for (let index = 1; index < 5000; index++) {
    keys.set(`s${index}`, 5000 - index);
    least.put(`s${index}`, 5000 - index, keys.size);
    if (index > 10) keys.delete(`s${index - 10}`);
  }
  expect(least.least()).toBe(0);
  keys.delete('stuck');
  expect(least.least()).toBe(1);
  keys.clear();
  expect(least.least()).toBeNull();
});

function askedOf(running: RunningCounts, now: number) {
  const midnight = now - (now % (24 * hour));
  return {
    standing: running.standing(now),
    activity: spans.map((span) => running.activity({ ...bucketsOf(span, now), attemptsBefore: began })),
    devices: running.devices({ now, midnight }),
  };
}

/** The same from all sessions, by no more than what each figure means. */
function countedAnew(digests: ReadonlyMap<string, SessionDigest>, now: number): ReturnType<typeof askedOf> {
  const midnight = now - (now % (24 * hour));
  const all = [...digests.values()];
  const places = Map.groupBy(
    all.filter(({ device }) => device !== ''),
    ({ device, deviceIP }) => `${device} ${deviceIP}`,
  );
  return {
    standing: standingOf(all, now),
    activity: spans.map((span) => countActivity(all, { ...bucketsOf(span, now), attemptsBefore: began })),
    devices: [...places.values()]
      .map((heard) => heard.toSorted((a, b) => (isLater(a, b) ? -1 : 1)))
      .toSorted(([a], [b]) => (isLater(a as SessionDigest, b as SessionDigest) ? -1 : 1))
      .map((heard) =>
        deviceOf(
          heard[0] as SessionDigest,
          heard.map(({ startTime }) => startTime).toSorted((a, b) => a - b),
          { now, midnight },
        ),
      ),
  };
}

function standingOf(all: readonly SessionDigest[], now: number): StandingCounts {
  const pending = all.filter(({ submissionStatus }) => submissionStatus === 'pending');
  const accepted = all.map(({ submittedAt }) => submittedAt).filter((at) => at > 0 && at <= now + clockToleranceMs);
  const count = (status: SessionDigest['submissionStatus']) =>
    all.filter(({ submissionStatus }) => submissionStatus === status).length;
  return {
    pending: pending.length,
    submitted: count('submitted'),
    failed: count('failed'),
    ignored: count('ignored'),
    heldBack: all.filter((each) => isHeldBack(each, now)).length,
    ...(pending.length === 0 ? {} : { oldestPendingAt: Math.min(...pending.map(({ startTime }) => startTime)) }),
    ...(accepted.length === 0 ? {} : { lastAcceptedAt: Math.max(...accepted) }),
  };
}

function made(id: string, { start, tookMs, saved, submitted, tried, ...fields }: Fields, now: number): SessionDigest {
  return digest(id, {
    ...fields,
    startTime: now + start,
    endTime: now + start + tookMs,
    savedAt: now + saved,
    submittedAt: submitted === null ? 0 : now + submitted,
    triedAt: tried === null ? 0 : now + tried,
  });
}

function oldFields(index: number): Fields {
  return {
    submissionStatus: 'submitted',
    device: 'CHEM',
    deviceIP: '10.0.0.5',
    isComplete: true,
    // Most of them within the last half hour, the others long ago; no two gaps alike.
    start: index < 55 ? -index * index * 600 : -30 * hour - index * index * 1000,
    tookMs: 1,
    saved: -30 * hour,
    submitted: -30 * hour,
    tried: -30 * hour,
    durationMs: 7,
  };
}
