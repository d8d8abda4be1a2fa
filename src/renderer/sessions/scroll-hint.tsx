/**
 * The time at the top of the table, beside the scroll bar while it is dragged or the rows fly by: 100,000 rows are found
 * by when they were captured, not by their number.
 * May import: react, src/common.
 */
import { useEffect, useState, type RefObject } from 'react';
import type { SessionSort, SessionSummary } from '../../common/contract.ts';
import { useMinute } from '../model/console.tsx';
import { count, minute, moment } from '../model/format.ts';
import { pageSize } from './pages.ts';

/** So many times the height of the view within `burstMs`, in three steps or more, is fast; a key or the wheel is not. */
const fastHeights = 3;
const burstMs = 250;
const stepsMin = 3;
/** How long it stays after the last move. */
const staysMs = 900;

interface Known {
  sort: SessionSort;
  at: (index: number) => SessionSummary | undefined;
  /** Numbers of the pages that are here. */
  here: () => Iterable<number>;
}
interface HintProps extends Known {
  total: number;
  scroller: RefObject<HTMLDivElement | null>;
  rowPx: number;
  /** How far the view is from the top of the list, at any time. */
  topPx: () => number;
  /** Told when fast moves begin and end: meanwhile pages that are passed need not be fetched. */
  onFast: (isFast: boolean) => void;
}

export function ScrollHint({ scroller, rowPx, topPx, total, onFast, ...known }: HintProps) {
  const [position, setPosition] = useState<{ index: number; part: number } | null>(null);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let steps: { at: number; top: number }[] = [];
    let isShown = false;
    let isHeld = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      isShown = false;
      steps = [];
      setPosition(null);
      onFast(false);
    };
    const onScroll = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const [at, top] = [performance.now(), topPx()];
      steps = [...steps.filter((step) => at - step.at < burstMs), { at, top }];
      const isFast = steps.length > stepsMin && Math.abs(top - (steps[0]?.top ?? 0)) > fastHeights * clientHeight;
      if (!isShown && !isFast && !isHeld) return;
      if (!isShown) onFast(true);
      isShown = true;
      setPosition({ index: Math.floor(top / rowPx), part: scrollTop / Math.max(1, scrollHeight - clientHeight) });
      clearTimeout(timer);
      timer = setTimeout(end, staysMs);
    };
    // A press beside the content is one on the scroll bar; its release is not told, a move or the wheel without a button is.
    const onDown = (event: PointerEvent) => {
      isHeld = event.target === element && event.offsetX >= element.clientWidth;
    };
    const onMove = (event: MouseEvent) => {
      if (event.buttons === 0) isHeld = false;
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('pointerdown', onDown);
    document.addEventListener('pointermove', onMove);
    element.addEventListener('wheel', onMove, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('pointerdown', onDown);
      document.removeEventListener('pointermove', onMove);
      element.removeEventListener('wheel', onMove);
    };
  }, [scroller, rowPx, topPx, onFast]);
  const now = useMinute();
  if (position === null || total === 0) return null;
  const index = Math.min(position.index, total - 1);
  const time = timeAt(known, index);
  return (
    <div className="scroll-hint-place" aria-hidden="true">
      <div className="scroll-hint" style={{ top: `${position.part * 100}%`, transform: `translateY(-${position.part * 100}%)` }}>
        {time !== null && <b>{inWords(time, now)}</b>}
        <span>{`${count(index + 1)} of ${count(total)}`}</span>
      </div>
    </div>
  );
}

const inWords = ({ at, isExact }: { at: number; isExact: boolean }, now: number): string => {
  const shown = moment(at, now);
  if (isExact) return shown;
  // An estimate does not know the second.
  return `about ${/^[\d:]+$/.test(shown) ? minute(at) : shown}`;
};

/**
 * When the row was captured: known, or between the nearest pages that are here. Null where only one side is known, or where
 * the list does not go by time.
 */
export function timeAt(known: Known, index: number): { at: number; isExact: boolean } | null {
  if (known.sort.by !== 'startTime') return null;
  const summary = known.at(index);
  if (summary !== undefined) return { at: summary.startTime, isExact: true };
  const page = Math.floor(index / pageSize);
  const [before, after] = [nearest(known, page, -1), nearest(known, page, 1)];
  if (before === null || after === null) return null;
  const part = (index - before.index) / (after.index - before.index);
  return { at: before.startTime + part * (after.startTime - before.startTime), isExact: false };
}

/** The end of the next page that is here, on the side of the row. */
function nearest({ at, here }: Known, page: number, step: 1 | -1): { index: number; startTime: number } | null {
  const next = Math.min(...[...here()].map((each) => (each - page) * step).filter((pages) => pages > 0));
  if (next === Infinity) return null;
  const first = (page + next * step) * pageSize;
  const index = step === 1 ? first : first + pageSize - 1;
  const summary = at(index);
  return summary === undefined ? null : { index, startTime: summary.startTime };
}
