/**
 * What an attempt or an operator leaves in a session's file.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { SubmissionStatus } from '../../../src/common/session.ts';
import { changeSession, enterAttempt, setBack, type StatusChange } from '../../../src/service/store/session-change.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

test('an accepted attempt ends the delivery and clears the error', () => {
  const session = storedSession('s1', { submissionError: 'HTTP 503', submissionAttempts: 2 });
  enterAttempt(session, attemptRecord('s1', 'accepted', { outcome: { kind: 'accepted', httpStatus: 201 } }), 1000);
  expect(session).toEqual(
    storedSession('s1', {
      submissionStatus: 'submitted',
      submittedAt: 1000,
      submissionAttempts: 3,
      submissionHistory: [{ attempt: 3, startedAt: 900_000, durationMs: 20, outcome: 'accepted', httpStatus: 201 }],
      _delivery_started_at: 900_000,
    }),
  );
});

test('a refused session is failed, with the reason', () => {
  const session = storedSession('s1');
  enterAttempt(session, attemptRecord('s1', 'refused'), 1000);
  expect(session).toMatchObject({ submissionStatus: 'failed', submissionError: 'HTTP 422', submissionAttempts: 1 });
  expect(session.submissionHistory).toEqual([
    { attempt: 1, startedAt: 900_000, durationMs: 20, outcome: 'refused', error: 'HTTP 422' },
  ]);
});

test('an attempt without an answer is counted and leaves the session pending', () => {
  const session = storedSession('s1');
  enterAttempt(session, attemptRecord('s1', 'unheard'), 1000);
  expect(session).toMatchObject({
    submissionStatus: 'pending',
    submissionError: 'no answer (ECONNRESET)',
    submissionAttempts: 1,
  });
});

test.each<[SubmissionStatus, 'accepted' | 'refused', SubmissionStatus]>([
  ['ignored', 'refused', 'ignored'],
  ['ignored', 'accepted', 'submitted'],
  ['failed', 'accepted', 'submitted'],
  ['submitted', 'refused', 'submitted'],
])('a session that became %s during an attempt that was %s is %s', (status, outcome, expected) => {
  const session = storedSession('s1', { submissionStatus: status });
  enterAttempt(session, attemptRecord('s1', outcome), 1000);
  expect(session).toMatchObject({ submissionStatus: expected, submissionAttempts: 1 });
});

test.each(['accepted', 'refused', 'unheard'] as const)(
  'an attempt that was %s counts once, however often it is entered',
  (kind) => {
    const session = storedSession('s1');
    enterAttempt(session, attemptRecord('s1', kind), 1000);
    const once = structuredClone(session);
    enterAttempt(session, attemptRecord('s1', kind), 2000);
    expect(session).toEqual(once);
  },
);

test('what an operator did after an attempt is not undone by entering it again', () => {
  const session = storedSession('s1');
  enterAttempt(session, attemptRecord('s1', 'refused'), 1000);
  changeSession(session, { change: 'retried' }, 1500);
  const retried = structuredClone(session);
  enterAttempt(session, attemptRecord('s1', 'refused'), 2000);
  expect(session).toEqual(retried);
});

test('a session that is sent again has the time of its latest acceptance', () => {
  const session = storedSession('s1');
  enterAttempt(session, attemptRecord('s1', 'accepted'), 1000);
  expect(changeSession(session, { change: 'retried', again: true, reason: 'the collector was restored' }, 1500)).toBe(true);
  enterAttempt(session, attemptRecord('s1', 'accepted', { startedAt: 950_000 }), 2000);
  expect(session).toMatchObject({ submittedAt: 2000, submissionAttempts: 2 });
  expect(session.submissionHistory[1]).toEqual({ at: 1500, outcome: 'retried', reason: 'the collector was restored' });
});

test('a second chance is an entry in the history', () => {
  const session = storedSession('s1', { submissionStatus: 'failed' });
  setBack(session, 'it works again', 1000);
  expect(session).toEqual(
    storedSession('s1', { submissionHistory: [{ at: 1000, outcome: 'requeued', reason: 'it works again' }] }),
  );
});

const statuses = ['pending', 'submitted', 'failed', 'ignored'] as const;
test.each<[StatusChange, Partial<Record<SubmissionStatus, SubmissionStatus>>]>([
  ['retried', { failed: 'pending', ignored: 'pending' }],
  ['ignored', { pending: 'ignored', failed: 'ignored' }],
  ['restored', { ignored: 'pending' }],
])('%s applies to some and leaves the others as they are', (change, becomes) => {
  for (const status of statuses) {
    const session = storedSession('s1', { submissionStatus: status });
    expect(changeSession(session, { change }, 1000)).toBe(becomes[status] !== undefined);
    expect(session.submissionStatus).toBe(becomes[status] ?? status);
    expect(session.submissionHistory).toEqual(becomes[status] === undefined ? [] : [{ at: 1000, outcome: change }]);
  }
});
