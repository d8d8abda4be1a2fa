/**
 * Percentiles of what was measured.
 * May import: nothing.
 */

/** @param percent 0-100. @returns the smallest value that so many percent do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
