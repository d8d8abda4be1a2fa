/**
 * What happens to a session's file when it was tried, or when somebody or the circuit changed its status: pure rules over
 * the session in memory, and the audit trail they leave (design sections 4 and 6).
 * May import: src/common.
 */
import type { AttemptRecord } from '../../common/delivery.ts';
import { isAttemptEntry, type ChangeEntry, type SessionFile, type SubmissionStatus } from '../../common/session.ts';

/** `takenBack` undoes a `retried` whose session was not tried since. */
export type StatusChange = 'retried' | 'ignored' | 'restored' | 'takenBack';

/**
 * Enters an attempt, in place. Entering the same attempt again changes nothing more: its first write may have reached
 * the disk although it was reported as failed.
 */
export function enterAttempt(session: SessionFile, record: AttemptRecord, now: number): void {
  const { startedAt, durationMs, outcome, deliveryStartedAt } = record;
  const history = session.submissionHistory;
  const last = history.findLast(isAttemptEntry);
  const isRepeated = last?.startedAt === startedAt;
  // Somebody changed the session after its attempt was entered: their word is the later one.
  if (isRepeated && history.at(-1) !== last) return;
  if (!isRepeated) {
    session.submissionAttempts += 1;
    history.push({
      attempt: session.submissionAttempts,
      startedAt,
      durationMs,
      outcome: outcome.kind,
      ...(outcome.httpStatus === undefined ? {} : { httpStatus: outcome.httpStatus }),
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
    });
  }
  session._delivery_started_at = deliveryStartedAt;
  if (record.submissionStatus === 'submitted') {
    // Accepted is accepted, whatever somebody did meanwhile.
    if (!isRepeated || session.submissionStatus !== 'submitted') session.submittedAt = now;
    session.submissionStatus = 'submitted';
    delete session.submissionError;
    return;
  }
  if (session.submissionStatus === 'submitted') return;
  if (outcome.error !== undefined) session.submissionError = outcome.error;
  if (session.submissionStatus === 'pending') session.submissionStatus = record.submissionStatus;
}

/** Sets a failed session back to `pending` for its second chance, in place. */
export function setBack(session: SessionFile, reason: string, now: number): void {
  session.submissionStatus = 'pending';
  session.submissionHistory.push({ at: now, outcome: 'requeued', reason });
}

const allowedFrom: Record<StatusChange, readonly SubmissionStatus[]> = {
  retried: ['failed', 'ignored'],
  ignored: ['pending', 'failed'],
  restored: ['ignored'],
  takenBack: ['pending'],
};

/**
 * Does what an operator asked for, in place.
 * @param again `retried` also for sessions that were accepted: they are sent once more.
 * @returns whether it applies to a session that stands where this one does.
 */
export function changeSession(
  session: SessionFile,
  { change, again = false, reason }: { change: StatusChange; again?: boolean; reason?: string },
  now: number,
): boolean {
  const isSentAgain = change === 'retried' && again && session.submissionStatus === 'submitted';
  if (!allowedFrom[change].includes(session.submissionStatus) && !isSentAgain) return false;
  const statusBefore = change === 'takenBack' ? statusBeforeRetry(session) : null;
  if (change === 'takenBack' && statusBefore === null) return false;
  const outcome = change === 'takenBack' ? 'restored' : change;
  const entry: ChangeEntry = { at: now, outcome, ...(reason === undefined ? {} : { reason }) };
  session.submissionHistory.push(entry);
  session.submissionStatus = statusBefore ?? (change === 'ignored' ? 'ignored' : 'pending');
  return true;
}

/** How a session stood that was retried and not tried since; null when the last word on it is another one. */
function statusBeforeRetry({ submissionHistory, submittedAt, submissionError }: SessionFile): SubmissionStatus | null {
  if (submissionHistory.at(-1)?.outcome !== 'retried') return null;
  const before = submissionHistory.at(-2);
  if (before !== undefined && isAttemptEntry(before)) return before.outcome === 'accepted' ? 'submitted' : 'failed';
  if (before?.outcome === 'ignored') return 'ignored';
  // A file of another program may say less: what it does say of an acceptance or an error decides.
  if (submittedAt !== undefined) return 'submitted';
  return submissionError === undefined ? 'ignored' : 'failed';
}
