/**
 * A session's life: captured, waited, attempts and the waits between, as a bar and as a table.
 * May import: react.
 */
import { useState } from 'react';
import { isAttemptEntry, type AttemptEntry, type HistoryEntry, type SessionFile } from '../../common/session.ts';
import type { SessionSummary } from '../../common/contract.ts';
import { useNow } from '../model/console.tsx';
import { clock, clockMs, countdown, counted, duration, soFar } from '../model/format.ts';
import { stateOf, stateWords, statusText, wordOf } from '../model/words.ts';
import { Instant } from '../ui/instant.tsx';
import { GlyphMark, StatusMark } from '../ui/marks.tsx';

interface Piece {
  id: string;
  kind: 'captured' | 'waited' | 'attempt' | 'retry-wait' | 'long-wait';
  label: string;
  at: number;
  durationMs: number;
}
/** More attempts than this do not fit the bar: the first ones give way. */
const attemptsMax = 4;
/** A wait this long was not a retry of the same delivery: a cycle, an operator. */
const longWaitMs = 70_000;
const minuteMs = 60_000;

export function LifeBar({ session, summary }: { session: SessionFile; summary: SessionSummary }) {
  const now = useNow();
  const { pieces, earlier } = piecesOf(session);
  const word = wordOf(summary, now);
  const last = pieces.at(-1);
  return (
    <div
      className="life"
      role="img"
      aria-label={`Captured ${clock(session.startTime)}, ${counted(session.submissionAttempts, 'attempt')}, now ${word.word}`}
    >
      {pieces.map((piece, index) => (
        <div
          key={piece.id}
          className={`life-piece ${piece.kind}`}
          style={{ flexGrow: growthOf(piece) }}
          title={`${piece.label}, ${clockMs(piece.at)}, ${duration(piece.durationMs)}`}
        >
          <span className="life-label cut">{index === 1 && earlier > 0 ? `${earlier} earlier` : piece.label}</span>
          <i />
          <span className="life-time">
            {hasTime(piece, pieces[index - 1], piece === last && index > 2) ? clock(piece.at) : ''}
          </span>
        </div>
      ))}
      <div className="life-end">
        <span className={`life-label tone-${word.tone}`}>
          {last?.kind === 'attempt' ? endLabel(summary, word.word) : word.word}
        </span>
        <GlyphMark glyph={word.glyph} tone={word.tone} />
        <span className="life-time">{last === undefined ? '' : clock(last.at + last.durationMs)}</span>
      </div>
    </div>
  );
}
/** Of attempts that follow soon the first one's time is enough, and the last one's lies beside the end. */
const hasTime = ({ kind }: Piece, before: Piece | undefined, isLaterLast: boolean) =>
  kind === 'captured' || (kind === 'attempt' && before?.kind !== 'retry-wait' && !isLaterLast);
const endLabel = (summary: SessionSummary, word: string) =>
  summary.httpStatus === undefined ? word : `${summary.httpStatus} ${word}`;
/** Long and short must both be seen: the width grows slower than the time. */
const growthOf = (piece: Piece) => Math.max(1, Math.log2(1 + piece.durationMs / 100)) * (piece.kind === 'attempt' ? 0.7 : 1);

function piecesOf(session: SessionFile): { pieces: Piece[]; earlier: number } {
  const all = session.submissionHistory.filter(isAttemptEntry);
  const attempts = all.slice(-attemptsMax);
  const pieces: Piece[] = [
    {
      id: 'captured',
      kind: 'captured',
      label: 'Captured',
      at: session.startTime,
      durationMs: session.endTime - session.startTime,
    },
  ];
  let end = session.endTime;
  attempts.forEach((attempt, index) => {
    const waitMs = Math.max(0, attempt.startedAt - end);
    const isFirst = index === 0;
    pieces.push({
      id: `wait ${attempt.attempt}`,
      kind: isFirst ? 'waited' : waitMs > longWaitMs ? 'long-wait' : 'retry-wait',
      label: isFirst ? 'Waited' : `wait ${duration(waitMs > longWaitMs ? Math.round(waitMs / minuteMs) * minuteMs : waitMs)}`,
      at: end,
      durationMs: waitMs,
    });
    pieces.push({
      id: `attempt ${attempt.attempt}`,
      kind: 'attempt',
      label: index === attempts.length - 1 ? '' : answerShort(attempt),
      at: attempt.startedAt,
      durationMs: attempt.durationMs,
    });
    end = attempt.startedAt + attempt.durationMs;
  });
  return { pieces, earlier: all.length - attempts.length };
}
const answerShort = (attempt: AttemptEntry) => (attempt.httpStatus === undefined ? 'no answer' : String(attempt.httpStatus));

/** More entries than this take the message's place: the first ones give way until asked for. */
const entriesMax = 5;

export function Attempts({ session, summary }: { session: SessionFile; summary: SessionSummary }) {
  const [isAll, setAll] = useState(false);
  const history = session.submissionHistory;
  if (history.length === 0 && stateOf(summary) !== 'attempt') return null;
  const first = isAll || history.length <= entriesMax ? 0 : history.length - entriesMax + 1;
  return (
    <div
      className={isAll ? 'attempts-place is-all' : 'attempts-place'}
      {...(isAll ? { tabIndex: 0, role: 'region', 'aria-label': 'All attempts' } : {})}
    >
      <table className="data attempts">
        <thead>
          <tr>
            <th>Attempt</th>
            <th>Started</th>
            <th className="end">Took</th>
            <th>Answer</th>
            <th>Then</th>
          </tr>
        </thead>
        <tbody>
          {first > 0 && (
            <tr>
              <td colSpan={5}>
                <button type="button" className="link-button" onClick={() => setAll(true)}>
                  Show {first} earlier
                </button>
              </td>
            </tr>
          )}
          {history.slice(first).map((entry, index) => (
            <HistoryRow
              key={isAttemptEntry(entry) ? `a${entry.attempt} ${entry.startedAt}` : `c${entry.at}`}
              entry={entry}
              next={history[first + index + 1]}
              summary={summary}
            />
          ))}
          {stateOf(summary) === 'attempt' && <RunningRow summary={summary} number={session.submissionAttempts + 1} />}
        </tbody>
      </table>
    </div>
  );
}

const changeWords = {
  requeued: 'Set back by itself: the endpoint accepts again',
  retried: 'Sent again by an operator',
  ignored: 'Ignored by an operator',
  restored: 'Restored by an operator',
};
function HistoryRow({ entry, next, summary }: { entry: HistoryEntry; next: HistoryEntry | undefined; summary: SessionSummary }) {
  if (!isAttemptEntry(entry))
    return (
      <tr>
        <td />
        <td>
          <Instant at={entry.at}>{clockMs(entry.at)}</Instant>
        </td>
        <td />
        <td colSpan={2} className="text2">
          {changeWords[entry.outcome]}
        </td>
      </tr>
    );
  const isBad = entry.outcome === 'refused' || entry.outcome === 'endpoint';
  const answer = entry.httpStatus === undefined ? (entry.error ?? 'No answer') : statusText(entry.httpStatus);
  return (
    <tr>
      <td>{entry.attempt}</td>
      <td>
        <Instant at={entry.startedAt}>{clockMs(entry.startedAt)}</Instant>
      </td>
      <td className="end">{duration(entry.durationMs)}</td>
      <td className={isBad ? 'tone-fail' : ''} title={answer}>
        {answer}
      </td>
      <td className="text2">{next === undefined ? <LastWord summary={summary} /> : thenWord(entry, next)}</td>
    </tr>
  );
}
function thenWord(entry: AttemptEntry, next: HistoryEntry): string {
  if (!isAttemptEntry(next)) return '';
  const waitMs = next.startedAt - entry.startedAt - entry.durationMs;
  return waitMs > longWaitMs ? 'next cycle' : `waited ${duration(Math.max(0, waitMs))}`;
}
function LastWord({ summary }: { summary: SessionSummary }) {
  const now = useNow();
  const state = stateOf(summary);
  const word = wordOf(summary, now);
  // Of those that are held the next cycle tries one, and this need not be it.
  if (state === 'deferred' && summary.nextAttemptAt !== undefined)
    return <StatusMark word={{ ...word, word: `${word.word}, ${countdown(summary.nextAttemptAt - now)}` }} />;
  return <StatusMark word={state === 'attempt' ? stateWords.ready : word} />;
}
function RunningRow({ summary, number }: { summary: SessionSummary; number: number }) {
  const now = useNow();
  return (
    <tr>
      <td>{number}</td>
      <td>
        {summary.attemptStartedAt === undefined ? (
          ''
        ) : (
          <Instant at={summary.attemptStartedAt}>{clockMs(summary.attemptStartedAt)}</Instant>
        )}
      </td>
      <td className="end">{summary.attemptStartedAt === undefined ? '' : soFar(now - summary.attemptStartedAt)}</td>
      <td className="text2">on the way</td>
      <td>
        <StatusMark word={stateWords.attempt} />
      </td>
    </tr>
  );
}
