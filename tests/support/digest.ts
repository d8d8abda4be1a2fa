/**
 * Digests of sessions for tests of what the desk counts.
 */
import { digestOf, type SessionDigest } from '../../src/service/store/session-digest.ts';
import { storedSession } from './stored-session.ts';

const facts = { kind: 'file' as const, ino: 1, size: 100, ctimeMs: 1, mtimeMs: 1 };

/** Of a whole, pending session; `more` replaces fields. */
export function digest(id: string, more: Partial<SessionDigest> = {}): SessionDigest {
  return { ...digestOf(storedSession(id), facts), ...more };
}

/** Of a session that the endpoint refused. */
export const refusedDigest = (id: string, more: Partial<SessionDigest> = {}): SessionDigest =>
  digest(id, {
    submissionStatus: 'failed',
    outcome: 'refused',
    httpStatus: 422,
    submissionError: 'HTTP 422 Unprocessable Entity (unknown-code)',
    triedAt: 600_000,
    durationMs: 20,
    submissionAttempts: 1,
    ...more,
  });
