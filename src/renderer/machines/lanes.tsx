/**
 * The lanes: Waiting, Sending (one box a slot), Saving, Ended; and the retry band, where a session slides left to now.
 * May import: react.
 */
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { LaneSession, UnderWay } from '../../common/console.ts';
import { count, countdown, soFar } from '../model/format.ts';
import { addressOf } from '../model/route.ts';
import { stateWords, type Word } from '../model/words.ts';
import { GlyphMark } from '../ui/marks.tsx';

const waitingMax = 16;
const savingMax = 8;
const endedMax = 8;
/** From two thirds of the time limit on, an attempt is amber. */
const lateShare = 2 / 3;

export function Lanes({ underWay, now, isStill }: { underWay: UnderWay; now: number; isStill: boolean }) {
  const of = (state: LaneSession['state']) => underWay.sessions.filter((session) => session.state === state);
  const waiting = of('ready');
  const sending = of('attempt');
  const saving = of('recording');
  const delayed = of('backoffWait').toSorted((a, b) => (a.until ?? 0) - (b.until ?? 0));
  return (
    <>
      <div className="lanes">
        <div className="column lane-waiting">
          <LaneHead word={stateWords.ready} figure={count(waiting.length)} isLit={waiting.length > 0} />
          <div className="cells two">
            {waiting.slice(0, waitingMax).map((session) => (
              <Box key={session.sessionId} session={session}>
                {session.attempt > 1 && <span className="text2 meta">{ordinal(session.attempt)}</span>}
              </Box>
            ))}
            <More rest={waiting.length - waitingMax} />
          </div>
        </div>
        <Arrow />
        <div className="column lane-sending">
          <LaneHead
            word={stateWords.attempt}
            note="slots"
            figure={`${count(sending.length)} / ${count(underWay.slots)}`}
            isLit={sending.length > 0}
          />
          <div className="cells two">
            {sending.map((session) => (
              <SlotBox key={session.sessionId} session={session} now={now} />
            ))}
            {freeSlots(underWay.slots - sending.length).map((slot) => (
              <div key={slot} className="box-cell is-free" aria-hidden="true" />
            ))}
          </div>
        </div>
        <Arrow />
        <div className="column lane-saving">
          <LaneHead word={stateWords.recording} figure={count(saving.length)} isLit={saving.length > 0} />
          <div className="cells">
            {saving.slice(0, savingMax).map((session) => (
              <Box key={session.sessionId} session={session} />
            ))}
            <More rest={saving.length - savingMax} />
          </div>
        </div>
        <Arrow />
        <div className="column lane-ended">
          <div className="lane-head">
            Ended<span className="lane-rate figures">{rateOf(underWay.endedPerSecond)}</span>
          </div>
          <div className="cells">
            {underWay.ended.slice(0, endedMax).map((session, index) => (
              <div key={session.sessionId} style={{ opacity: Math.max(0.62, 1 - index * 0.06) }}>
                <Box session={session}>
                  <span className="small">{session.httpStatus ?? session.reason ?? ''}</span>
                </Box>
              </div>
            ))}
          </div>
        </div>
      </div>
      <div className="lane-loop" aria-hidden="true">
        <span className="loop-up">
          <LoopArrow isUp />
          time is up: next free slot is theirs
        </span>
        <span className="loop-down">
          try again later: 503, 429, no answer
          <LoopArrow isUp={false} />
        </span>
      </div>
      <RetryBand delayed={delayed} now={now} isStill={isStill} />
    </>
  );
}

const freeSlots = (size: number) => Array.from({ length: Math.max(0, size) }, (_, index) => `free ${index}`);
const rateOf = (perSecond: number) =>
  perSecond >= 1 || perSecond === 0
    ? `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} a second`
    : `${(perSecond * 60).toFixed(1)} a minute`;
const ordinal = (attempt: number) =>
  `${attempt}${['th', 'st', 'nd', 'rd'][attempt % 100 > 10 && attempt % 100 < 14 ? 0 : attempt % 10] ?? 'th'}`;
const sessionAddress = (session: LaneSession) => addressOf('sessions', null, new URLSearchParams({ open: session.sessionId }));

function LaneHead({ word, note, figure, isLit }: { word: Word; note?: string; figure: string; isLit: boolean }) {
  return (
    <div className={isLit ? 'lane-head is-lit' : 'lane-head'}>
      <GlyphMark glyph={word.glyph} tone={word.tone} />
      {word.word}
      {note !== undefined && <span className="text2 small lane-note">{note}</span>}
      <span className="lane-figure figures">{figure}</span>
    </div>
  );
}
function Box({ session, children }: { session: LaneSession; children?: ReactNode }) {
  const word = stateWords[session.state];
  return (
    <a className="box-cell" href={sessionAddress(session)}>
      <GlyphMark glyph={word.glyph} tone={word.tone} />
      <span className="hidden-text">Session</span>
      <span className="mono">{session.counter}</span>
      <span className="hidden-text">{word.word}</span>
      <span className="space" />
      {children}
    </a>
  );
}
function SlotBox({ session, now }: { session: LaneSession; now: number }) {
  const passed = Math.max(0, now - session.since);
  const share = session.until === undefined ? 0 : passed / Math.max(1, session.until - session.since);
  const isLate = share >= lateShare;
  return (
    <a className={isLate ? 'box-cell is-slot is-late' : 'box-cell is-slot'} href={sessionAddress(session)}>
      <GlyphMark glyph="arrow" tone={isLate ? 'retry' : 'move'} />
      <span className="hidden-text">Session</span>
      <span className="mono">{session.counter}</span>
      <span className="space" />
      <span className={`figures small ${isLate ? 'tone-retry strong' : 'text2'}`}>{soFar(passed)}</span>
      <i className="slot-bar" style={{ width: `${Math.min(100, Math.max(1.5, share * 100))}%` }} />
    </a>
  );
}
const More = ({ rest }: { rest: number }) =>
  rest > 0 ? <div className="box-cell is-free text2 small">+{count(rest)}</div> : null;
const Arrow = () => (
  <svg className="lane-arrow" viewBox="0 0 24 10" aria-hidden="true">
    <path
      d="M2 5h19M17 1.5 21 5l-4 3.5"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);
const LoopArrow = ({ isUp }: { isUp: boolean }) => (
  <svg className="loop-arrow" viewBox="0 0 10 44">
    <path
      d={isUp ? 'M5 43V2M1.5 6 5 2l3.5 4' : 'M5 1v41M1.5 38 5 42l3.5-4'}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);

/** Seconds on the band's axis; places grow with the square root, so that the next ones have room. */
const marks = [1, 5, 10, 20, 30, 60];
const axisSeconds = 66;
const boxPx = 92;
const rowPx = 34;
const shareOf = (seconds: number) => Math.sqrt(Math.min(axisSeconds, Math.max(0, seconds)) / axisSeconds);

function RetryBand({ delayed, now, isStill }: { delayed: LaneSession[]; now: number; isStill: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 800, height: 140 });
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const rem = typeof document === 'undefined' ? 1 : Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const rows = Math.max(1, Math.floor((size.height - 18 * rem) / (rowPx * rem)));
  const placedBoxes = placeBoxes(delayed, { now, width: size.width, box: boxPx * rem, rows });
  const rest = delayed.length - placedBoxes.length;
  const first = delayed[0]?.until;
  return (
    <div className={delayed.length === 0 ? 'retry-band is-empty' : 'retry-band'}>
      <div className="row">
        <GlyphMark glyph="clock" tone="retry" />
        <b>Retry wait</b>
        <b className="band-figure figures">{count(delayed.length)}</b>
        <span className="text2 small">
          {delayed.length === 0 ? 'none waits to be tried again' : 'placed by seconds left, moving towards now'}
        </span>
        <span className="space" />
        {rest > 0 && <span className="text2 small">+{count(rest)} more</span>}
        {first !== undefined && (
          <span className="text2 small">
            next in <b className="tone-retry figures">{countdown(first - now)}</b>
          </span>
        )}
      </div>
      <div className="band-axis" ref={place}>
        <span className="band-mark" style={{ left: 0 }}>
          now
        </span>
        {marks.map((seconds) => (
          <span key={seconds} className="band-mark" style={{ left: `${shareOf(seconds) * 100}%` }}>
            {seconds} s
          </span>
        ))}
        {placedBoxes.map(({ session, left, row }) => (
          <a
            key={session.sessionId}
            className={isStill ? 'box-cell band-box is-still' : 'box-cell band-box'}
            style={{ transform: `translate(${left}px, ${row * rowPx * rem + 20 * rem}px)` }}
            href={sessionAddress(session)}
          >
            <span className="hidden-text">Session</span>
            <span className="mono">{session.counter}</span>
            <span className="hidden-text">tried again in</span>
            <span className="space" />
            <b className="tone-retry figures small">{countdown((session.until ?? now) - now)}</b>
          </a>
        ))}
      </div>
    </div>
  );
}

/** Each box where its time is, in the first row in which it covers no other. */
function placeBoxes(delayed: readonly LaneSession[], at: { now: number; width: number; box: number; rows: number }) {
  const ends: number[] = Array.from({ length: at.rows }, () => -Infinity);
  return delayed.flatMap((session) => {
    const wanted = shareOf(((session.until ?? at.now) - at.now) / 1000) * at.width;
    const left = Math.round(Math.min(wanted, at.width - at.box));
    const row = ends.findIndex((end) => end + 6 <= left);
    // Where all rows are taken, it moves along to the first that is free.
    const chosen = row === -1 ? ends.indexOf(Math.min(...ends)) : row;
    const shifted = Math.max(left, (ends[chosen] ?? 0) + 6);
    if (shifted + at.box > at.width + 1) return [];
    ends[chosen] = shifted + at.box;
    return [{ session, left: shifted, row: chosen }];
  });
}
