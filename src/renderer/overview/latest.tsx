/**
 * The latest sessions, as they move.
 * May import: react.
 */
import { useCallback, useRef } from 'react';
import type { SessionSummary } from '../../common/contract.ts';
import { useEmitted, useNow } from '../model/console.tsx';
import { ago, duration, soFar } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { addressOf } from '../model/route.ts';
import { visible } from '../model/visible.ts';
import { stateOf, wordOf } from '../model/words.ts';
import { Instant } from '../ui/instant.tsx';
import { StatusMark } from '../ui/marks.tsx';
import { Bones, Empty, NotRenewed } from '../ui/states.tsx';

const shownMax = 24;
/** How soon after a change the list is asked for again; a flood asks no more often. */
const settleMs = 400;

export function Latest() {
  const { data, error, isLoading, refresh } = useQuery(
    'getSessions',
    { sort: { by: 'startTime', descending: true }, limit: shownMax },
    10_000,
  );
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEmitted(
    'sessions.changed',
    useCallback(
      ({ change }) => {
        if (change.added.length + change.changed.length + change.removed.length === 0) return;
        timer.current ??= setTimeout(() => {
          timer.current = null;
          refresh();
        }, settleMs);
      },
      [refresh],
    ),
  );
  return (
    <section className="panel column overview-list" aria-label="Latest sessions">
      <div className="panel-head">
        <h2>Latest sessions</h2>
        <span className="space" />
        {data !== null && <NotRenewed error={error} />}
        <a className="small medium" href={addressOf('sessions')}>
          All sessions
        </a>
      </div>
      {isLoading && <Bones />}
      {error !== null && data === null && <Empty>{error}</Empty>}
      {data?.sessions.length === 0 && (
        <Empty>No sessions yet. The first one appears here as soon as a device sends a result.</Empty>
      )}
      <div className="feed">
        {data?.sessions.map((summary) => (
          <a key={summary.sessionId} href={addressOf('sessions', null, new URLSearchParams({ open: summary.sessionId }))}>
            <LatestRow summary={summary} />
          </a>
        ))}
      </div>
    </section>
  );
}

function LatestRow({ summary }: { summary: SessionSummary }) {
  const now = useNow();
  return (
    <>
      <StatusMark word={wordOf(summary, now)} />
      <span className="mono text2">{summary.counter}</span>
      <span className="medium cut">
        <bdi>{visible(summary.device)}</bdi>
      </span>
      <span className="text2 small whole end">
        <Instant at={summary.submittedAt ?? summary.startTime}>{lastWord(summary, now)}</Instant>
      </span>
    </>
  );
}
function lastWord(summary: SessionSummary, now: number): string {
  switch (stateOf(summary)) {
    case 'attempt':
      return summary.attemptStartedAt === undefined ? '' : `${soFar(now - summary.attemptStartedAt)} so far`;
    case 'submitted':
      return summary.durationMs === undefined
        ? `${summary.httpStatus ?? ''}`
        : `${summary.httpStatus ?? 'Sent'} in ${duration(summary.durationMs)}`;
    case 'backoffWait':
      return `${summary.httpStatus ?? 'No answer'}, ${summary.submissionAttempts === 1 ? 'first try' : `${summary.submissionAttempts} tries`}`;
    case 'failed':
      return String(summary.httpStatus ?? 'No answer');
    default:
      return ago(summary.startTime, now);
  }
}
