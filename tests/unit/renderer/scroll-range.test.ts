/** Where the rows of a long table are: more of them than a browser could lay out, and each is reached. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RowsInView, type Scroller } from '../../../src/renderer/sessions/rows-in-view.ts';
import {
  innerPx,
  placeAt,
  placeOfRow,
  placeRested,
  placeScrolled,
  rangePx,
  rowAt,
  topOf,
  type Extent,
  type Place,
} from '../../../src/renderer/sessions/scroll-range.ts';

const fiveMillion: Extent = { total: 5_000_000, rowPx: 34, viewPx: 762 };
const totals = [1, 10, 1000, 61_680, 61_681, 100_000, 986_896, 5_000_000, 80_000_000];
/** Both densities, as they are and on a very wide screen, and at a text size of 17 px. */
const heights = [34, 40, 51, 60, 36.125];
const views = [120, 762, 1400];
const extents: Extent[] = totals.flatMap((total) =>
  heights.flatMap((rowPx) => views.map((viewPx) => ({ total, rowPx, viewPx }))),
);
const listEnd = ({ total, rowPx, viewPx }: Extent) => Math.max(0, total * rowPx - viewPx);
const scrollEnd = (extent: Extent) => Math.max(0, innerPx(extent) - extent.viewPx);
const wellInside = 0.618;

describe('however many rows there are', () => {
  test('the element that holds them is never higher than a browser lays out, and as high as they are where it can be', () => {
    for (const extent of extents) {
      expect(innerPx(extent)).toBeLessThanOrEqual(rangePx);
      if (extent.total * extent.rowPx <= rangePx) expect(innerPx(extent)).toBe(extent.total * extent.rowPx);
    }
    expect(innerPx({ total: 0, rowPx: 34, viewPx: 762 })).toBe(0);
  });

  test('both ends are exact, for the keys and for the scroll bar', () => {
    for (const extent of extents) {
      const middle = placeAt(extent, listEnd(extent) * wellInside);
      for (const place of [placeAt(extent, 0), placeAt(extent, -50), placeScrolled(extent, middle, 0)])
        expect(place).toEqual({ base: 0, scrollTop: 0 });
      for (const place of [placeAt(extent, Number.MAX_VALUE), placeScrolled(extent, middle, scrollEnd(extent))]) {
        expect(place.scrollTop).toBe(scrollEnd(extent));
        expect(topOf(place, extent.rowPx)).toBeCloseTo(listEnd(extent), 6);
      }
    }
  });

  test('every place of the list is found exactly, within the range', () => {
    for (const extent of extents)
      for (let part = 0; part <= 1; part += 1 / 64) {
        const topPx = listEnd(extent) * part;
        const place = placeAt(extent, topPx);
        expect(topOf(place, extent.rowPx)).toBeCloseTo(topPx, 6);
        expect(place.scrollTop).toBeGreaterThanOrEqual(0);
        expect(place.scrollTop).toBeLessThanOrEqual(scrollEnd(extent));
        expect(Number.isInteger(place.base)).toBe(true);
      }
  });

  test('every row comes wholly into view, by the shortest way', () => {
    for (const extent of extents)
      for (const index of someRows(extent.total))
        for (const before of [placeAt(extent, 0), placeAt(extent, listEnd(extent))]) {
          const topPx = topOf(placeOfRow(extent, before, index), extent.rowPx);
          expect(topPx).toBeLessThanOrEqual(index * extent.rowPx + 1e-6);
          expect(topPx).toBeGreaterThanOrEqual((index + 1) * extent.rowPx - extent.viewPx - 1e-6);
        }
    const there = placeAt(fiveMillion, 3_000_000 * 34);
    expect(placeOfRow(fiveMillion, there, 3_000_005)).toBe(there);
    expect(rowAt(placeOfRow(fiveMillion, there, 2_999_999), 34)).toBe(2_999_999);
    expect(topOf(placeOfRow(fiveMillion, there, 3_000_040), 34)).toBe(3_000_041 * 34 - 762);
  });

  test('the scroll bar goes through the list from end to end and never back', () => {
    for (const extent of extents) {
      // One px of the bar.
      const step = Math.max(1, scrollEnd(extent) / extent.viewPx);
      let place = placeAt(extent, 0);
      let [isForward, worst] = [true, 0];
      for (let scrollTop = 0; scrollTop < scrollEnd(extent); scrollTop += step) {
        const next = placeScrolled(extent, place, scrollTop);
        isForward &&= topOf(next, extent.rowPx) >= topOf(place, extent.rowPx);
        // What it means is where it stays.
        worst = Math.max(worst, Math.abs(placeRested(extent, next).scrollTop - scrollTop));
        place = next;
      }
      expect(isForward).toBe(true);
      expect(worst).toBeLessThanOrEqual(extent.rowPx);
    }
  });

  test('the wheel moves rows by as much as it says, and at rest no row moves', () => {
    for (const extent of extents.filter(({ total, rowPx }) => total * rowPx > rangePx))
      for (const part of [0, 0.01, 0.3, wellInside, 0.9]) {
        let topPx = listEnd(extent) * part;
        let place = placeAt(extent, topPx);
        let worst = 0;
        for (let turn = 0; turn < 400; turn += 1) {
          const moved = placeScrolled(extent, place, place.scrollTop + 120);
          place = turn % 10 === 9 ? placeRested(extent, moved) : moved;
          topPx += 120;
          worst = Math.max(worst, Math.abs(topOf(moved, extent.rowPx) - topPx), Math.abs(topOf(place, extent.rowPx) - topPx));
        }
        expect(worst).toBeLessThan(1e-4);
        expect(Math.abs(place.scrollTop - placeAt(extent, topOf(place, extent.rowPx)).scrollTop)).toBeLessThan(
          rangePx / extent.viewPx + extent.rowPx,
        );
      }
  });
});

describe('a view', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('that is rolled up from far down without a rest comes to the first row', () => {
    const { view, scroller, scrollBy } = viewOf(fiveMillion);
    view.show(2_000_000);
    const roll = () => {
      const before = view.topPx();
      scrollBy(-1200);
      expect(view.topPx()).toBe(Math.max(0, before - 1200));
    };
    for (let turn = 0; turn < 1500; turn += 1) roll();
    // It went further than the element is high.
    expect(2_000_000 * 34 - view.topPx()).toBeGreaterThan(1_700_000);
    view.show(40_000);
    while (view.topPx() > 0) roll();
    expect(scroller.scrollTop).toBe(0);
    expect(view.shown()).toEqual({ base: 0, top: 0 });
  });

  test('tells of a move once another row is at its top, and at rest puts the scroll bar right without a move of the rows', () => {
    const { view, scroller, scrollBy } = viewOf(fiveMillion);
    view.show(2_500_000);
    const told = vi.fn();
    const forget = view.subscribe(told);
    scrollBy(view.topPx() % 34 === 0 ? 10 : 1);
    const before = told.mock.calls.length;
    for (let turn = 0; turn < 100; turn += 1) scrollBy(102);
    expect(told.mock.calls.length - before).toBe(100);
    const [topPx, scrollTop] = [view.topPx(), scroller.scrollTop];
    vi.advanceTimersByTime(150);
    expect(view.topPx()).toBe(topPx);
    expect(scroller.scrollTop).toBeLessThan(scrollTop - 9000);
    forget();
    scrollBy(500);
    expect(told.mock.calls.length - before).toBe(101);
  });

  test('keeps the row at its top when rows become higher, and ends with the last row when there are fewer', () => {
    const { view, scroller, fit } = viewOf(fiveMillion);
    view.show(4_000_000);
    const { top } = view.shown();
    fit({ ...fiveMillion, rowPx: 40 });
    expect(view.shown().top).toBe(top);
    fit({ ...fiveMillion, rowPx: 40, total: 5_200_000 });
    expect(view.shown().top).toBe(top);
    fit({ ...fiveMillion, rowPx: 40, total: 200_000 });
    expect(view.topPx()).toBe(200_000 * 40 - 762);
    fit({ ...fiveMillion, rowPx: 40, total: 0 });
    expect([view.topPx(), scroller.scrollTop]).toEqual([0, 0]);
  });

  test('of few rows is left to the browser', () => {
    const { view, scroller, scrollBy } = viewOf({ total: 1000, rowPx: 34, viewPx: 762 });
    // As some browsers do when the end is pulled.
    scrollBy(-40);
    vi.advanceTimersByTime(1000);
    expect([scroller.scrollTop, scroller.writes]).toEqual([-40, 0]);
    view.show(999);
    expect(scroller.scrollTop).toBe(1000 * 34 - 762);
  });

  test('goes where the browser scrolls it, also when rows come before that is told', () => {
    const { view, scroller, scrollBy, fit } = viewOf(fiveMillion);
    view.show(2_000_000);
    scroller.scrollTop = 1_500_000;
    fit({ ...fiveMillion, total: 5_000_100 });
    scrollBy(0);
    expect(scroller.scrollTop).toBe(1_500_000);
    expect(view.shown().top).toBeGreaterThan(3_500_000);
  });

  test('that is gone moves nothing more', () => {
    const { view, scroller, scrollBy, detach } = viewOf(fiveMillion);
    scrollBy(500);
    detach();
    view.show(9);
    vi.advanceTimersByTime(1000);
    expect(scroller.writes).toBe(0);
    expect(scroller.listeners.size).toBe(0);
  });
});

function someRows(total: number): number[] {
  const wanted = [0, 1, 23, 1900, 1927, 1928, 30_840, 61_679, 61_680, 986_895];
  for (let part = 0; part < 1; part += 1 / 31) wanted.push(Math.floor(total * part));
  return [...wanted, total - 2, total - 1].filter((index) => index >= 0 && index < total);
}

/** A view over an element that scrolls as a browser's does: no further than what is in it. */
function viewOf(extent: Extent) {
  const listeners = new Set<() => void>();
  let now: Place['scrollTop'] = 0;
  const scroller = {
    listeners,
    writes: 0,
    get scrollTop() {
      return now;
    },
    set scrollTop(px) {
      scroller.writes += 1;
      now = px;
    },
    addEventListener: (_name: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_name: string, listener: () => void) => listeners.delete(listener),
  };
  const view = new RowsInView();
  const detach = view.attach(scroller as unknown as Scroller);
  view.fit(extent);
  const scrollBy = (px: number) => {
    now = Math.min(scrollEnd(extent), Math.max(extent.total > 1000 ? 0 : -100, now + px));
    for (const listener of listeners) listener();
  };
  return { view, scroller, scrollBy, detach, fit: (next: Extent) => view.fit(next) };
}
