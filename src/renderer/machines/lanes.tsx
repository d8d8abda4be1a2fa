/**
 * The lanes: Waiting, Sending (one box a slot), Saving, Ended; and the retry band, where a session slides left to now.
 * May import: react.
 */
import type { ReactNode } from 'react';
import type { LaneSession, Transition, UnderWay } from '../../common/console.ts';
import { count, pace } from '../model/format.ts';
import { stateWords } from '../model/words.ts';
import { Box, Fitting, LaneArrow, LaneHead, Loop, SlotBox } from './lane-box.tsx';
import { useCountedLanes } from './lane-rates.ts';
import { RetryBand } from './retry-band.tsx';

const waitingMax = 16;
const savingMax = 8;
const endedMax = 8;

export function Lanes(props: { underWay: UnderWay; transitions: readonly Transition[]; now: number; isStill: boolean }) {
  const { underWay, transitions, now, isStill } = props;
  const of = (state: LaneSession['state']) => underWay.sessions.filter((session) => session.state === state);
  const waiting = of('ready');
  const sending = of('attempt');
  const saving = of('recording');
  const isCounted = useCountedLanes(transitions, now);
  return (
    <>
      <div className="lanes">
        <div className="column lane-waiting">
          <LaneHead word={stateWords.ready} figure={count(waiting.length)} isLit={waiting.length > 0} />
          <Cells isTwo isCounted={isCounted('ready')}>
            <Fitting sessions={waiting} max={waitingMax}>
              {(session) => (
                <Box key={session.sessionId} session={session}>
                  {session.attempt > 1 && <span className="text2 meta">{ordinal(session.attempt)}</span>}
                </Box>
              )}
            </Fitting>
          </Cells>
        </div>
        <LaneArrow />
        <div className="column lane-sending">
          <LaneHead
            word={stateWords.attempt}
            note="slots"
            figure={`${count(sending.length)} / ${count(underWay.slots)}`}
            isLit={sending.length > 0}
          />
          <Cells isTwo isCounted={isCounted('attempt')}>
            {sending.map((session) => (
              <SlotBox key={session.sessionId} session={session} now={now} />
            ))}
            {freeSlots(underWay.slots - sending.length).map((slot) => (
              <div key={slot} className="box-cell is-free" aria-hidden="true" />
            ))}
          </Cells>
        </div>
        <LaneArrow />
        <div className="column lane-saving">
          <LaneHead word={stateWords.recording} figure={count(saving.length)} isLit={saving.length > 0} />
          <Cells isCounted={isCounted('recording')}>
            <Fitting sessions={saving} max={savingMax}>
              {(session) => <Box key={session.sessionId} session={session} />}
            </Fitting>
          </Cells>
        </div>
        <LaneArrow />
        <div className="column lane-ended">
          <div className="lane-head">
            Ended<span className="lane-rate figures">{pace(underWay.endedPerSecond)}</span>
          </div>
          <Cells isCounted={isCounted('submitted')}>
            {underWay.ended.slice(0, endedMax).map((session, index) => (
              <div key={`${session.sessionId} ${session.since}`} style={{ opacity: Math.max(0.62, 1 - index * 0.06) }}>
                <Box session={session}>
                  <span className="small cut">{session.httpStatus ?? session.reason ?? ''}</span>
                </Box>
              </div>
            ))}
          </Cells>
        </div>
      </div>
      <Loop />
      <RetryBand delayed={of('backoffWait')} now={now} isStill={isStill || isCounted('backoffWait')} />
    </>
  );
}

function Cells({ isTwo = false, isCounted, children }: { isTwo?: boolean; isCounted: boolean; children: ReactNode }) {
  if (isCounted) return <p className="cells-counted small text2">More than 10 moves a second: only counted.</p>;
  return <div className={isTwo ? 'cells two' : 'cells'}>{children}</div>;
}

const freeSlots = (size: number) => Array.from({ length: Math.max(0, size) }, (_, index) => `free ${index}`);
const ordinal = (attempt: number) =>
  `${attempt}${['th', 'st', 'nd', 'rd'][attempt % 100 > 10 && attempt % 100 < 14 ? 0 : attempt % 10] ?? 'th'}`;
