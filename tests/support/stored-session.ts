/**
 * Sessions and attempts for tests of what is on disk.
 * May import: src/common.
 */
import type { AttemptRecord } from '../../src/common/delivery.ts';
import type { OutcomeClass } from '../../src/common/outcome.ts';
import type { SessionFile } from '../../src/common/session.ts';

export const message = 'MSH|^~\\&|XN-1000|LAB|LIS|HOSP|20260101120000||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||4711\r';

/** A whole, pending session; `more` replaces fields. */
export function storedSession(id: string, more: Partial<SessionFile> = {}): SessionFile {
  return {
    _version: 1,
    _saved_at: 500_000,
    id,
    sessionId: 7,
    startTime: 400_000,
    endTime: 400_500,
    deviceIP: '10.0.0.5',
    lisIP: '10.0.0.9',
    elements: [{ id: 1, timestamp: 400_000, direction: 'device-to-pc', type: 'message', hexData: '4d5348' }],
    messages: [message],
    isComplete: true,
    persistedUntil: 9_000_000,
    submissionStatus: 'pending',
    submissionAttempts: 0,
    submissionHistory: [],
    ...more,
  };
}

const errors: Partial<Record<OutcomeClass, string>> = {
  later: 'HTTP 503',
  refused: 'HTTP 422',
  unheard: 'no answer (ECONNRESET)',
};

/** An attempt that ended as `kind`, on its way to disk. */
export function attemptRecord(id: string, kind: OutcomeClass, more: Partial<AttemptRecord> = {}): AttemptRecord {
  const error = errors[kind];
  return {
    id,
    startedAt: 900_000,
    durationMs: 20,
    outcome: { kind, ...(error === undefined ? {} : { error }) },
    submissionStatus: kind === 'accepted' ? 'submitted' : kind === 'later' || kind === 'refused' ? 'failed' : 'pending',
    deliveryStartedAt: more.startedAt ?? 900_000,
    ...more,
  };
}
