/**
 * All sessions under way: the lanes from Waiting to their end with the retry band below, or the last minute as a timeline.
 * May import: react.
 */
import { useEffect, useState } from 'react';
import type { Transition, UnderWay } from '../../common/console.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { count, countdown } from '../model/format.ts';
import { Segmented } from '../ui/button.tsx';
import { Bones, Empty } from '../ui/states.tsx';
import { Lanes } from './lanes.tsx';
import { Timeline } from './timeline.tsx';

const views = [
  { id: 'lanes', label: 'Lanes' },
  { id: 'timeline', label: 'Timeline' },
] as const;
/** Times under way are shown in tenths of a second: painted four times a second. */
const paintMs = 250;

export function Board({
  underWay,
  transitions,
  frozenAt,
}: {
  underWay: UnderWay | null;
  transitions: Transition[];
  frozenAt: number | null;
}) {
  const [view, setView] = useState<'lanes' | 'timeline'>('lanes');
  const nextCycleAt = useConsole(({ status }) => status?.worker?.nextCycleAt);
  const slow = useNow();
  const now = useQuickNow(frozenAt);
  return (
    <section className="panel board" aria-label="Sessions under way">
      <div className="panel-head">
        <h2>Sessions under way</h2>
        {underWay !== null && (
          <span className="text2 small cut">
            {count(underWay.sessions.length)} of at most {count(underWay.underWayMax)}, {count(underWay.slots)} sending at once,{' '}
            {count(underWay.queueSize)} more in the queue
          </span>
        )}
        <span className="space" />
        <Segmented label="Lanes or timeline" options={views} value={view} onChange={setView} />
      </div>
      {underWay === null && <Bones />}
      {underWay !== null && underWay.sessions.length === 0 && underWay.ended.length === 0 && (
        <Empty>Nothing under way.{nextCycleAt === undefined ? '' : ` Next cycle in ${countdown(nextCycleAt - slow)}.`}</Empty>
      )}
      {underWay !== null && (underWay.sessions.length > 0 || underWay.ended.length > 0) && (
        <>
          {view === 'lanes' ? (
            <Lanes underWay={underWay} transitions={transitions} now={now} isStill={frozenAt !== null} />
          ) : (
            <Timeline underWay={underWay} transitions={transitions} now={now} />
          )}
        </>
      )}
    </section>
  );
}

/** The service's clock four times a second, or the moment at which the view was frozen. */
function useQuickNow(frozenAt: number | null): number {
  const offset = useConsole(({ clockOffsetMs }) => clockOffsetMs);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (frozenAt !== null) return;
    const timer = setInterval(() => setNow(Date.now()), paintMs);
    return () => clearInterval(timer);
  }, [frozenAt]);
  return frozenAt ?? now + offset;
}
