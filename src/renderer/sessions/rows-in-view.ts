/**
 * The view over the rows of a table: which are in it, and the scroll position that goes with them. It keeps one place,
 * however many rows there are.
 * May import: nothing.
 */
import { placeKept, placeOfRow, placeRested, placeScrolled, rowAt, topOf, type Extent, type Place } from './scroll-range.ts';

/** Without a move for so long, the view rests. */
const restMs = 150;

/** The element that is scrolled. */
export type Scroller = Pick<HTMLElement, 'scrollTop' | 'addEventListener' | 'removeEventListener'>;
export interface Shown {
  /** The row at the top of the inner element. */
  base: number;
  /** The first row in view, be it a part of it. */
  top: number;
}

export class RowsInView {
  #scroller: Scroller | null = null;
  #extent: Extent = { total: 0, rowPx: 1, viewPx: 0 };
  #place: Place = { base: 0, scrollTop: 0 };
  #shown: Shown = { base: 0, top: 0 };
  #rest: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly shown = (): Shown => this.#shown;
  /** How far the view is from the top of row 0, in px. */
  readonly topPx = (): number => topOf(this.#place, this.#extent.rowPx);

  /** @returns what ends it */
  attach(scroller: Scroller): () => void {
    this.#scroller = scroller;
    const onScroll = () => this.#put(this.#scrolled());
    scroller.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(this.#rest);
      scroller.removeEventListener('scroll', onScroll);
      this.#scroller = null;
    };
  }
  /** There are more or fewer rows, they are higher or lower, or the view is: the row at its top stays there. */
  fit(extent: Extent): void {
    const { rowPx } = this.#extent;
    this.#extent = extent;
    const kept = placeKept(extent, this.#place, rowPx);
    // Where the place holds, the browser may be on its way to another: it is not called back.
    if (kept === this.#place) this.#settleSoon();
    else this.#put(kept);
  }
  /** Brings the row into view. */
  show(index: number): void {
    this.#put(placeOfRow(this.#extent, this.#scrolled(), index));
  }

  /** Where the browser is by now. */
  #scrolled(): Place {
    return placeScrolled(this.#extent, this.#place, this.#scroller?.scrollTop ?? 0);
  }
  #put(place: Place): void {
    this.#settleSoon();
    this.#move(place);
  }
  #settleSoon(): void {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#move(placeRested(this.#extent, this.#scrolled())), restMs);
  }
  #move({ base, scrollTop }: Place): void {
    if (this.#scroller === null) return;
    if (this.#scroller.scrollTop !== scrollTop) this.#scroller.scrollTop = scrollTop;
    // The browser rounds it to what the screen has.
    this.#place = { base, scrollTop: this.#scroller.scrollTop };
    const top = rowAt(this.#place, this.#extent.rowPx);
    if (base === this.#shown.base && top === this.#shown.top) return;
    this.#shown = { base, top };
    for (const listener of this.#listeners) listener();
  }
}
