/**
 * The ledger of failed sessions while the reader makes a new one.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import { FailedLedger } from '../../../src/service/store/failed-ledger.ts';
import { digestOf } from '../../../src/service/store/session-digest.ts';
import { storedSession } from '../../support/stored-session.ts';

const facts = { kind: 'file' as const, ino: 1, size: 1, ctimeMs: 1, mtimeMs: 1 };
const failedDigest = (id: string, deliveryStartedAt: number) =>
  digestOf(
    storedSession(id, {
      submissionStatus: 'failed',
      submissionHistory: [{ attempt: 1, startedAt: deliveryStartedAt, durationMs: 1, outcome: 'later' }],
      _delivery_started_at: deliveryStartedAt,
    }),
    facts,
  );
const entry = (id: string, deliveryStartedAt: number) => ({ id, cause: 'usedUp' as const, setBackBefore: 0, deliveryStartedAt });
const at = { lastAcceptedAt: 0, attemptsMax: 3 };
const due = (ledger: FailedLedger) => ledger.due().map(({ id }) => id);

test('what was written since the reader was asked is entered again', () => {
  const ledger = new FailedLedger();
  ledger.watch();
  ledger.enter(failedDigest('a', 10));
  ledger.accept(20);
  ledger.enter(failedDigest('b', 30));
  ledger.replace([entry('a', 10), entry('c', 15)], at);
  expect(due(ledger)).toEqual(['b']);
});

test('what turned out not to be durable is not entered again', () => {
  const ledger = new FailedLedger();
  ledger.watch();
  const undoEnter = ledger.enter(failedDigest('a', 10));
  const undoAccept = ledger.accept(20);
  undoAccept();
  undoEnter();
  ledger.replace([entry('c', 15)], at);
  expect(due(ledger)).toEqual(['c']);
});

test('taking back restores what was there before', () => {
  const ledger = new FailedLedger();
  ledger.replace([entry('a', 10)], at);
  ledger.owe('a');
  const undo = [ledger.enter(failedDigest('a', 12)), ledger.accept(20)];
  expect(due(ledger)).toEqual([]);
  for (const step of undo.toReversed()) step();
  expect(ledger.due()).toEqual([entry('a', 10)]);
  expect(ledger.isOwed('a')).toBe(true);
});

test('an acceptance by a clock that went back does not reopen what an earlier one closed', () => {
  const ledger = new FailedLedger();
  ledger.replace([], { ...at, lastAcceptedAt: 100 });
  ledger.accept(50);
  ledger.enter(failedDigest('a', 70));
  expect(due(ledger)).toEqual([]);
});
