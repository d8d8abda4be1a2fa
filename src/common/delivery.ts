/**
 * What passes between the machines and the service while sessions are delivered: values only, serialisable, without
 * message content.
 *   store -> Discovery -> worker -> session -> postSession -> Answer -> recordAttempt <- AttemptRecord
 * May import: zod, src/common.
 */
import type { Outcome } from './outcome.ts';
import type { SubmissionStatus } from './session.ts';

/** A pending session in the queue: what is needed to order and bound deliveries, and nothing more. */
export interface QueueEntry {
  id: string;
  /** First byte, unix ms. */
  startTime: number;
  /** Size of the file on disk. */
  bytes: number;
  /** Start of the latest attempt, unix ms; missing when never tried. */
  triedAt?: number;
}

/** What a look at the store says at the start of a cycle. */
export interface Discovery {
  /** Pending sessions that may be sent, in the order of design section 6 ("Order"): the unsuspected first. */
  queue: QueueEntry[];
  /** How many at the end of `queue` are suspects. */
  suspects: number;
  /** Latest `submittedAt` in the store, unix ms; 0 when nothing was ever accepted. */
  lastAcceptedAt: number;
  /** Sessions, whatever their status, tried since the last acceptance. */
  triedSince: number;
  /** How many of those were refused the last time. */
  refusedSince: number;
  /** Incomplete sessions that wait for their end, or for ten minutes without a write. */
  heldBack: number;
}

/** What came of asking for one POST. */
export type Answer =
  | {
      type: 'answered';
      outcome: Outcome;
      /** When the request began, unix ms. */
      startedAt: number;
      durationMs: number;
      /** A number in [0, 1) drawn for this attempt, from which the jitter of the next delay comes. */
      chance: number;
    }
  | {
      /** The session must not be sent (any more): nothing was posted, nothing is recorded. */
      type: 'withdrawn';
      reason: WithdrawnReason;
    };
export type WithdrawnReason = 'deleted' | 'ignored' | 'submitted' | 'failed' | 'incomplete' | 'unreadable' | 'noEndpoint';

/** An attempt on its way to disk. Written twice, it counts once: `id` and `startedAt` identify it. */
export interface AttemptRecord {
  id: string;
  startedAt: number;
  durationMs: number;
  outcome: Outcome;
  /** The status the session is to have, unless somebody changed it meanwhile. */
  submissionStatus: 'pending' | 'submitted' | 'failed';
  /** When the delivery that this attempt belongs to began, unix ms. */
  deliveryStartedAt: number;
}

/** What is true about the session once the record is on disk. */
export interface Recorded {
  id: string;
  submissionStatus: SubmissionStatus;
  /** Attempts so far, over all cycles. */
  submissionAttempts: number;
  submittedAt?: number;
  /** How many failed sessions this acceptance set back to `pending` (design section 6, "Second chance"). */
  setBack: number;
}
/** Answer of the recorder: recorded, or nothing written because the session was deleted meanwhile. */
export type RecordResult = { type: 'recorded'; recorded: Recorded } | { type: 'deleted' };

/** A failed session that the next acceptance may set back. */
export interface FailedSession {
  id: string;
  cause: 'usedUp' | 'refused';
  /** How often it was set back for this cause, in its life. */
  setBackBefore: number;
}
