/**
 * The charts of Overview as tables: for who does not see them, and for exact figures.
 * May import: react.
 */
import type { Activity } from '../../common/console.ts';
import { count, duration } from '../model/format.ts';

export function OutcomesTable({ activity }: { activity: Pick<Activity, 'from' | 'bucketMs' | 'buckets'> }) {
  const rows = activity.buckets
    .map((bucket, index) => ({ ...bucket, at: activity.from + index * activity.bucketMs }))
    .toReversed();
  const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' });
  return (
    // A region that scrolls takes the focus, so that it scrolls by keys too.
    <div className="scroll space" tabIndex={0} role="region" aria-label="Outcomes as a table">
      <table className="data">
        <thead>
          <tr>
            <th>From</th>
            <th className="end">Accepted</th>
            <th className="end">Failed</th>
            <th className="end">Ignored</th>
            <th className="end">Held</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.at}>
              <td>{time.format(row.at)}</td>
              <td className="end">{count(row.accepted)}</td>
              <td className="end">{count(row.failed)}</td>
              <td className="end">{count(row.ignored)}</td>
              <td className="end">{count(row.held)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Durations that no attempt took are left out; times outside of the axis count at its ends. */
export function AttemptsTable({ attempts: { histogram } }: { attempts: Pick<Activity['attempts'], 'histogram'> }) {
  return (
    <div className="scroll space" tabIndex={0} role="region" aria-label="Attempt times as a table">
      <table className="data">
        <thead>
          <tr>
            <th>Took from</th>
            <th>To</th>
            <th className="end">Attempts</th>
          </tr>
        </thead>
        <tbody>
          {histogram.map(({ fromMs, toMs, count: size }) =>
            size === 0 ? null : (
              <tr key={fromMs}>
                <td>{duration(fromMs)}</td>
                <td>{duration(toMs)}</td>
                <td className="end">{count(size)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
