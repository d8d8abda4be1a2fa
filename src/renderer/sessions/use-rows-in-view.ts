/**
 * The rows of a table that are in the page: those in view and some around them, as a component uses them.
 * May import: react.
 */
import { useCallback, useLayoutEffect, useState, useSyncExternalStore, type RefObject } from 'react';
import { RowsInView } from './rows-in-view.ts';
import { innerPx } from './scroll-range.ts';

/** Rows in the page above the view and below it. */
const overscan = 12;

interface Rows {
  /** In the page, in their order. */
  indexes: number[];
  /** The first in view. */
  top: number;
  /** Where the row is in the inner element, and how high that is. */
  pxOf: (index: number) => number;
  innerPx: number;
  view: RowsInView;
}

/** @param rowPx the height of each */
export function useRowsInView(scroller: RefObject<HTMLElement | null>, total: number, rowPx: number): Rows {
  const [view] = useState(() => new RowsInView());
  const [viewPx, setViewPx] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setViewPx(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    const detach = view.attach(element);
    return () => {
      observer.disconnect();
      detach();
    };
  }, [scroller, view]);
  useLayoutEffect(() => view.fit({ total, rowPx, viewPx }), [view, total, rowPx, viewPx]);
  const { base, top } = useSyncExternalStore(view.subscribe, view.shown);
  // The last one may be there by half.
  const rows = Math.ceil(viewPx / rowPx) + 1;
  const first = Math.max(0, Math.min(top, total - rows) - overscan);
  const end = Math.min(total, top + rows + overscan);
  return {
    indexes: Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index),
    top,
    pxOf: useCallback((index: number) => (index - base) * rowPx, [base, rowPx]),
    innerPx: innerPx({ total, rowPx, viewPx }),
    view,
  };
}
