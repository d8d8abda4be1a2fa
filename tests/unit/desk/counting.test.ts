/**
 * What the desk counts over the index: sessions by cause, activity, devices, today.
 */
import { describe, expect, test } from 'vitest';
import { ActivityLedger } from '../../../src/service/desk/activity-ledger.ts';
import { SavedCount } from '../../../src/service/desk/status-extras.ts';
import { bucketsOf, countActivity, settledAt } from '../../../src/service/store/activity-counts.ts';
import { attemptFigures, countAttempt, emptyBins } from '../../../src/service/store/attempt-times.ts';
import { deskQueries, facilityIn } from '../../../src/service/store/desk-queries.ts';
import { heardWithinADay } from '../../../src/service/store/device-survey.ts';
import { DeviceTally } from '../../../src/service/store/device-tally.ts';
import { RunningCounts } from '../../../src/service/store/running-counts.ts';
import { causeKeyOf, codeInSentence } from '../../../src/service/store/session-cause.ts';
import { surveyOf } from '../../../src/service/store/session-survey.ts';
import type { SessionDigest } from '../../../src/service/store/session-digest.ts';
import { digest, refusedDigest } from '../../support/digest.ts';
import { storedSession } from '../../support/stored-session.ts';

function indexOf(all: readonly SessionDigest[]) {
  const digests = new Map(all.map((each) => [each.id, each]));
  return { digests, counts: new RunningCounts(digests) };
}
const now = 1_700_000_000_000;
const minute = 60_000;
const hour = 60 * minute;

describe('the cause of a session', () => {
  test.each<[string, Partial<SessionDigest>, object | null]>([
    [
      'refused with a code',
      {
        submissionStatus: 'failed',
        outcome: 'refused',
        httpStatus: 422,
        submissionError: 'HTTP 422 Unprocessable Entity (OBX-3.unknown-code)',
      },
      { id: 'refused-422-OBX-3.unknown-code', kind: 'refused', httpStatus: 422, code: 'OBX-3.unknown-code' },
    ],
    [
      'refused without one',
      { submissionStatus: 'failed', outcome: 'refused', httpStatus: 400, submissionError: 'HTTP 400 Bad Request' },
      { id: 'refused-400', kind: 'refused', httpStatus: 400 },
    ],
    [
      'refused by a file that says no more',
      { submissionStatus: 'failed', outcome: 'refused' },
      { id: 'refused-unknown', kind: 'refused' },
    ],
    [
      'out of attempts',
      { submissionStatus: 'failed', outcome: 'later', httpStatus: 503 },
      { id: 'usedUp-503', kind: 'usedUp', httpStatus: 503 },
    ],
    ['failed by the word of another program', { submissionStatus: 'failed' }, { id: 'usedUp-unknown', kind: 'usedUp' }],
    [
      'without an answer',
      { outcome: 'unheard', submissionError: 'connection refused (ECONNREFUSED)' },
      { id: 'unheard-ECONNREFUSED', kind: 'unheard', code: 'ECONNREFUSED' },
    ],
    [
      'without an answer and without a code',
      { outcome: 'unheard', submissionError: 'nobody knows' },
      { id: 'unheard-UNKNOWN', kind: 'unheard', code: 'UNKNOWN' },
    ],
    ['damaged while it was captured', { submissionStatus: 'ignored', hasGaps: true }, { id: 'damaged', kind: 'damaged' }],
    ['ignored by an operator', { submissionStatus: 'ignored' }, null],
    ['accepted', { submissionStatus: 'submitted' }, null],
    ['not tried yet', {}, null],
    ['asked to come later', { outcome: 'later', httpStatus: 503 }, null],
  ])('%s', (_, fields, key) => {
    expect(causeKeyOf(digest('s', fields))).toEqual(key);
  });

  test('a sentence gives up its code only when that is a plain word at its end', () => {
    expect(codeInSentence('no answer within 30 s (ETIMEDOUT)')).toBe('ETIMEDOUT');
    expect(codeInSentence('refused (John Doe)')).toBeUndefined();
    expect(codeInSentence('(EARLY) and more')).toBeUndefined();
  });
});

describe('attempt times', () => {
  test('percentiles are right within one percent, however many attempts there were', () => {
    const bins = emptyBins();
    for (let ms = 1; ms <= 1000; ms++) countAttempt(bins, ms);
    const { count, p50Ms = 0, p95Ms = 0, p99Ms = 0 } = attemptFigures(bins, 30_000);
    expect(count).toBe(1000);
    for (const [found, wanted] of [
      [p50Ms, 500],
      [p95Ms, 950],
      [p99Ms, 990],
    ] as const)
      expect(Math.abs(found - wanted) / wanted).toBeLessThan(0.01);
  });

  test('the histogram ends at the time limit, and what lies outside is in its first or last bar', () => {
    const bins = emptyBins();
    for (const ms of [0, 0.5, 3, 12, 400, 29_000, 45_000, 10_000_000]) countAttempt(bins, ms);
    const { histogram, limitMs } = attemptFigures(bins, 30_000);
    expect(histogram).toHaveLength(36);
    expect([histogram[0]?.fromMs, histogram.at(-1)?.toMs, limitMs]).toEqual([10, 30_000, 30_000]);
    expect(histogram.reduce((sum, { count }) => sum + count, 0)).toBe(8);
    expect([histogram[0]?.count, histogram.at(-1)?.count]).toEqual([4, 3]);
    for (const [index, bar] of histogram.entries()) if (index > 0) expect(bar.fromMs).toBe(histogram[index - 1]?.toMs);
  });

  test('without an attempt there are no percentiles', () => {
    expect(attemptFigures(emptyBins(), 30_000)).toMatchObject({ count: 0 });
    expect(attemptFigures(emptyBins(), 30_000)).not.toHaveProperty('p50Ms');
  });
});

describe('activity', () => {
  test.each([
    ['1h', 60, minute],
    ['24h', 96, 15 * minute],
    ['7d', 84, 2 * hour],
  ] as const)('%s has %i buckets, the running one last', (span, count, bucketMs) => {
    const buckets = bucketsOf(span, now);
    expect(buckets).toMatchObject({ count, bucketMs });
    expect(buckets.from + (count - 1) * bucketMs).toBeLessThanOrEqual(now);
    expect(buckets.from + count * bucketMs).toBeGreaterThan(now);
  });

  test('sessions count where they changed, attempts of this process where they began', () => {
    const ledger = new ActivityLedger(now - 2 * minute);
    const digests = [
      digest('a', {
        endTime: now - 10 * minute,
        submissionStatus: 'submitted',
        submittedAt: now - 9 * minute,
        triedAt: now - 9 * minute,
        durationMs: 100,
      }),
      refusedDigest('b', { endTime: now - 10 * minute, triedAt: now - minute, durationMs: 20 }),
      digest('c', { endTime: now - 5 * minute, submissionStatus: 'ignored', savedAt: now }),
      digest('d', { endTime: now - 3 * hour, submissionStatus: 'failed', savedAt: now - 2 * hour }),
      digest('e', { endTime: now }),
    ];
    ledger.countAttempt(now - minute, 20);
    ledger.countAttempt(now - 3 * hour, 20);
    ledger.noteHeld(7, now - minute);
    const counts = countActivity(digests, { ...bucketsOf('1h', now), attemptsBefore: ledger.since });
    const { buckets, totals, attempts, from } = ledger.activity('1h', counts, { now, limitMs: 30_000 });
    expect(totals).toEqual({ captured: 4, accepted: 1, failed: 1, ignored: 1 });
    const at = (time: number) => buckets[Math.floor((time - from) / minute)];
    expect(at(now - 10 * minute)).toMatchObject({ captured: 2, accepted: 0 });
    expect(at(now - 9 * minute)).toMatchObject({ captured: 0, accepted: 1 });
    expect(at(now - minute)).toMatchObject({ failed: 1, held: 7 });
    expect(buckets.at(-1)).toMatchObject({ captured: 1, ignored: 1, held: 0 });
    // The one before this process, from the index, and the one of this process, once.
    expect(attempts.count).toBe(2);
  });

  test('held sessions are those at a bucket’s end, or now in the running one', () => {
    const ledger = new ActivityLedger(now);
    const counts = countActivity([], { ...bucketsOf('24h', now), attemptsBefore: now });
    ledger.noteHeld(3, now - 20 * minute);
    ledger.noteHeld(9, now);
    const { buckets } = ledger.activity('24h', counts, { now, limitMs: 30_000 });
    expect(buckets.at(-1)?.held).toBe(9);
    expect(buckets.reduce((sum, { held }) => sum + held, 0)).toBe(12);
  });

  test('a week later nothing is left of what was counted, and no memory is taken for it', () => {
    const ledger = new ActivityLedger(0);
    ledger.countAttempt(now - 8 * 24 * hour, 50);
    ledger.noteHeld(3, now - 8 * 24 * hour);
    ledger.countAttempt(now, 50);
    ledger.noteHeld(0, now);
    const counts = countActivity([], { ...bucketsOf('7d', now), attemptsBefore: 0 });
    const { attempts, buckets } = ledger.activity('7d', counts, { now, limitMs: 30_000 });
    expect(attempts.count).toBe(1);
    expect(buckets.every(({ held }) => held === 0)).toBe(true);
  });

  test('a failed session changed when its last attempt ended; one that was never tried, when it was written', () => {
    expect(settledAt(refusedDigest('a', { triedAt: 100, durationMs: 5 }))).toBe(105);
    expect(settledAt(digest('b', { submissionStatus: 'failed', savedAt: 77 }))).toBe(77);
    expect(settledAt(digest('c'))).toBe(0);
  });
});

describe('devices', () => {
  const devicesOf = (digests: SessionDigest[], asOf: { now: number; midnight: number }) =>
    new DeviceTally(() => digests).devices(asOf);
  /** `count` sessions, one every `gap`, the last of which ended `silent` ago. */
  const heard = (label: string, count: number, { gap = minute, silent = 0, address = '10.0.0.5' } = {}) =>
    Array.from({ length: count }, (_, index) => {
      const startTime = now - silent - index * gap;
      return digest(`${label}${index}`, { device: label, deviceIP: address, startTime, endTime: startTime });
    });
  const at = { now, midnight: now - 30 * minute };

  test('one that talked within twice its usual gap talks, one that did not is quiet', () => {
    const devices = devicesOf([...heard('CHEM', 60, { silent: 90_000 }), ...heard('HEMA', 60, { silent: 121_000 })], at);
    expect(devices.map(({ label, state, usualGapMs }) => ({ label, state, usualGapMs }))).toEqual([
      { label: 'CHEM', state: 'talking', usualGapMs: minute },
      { label: 'HEMA', state: 'quiet', usualGapMs: minute },
    ]);
  });

  test('one that talks every second is not quiet before two minutes', () => {
    expect(devicesOf(heard('FAST', 60, { gap: 1000, silent: 119_000 }), at)[0]?.state).toBe('talking');
    expect(devicesOf(heard('FAST', 60, { gap: 1000, silent: 121_000 }), at)[0]?.state).toBe('quiet');
  });

  test('one with fewer than five sessions is new, and has no usual gap', () => {
    const [device] = devicesOf(heard('NEW', 4, { silent: 5 * hour }), at);
    expect(device).toMatchObject({ state: 'new', lastSeenAt: now - 5 * hour });
    expect(device).not.toHaveProperty('usualGapMs');
    expect(devicesOf(heard('OLD', 5), at)[0]).toMatchObject({ usualGapMs: minute });
  });

  test('only the last fifty gaps count', () => {
    const old = heard('CHEM', 100, { gap: hour, silent: 60 * minute });
    const recent = heard('CHEM', 51, { gap: minute }).map((each) => ({ ...each, id: `${each.id}x` }));
    expect(devicesOf([...old, ...recent], at)[0]?.usualGapMs).toBe(minute);
  });

  test('the same label at two addresses is two devices; sessions without a label are nobody’s', () => {
    const devices = devicesOf(
      [...heard('CHEM', 2), ...heard('CHEM', 3, { address: '10.0.0.6' }), digest('x', { device: '' })],
      at,
    );
    expect(devices.map(({ address }) => address).sort()).toEqual(['10.0.0.5', '10.0.0.6']);
  });

  test('the last hour is in spans of two minutes, and today begins at midnight', () => {
    const [device] = devicesOf(heard('CHEM', 90), at);
    expect(device?.lastHour).toEqual(Array.from({ length: 30 }, () => 2));
    expect(device?.today).toBe(31);
    expect(
      heardWithinADay(
        [...(device === undefined ? [] : [device]), { ...(device as never as object), lastSeenAt: now - 25 * hour } as never],
        now,
      ),
    ).toBe(1);
  });

  test('their facility is read from the latest session once', () => {
    const index = indexOf(heard('XN-1000', 3));
    const reads: string[] = [];
    const queries = deskQueries(index, (id) => {
      reads.push(id);
      return storedSession(id);
    });
    expect(queries.devices(at)[0]).toMatchObject({ label: 'XN-1000', facility: 'LAB' });
    queries.devices(at);
    expect(reads).toEqual(['XN-10000']);
    expect(deskQueries(index, () => null).devices(at)[0]).not.toHaveProperty('facility');
  });

  test('a facility is MSH-4 of a message that begins with MSH', () => {
    expect(facilityIn('MSH|^~\\&|A|LAB|B')).toBe('LAB');
    expect(facilityIn('MSH|^~\\&|A')).toBe('');
    expect(facilityIn('MSH#^~\\&#A#WARD\rPID#1')).toBe('WARD');
    expect(facilityIn('OBX|1')).toBe('');
    expect(facilityIn(undefined)).toBe('');
    expect(facilityIn('MSH')).toBe('');
  });
});

describe('the survey', () => {
  test('counts today, the last five minutes, what is pending, and sessions by cause', () => {
    const midnight = now - 2 * hour;
    const survey = surveyOf(
      [
        digest('a', { endTime: now - minute, submissionStatus: 'submitted', submittedAt: now - minute }),
        digest('b', { endTime: now - 3 * hour, submissionStatus: 'submitted', submittedAt: now - hour }),
        refusedDigest('c', { endTime: now - hour, triedAt: now - hour, durationMs: 0, device: 'CHEM' }),
        refusedDigest('d', { endTime: now - hour, triedAt: now - 3 * hour, durationMs: 0, device: 'HEMA' }),
        digest('e', { endTime: now + hour, device: 'CHEM' }),
        digest('f', { endTime: now - 3 * hour, submissionStatus: 'ignored', savedAt: now, hasGaps: true, device: '' }),
        digest('g', { endTime: now - 8 * 24 * hour, submissionStatus: 'ignored', savedAt: 0, hasGaps: true }),
      ],
      { now, midnight },
    );
    expect(survey).toEqual({
      pending: { count: 1, devices: ['CHEM'] },
      today: { captured: 3, accepted: 2, failed: 1, ignored: 1 },
      recent: { captured: 1, accepted: 1 },
      causes: [
        {
          id: 'refused-422-unknown-code',
          kind: 'refused',
          httpStatus: 422,
          code: 'unknown-code',
          count: 2,
          devices: ['CHEM', 'HEMA'],
          firstAt: now - 3 * hour,
          lastAt: now - hour,
        },
        { id: 'damaged', kind: 'damaged', count: 1, devices: [], firstAt: now, lastAt: now },
      ],
    });
  });

  test('at most ten devices are named', () => {
    const digests = Array.from({ length: 30 }, (_, index) =>
      refusedDigest(`s${index}`, { device: `D${index}`, triedAt: 1000 - index }),
    );
    expect(surveyOf(digests, { now, midnight: 0 }).causes[0]).toMatchObject({ count: 30, firstAt: 991, lastAt: 1020 });
    expect(surveyOf(digests, { now, midnight: 0 }).causes[0]?.devices).toHaveLength(10);
  });

  test('the sessions of a cause are those that are counted under it', () => {
    const queries = deskQueries(indexOf([refusedDigest('a'), digest('b'), refusedDigest('c', { httpStatus: 400 })]), () => null);
    expect(queries.idsOfCause({ causeId: 'refused-422-unknown-code', now })).toEqual(['a']);
    expect(queries.survey({ now, midnight: 0 }).causes).toHaveLength(2);
    expect(queries.activity({ ...bucketsOf('1h', now), attemptsBefore: now }).captured).toHaveLength(60);
  });

  test('what was written for the first time is counted for five minutes', () => {
    const saved = new SavedCount();
    saved.add(3, now - 6 * minute);
    saved.add(2, now - 4 * minute);
    saved.add(0, now);
    saved.add(1, now);
    saved.add(1, now);
    expect(saved.recent(now)).toBe(4);
    expect(saved.recent(now + 4 * minute)).toBe(2);
  });
});
