/**
 * The first thing said: results flow, or what has happened, what is safe, what to do, and when it is tried again.
 * May import: react, lucide-react.
 */
import { FileKey, KeyRound, Link2, PlugZap, Waypoints } from 'lucide-react';
import type { ComponentType } from 'react';
import type { Status } from '../../common/contract.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { ago, clock, countdown, counted, duration } from '../model/format.ts';
import { noEndpoint } from '../model/lights.ts';
import { alarmOf, type Alarm, type Remedy } from '../model/reasons.ts';
import { addressOf, go } from '../model/route.ts';
import { Button } from '../ui/button.tsx';
import { Instant } from '../ui/instant.tsx';
import { GlyphMark } from '../ui/marks.tsx';

const toSetting = (focus: string) => addressOf('settings', 'endpoint', new URLSearchParams({ focus }));
const remedies: Record<Remedy, { label: string; icon: ComponentType<{ 'aria-hidden': 'true' }>; address: string }> = {
  changeAuthorization: { label: 'Change authorization', icon: KeyRound, address: toSetting('submissionAuthHeader') },
  changeUrl: { label: 'Change URL', icon: Link2, address: toSetting('submissionEndpoint') },
  changeProxy: { label: 'Change proxy', icon: Waypoints, address: toSetting('submissionProxy') },
  chooseCaFile: { label: 'Choose CA file', icon: FileKey, address: toSetting('submissionCaFile') },
  testConnection: {
    label: 'Test connection',
    icon: PlugZap,
    address: addressOf('settings', 'endpoint', new URLSearchParams({ test: 'now' })),
  },
  setEndpoint: { label: 'Set endpoint', icon: Link2, address: toSetting('submissionEndpoint') },
  openStorage: { label: 'Storage and clean-up', icon: PlugZap, address: addressOf('settings', 'storage') },
};

export function Headline({ status }: { status: Status }) {
  const timeoutSeconds = useConsole(({ settings }) => settings?.settings.submissionTimeoutSeconds ?? 30);
  const host = hostOf(status.endpoint ?? '');
  const failing = (status.problems ?? []).find(({ code }) => code.startsWith('store.'));
  if (failing !== undefined)
    return (
      <AlarmPanel
        status={status}
        alarm={{
          headline: 'Results cannot be saved',
          answer: failing.message,
          steps: ['Free space on the disk. Writing is tried again every cycle.', 'What cannot be recorded is not sent.'],
          remedies: ['openStorage'],
        }}
      />
    );
  if (noEndpoint(status)) return <FirstStart status={status} />;
  if (status.circuit?.state === 'open')
    return <AlarmPanel status={status} alarm={alarmOf(status.circuit, host, timeoutSeconds)} />;
  return <Flowing status={status} />;
}

/** The host alone: an address may hold more than its reader should see. */
export const hostOf = (endpoint: string): string => (URL.canParse(endpoint) ? new URL(endpoint).host : endpoint);

function Flowing({ status }: { status: Status }) {
  const now = useNow();
  const isTesting = status.circuit?.state === 'halfOpen';
  const problem = (status.problems ?? [])[0];
  const last =
    status.lastAcceptedAt === undefined ? 'Nothing was accepted yet.' : `Last one accepted ${ago(status.lastAcceptedAt, now)}.`;
  const waited =
    status.oldestPendingAt === undefined
      ? 'Nothing is waiting.'
      : `The oldest has waited ${countdown(now - status.oldestPendingAt)}.`;
  const others = status.pending > 1 ? ` Accepted: the other ${status.pending - 1} follow by themselves.` : '';
  return (
    <section className="headline" aria-label="How it stands">
      <GlyphMark
        glyph={isTesting ? 'half' : problem === undefined ? 'tick' : 'warning'}
        tone={isTesting || problem !== undefined ? 'retry' : 'ok'}
        size="huge"
      />
      <div>
        <p className="headline-text">
          {isTesting
            ? 'Testing with one session'
            : problem === undefined
              ? 'Results are flowing'
              : 'Results are flowing, one thing needs you'}
        </p>
        <p className="text2">
          {isTesting ? `The endpoint is tried with one session.${others}` : (problem?.message ?? `${last} ${waited}`)}
        </p>
      </div>
      <span className="space" />
      <div className="end text2">
        {status.worker?.nextCycleAt !== undefined && (
          <div>
            Next cycle in <b className="strong">{countdown(status.worker.nextCycleAt - now)}</b>
          </div>
        )}
        {status.lastInterruptionEndedAt !== undefined && <div>Last interruption: {ago(status.lastInterruptionEndedAt, now)}</div>}
      </div>
    </section>
  );
}

function FirstStart({ status }: { status: Status }) {
  const isCapturing = status.capture?.state === 'capturing';
  return (
    <section className="headline" aria-label="How it stands">
      <GlyphMark glyph="slash" tone="off" size="huge" />
      <div>
        <p className="headline-text">No endpoint yet</p>
        <p className="text2">Results are captured and kept; nothing is sent.</p>
      </div>
      <span className="space" />
      {!isCapturing && <Button onPress={() => go(addressOf('settings', 'capture'))}>Choose network interface</Button>}
      <Button look="primary" onPress={() => go(remedies.setEndpoint.address)}>
        Set endpoint
      </Button>
    </section>
  );
}

function AlarmPanel({ status, alarm }: { status: Status; alarm: Pick<Alarm, 'headline' | 'answer' | 'steps' | 'remedies'> }) {
  const now = useNow();
  const since = status.circuit?.since;
  return (
    <section className="alarm" role="alert">
      <GlyphMark glyph="bar" tone="fail" size="huge" />
      <div>
        <p className="headline-text">{alarm.headline}</p>
        <p className="text2">
          {alarm.answer !== '' && <b className="medium alarm-answer">{alarm.answer} </b>}
          Captured results are safe on disk and will be sent by themselves once it works again. Nothing is lost, nothing needs to
          be re-run.
        </p>
        <ol>
          {alarm.steps.map((step) => (
            <li key={step}>
              <span>{step}</span>
            </li>
          ))}
        </ol>
        <div className="row alarm-actions">
          {alarm.remedies.map((remedy, index) => {
            const { label, icon: Icon, address } = remedies[remedy];
            return (
              <Button
                key={remedy}
                look={index === 0 ? 'primary' : 'plain'}
                icon={<Icon aria-hidden="true" />}
                onPress={() => go(address)}
              >
                {label}
              </Button>
            );
          })}
        </div>
      </div>
      <div className="alarm-facts">
        <dl>
          {since !== undefined && (
            <>
              <dt>Stopped</dt>
              <dd>
                <Instant at={since}>{`${ago(since, now)}, ${clock(since)}`}</Instant>
              </dd>
            </>
          )}
          <dt>Held back</dt>
          <dd>{counted(status.pending, 'session')}</dd>
          {status.oldestPendingAt !== undefined && (
            <>
              <dt>Oldest</dt>
              <dd>{duration(now - status.oldestPendingAt)}</dd>
            </>
          )}
          {status.circuit?.tries !== undefined && (
            <>
              <dt>Automatic tries so far</dt>
              <dd>{status.circuit.tries}</dd>
            </>
          )}
          {status.lastAcceptedAt !== undefined && (
            <>
              <dt>Last accepted</dt>
              <dd>
                <Instant at={status.lastAcceptedAt}>{clock(status.lastAcceptedAt)}</Instant>
              </dd>
            </>
          )}
        </dl>
        <span className="space" />
        {status.worker?.nextCycleAt !== undefined && (
          <div className="row alarm-next">
            <span className="small text2">Next automatic try, one session</span>
            <span className="space" />
            <b className="alarm-countdown">{countdown(status.worker.nextCycleAt - now)}</b>
          </div>
        )}
      </div>
    </section>
  );
}
