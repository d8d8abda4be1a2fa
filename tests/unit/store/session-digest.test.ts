/**
 * What the index keeps of a session, and what follows from it.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { HistoryEntry } from '../../../src/common/session.ts';
import {
  digestOf,
  headerFields,
  isHeldBack,
  ledgerEntryOf,
  queueEntryOf,
  summaryOf,
} from '../../../src/service/store/session-digest.ts';
import { storedSession } from '../../support/stored-session.ts';

const facts = { kind: 'file' as const, ino: 1, size: 321, ctimeMs: 2, mtimeMs: 600_000 };
const attempt = (
  startedAt: number,
  outcome: 'later' | 'refused' | 'unheard' | 'endpoint' | 'accepted',
  more = {},
): HistoryEntry => ({
  attempt: 1,
  startedAt,
  durationMs: 5,
  outcome,
  ...more,
});
const requeued: HistoryEntry = { at: 1, outcome: 'requeued' };
const failed = (submissionHistory: HistoryEntry[], more = {}) =>
  digestOf(storedSession('s1', { submissionStatus: 'failed', submissionHistory, ...more }), facts);

test('a summary of an untried session says nothing about attempts', () => {
  const digest = digestOf(storedSession('s1'), facts);
  expect(summaryOf(digest)).toEqual({
    sessionId: 's1',
    counter: 7,
    startTime: 400_000,
    endTime: 400_500,
    deviceIP: '10.0.0.5',
    lisIP: '10.0.0.9',
    device: 'XN-1000',
    messageType: 'ORU^R01',
    messageCount: 1,
    isComplete: true,
    hasGaps: false,
    submissionStatus: 'pending',
    submissionAttempts: 0,
    savedAt: 500_000,
    persistedUntil: 9_000_000,
    bytes: 321,
  });
  expect(queueEntryOf(digest)).toEqual({ id: 's1', startTime: 400_000, bytes: 321 });
});

test('a summary tells of the latest attempt, the error and the gaps', () => {
  const session = storedSession('s1', {
    submissionHistory: [attempt(1, 'later'), attempt(2, 'refused', { httpStatus: 422 }), requeued],
    submissionError: 'HTTP 422',
    submittedAt: 4,
    captureGaps: [{ timestamp: 1 }],
  });
  const digest = digestOf(session, facts);
  expect(summaryOf(digest)).toMatchObject({
    hasGaps: true,
    triedAt: 2,
    httpStatus: 422,
    durationMs: 5,
    submissionError: 'HTTP 422',
    submittedAt: 4,
  });
  expect(queueEntryOf(digest)).toMatchObject({ triedAt: 2 });
});

test.each([
  ['MSH|^~\\&|DEV|FAC|LIS|H|2026||ADT^A08|1', { device: 'DEV', messageType: 'ADT^A08' }],
  ['MSH|^~\\&|DEV|FAC|LIS|H|2026||ORU^R01^ORU_R01|1\rPID|||||||||', { device: 'DEV', messageType: 'ORU^R01' }],
  ['MSH#*~\\&#DEV#FAC#LIS#H#2026##ORU*R01#1\nPID', { device: 'DEV', messageType: 'ORU^R01' }],
  ['MSH|^~\\&|DEV', { device: 'DEV', messageType: '' }],
  ['MSH', { device: '', messageType: '' }],
  ['H|\\^&|||DEV', { device: '', messageType: '' }],
  [undefined, { device: '', messageType: '' }],
])('device and message type come from the header segment: %j', (text, expected) => {
  expect(headerFields(text)).toEqual(expected);
});

test('a session without messages goes by the address of its device', () => {
  expect(digestOf(storedSession('s1', { messages: [] }), facts)).toMatchObject({ device: '10.0.0.5', messageType: '' });
});

const minute = 60_000;
test.each([
  ['written a moment ago', { savedAt: 100 * minute, mtimeMs: 100 * minute }, true],
  ['written nine minutes ago', { savedAt: 91 * minute, mtimeMs: 100 * minute }, true],
  ['written ten minutes ago', { savedAt: 90 * minute, mtimeMs: 100 * minute }, false],
  ['saved in the future, written a moment ago', { savedAt: 300 * minute, mtimeMs: 100 * minute }, true],
  ['saved in the future, written long ago', { savedAt: 300 * minute, mtimeMs: 10 * minute }, false],
  ['saved and written far in the future', { savedAt: 300 * minute, mtimeMs: 300 * minute }, false],
  ['saved and written by a clock that is five minutes ahead', { savedAt: 105 * minute, mtimeMs: 105 * minute }, true],
])('an incomplete session %s: held back %s', (_, times, expected) => {
  const digest = { ...digestOf(storedSession('s1', { isComplete: false }), facts), ...times };
  expect(isHeldBack(digest, 100 * minute)).toBe(expected);
  expect(isHeldBack({ ...digest, isComplete: true }, 100 * minute)).toBe(false);
  expect(isHeldBack({ ...digest, submissionStatus: 'ignored' }, 100 * minute)).toBe(false);
});

test('a session failed by used-up attempts counts how often it was set back for that', () => {
  const history = [
    attempt(1, 'later'),
    requeued,
    attempt(2, 'refused'),
    requeued,
    attempt(3, 'unheard'),
    requeued,
    attempt(4, 'later'),
  ];
  expect(ledgerEntryOf(failed(history, { _delivery_started_at: 4 }), 3)).toEqual({
    id: 's1',
    cause: 'usedUp',
    setBackBefore: 2,
    deliveryStartedAt: 4,
  });
  expect(ledgerEntryOf(failed([...history, attempt(5, 'refused')], { _delivery_started_at: 5 }), 3)).toMatchObject({
    cause: 'refused',
    setBackBefore: 1,
  });
});

test('what was set back before any attempt counts for nothing', () => {
  expect(ledgerEntryOf(failed([requeued, attempt(1, 'endpoint'), requeued, attempt(2, 'later')]), 3)).toMatchObject({
    setBackBefore: 0,
  });
});

test.each([
  ['the attempts at its end', [attempt(1, 'later'), attempt(2, 'later'), attempt(3, 'later'), attempt(4, 'later')], 2],
  ['not those before an operator retried it', [attempt(1, 'later'), { at: 2, outcome: 'retried' }, attempt(3, 'later')], 3],
  ['not those before an answer about the address', [attempt(1, 'endpoint'), attempt(2, 'unheard'), attempt(3, 'later')], 2],
] as [string, HistoryEntry[], number][])('a file that does not say when its delivery began: %s', (_, history, expected) => {
  expect(ledgerEntryOf(failed(history), 3)?.deliveryStartedAt).toBe(expected);
});

test('the start of a delivery is looked for among ten attempts at most', () => {
  const history = Array.from({ length: 12 }, (_, at) => attempt(at, 'later'));
  expect(failed(history).trailingStarts).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
});

test('what the endpoint did not fail gets no second chance', () => {
  expect(ledgerEntryOf(failed([]), 3)).toBeNull();
  expect(ledgerEntryOf(failed([{ at: 2, outcome: 'retried' }]), 3)).toBeNull();
  expect(ledgerEntryOf(failed([attempt(1, 'accepted')]), 3)).toBeNull();
  expect(ledgerEntryOf(digestOf(storedSession('s1', { submissionHistory: [attempt(1, 'later')] }), facts), 3)).toBeNull();
});

test('a failed session whose history was torn off has an unknown delivery', () => {
  const digest = { ...failed([attempt(1, 'later')]), trailingStarts: [] };
  expect(ledgerEntryOf(digest, 3)).toMatchObject({ deliveryStartedAt: 0 });
});
