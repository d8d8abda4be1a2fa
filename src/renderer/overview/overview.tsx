/**
 * Overview: is anything wrong? The headline or the alarm, the line, outcomes, attempt times, devices, latest sessions.
 * May import: react.
 */
import { useState } from 'react';
import type { ActivitySpan } from '../../common/console.ts';
import { useConsole } from '../model/console.tsx';
import { count, duration } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { SendNow } from '../shell/send-now.tsx';
import { TopBar } from '../shell/top-bar.tsx';
import { Segmented } from '../ui/button.tsx';
import { Bones, Empty, NotRenewed } from '../ui/states.tsx';
import { AttemptsChart, OutcomesChart } from './charts.tsx';
import { Devices } from './devices.tsx';
import { Headline } from './headline.tsx';
import { Latest } from './latest.tsx';
import { Line } from './line.tsx';
import { AttemptsTable, OutcomesTable } from './tables.tsx';
import './overview.css';

export function Overview() {
  const status = useConsole((context) => context.status);
  const isStopped = status?.circuit?.state === 'open';
  return (
    <>
      <TopBar title="Overview" action={<SendNow />} />
      <div className="body">
        {status === null ? (
          <Bones lines={8} />
        ) : (
          <>
            <Headline status={status} />
            <Line status={status} />
            <Charts stoppedAt={isStopped ? (status.circuit?.since ?? null) : null} held={isStopped ? status.pending : null} />
            <div className="overview-lists">
              <Devices />
              <Latest />
            </div>
          </>
        )}
      </div>
    </>
  );
}

const spans: readonly { id: ActivitySpan; label: string }[] = [
  { id: '1h', label: '1 h' },
  { id: '24h', label: '24 h' },
  { id: '7d', label: '7 d' },
];
const spanWords: Record<ActivitySpan, { per: string; last: string }> = {
  '1h': { per: 'per minute', last: 'last hour' },
  '24h': { per: 'per 15 minutes', last: 'last 24 hours' },
  '7d': { per: 'per 2 hours', last: 'last 7 days' },
};
const refreshMs: Record<ActivitySpan, number> = { '1h': 5000, '24h': 30_000, '7d': 60_000 };
/** Under this many attempts a percentile says little. */
const fewAttempts = 20;

function Charts({ stoppedAt, held }: { stoppedAt: number | null; held: number | null }) {
  const [span, setSpan] = useState<ActivitySpan>('1h');
  const [asTable, setAsTable] = useState(false);
  const [asTimesTable, setAsTimesTable] = useState(false);
  const { data, error, isLoading } = useQuery('getActivity', { span }, refreshMs[span]);
  // Until another span is answered, what is shown is the one before.
  const words = spanWords[data?.span ?? span];
  return (
    <div className="overview-charts">
      <section className="panel column" aria-label={`Outcomes ${words.per}`}>
        <div className="panel-head">
          <h2>Outcomes {words.per}</h2>
          <span className="space" />
          {data !== null && <NotRenewed error={error} />}
          {data !== null && (
            <div className="legend">
              <span>
                <i className="legend-accepted" />
                Accepted <b>{count(data.totals.accepted)}</b>
              </span>
              <span>
                <i className="legend-failed" />
                Failed <b>{count(data.totals.failed)}</b>
              </span>
              {held === null ? (
                <span>
                  <i className="legend-ignored" />
                  Ignored <b>{count(data.totals.ignored)}</b>
                </span>
              ) : (
                <span>
                  <i className="legend-held" />
                  Held <b>{count(held)}</b>
                </span>
              )}
            </div>
          )}
          <button
            type="button"
            className="link-button small"
            aria-label={asTable ? 'Show as chart' : 'Show as table'}
            onClick={() => setAsTable(!asTable)}
          >
            <span className="show-long">{asTable ? 'Show as chart' : 'Show as table'}</span>
            <span className="show-short">{asTable ? 'Chart' : 'Table'}</span>
          </button>
          <Segmented label="Time span" options={spans} value={span} onChange={setSpan} />
        </div>
        {isLoading && <Bones />}
        {error !== null && data === null && <Empty>{error}</Empty>}
        {data !== null &&
          (asTable ? (
            <OutcomesTable activity={data} />
          ) : (
            <div className="chart">
              <OutcomesChart activity={data} stoppedAt={stoppedAt} />
            </div>
          ))}
      </section>
      <section className="panel column" aria-label="Attempt times">
        <div className="panel-head">
          <h2>Attempt times</h2>
          <span className="space" />
          {data !== null && <NotRenewed error={error} />}
          <span className="small text3">{data === null ? '' : `${words.last}, ${attemptsOf(data.attempts.count)}`}</span>
          {data !== null && data.attempts.count > 0 && (
            <button
              type="button"
              className="link-button small"
              aria-label={asTimesTable ? 'Chart of attempt times' : 'Table of attempt times'}
              onClick={() => setAsTimesTable(!asTimesTable)}
            >
              {asTimesTable ? 'Chart' : 'Table'}
            </button>
          )}
        </div>
        {isLoading && <Bones />}
        {error !== null && data === null && <Empty>{error}</Empty>}
        {data !== null && data.attempts.count === 0 && <Empty>No attempts in the {words.last}.</Empty>}
        {data !== null && data.attempts.count > 0 && (
          <>
            <div className="percentiles">
              <Percentile word="Half" valueMs={data.attempts.p50Ms} />
              <Percentile word="95 %" valueMs={data.attempts.p95Ms} />
              <Percentile word="99 %" valueMs={data.attempts.p99Ms} />
            </div>
            {asTimesTable ? (
              <AttemptsTable attempts={data.attempts} />
            ) : (
              <div className="chart">
                <AttemptsChart attempts={data.attempts} />
              </div>
            )}
          </>
        )}
      </section>
    </div>
  );
}

const attemptsOf = (size: number) =>
  size > 0 && size < fewAttempts ? `few attempts (${count(size)})` : `${count(size)} attempts`;

function Percentile({ word, valueMs }: { word: string; valueMs: number | undefined }) {
  return (
    <span className="small text2">
      {word} <span className="within">within </span>
      <b>{valueMs === undefined ? '–' : duration(valueMs)}</b>
    </span>
  );
}
