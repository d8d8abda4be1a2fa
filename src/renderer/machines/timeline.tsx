/**
 * The last sixty seconds, one row a session: how long it was in which state.
 * May import: react.
 */
import type { LaneSession, SessionState, Transition, UnderWay } from '../../common/console.ts';
import { clock, duration } from '../model/format.ts';
import { addressOf } from '../model/route.ts';
import { machineStateWord, stateWords } from '../model/words.ts';
import { GlyphMark } from '../ui/marks.tsx';

const spanMs = 60_000;
const rowsMax = 60;

/** Told apart by their pattern too. */
const shownStates = ['ready', 'attempt', 'recording', 'backoffWait'] as const;
const stretchLook = (state: string) => `stretch is-${state} tone-${stateWords[state as SessionState]?.tone ?? 'off'}`;

interface Stretch {
  id: string;
  state: string;
  from: number;
  to: number;
}

export function Timeline({ underWay, transitions, now }: { underWay: UnderWay; transitions: Transition[]; now: number }) {
  const sessions = [...underWay.sessions, ...underWay.ended].slice(0, rowsMax);
  const own = new Map<string, Transition[]>();
  for (const each of transitions) {
    if (each.machine !== 'session') continue;
    const list = own.get(each.id) ?? [];
    list.push(each);
    own.set(each.id, list);
  }
  const marks = [0, 15, 30, 45, 60];
  return (
    <div className="timeline scroll" tabIndex={0} role="region" aria-label="The last minute">
      <div className="timeline-key small text2">
        {shownStates.map((state) => (
          <span key={state}>
            <i className={stretchLook(state)} />
            {stateWords[state].word}
          </span>
        ))}
      </div>
      <div className="timeline-axis" aria-hidden="true">
        <span />
        <div>
          {marks.map((seconds) => (
            <span key={seconds} style={{ left: `${100 - (seconds / 60) * 100}%` }}>
              {seconds === 0 ? 'now' : `${seconds} s`}
            </span>
          ))}
        </div>
      </div>
      {sessions.map((session) => (
        <TimelineRow
          key={session.sessionId}
          session={session}
          stretches={stretchesOf(session, own.get(session.sessionId) ?? [], now)}
          now={now}
        />
      ))}
    </div>
  );
}

function TimelineRow({ session, stretches, now }: { session: LaneSession; stretches: Stretch[]; now: number }) {
  const word = stateWords[session.state];
  return (
    <a className="timeline-row" href={addressOf('sessions', null, new URLSearchParams({ open: session.sessionId }))}>
      <span className="row">
        <GlyphMark glyph={word.glyph} tone={word.tone} />
        <span className="mono">{session.counter}</span>
        <span className="hidden-text">{word.word}</span>
      </span>
      <span className="timeline-bar">
        {stretches.map(({ id, state, from, to }) => (
          <i
            key={id}
            className={stretchLook(state)}
            style={{ left: `${100 - ((now - from) / spanMs) * 100}%`, width: `${Math.max(0.3, ((to - from) / spanMs) * 100)}%` }}
            title={`${machineStateWord('session', state)}, from ${clock(from)}, ${duration(to - from)}`}
          />
        ))}
      </span>
    </a>
  );
}

/** From its transitions, the latest first, within the last minute; the state it is in reaches until now. */
function stretchesOf(session: LaneSession, transitions: Transition[], now: number): Stretch[] {
  const start = now - spanMs;
  const isOver = ['submitted', 'failed', 'deferred'].includes(session.state);
  const stretches: Stretch[] = [];
  let end = isOver ? session.since : now;
  let state: string = isOver ? 'recording' : session.state;
  let since = isOver ? (transitions[0]?.at ?? session.since) : session.since;
  for (const each of transitions) {
    if (each.at >= end) continue;
    if (each.to === state) since = each.at;
    stretches.push({ id: `${each.at} ${state}`, state, from: Math.max(start, since), to: end });
    end = since;
    state = each.from;
    since = start;
    if (end <= start) return stretches;
  }
  if (transitions.length === 0) stretches.push({ id: 'now', state, from: Math.max(start, Math.min(since, end - 1)), to: end });
  return stretches;
}
