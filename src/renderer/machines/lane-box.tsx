/**
 * One session in a lane, and the parts of a lane.
 * May import: react.
 */
import type { ReactNode } from 'react';
import type { LaneSession } from '../../common/console.ts';
import { count, soFar } from '../model/format.ts';
import { addressOf } from '../model/route.ts';
import { stateWords, type Word } from '../model/words.ts';
import { GlyphMark } from '../ui/marks.tsx';

/** From two thirds of the time limit on, an attempt is amber. */
const lateShare = 2 / 3;

export const sessionAddress = (session: LaneSession) =>
  addressOf('sessions', null, new URLSearchParams({ open: session.sessionId }));

export function LaneHead({ word, note, figure, isLit }: { word: Word; note?: string; figure: string; isLit: boolean }) {
  return (
    <div className={isLit ? 'lane-head is-lit' : 'lane-head'}>
      <GlyphMark glyph={word.glyph} tone={word.tone} />
      {word.word}
      {note !== undefined && <span className="text2 small lane-note">{note}</span>}
      <span className="lane-figure figures">{figure}</span>
    </div>
  );
}

export function Box({ session, children }: { session: LaneSession; children?: ReactNode }) {
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

/** A slot with its request: the bar fills towards the time limit. */
export function SlotBox({ session, now }: { session: LaneSession; now: number }) {
  const passed = Math.max(0, now - session.since);
  const share = session.until === undefined ? 0 : passed / Math.max(1, session.until - session.since);
  const isLate = share >= lateShare;
  return (
    <a className={isLate ? 'box-cell is-slot is-late' : 'box-cell is-slot'} href={sessionAddress(session)}>
      <GlyphMark glyph="arrow" tone={isLate ? 'retry' : 'move'} />
      <span className="hidden-text">Session</span>
      <span className="mono">{session.counter}</span>
      <span className="hidden-text">Sending</span>
      <span className="space" />
      <span className={`figures small ${isLate ? 'tone-retry strong' : 'text2'}`}>{soFar(passed)}</span>
      <i className="slot-bar" style={{ width: `${Math.min(100, Math.max(1.5, share * 100))}%` }} />
    </a>
  );
}

/** As many sessions as there is room for, and a box that counts the rest. */
export function Fitting({
  sessions,
  max,
  children,
}: {
  sessions: readonly LaneSession[];
  max: number;
  children: (session: LaneSession) => ReactNode;
}) {
  const shown = sessions.length > max ? sessions.slice(0, max - 1) : sessions;
  const rest = sessions.length - shown.length;
  return (
    <>
      {shown.map((session) => children(session))}
      {rest > 0 && <div className="box-cell is-free text2 small">+{count(rest)}</div>}
    </>
  );
}

export const LaneArrow = () => (
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

/** From Saving down into the retry band, and from there up into Waiting. */
export const Loop = () => (
  <div className="lane-loop" aria-hidden="true">
    <LoopArrow isUp />
    <span className="loop-up">time is up: next free slot is theirs</span>
    <span className="loop-down">try again later: 503, 429, no answer</span>
    <LoopArrow isUp={false} />
  </div>
);
const LoopArrow = ({ isUp }: { isUp: boolean }) => (
  <svg className={isUp ? 'loop-arrow is-up' : 'loop-arrow is-down'} viewBox="0 0 10 44">
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
