/**
 * The line: Capture > Disk > Queue > Endpoint, with the rates between, broken where it is stopped.
 * May import: react, lucide-react.
 */
import { Activity, Database, ListEnd, Server } from 'lucide-react';
import type { ComponentType, ReactNode } from 'react';
import type { Status } from '../../common/contract.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { ago, bytes, count, countdown, counted, rate as rateOf, since } from '../model/format.ts';
import {
  cannotSave,
  isCaptureStopped,
  isHeld,
  isSendingStopped,
  lightsOf,
  unusableEndpoint,
  type Light,
} from '../model/lights.ts';
import { alarmOf } from '../model/reasons.ts';
import { hostOf } from '../model/standing.ts';
import { Instant } from '../ui/instant.tsx';
import { GlyphMark, StatusChip } from '../ui/marks.tsx';

export function Line({ status }: { status: Status }) {
  const now = useNow();
  const retentionDays = useConsole(({ settings }) => settings?.settings.retentionDays);
  const [capture, disk, queue, endpoint] = lightsOf(status) as [Light, Light, Light, Light];
  const total = status.pending + status.submitted + status.failed + status.ignored;
  const free = status.disk === undefined ? null : bytes(status.disk.freeBytes).split(' ');
  const isStopped = status.circuit?.state === 'open';
  return (
    <section className="panel line" aria-label="From device to endpoint">
      <Station light={capture} icon={Activity} figure={figureOf(status.today?.captured)} unit="sessions today">
        <p className="cut">
          <CaptureLine status={status} now={now} />
        </p>
        <p className="cut" title={status.capture?.reason}>
          <GapLine status={status} now={now} />
        </p>
      </Station>
      <Connector rate={status.rates?.captured} isBroken={cannotSave(status)} />
      <Station
        light={disk}
        icon={Database}
        figure={free?.[0] ?? count(total)}
        unit={free === null ? 'sessions kept' : `${free[1]} free`}
      >
        <p className="cut">
          {counted(total, 'session')} kept{retentionDays === undefined ? '' : `, ${counted(retentionDays, 'day')}`}
        </p>
        <p className="cut">
          {status.quarantined === 0 ? 'None unreadable' : `${count(status.quarantined)} unreadable`}
          {status.disk?.lastWriteAt !== undefined && (
            <>
              , last write <Instant at={status.disk.lastWriteAt}>{ago(status.disk.lastWriteAt, now)}</Instant>
            </>
          )}
        </p>
      </Station>
      <Connector rate={status.rates?.saved} />
      <Station light={queue} icon={ListEnd} figure={count(status.pending)} unit={isHeld(status) ? 'held back' : 'waiting'}>
        <p className="cut">
          <Flight status={status} now={now} />
        </p>
        <p className="cut">
          {status.oldestPendingAt === undefined ? (
            'Nothing waits'
          ) : (
            <>
              Oldest has waited{' '}
              <b className={`medium ${isStopped ? 'tone-retry' : ''}`}>
                <Instant at={status.oldestPendingAt}>{countdown(now - status.oldestPendingAt)}</Instant>
              </b>
            </>
          )}
        </p>
      </Station>
      <Connector rate={status.rates?.accepted} isBroken={isSendingStopped(status)} />
      <EndpointStation status={status} light={endpoint} />
    </section>
  );
}

const figureOf = (value: number | undefined) => (value === undefined ? '–' : count(value));

function EndpointStation({ status, light }: { status: Status; light: Light }) {
  const timeoutSeconds = useConsole(({ settings }) => settings?.settings.submissionTimeoutSeconds ?? 30);
  const host = hostOf(status.endpoint ?? '');
  const today = status.today;
  const accepted =
    today === undefined
      ? ''
      : `${count(today.accepted)} accepted today, ${today.failed === 0 ? 'none' : count(today.failed)} failed`;
  if (status.circuit?.state === 'open') {
    const { figure, figureUnit } = alarmOf(status.circuit, host, timeoutSeconds);
    return (
      <Station light={light} icon={Server} figure={figure} unit={figureUnit} isBad>
        <p className="cut mono">{host}</p>
        <p className="cut">{accepted}</p>
      </Station>
    );
  }
  return (
    <Station light={light} icon={Server} figure={figureOf(today?.accepted)} unit="accepted today">
      <p className={host === '' ? 'cut' : 'cut mono'}>
        {host === '' ? (unusableEndpoint(status) === null ? 'No endpoint set' : 'Cannot be used as set') : host}
      </p>
      <p className="cut">
        {today === undefined ? '' : today.failed === 0 ? 'None failed today' : `${count(today.failed)} failed today`}
      </p>
    </Station>
  );
}

function CaptureLine({ status: { capture }, now }: { status: Status; now: number }) {
  if (capture === undefined || capture.state === 'stopped') return 'Live capture is off';
  const where = capture.interface ?? '';
  const devices =
    capture.devices === undefined || capture.state !== 'capturing' ? '' : `${counted(capture.devices, 'device')} on `;
  return (
    <>
      {devices}
      {where}
      {capture.lastByteAt !== undefined && (
        <>
          , last byte <Instant at={capture.lastByteAt}>{ago(capture.lastByteAt, now)}</Instant>
        </>
      )}
    </>
  );
}
function GapLine({ status, now }: { status: Status; now: number }) {
  const { capture, startedAt } = status;
  if (capture === undefined) return '';
  if (capture.reason !== undefined) return capture.reason;
  if (capture.lastGapAt !== undefined)
    return (
      <>
        {counted(capture.gaps, 'gap')}, last <Instant at={capture.lastGapAt}>{since(capture.lastGapAt, now)}</Instant>
      </>
    );
  if (capture.gaps > 0) return counted(capture.gaps, 'gap');
  if (isCaptureStopped(status)) return 'Stopped by an operator';
  // What is not captured has no gaps to tell of.
  if (capture.state !== 'capturing') return capture.state === 'stopped' ? 'Sessions come from files' : '';
  return startedAt === undefined ? (
    'No gaps'
  ) : (
    <>
      No gaps since <Instant at={startedAt}>{since(startedAt, now)}</Instant>
    </>
  );
}
function Flight({ status, now }: { status: Status; now: number }) {
  const { worker } = status;
  if (worker === undefined) return <>Not running</>;
  const sending = worker.slots === undefined ? `${worker.inFlight} sending` : `${worker.inFlight} of ${worker.slots} sending`;
  if (worker.delayed === undefined || worker.delayed === 0)
    return <>{isHeld(status) ? `${worker.inFlight} sending, 0 retrying` : sending}</>;
  const next = worker.nextRetryAt;
  return (
    <>
      {sending}, {counted(worker.delayed, 'retry', 'retries')}
      {next !== undefined && (
        <>
          {' in '}
          <b className="medium tone-retry">{countdown(next - now)}</b>
        </>
      )}
    </>
  );
}

function Station(props: {
  light: Light;
  icon: ComponentType<{ size: number; strokeWidth: number; 'aria-hidden': 'true' }>;
  figure: string;
  unit: string;
  isBad?: boolean;
  children: ReactNode;
}) {
  const Icon = props.icon;
  return (
    <div className={props.isBad === true ? 'station is-bad' : 'station'}>
      <div className="station-name">
        <Icon size={16} strokeWidth={1.5} aria-hidden="true" />
        {props.light.name}
        <span className="space" />
        <StatusChip word={props.light} />
      </div>
      <div className="station-figure cut" title={`${props.figure} ${props.unit}`}>
        {props.figure}
        <small>{props.unit}</small>
      </div>
      <div className="station-facts">{props.children}</div>
    </div>
  );
}

function Connector({ rate, isBroken = false }: { rate: number | undefined; isBroken?: boolean }) {
  const figure = rate === undefined ? '' : rateOf(rate);
  if (isBroken)
    return (
      <div className="connector">
        <span className="connector-rate strong tone-fail">Stopped</span>
        <span className="connector-broken">
          <GlyphMark glyph="bar" tone="fail" />
        </span>
        <span className="connector-rate">{rate === undefined ? '' : `${figure} a minute`}</span>
      </div>
    );
  return (
    <div className="connector">
      <span className="connector-rate">{figure}</span>
      <svg className="connector-arrow" viewBox="0 0 44 10" aria-hidden="true">
        <path
          d="M1 5h41M38 1.5 42 5l-4 3.5"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.3"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span className="connector-rate">{rate === undefined ? '' : 'a minute'}</span>
    </div>
  );
}
