/**
 * Where sessions stand on the retry band: by the time left, in as many rows as there are, none on another. One that finds its
 * place taken stands a little later, with a leader to its time; where no row has room it is counted at its mark.
 * May import: nothing.
 */

/** Seconds that are marked; places grow with the square root, so that the next ones have room. */
export const marks = [0, 1, 5, 10, 20, 30, 60] as const;
const axisSeconds = 66;

export interface Wait {
  id: string;
  /** unix ms */
  until: number;
}
export interface Place {
  id: string;
  /** px */
  left: number;
  row: number;
  /** How far right of its time it stands, px. */
  shift: number;
}
export interface Band {
  now: number;
  /** px */
  width: number;
  boxWidth: number;
  gap: number;
  rows: number;
  /** The row each stood in before: it changes only where it must. */
  before: ReadonlyMap<string, number>;
}

/** px from the left for so many seconds left; the last place is where a box just fits. */
export function leftOf(seconds: number, { width, boxWidth }: Pick<Band, 'width' | 'boxWidth'>): number {
  const share = Math.sqrt(Math.min(axisSeconds, Math.max(0, seconds)) / axisSeconds);
  return Math.round(share * Math.max(0, width - boxWidth));
}

/** @returns the places, and how many more there are from each mark on. */
export function placesOf(waits: readonly Wait[], band: Band): { places: Place[]; more: Map<number, number> } {
  const ends: number[] = Array.from({ length: band.rows }, () => -Infinity);
  const places: Place[] = [];
  const more = new Map<number, number>();
  for (const { id, until } of waits.toSorted((a, b) => a.until - b.until)) {
    const seconds = Math.max(0, (until - band.now) / 1000);
    const wanted = leftOf(seconds, band);
    const shifts = ends.map((end) => Math.max(0, end + band.gap - wanted));
    const least = Math.min(...shifts);
    const own = band.before.get(id);
    const row = own !== undefined && shifts[own] === least ? own : shifts.indexOf(least);
    const left = wanted + least;
    // A leader longer than a box would be hard to follow.
    if (row === -1 || least > band.boxWidth + band.gap || left + band.boxWidth > band.width) {
      const mark = marks.findLast((each) => each <= seconds) ?? 0;
      more.set(mark, (more.get(mark) ?? 0) + 1);
      continue;
    }
    ends[row] = left + band.boxWidth;
    places.push({ id, left, row, shift: least });
  }
  return { places, more };
}
