/**
 * The sessions of a cause, the first fifty; all of them are in Sessions.
 * May import: react, lucide-react.
 */
import { ChevronRight } from 'lucide-react';
import { useCallback, useRef } from 'react';
import type { Cause } from '../../common/console.ts';
import type { SessionSummary } from '../../common/contract.ts';
import { useEmitted, useNow } from '../model/console.tsx';
import { clock, count, duration, moment, soFar } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { addressOf } from '../model/route.ts';
import { visible } from '../model/visible.ts';
import { stateOf, wordOf } from '../model/words.ts';
import { Instant } from '../ui/instant.tsx';
import { StatusMark } from '../ui/marks.tsx';
import { Bones, Empty, NotRenewed } from '../ui/states.tsx';

const shownMax = 50;
const settleMs = 400;

export function CauseSessions({ cause }: { cause: Cause }) {
  // Both hold all that is pending, whatever its file says.
  const isHolding = cause.kind === 'circuit' || cause.kind === 'endpoint';
  const filter = isHolding ? { state: ['held' as const] } : { causeId: cause.id };
  const { data, error, isLoading, refresh } = useQuery('getSessions', { filter, limit: shownMax }, 10_000);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEmitted(
    'sessions.changed',
    useCallback(
      ({ change }) => {
        // A new session that failed meanwhile is told of as new.
        if (change.added.length + change.changed.length === 0) return;
        timer.current ??= setTimeout(() => {
          timer.current = null;
          refresh();
        }, settleMs);
      },
      [refresh],
    ),
  );
  const all = addressOf('sessions', null, new URLSearchParams(isHolding ? { state: 'held' } : { cause: cause.id }));
  return (
    <div className="scroll cause-sessions" tabIndex={0} role="region" aria-label="Sessions of this cause">
      {isLoading && <Bones />}
      {error !== null && data === null && <Empty>{error}</Empty>}
      {data !== null && (
        <table className="data">
          <thead>
            <tr>
              <th>State</th>
              <th>Session</th>
              <th>Device</th>
              <th>Captured</th>
              <th className="end">Attempts</th>
              <th>Last answer</th>
              <th>
                <span className="hidden-text">Open</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.sessions.map((summary) => (
              <SessionRow key={summary.sessionId} summary={summary} />
            ))}
          </tbody>
        </table>
      )}
      {data !== null && error !== null && (
        <p className="cause-more">
          <NotRenewed error={error} />
        </p>
      )}
      {data !== null && data.total > data.sessions.length && (
        <p className="cause-more small">
          <a href={all}>All {count(data.total)} in Sessions</a>
        </p>
      )}
    </div>
  );
}

function SessionRow({ summary }: { summary: SessionSummary }) {
  const now = useNow();
  return (
    <tr>
      <td>
        <StatusMark word={wordOf(summary, now)} />
      </td>
      <td className="mono">{summary.counter}</td>
      <td className="medium">
        <bdi>{visible(summary.device)}</bdi>
      </td>
      <td className="text2">
        <Instant at={summary.startTime}>{moment(summary.startTime, now)}</Instant>
      </td>
      <td className="end">{summary.submissionAttempts}</td>
      <td className="text2">{answerOf(summary, now)}</td>
      <td className="end text3">
        <a
          className="open-link"
          href={addressOf('sessions', null, new URLSearchParams({ open: summary.sessionId, cause: summary.causeId ?? '' }))}
          aria-label={`Open session ${summary.counter}, captured ${clock(summary.startTime)}`}
        >
          <ChevronRight size={16} strokeWidth={1.5} aria-hidden="true" />
        </a>
      </td>
    </tr>
  );
}
function answerOf(summary: SessionSummary, now: number): string {
  if (stateOf(summary) === 'attempt')
    return summary.attemptStartedAt === undefined ? '' : `${soFar(now - summary.attemptStartedAt)} so far`;
  if (summary.submissionAttempts === 0) return '';
  const answer = summary.httpStatus === undefined ? 'no answer' : String(summary.httpStatus);
  return summary.durationMs === undefined ? answer : `${answer} in ${duration(summary.durationMs)}`;
}
