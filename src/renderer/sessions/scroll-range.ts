/**
 * Where the rows of a table are, all of one height, however many: a browser lays out no more than some ten million px
 * (Chromium 2^25 device px, Firefox 2^30 / 60), and rows of five million sessions are 170 million px high.
 *
 *   rows              0 ......... base ............... base + span ......... total
 *   inner element                 |  span rows, at most `rangePx` high  |
 *   view                               ^ scrollTop
 *
 * The inner element holds a span of rows that begins with `base`. Over few rows the base is always 0. Over many it follows
 * the scroll bar when that is dragged, and stands still while the view moves by little, so that the wheel moves rows by
 * as much as it says; at rest the scroll bar is put right, and no row moves. Near both ends of the range the base is that
 * of the list's end: it is reached as in any list.
 * Px are CSS px, `topPx` counts from the top of row 0. May import: nothing.
 */

/** Low enough for a page at five times its size on a screen of triple density, and for a transform's precision (1/8 px). */
export const rangePx = 2 ** 21;

export interface Extent {
  total: number;
  rowPx: number;
  viewPx: number;
}
export interface Place {
  /** The row at the top of the inner element: whole, so that rows are always at whole multiples of their height. */
  base: number;
  scrollTop: number;
}

export const topOf = ({ base, scrollTop }: Place, rowPx: number): number => base * rowPx + scrollTop;
/** The row at the top of the view, be it a part of it. */
export const rowAt = (place: Place, rowPx: number): number => Math.floor(topOf(place, rowPx) / rowPx);
/** The height of the inner element. */
export const innerPx = (extent: Extent): number => spanOf(extent) * extent.rowPx;

const spanOf = ({ total, rowPx }: Extent): number => Math.min(total, Math.floor(rangePx / rowPx));
const baseMax = (extent: Extent): number => extent.total - spanOf(extent);
const scrollMax = (extent: Extent): number => Math.max(0, innerPx(extent) - extent.viewPx);
/** So near its ends the range is not compressed: 1,900 rows, and too little for the scroll bar to look wrong. */
const edgeOf = (extent: Extent): number => scrollMax(extent) / 32;
/** So far the view goes when the scroll bar's thumb is dragged by 1 px, before the base follows. */
const thumbStep = ({ viewPx }: Extent): number => rangePx / Math.max(1, viewPx);

/** The place at which `topPx`, or what of it the list has, is at the top of the view. */
export function placeAt(extent: Extent, topPx: number): Place {
  const last = baseMax(extent);
  const end = scrollMax(extent);
  const top = within(topPx, last * extent.rowPx + end);
  const edge = edgeOf(extent);
  // Between the edges the list goes on by the rest of the range and, by and by, all of the bases.
  const part = within((top - edge) / (end - 2 * edge + last * extent.rowPx || 1), 1);
  const base = Math.round(part * last);
  return { base, scrollTop: within(top - base * extent.rowPx, end) };
}

/** The place that the scroll bar means. */
function placeDragged(extent: Extent, scrollTop: number): Place {
  const edge = edgeOf(extent);
  const part = within((scrollTop - edge) / (scrollMax(extent) - 2 * edge || 1), 1);
  return { base: Math.round(part * baseMax(extent)), scrollTop };
}

/** The browser scrolled: by little, and rows move by as much; by as much as only the scroll bar does, and the base follows. */
export function placeScrolled(extent: Extent, before: Place, scrollTop: number): Place {
  const step = thumbStep(extent);
  const isDragged = Math.abs(scrollTop - before.scrollTop) > 0.75 * step;
  if (isDragged) return placeDragged(extent, scrollTop);
  const moved = { base: before.base, scrollTop };
  // Who went on without a rest from the middle to where the range ends: the list does not end here.
  if (scrollTop >= step && scrollTop <= scrollMax(extent) - step) return moved;
  const right = placeAt(extent, topOf(moved, extent.rowPx));
  return right.base === moved.base ? moved : right;
}

/** The list became longer or shorter, or its rows higher: the row at the top stays where it is, if it is still there. */
export function placeKept(extent: Extent, before: Place, rowPxBefore: number): Place {
  const isSame = rowPxBefore === extent.rowPx && before.base <= baseMax(extent);
  return isSame ? before : placeAt(extent, (topOf(before, rowPxBefore) / rowPxBefore) * extent.rowPx);
}

/** At rest: the same rows, and the scroll bar right to 1 px; at the ends of the list exactly. */
export function placeRested(extent: Extent, place: Place): Place {
  const right = placeAt(extent, topOf(place, extent.rowPx));
  const isAtEnd = right.base === 0 || right.base === baseMax(extent);
  const isRight = Math.abs(right.scrollTop - place.scrollTop) <= thumbStep(extent) && !isAtEnd;
  return isRight || right.base === place.base ? place : right;
}

/** The place at which the row is wholly in view, as near as can be. */
export function placeOfRow(extent: Extent, before: Place, index: number): Place {
  const { rowPx, viewPx } = extent;
  const top = topOf(before, rowPx);
  const [least, most] = [(index + 1) * rowPx - viewPx, index * rowPx];
  return top > most || top < least ? placeAt(extent, top > most ? most : least) : before;
}

const within = (value: number, most: number): number => Math.max(0, Math.min(most, value));
