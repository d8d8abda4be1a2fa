/**
 * A retry that was not sent is taken back: the session stands where it stood before.
 */
import { expect, test } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { changeSession } from '../../../src/service/store/session-change.ts';
import { storedSession } from '../../support/stored-session.ts';

const attempt = (outcome: 'refused' | 'accepted') => ({ attempt: 1, startedAt: 1, durationMs: 1, outcome });
const retried = { at: 2, outcome: 'retried' as const };
const pendingAfter = (more: Partial<SessionFile>) => storedSession('s', { submissionStatus: 'pending', ...more });

test.each<[string, SessionFile, SessionFile['submissionStatus']]>([
  ['refused', pendingAfter({ submissionHistory: [attempt('refused'), retried] }), 'failed'],
  ['accepted', pendingAfter({ submissionHistory: [attempt('accepted'), retried] }), 'submitted'],
  [
    'ignored by an operator',
    pendingAfter({ submissionError: 'x', submissionHistory: [attempt('refused'), { at: 1, outcome: 'ignored' }, retried] }),
    'ignored',
  ],
  ['ignored because it was damaged', pendingAfter({ submissionHistory: [retried] }), 'ignored'],
  ['accepted by the word of another program', pendingAfter({ submittedAt: 5, submissionHistory: [retried] }), 'submitted'],
  ['failed by the word of another program', pendingAfter({ submissionError: 'x', submissionHistory: [retried] }), 'failed'],
])('one that was %s', (_, session, status) => {
  expect(changeSession(session, { change: 'takenBack', reason: 'the retry ended' }, 9)).toBe(true);
  expect(session.submissionStatus).toBe(status);
  expect(session.submissionHistory.at(-1)).toEqual({ at: 9, outcome: 'restored', reason: 'the retry ended' });
});

test.each<[string, SessionFile]>([
  ['was tried since', pendingAfter({ submissionHistory: [retried, attempt('refused')] })],
  ['was never retried', pendingAfter({})],
  ['is not pending', storedSession('s', { submissionStatus: 'failed', submissionHistory: [retried] })],
])('one that %s stays as it is', (_, session) => {
  const before = structuredClone(session);
  expect(changeSession(session, { change: 'takenBack' }, 9)).toBe(false);
  expect(session).toEqual(before);
});
