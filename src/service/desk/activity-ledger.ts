/**
 * What the index cannot know of a span (`getActivity`): every attempt of this process, and how many sessions the open
 * circuit held. Bounded by the number of buckets, not of attempts. Pure.
 * May import: src/common, src/service/store.
 */
import type { Activity, ActivitySpan } from '../../common/console.ts';
import { type ActivityCounts, bucketsOf, spans } from '../store/activity-counts.ts';
import { addBins, type AttemptBins, attemptFigures, countAttempt, emptyBins } from '../store/attempt-times.ts';

const minuteMs = 60_000;
const longestMs = 7 * 24 * 60 * minuteMs;

/** Attempts of this process, and how many sessions the open circuit held, for as long as the longest span. */
export class ActivityLedger {
  /** From here on attempts are in this ledger. */
  readonly since: number;
  readonly #attempts: Record<ActivitySpan, Map<number, AttemptBins>> = { '1h': new Map(), '24h': new Map(), '7d': new Map() };
  /** Held sessions by the minute. */
  readonly #held = new Map<number, number>();

  constructor(since: number) {
    this.since = since;
  }

  countAttempt(startedAt: number, durationMs: number): void {
    for (const [span, buckets] of Object.entries(this.#attempts) as [ActivitySpan, Map<number, AttemptBins>][]) {
      const { bucketMs, count } = spans[span];
      const bucket = Math.floor(startedAt / bucketMs);
      let bins = buckets.get(bucket);
      if (bins === undefined) {
        buckets.set(bucket, (bins = emptyBins()));
        forgetBefore(buckets, bucket - count);
      }
      countAttempt(bins, durationMs);
    }
  }

  /** @param held pending sessions while the circuit is open, else 0. */
  noteHeld(held: number, now: number): void {
    const minute = Math.floor(now / minuteMs);
    this.#held.set(minute, held);
    forgetBefore(this.#held, minute - longestMs / minuteMs);
  }

  activity(span: ActivitySpan, counts: ActivityCounts, { now, limitMs }: { now: number; limitMs: number }): Activity {
    const { bucketMs, count, from } = bucketsOf(span, now);
    const attempts = emptyBins();
    addBins(attempts, counts.attempts);
    for (const [bucket, bins] of this.#attempts[span]) if (bucket * bucketMs >= from) addBins(attempts, bins);
    const at = (column: Uint32Array, bucket: number) => column[bucket] ?? 0;
    const buckets = Array.from({ length: count }, (_, bucket) => ({
      captured: at(counts.captured, bucket),
      accepted: at(counts.accepted, bucket),
      failed: at(counts.failed, bucket),
      ignored: at(counts.ignored, bucket),
      held: this.#heldAt(from + (bucket + 1) * bucketMs, now, bucketMs),
    }));
    const total = (name: 'captured' | 'accepted' | 'failed' | 'ignored') => buckets.reduce((sum, each) => sum + each[name], 0);
    const totals = {
      captured: total('captured'),
      accepted: total('accepted'),
      failed: total('failed'),
      ignored: total('ignored'),
    };
    return { span, bucketMs, from, buckets, totals, attempts: attemptFigures(attempts, limitMs) };
  }

  /** The latest known number within a bucket, as of its end. */
  #heldAt(end: number, now: number, bucketMs: number): number {
    const last = Math.floor((Math.min(end, now + 1) - 1) / minuteMs);
    const first = Math.floor((end - bucketMs) / minuteMs);
    for (let minute = last; minute >= first; minute--) {
      const held = this.#held.get(minute);
      if (held !== undefined) return held;
    }
    return 0;
  }
}

function forgetBefore(buckets: Map<number, unknown>, first: number): void {
  for (const bucket of buckets.keys()) if (bucket < first) buckets.delete(bucket);
}
