/**
 * Figures over all sessions, kept up to date as sessions come, change and go, so that asking for them costs no look at all of
 * them. At any time they are what a count of all sessions would give.
 *   SessionIndex (put, remove) -> RunningCounts -> reader.ts, desk-queries.ts
 * May import: src/common.
 */
import { type ActivityCounts, type ActivityQuery, countActivity, enterActivity } from './activity-counts.ts';
import { DeviceTally } from './device-tally.ts';
import type { HeardDevice } from './device-survey.ts';
import { LeastOf } from './least-of.ts';
import { isHeldBack, type SessionDigest } from './session-digest.ts';

/** A `submittedAt` further in the future than this is a clock that jumped, and no acceptance to go by. */
export const clockToleranceMs = 60_000;
/** Spans whose counts are kept: those that a console shows, and some of a clock that was set. */
const activitiesMax = 8;

/** How sessions stand, as the status tells it. */
export interface StandingCounts {
  pending: number;
  submitted: number;
  failed: number;
  ignored: number;
  /** Part of `pending`. */
  heldBack: number;
  /** First byte of the oldest pending session, unix ms. */
  oldestPendingAt?: number;
  lastAcceptedAt?: number;
}

export class RunningCounts {
  readonly #digests: ReadonlyMap<string, SessionDigest>;
  readonly #byStatus = { pending: 0, submitted: 0, failed: 0, ignored: 0 };
  /** Pending and not complete: time says which of them are held back. */
  readonly #incomplete = new Map<string, SessionDigest>();
  readonly #oldestPending: LeastOf;
  /** The latest `submittedAt` there is, in the future or not; null: to be looked for. */
  #latestSubmittedAt: number | null = 0;
  readonly #activities = new Map<string, { query: ActivityQuery; counts: ActivityCounts }>();
  readonly #devices: DeviceTally;

  /** @param digests what the index holds, to look at all where that cannot be helped. */
  constructor(digests: ReadonlyMap<string, SessionDigest>) {
    this.#digests = digests;
    this.#devices = new DeviceTally(() => digests.values());
    this.#oldestPending = new LeastOf((id) => {
      const digest = digests.get(id);
      return digest?.submissionStatus === 'pending' ? digest.startTime : null;
    });
  }

  /** The index holds `after` in place of `before` now; undefined: none. */
  replaced(before: SessionDigest | undefined, after: SessionDigest | undefined): void {
    if (before === after) return;
    if (before !== undefined) this.#leave(before);
    if (after !== undefined) this.#enter(after, before);
    this.#noteSubmission(before?.submittedAt, after?.submittedAt);
    for (const { query, counts } of this.#activities.values()) {
      if (before !== undefined) enterActivity(counts, query, before, -1);
      if (after !== undefined) enterActivity(counts, query, after, 1);
    }
    this.#devices.replaced(before, after);
  }

  standing(now: number): StandingCounts {
    let heldBack = 0;
    for (const digest of this.#incomplete.values()) if (isHeldBack(digest, now)) heldBack += 1;
    const oldestPendingAt = this.#oldestPending.least();
    const { lastAcceptedAt } = this.lastAcceptance(now);
    return {
      ...this.#byStatus,
      heldBack,
      ...(oldestPendingAt === null ? {} : { oldestPendingAt }),
      ...(lastAcceptedAt === 0 ? {} : { lastAcceptedAt }),
    };
  }

  /** @returns `lastAcceptedAt` 0: none. `isFromTheFuture`: a session says that it was accepted later than now. */
  lastAcceptance(now: number): { lastAcceptedAt: number; isFromTheFuture: boolean } {
    const limit = now + clockToleranceMs;
    this.#latestSubmittedAt ??= latestSubmission(this.#digests.values(), Infinity);
    const isFromTheFuture = this.#latestSubmittedAt > limit;
    // A clock that jumped: as long as its file says so, all are looked at.
    const lastAcceptedAt = isFromTheFuture ? latestSubmission(this.#digests.values(), limit) : this.#latestSubmittedAt;
    return { lastAcceptedAt, isFromTheFuture };
  }

  /** All sessions are looked at only when the span begins elsewhere than last time. @returns the caller's own. */
  activity(query: ActivityQuery): ActivityCounts {
    const { bucketMs, count, attemptsBefore, from } = query;
    const span = `${bucketMs} ${count} ${attemptsBefore}`;
    let kept = this.#activities.get(span);
    if (kept?.query.from !== from) {
      if (kept === undefined && this.#activities.size >= activitiesMax) this.#activities.clear();
      kept = { query, counts: countActivity(this.#digests.values(), query) };
      this.#activities.set(span, kept);
    }
    const { captured, accepted, failed, ignored, attempts } = kept.counts;
    return {
      captured: captured.slice(),
      accepted: accepted.slice(),
      failed: failed.slice(),
      ignored: ignored.slice(),
      attempts: attempts.slice(),
    };
  }

  /** @param at.midnight local midnight of the service, unix ms. @returns the one heard last first. */
  devices(at: { now: number; midnight: number }): HeardDevice[] {
    return this.#devices.devices(at);
  }

  #leave({ id, submissionStatus }: SessionDigest): void {
    this.#byStatus[submissionStatus] -= 1;
    this.#incomplete.delete(id);
  }

  #enter(digest: SessionDigest, before: SessionDigest | undefined): void {
    const { id, submissionStatus, startTime, isComplete } = digest;
    this.#byStatus[submissionStatus] += 1;
    if (submissionStatus !== 'pending') return;
    if (!isComplete) this.#incomplete.set(id, digest);
    const isKnown = before?.submissionStatus === 'pending' && before.startTime === startTime;
    if (!isKnown) this.#oldestPending.put(id, startTime, this.#byStatus.pending);
  }

  #noteSubmission(before = 0, after = 0): void {
    if (this.#latestSubmittedAt === null || before === after) return;
    if (after > this.#latestSubmittedAt) this.#latestSubmittedAt = after;
    else if (before === this.#latestSubmittedAt) this.#latestSubmittedAt = null;
  }
}

/** The latest `submittedAt` up to a moment; 0: none. */
function latestSubmission(digests: Iterable<SessionDigest>, limit: number): number {
  let latest = 0;
  for (const { submittedAt } of digests) if (submittedAt > latest && submittedAt <= limit) latest = submittedAt;
  return latest;
}
