/**
 * The retry band: sessions that wait to be tried again, placed by the seconds left, moving towards now.
 * May import: react.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { LaneSession } from '../../common/console.ts';
import { count, countdown } from '../model/format.ts';
import { GlyphMark } from '../ui/marks.tsx';
import { sessionAddress } from './lane-box.tsx';
import { leftOf, marks, placesOf } from './retry-places.ts';

/** Sizes at the usual size of letters, px. */
const rowPx = 32;
/** Below the last row nothing follows: it is as high as a box with its leader. */
const lastRowPx = 28;
const axisPx = 20;
const gapPx = 6;
const letterPx = 7.3;
const boxPaddingPx = 26;

export function RetryBand({ delayed, now, isStill }: { delayed: LaneSession[]; now: number; isStill: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const size = useSize(place);
  const sessions = useMemo(() => new Map(delayed.map((session) => [session.sessionId, session])), [delayed]);
  const { band, placed } = usePlaces(delayed, now, size);
  const { places, more } = placed;
  const first = delayed.reduce<number | null>((least, { until = now }) => Math.min(least ?? until, until), null);
  return (
    <div className={delayed.length === 0 ? 'retry-band is-empty' : 'retry-band'}>
      <div className="row">
        <GlyphMark glyph="clock" tone="retry" />
        <b>Retry wait</b>
        <b className="band-figure figures">{count(delayed.length)}</b>
        <span className="text2 small cut">
          {delayed.length === 0 ? 'none waits to be tried again' : 'placed by seconds left, moving towards now'}
        </span>
        <span className="space" />
        {first !== null && (
          <span className="text2 small band-next">
            next in <b className="tone-retry figures">{countdown(first - now)}</b>
          </span>
        )}
      </div>
      <div className="band-axis" ref={place}>
        {marks.map((seconds) => (
          <span key={seconds} className="band-mark" style={{ left: leftOf(seconds, band) }}>
            {seconds === 0 ? 'now' : `${seconds} s`}
            {more.has(seconds) && (
              <b className="band-more figures" title="More than there is room for">
                +{count(more.get(seconds) ?? 0)}
              </b>
            )}
          </span>
        ))}
        {places.map(({ id, left, row, shift }) => {
          const session = sessions.get(id);
          if (session === undefined) return null;
          return (
            <a
              key={id}
              className={isStill ? 'box-cell band-box is-still' : 'box-cell band-box'}
              style={{
                width: band.boxWidth,
                top: (axisPx + row * rowPx) * size.rem,
                transform: `translateX(${left}px)`,
              }}
              href={sessionAddress(session)}
            >
              {shift > 2 && <i className="band-leader" style={{ width: shift + 4 }} />}
              <span className="hidden-text">Session</span>
              <span className="mono">{session.counter}</span>
              <span className="hidden-text">tried again in</span>
              <span className="space" />
              <b className="tone-retry figures small">{countdown((session.until ?? now) - now)}</b>
            </a>
          );
        })}
      </div>
    </div>
  );
}

/** Each stays in the row in which it stood, as long as it can: the places before are what the next ones begin with. */
function usePlaces(delayed: readonly LaneSession[], now: number, size: Size) {
  const band = useMemo(() => bandOf(delayed, now, size), [delayed, now, size]);
  const [last, setLast] = useState(() => ({ band, placed: placesOf(band.waits, { ...band, before: new Map() }) }));
  if (last.band === band) return last;
  const before = new Map(last.placed.places.map(({ id, row }) => [id, row]));
  const next = { band, placed: placesOf(band.waits, { ...band, before }) };
  setLast(next);
  return next;
}
function bandOf(delayed: readonly LaneSession[], now: number, { width, height, rem }: Size) {
  const texts = delayed.map(({ counter, until }) => `${counter}${countdown((until ?? now) - now)}`);
  const lettersMax = Math.max(9, ...texts.map(({ length }) => length));
  return {
    waits: delayed.map(({ sessionId, until }) => ({ id: sessionId, until: until ?? now })),
    now,
    width,
    boxWidth: Math.ceil((lettersMax * letterPx + boxPaddingPx) * rem),
    gap: gapPx * rem,
    rows: Math.max(1, Math.floor((height - (axisPx - rowPx + lastRowPx) * rem) / (rowPx * rem))),
  };
}

interface Size {
  width: number;
  height: number;
  rem: number;
}
/** The size of a place, px, and how much larger than usual letters are. */
function useSize(place: { current: HTMLElement | null }): Size {
  const [size, setSize] = useState({ width: 0, height: 0, rem: 1 });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = () =>
      setSize({
        width: element.clientWidth,
        height: element.clientHeight,
        rem: Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16,
      });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return size;
}
