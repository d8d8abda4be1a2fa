/**
 * What opens a cause, what ends it, who is told, and what is kept.
 */
import { SimulatedClock } from 'xstate';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Cause, Device } from '../../../src/common/console.ts';
import type { Circuit, Outcome } from '../../../src/common/outcome.ts';
import { sameEntryMs } from '../../../machines/cause.ts';
import type { SessionOutput } from '../../../machines/session.ts';
import { CauseRules } from '../../../src/service/desk/cause-rules.ts';
import { causeMessage, type Notice, noticeOf } from '../../../src/service/desk/cause-words.ts';
import { CauseBook, type KeptCause, keptCause } from '../../../src/service/desk/causes.ts';
import type { Survey } from '../../../src/service/store/session-survey.ts';

let now: number;
let book: CauseBook;
let rules: CauseRules;
let clock: SimulatedClock;
let told: Cause[];
let notices: Notice[];
let keeps: number;
const minute = 60_000;
const hour = 60 * minute;
const closed: Circuit = { state: 'closed' };
const open: Circuit = {
  state: 'open',
  reason: 'the endpoint refuses our credentials (401)',
  cause: { kind: 'endpoint', httpStatus: 401 },
};

function openBook(kept: readonly KeptCause[] = []): void {
  told = [];
  notices = [];
  keeps = 0;
  book = new CauseBook({
    now: () => now,
    kept,
    onChange: (cause) => told.push(cause),
    onTurn: (cause, turn) => notices.push(noticeOf(cause, turn)),
    onKeep: () => keeps++,
  });
  clock = new SimulatedClock();
  rules = new CauseRules(book, () => now, clock);
}
beforeEach(() => {
  now = 1_000_000_000;
  openBook();
});

const ended = (verdict: SessionOutput['verdict'], outcome: Outcome | null, more: Partial<SessionOutput> = {}): SessionOutput => ({
  id: 's1',
  verdict,
  attempts: 1,
  recorded: { id: 's1', submissionStatus: verdict === 'deferred' ? 'pending' : verdict, submissionAttempts: 1, setBack: 0 },
  unrecorded: null,
  withdrawn: null,
  outcome,
  ...more,
});
const refusal: Outcome = {
  kind: 'refused',
  httpStatus: 422,
  code: 'bad-code',
  error: 'HTTP 422 Unprocessable Entity (bad-code)',
};
const surveyed = (survey: Partial<Survey> = {}, more: { quarantined?: number; askedAt?: number; isRetried?: boolean } = {}) =>
  rules.surveyed(
    {
      pending: { count: 0, devices: [] },
      causes: [],
      today: { captured: 0, accepted: 0, failed: 0, ignored: 0 },
      recent: { captured: 0, accepted: 0 },
      ...survey,
    },
    { quarantined: more.quarantined ?? 0, askedAt: more.askedAt ?? now, isRetried: () => more.isRetried ?? false },
  );
const refusedTally = {
  id: 'refused-422-bad-code',
  kind: 'refused' as const,
  httpStatus: 422,
  code: 'bad-code',
  count: 3,
  devices: ['CHEM'],
  firstAt: 5,
  lastAt: 10,
};

describe('a circuit', () => {
  test('that opens is one cause with its reason, what it holds and when the next try comes; closing ends it', () => {
    surveyed({ pending: { count: 38, devices: ['CHEM-1'] } });
    rules.circuitChanged(open, now + 5 * minute);
    expect(book.get('circuit')).toEqual({
      id: 'circuit',
      kind: 'circuit',
      state: 'open',
      httpStatus: 401,
      message: open.reason,
      count: 38,
      devices: ['CHEM-1'],
      firstAt: now,
      lastAt: now,
      nextTryAt: now + 5 * minute,
      may: { retry: false, ignore: false },
    });
    now += 14 * minute;
    rules.circuitChanged({ state: 'halfOpen' }, undefined);
    rules.circuitChanged({ ...open, cause: { kind: 'unavailable', code: 'ECONNREFUSED' } }, now + 5 * minute);
    expect(book.openCount).toBe(1);
    surveyed({ pending: { count: 50, devices: [] } });
    surveyed({ pending: { count: 40, devices: [] } });
    rules.circuitChanged(closed, undefined);
    expect(book.get('circuit')).toMatchObject({ state: 'resolved', count: 50, endedAt: now, code: 'ECONNREFUSED' });
    expect(book.get('circuit')).not.toHaveProperty('nextTryAt');
    expect(notices).toEqual([
      {
        causeId: 'circuit',
        turn: 'began',
        title: 'Delivery stopped',
        body: 'The endpoint refuses our credentials (401). 38 held, nothing lost.',
      },
      { causeId: 'circuit', turn: 'ended', title: 'Delivering again', body: 'After 14 min.' },
    ]);
  });

  test('that was open when the last process ended is over when a cycle ends well', () => {
    rules.circuitChanged(open, undefined);
    openBook(book.kept());
    rules.cycleEnded(open, now + minute);
    expect(book.get('circuit')).toMatchObject({ state: 'open', nextTryAt: now + minute });
    rules.cycleEnded(closed, now + minute);
    expect(book.get('circuit').state).toBe('resolved');
  });

  test('without a reason or a cause is told of all the same', () => {
    rules.circuitChanged({ state: 'open' }, undefined);
    expect(notices[0]?.body).toBe('0 held, nothing lost.');
  });
});

describe('sessions', () => {
  test('that are refused with one status and code stand under one cause, and it ends when none is failed by it', () => {
    rules.deliveryEnded(ended('failed', refusal), closed);
    rules.deliveryEnded(ended('failed', refusal), closed);
    expect(book.standing.map(({ id, count }) => ({ id, count }))).toEqual([{ id: 'refused-422-bad-code', count: 1 }]);
    now += minute;
    surveyed({ causes: [{ ...refusedTally, lastAt: now }] });
    expect(book.get('refused-422-bad-code')).toMatchObject({
      count: 3,
      devices: ['CHEM'],
      message: 'The endpoint refuses these sessions (HTTP 422 Unprocessable Entity, bad-code).',
      may: { retry: true, ignore: true },
    });
    now += minute;
    surveyed();
    expect(book.get('refused-422-bad-code')).toMatchObject({ state: 'resolved', count: 3, may: { retry: false, ignore: false } });
    expect(notices.map(({ turn }) => turn)).toEqual(['began', 'ended']);
  });

  test('that used up their attempts, or got no answer while the circuit was closed, are causes too', () => {
    rules.deliveryEnded(ended('failed', { kind: 'later', httpStatus: 503 }), closed);
    rules.deliveryEnded(ended('deferred', { kind: 'unheard', code: 'ECONNRESET' }), closed);
    expect(book.standing.map(({ id, may }) => ({ id, may }))).toEqual([
      { id: 'usedUp-503', may: { retry: true, ignore: true } },
      { id: 'unheard-ECONNRESET', may: { retry: false, ignore: true } },
    ]);
    book.setNextTry(now + minute);
    expect(book.get('unheard-ECONNRESET').nextTryAt).toBe(now + minute);
    expect(book.get('usedUp-503')).not.toHaveProperty('nextTryAt');
    now += minute;
    surveyed({
      causes: [{ id: 'unheard-ECONNRESET', kind: 'unheard', code: 'ECONNRESET', count: 4, devices: [], firstAt: 1, lastAt: 2 }],
    });
    expect(book.get('unheard-ECONNRESET')).toMatchObject({ state: 'open', count: 4 });
    expect(book.get('usedUp-503').state).toBe('resolved');
  });

  test.each<[string, SessionOutput, Circuit]>([
    ['accepted', ended('submitted', { kind: 'accepted' }), closed],
    ['deferred by an open circuit', ended('deferred', { kind: 'unheard', code: 'X' }), open],
    ['asked to come later', ended('deferred', { kind: 'later', httpStatus: 503 }), closed],
    ['withdrawn', ended('deferred', { kind: 'unheard' }, { withdrawn: 'deleted' }), closed],
    ['not on disk yet', ended('failed', refusal, { unrecorded: {} as never }), closed],
    [
      'ignored by somebody meanwhile',
      ended('failed', refusal, { recorded: { id: 's1', submissionStatus: 'ignored', submissionAttempts: 1, setBack: 0 } }),
      closed,
    ],
    ['never sent', ended('deferred', null), closed],
  ])('that were %s are none', (_, output, circuit) => {
    rules.deliveryEnded(output, circuit);
    expect(book.standing).toEqual([]);
  });

  test('what failed after the survey was asked for does not end by it', () => {
    const askedAt = now;
    now += 10;
    rules.deliveryEnded(ended('failed', refusal), closed);
    surveyed({}, { askedAt });
    expect(book.isStanding('refused-422-bad-code')).toBe(true);
  });

  test('a cause whose sessions are being retried does not end before the retry does', () => {
    rules.deliveryEnded(ended('failed', refusal), closed);
    now += minute;
    surveyed({}, { isRetried: true });
    expect(book.isStanding('refused-422-bad-code')).toBe(true);
    surveyed();
    expect(book.isStanding('refused-422-bad-code')).toBe(false);
  });

  test('that the folder shows at the start open their cause, whatever was kept', () => {
    surveyed({
      causes: [
        refusedTally,
        { id: 'damaged', kind: 'damaged', count: 2, devices: [], firstAt: 1, lastAt: 2 },
        { id: 'unheard-X', kind: 'unheard', code: 'X', count: 1, devices: [], firstAt: 1, lastAt: 2 },
      ],
    });
    expect(book.standing.map(({ id }) => id)).toEqual(['refused-422-bad-code', 'damaged']);
    expect(book.get('refused-422-bad-code')).toMatchObject({ firstAt: 10, lastAt: 10 });
  });
});

describe('the rest of the house', () => {
  test('a file in quarantine is a cause until the quarantine is empty', () => {
    rules.quarantined();
    rules.quarantined();
    expect(book.get('unreadable')).toMatchObject({ state: 'open', count: 1 });
    surveyed({}, { quarantined: 4 });
    expect(book.get('unreadable').count).toBe(4);
    surveyed();
    expect(book.get('unreadable').state).toBe('resolved');
    surveyed({}, { quarantined: 1 });
    expect(book.get('unreadable').state).toBe('open');
  });

  test('a device is told of when it is quiet for more than an hour, and when it talks again', () => {
    const device = (silentMs: number, more: Partial<Device> = {}): Device => ({
      label: 'URIN-1',
      address: '10.0.0.5',
      lastSeenAt: now - silentMs,
      usualGapMs: 5 * minute,
      state: silentMs > 10 * minute ? 'quiet' : 'talking',
      lastHour: [],
      today: 0,
      ...more,
    });
    rules.devicesSeen([device(hour)]);
    expect(book.standing).toEqual([]);
    rules.devicesSeen([device(hour + 11 * minute)]);
    rules.devicesSeen([device(hour + 12 * minute)]);
    expect(book.standing).toMatchObject([{ id: 'quiet-URIN-1', devices: ['URIN-1'], count: 0 }]);
    expect(notices.at(-1)).toMatchObject({
      title: 'A device is silent',
      body: 'URIN-1: The device has been silent for longer than usual.',
    });
    rules.devicesSeen([device(hour + 12 * minute), device(minute, { address: '10.0.0.6' })]);
    expect(book.standing).toEqual([]);
    rules.devicesSeen([device(hour + 12 * minute)]);
    rules.devicesSeen([]);
    expect(book.get('quiet-URIN-1').state).toBe('resolved');
    expect(notices.at(-1)).toMatchObject({ title: 'A device talks again', body: 'URIN-1. After less than a minute.' });
  });

  test('a device that was last heard more than a week ago did not fall silent now, but one whose silence was told stays told', () => {
    const device = (silentMs: number): Device => ({
      label: 'URIN-1',
      address: '10.0.0.5',
      lastSeenAt: now - silentMs,
      usualGapMs: 5 * minute,
      state: 'quiet',
      lastHour: [],
      today: 0,
    });
    rules.devicesSeen([device(8 * 24 * hour)]);
    expect(book.standing).toEqual([]);
    rules.devicesSeen([device(6 * 24 * hour)]);
    rules.devicesSeen([device(8 * 24 * hour)]);
    expect(book.standing).toMatchObject([{ id: 'quiet-URIN-1' }]);
  });

  test('capture that failed is a cause until it captures; a gap, until nothing was lost for a minute', () => {
    rules.captureChanged({ state: 'capturing', gaps: 0 });
    expect(book.standing).toEqual([]);
    rules.captureChanged({ state: 'failed', gaps: 0, reason: 'dumpcap is not installed' });
    rules.captureChanged({ state: 'starting', gaps: 0 });
    expect(book.get('capture')).toMatchObject({ state: 'open', message: 'dumpcap is not installed' });
    // Of one that is kept from before a restart nobody knows until capture says how it is.
    openBook(book.kept());
    clock.increment(hour);
    expect(book.get('capture').state).toBe('open');
    rules.captureChanged({ state: 'capturing', gaps: 0 });
    expect(book.get('capture').state).toBe('resolved');
    rules.captureChanged({ state: 'failed', gaps: 0 });
    rules.captureChanged({ state: 'capturing', gaps: 1, lastGapAt: now });
    expect(book.get('capture').message).toContain('Packets were lost');
    now += 59_000;
    rules.captureChanged({ state: 'capturing', gaps: 1, lastGapAt: now - 59_000 });
    expect(book.isStanding('capture')).toBe(true);
    clock.increment(59_999);
    expect(book.isStanding('capture')).toBe(true);
    clock.increment(1);
    expect(book.isStanding('capture')).toBe(false);
  });

  test('a disk that is full or errs is a cause until it is well', () => {
    rules.diskChanged({ state: 'low', freeBytes: 1 });
    rules.diskChanged({ state: 'failing', freeBytes: 0 });
    expect(book.get('disk')).toMatchObject({ state: 'open', message: 'The last write failed; free space or check the disk.' });
    rules.diskChanged({ state: 'healthy', freeBytes: 1e12 });
    expect(book.get('disk').state).toBe('resolved');
  });

  test('a damaged settings file, or a secret that is not kept, is a cause until it is dealt with', () => {
    const problem = { code: 'settings.damaged', message: 'The settings file was damaged.', since: now };
    rules.problemsChanged([{ code: 'endpoint.missing', message: 'No endpoint.', since: now }, problem]);
    rules.problemsChanged([problem]);
    expect(book.get('settings')).toMatchObject({ state: 'open', message: problem.message });
    const next = { code: 'certificates.unusable', message: 'The key does not fit.', since: now };
    rules.problemsChanged([next]);
    expect(book.get('settings')).toMatchObject({ state: 'open', message: next.message });
    rules.problemsChanged([]);
    expect(book.get('settings').state).toBe('resolved');
    expect(notices.map(({ title }) => title)).toEqual(['The settings need you', 'The settings are in order']);
  });
});

describe('an endpoint that cannot be used', () => {
  const unusable = { code: 'endpoint.unusable', message: 'submissionCaFile cannot be read.', since: 0 };

  test('is a cause with its reason and what it holds, until it can be used; told once at each end', () => {
    rules.problemsChanged([unusable]);
    surveyed({ pending: { count: 3, devices: ['COAG-1'] } });
    expect(book.get('endpoint')).toMatchObject({ kind: 'endpoint', state: 'open', message: unusable.message, count: 3 });
    expect(book.openCount).toBe(1);
    rules.problemsChanged([unusable]);
    rules.problemsChanged([]);
    expect(book.get('endpoint').state).toBe('resolved');
    expect(notices.map(({ title, body }) => [title, body])).toEqual([
      ['Nothing is sent', 'submissionCaFile cannot be read. What is captured is kept, nothing is lost.'],
      ['The endpoint is in order', 'After less than a minute.'],
    ]);
  });

  test('is told beside damaged settings, not in place of them', () => {
    rules.problemsChanged([unusable, { code: 'settings.damaged', message: 'The settings file was damaged.', since: 0 }]);
    expect(book.standing.map(({ id }) => id).sort()).toEqual(['endpoint', 'settings']);
  });

  test('that is not set is none: so every installation begins', () => {
    rules.problemsChanged([]);
    expect(book.standing).toEqual([]);
  });
});

describe('an operator', () => {
  beforeEach(() => rules.deliveryEnded(ended('failed', refusal), closed));
  const id = 'refused-422-bad-code';

  test('leaves a note, and an empty one removes it', () => {
    expect(book.setNote(id, ' asked the laboratory ').note).toBe('asked the laboratory');
    expect(book.setNote(id, '')).not.toHaveProperty('note');
  });

  test('mutes a cause: it is not counted and notifies nobody, but still ends by itself', () => {
    expect(book.mute(id, true).state).toBe('muted');
    expect([book.openCount, book.isStanding(id)]).toEqual([0, true]);
    now += minute;
    surveyed();
    expect(book.get(id).state).toBe('resolved');
    rules.deliveryEnded(ended('failed', refusal), closed);
    expect(book.get(id).state).toBe('muted');
    expect(notices).toHaveLength(1);
    expect(book.mute(id, false).state).toBe('open');
  });

  test('sees one entry for a cause that comes back within an hour, and a new one after that', () => {
    const { firstAt } = book.get(id);
    book.setNote(id, 'known');
    book.noteRetry(id);
    now += minute;
    surveyed();
    now += sameEntryMs;
    rules.deliveryEnded(ended('failed', refusal), closed);
    expect(book.get(id)).toMatchObject({ firstAt, note: 'known', state: 'open', lastRetriedAt: firstAt });
    now += minute;
    surveyed();
    now += sameEntryMs + 1;
    rules.deliveryEnded(ended('failed', refusal), closed);
    expect(book.get(id)).toMatchObject({ firstAt: now, state: 'open', count: 1 });
    expect(book.get(id)).not.toHaveProperty('note');
    expect(book.get(id)).not.toHaveProperty('lastRetriedAt');
  });

  test('is refused for a cause that is not known', () => {
    for (const ask of [() => book.get('x'), () => book.setNote('x', ''), () => book.mute('x', true)])
      expect(ask).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT_INVALID' }));
    expect(() => (book.noteRetry('x'), book.end('x'), book.count('x', {}))).not.toThrow();
  });

  test('finds notes, mutes and times again after a restart, and counts from the folder', () => {
    book.setNote(id, 'known');
    book.mute(id, true);
    book.noteRetry(id);
    const kept = JSON.parse(JSON.stringify(book.kept())) as unknown[];
    const before = book.get(id);
    openBook(kept.map((each) => keptCause.parse(each)));
    expect(book.get(id)).toEqual({ ...before, count: 0 });
    surveyed({ causes: [{ ...refusedTally, count: 9 }] });
    expect(book.get(id)).toMatchObject({ count: 9, state: 'muted', note: 'known' });
    expect(told.length).toBeGreaterThan(0);
  });

  test('does not see a cause any more that ended a week ago', () => {
    now += minute;
    surveyed();
    rules.circuitChanged(open, undefined);
    expect(book.all.map((cause) => cause.id)).toEqual(expect.arrayContaining([id, 'circuit']));
    now += 7 * 24 * hour + 1;
    expect(book.all.map((cause) => cause.id)).toEqual(['circuit']);
    expect(book.kept()).toHaveLength(1);
  });

  test('hears nothing twice that did not change', () => {
    now += minute;
    surveyed({ causes: [refusedTally] });
    const [count, keepCount] = [told.length, keeps];
    surveyed({ causes: [refusedTally] });
    book.setNextTry(undefined);
    book.setNote(id, '');
    book.mute(id, false);
    expect([told.length, keeps]).toEqual([count, keepCount]);
  });
});

describe('the words', () => {
  test('every kind of cause has a title for its start and its end, and none holds a placeholder', () => {
    const base = { state: 'open' as const, count: 0, devices: [], firstAt: 0, lastAt: 0, may: { retry: false, ignore: false } };
    for (const kind of [
      'circuit',
      'refused',
      'usedUp',
      'unheard',
      'damaged',
      'unreadable',
      'quiet',
      'capture',
      'disk',
      'settings',
    ] as const)
      for (const turn of ['began', 'ended'] as const) {
        const { title, body } = noticeOf({ ...base, id: kind, kind }, turn);
        expect(`${title} ${body}`).not.toMatch(/undefined|null|NaN/);
        expect(title).not.toBe('');
      }
  });

  test('a long time is told in hours, then in days', () => {
    const cause = {
      id: 'disk',
      kind: 'disk' as const,
      state: 'resolved' as const,
      count: 0,
      devices: [],
      firstAt: 0,
      lastAt: 0,
      may: { retry: false, ignore: false },
    };
    expect(noticeOf({ ...cause, endedAt: 3 * hour }, 'ended').body).toBe('After 3 h.');
    expect(noticeOf({ ...cause, endedAt: 100 * hour }, 'ended').body).toBe('After 4 days.');
  });

  test('the end of an interruption tells what was sent since', () => {
    const cause = {
      id: 'circuit',
      kind: 'circuit' as const,
      state: 'resolved' as const,
      count: 52,
      devices: [],
      firstAt: 0,
      lastAt: 0,
      endedAt: 14 * minute,
      may: { retry: false, ignore: false },
    };
    expect(noticeOf(cause, 'ended', { sent: 52, failed: 0, isUnderWay: false })).toMatchObject({
      title: 'Delivering again',
      body: 'After 14 min. 52 sent, 0 failed.',
    });
    expect(noticeOf(cause, 'ended', { sent: 3112, failed: 2, isUnderWay: true }).body).toBe(
      'After 14 min. 3,112 sent so far, 2 failed.',
    );
  });

  test('an answer without a status or a code has a sentence too', () => {
    expect(causeMessage({ id: 'x', kind: 'usedUp' })).toBe('All attempts were used up without success (no status is known).');
    expect(causeMessage({ id: 'x', kind: 'unheard' })).toBe('No answer came: no answer came.');
  });
});
