/**
 * Outcomes and attempt times over a span (`getActivity`), as far as the index knows them. Pure, and counted in the reader's
 * thread; src/service/desk/activity-ledger.ts adds what only this process knows.
 * May import: src/common.
 */
import type { ActivitySpan } from '../../common/console.ts';
import type { SessionDigest } from './session-digest.ts';
import { type AttemptBins, countAttempt, emptyBins } from './attempt-times.ts';

const minuteMs = 60_000;
export const spans: Record<ActivitySpan, { bucketMs: number; count: number }> = {
  '1h': { bucketMs: minuteMs, count: 60 },
  '24h': { bucketMs: 15 * minuteMs, count: 96 },
  '7d': { bucketMs: 120 * minuteMs, count: 84 },
};

/** The buckets of a span that ends now: their length, how many, and the start of the first. The running one is the last. */
export function bucketsOf(span: ActivitySpan, now: number): { bucketMs: number; count: number; from: number } {
  const { bucketMs, count } = spans[span];
  return { bucketMs, count, from: (Math.floor(now / bucketMs) - count + 1) * bucketMs };
}

export interface ActivityQuery {
  bucketMs: number;
  count: number;
  from: number;
  /** Attempts that began at or after this moment are counted where they happen, not here. */
  attemptsBefore: number;
}
/** Four columns, one number a bucket each, and the attempts. */
export interface ActivityCounts {
  captured: Uint32Array<ArrayBuffer>;
  accepted: Uint32Array<ArrayBuffer>;
  failed: Uint32Array<ArrayBuffer>;
  ignored: Uint32Array<ArrayBuffer>;
  attempts: AttemptBins;
}

/** When a session came to stand where it stands, unix ms; 0 while it is pending. */
export function settledAt({ submissionStatus, submittedAt, triedAt, durationMs, savedAt }: SessionDigest): number {
  switch (submissionStatus) {
    case 'submitted':
      return submittedAt;
    case 'failed':
      return triedAt === 0 ? savedAt : triedAt + Math.max(0, durationMs);
    case 'ignored':
      return savedAt;
    case 'pending':
      return 0;
  }
}

export function countActivity(digests: Iterable<SessionDigest>, query: ActivityQuery): ActivityCounts {
  const column = () => new Uint32Array(query.count);
  const counts: ActivityCounts = {
    captured: column(),
    accepted: column(),
    failed: column(),
    ignored: column(),
    attempts: emptyBins(),
  };
  for (const digest of digests) enterActivity(counts, query, digest, 1);
  return counts;
}

/** Counts one session more, or one less, in place. */
export function enterActivity(
  counts: ActivityCounts,
  { bucketMs, count, from, attemptsBefore }: ActivityQuery,
  digest: SessionDigest,
  by: 1 | -1,
): void {
  const enter = (to: Uint32Array, at: number) => {
    const bucket = Math.floor((at - from) / bucketMs);
    if (bucket >= 0 && bucket < count) to[bucket] = (to[bucket] ?? 0) + by;
  };
  enter(counts.captured, digest.endTime);
  const { submissionStatus, triedAt, durationMs } = digest;
  if (submissionStatus !== 'pending')
    enter(submissionStatus === 'submitted' ? counts.accepted : counts[submissionStatus], settledAt(digest));
  if (triedAt >= from && triedAt < attemptsBefore && durationMs >= 0) countAttempt(counts.attempts, durationMs, by);
}
