/**
 * How long attempts took, as counts in narrow bins: memory does not grow with the number of attempts, and counts of
 * different places and times can be added. Percentiles are off by half a bin at most, which is half a percent. Pure.
 * May import: src/common.
 */
import type { Activity } from '../../common/console.ts';

const firstMs = 1;
const growth = 1.01;
/** Enough for the longest time limit there is, 300 s, and some more. */
const binCount = 1_280;
const barsMax = 36;
const barsFromMs = 10;

export type AttemptBins = Uint32Array<ArrayBuffer>;
export const emptyBins = (): AttemptBins => new Uint32Array(binCount);

/** Counts one attempt. @param durationMs from the request to its answer, or to giving up. @param by -1: takes it back. */
export function countAttempt(bins: AttemptBins, durationMs: number, by: 1 | -1 = 1): void {
  const at = durationMs <= firstMs ? 0 : Math.floor(Math.log(durationMs / firstMs) / Math.log(growth));
  const bin = Math.min(at, binCount - 1);
  bins[bin] = (bins[bin] ?? 0) + by;
}

export function addBins(sum: AttemptBins, other: Uint32Array): void {
  for (let bin = 0; bin < binCount; bin++) sum[bin] = (sum[bin] ?? 0) + (other[bin] ?? 0);
}

/** What the console shows. @param limitMs `submissionTimeoutSeconds` in ms: the end of the histogram. */
export function attemptFigures(bins: AttemptBins, limitMs: number): Activity['attempts'] {
  const count = bins.reduce((sum, each) => sum + each, 0);
  const percentiles =
    count === 0
      ? {}
      : { p50Ms: percentile(bins, count * 0.5), p95Ms: percentile(bins, count * 0.95), p99Ms: percentile(bins, count * 0.99) };
  return { count, ...percentiles, histogram: histogramOf(bins, limitMs), limitMs };
}

/** Middle of the bin that holds the `rank`-th attempt. */
function percentile(bins: AttemptBins, rank: number): number {
  let passed = 0;
  for (let bin = 0; bin < binCount; bin++) {
    passed += bins[bin] ?? 0;
    if (passed >= rank) return middleMs(bin);
  }
  return middleMs(binCount - 1);
}

const middleMs = (bin: number) => Math.round(firstMs * growth ** (bin + 0.5) * 10) / 10;

/** Bars whose bounds grow by a constant factor; what lies outside goes to the nearest. */
function histogramOf(bins: AttemptBins, limitMs: number): Activity['attempts']['histogram'] {
  const factor = (limitMs / barsFromMs) ** (1 / barsMax);
  const boundMs = (bar: number) => Math.round(barsFromMs * factor ** bar * 100) / 100;
  const bars = Array.from({ length: barsMax }, (_, bar) => ({ fromMs: boundMs(bar), toMs: boundMs(bar + 1), count: 0 }));
  for (let bin = 0; bin < binCount; bin++) {
    const count = bins[bin] ?? 0;
    if (count === 0) continue;
    const bar = Math.floor(Math.log(middleMs(bin) / barsFromMs) / Math.log(factor));
    (bars[Math.min(Math.max(bar, 0), barsMax - 1)] as (typeof bars)[number]).count += count;
  }
  return bars;
}
