/**
 * The first thing said: results flow, or what has happened, what is safe, what to do, and when it is tried again.
 * May import: react, lucide-react.
 */
import { FileKey, KeyRound, Link2, ListChecks, Play, PlugZap, Radio, SlidersHorizontal, Sparkles, Waypoints } from 'lucide-react';
import { useMemo, type ComponentType } from 'react';
import type { Status } from '../../common/contract.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useConsole, useNow } from '../model/console.tsx';
import { ago, clock, countdown, counted, duration, moment } from '../model/format.ts';
import { noEndpoint } from '../model/lights.ts';
import type { Remedy } from '../model/reasons.ts';
import { addressOf, go } from '../model/route.ts';
import { standingOf, type AlarmSaid, type NoteSaid } from '../model/standing.ts';
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
  openEndpoint: { label: 'Endpoint settings', icon: SlidersHorizontal, address: addressOf('settings', 'endpoint') },
  openStorage: { label: 'Storage and clean-up', icon: Sparkles, address: addressOf('settings', 'storage') },
  openCapture: { label: 'Choose network interface', icon: Radio, address: addressOf('settings', 'capture') },
  seeAttention: { label: 'See Attention', icon: ListChecks, address: addressOf('attention') },
};

export function Headline({ status }: { status: Status }) {
  const now = useNow();
  const timeoutSeconds = useConsole(({ settings }) => settings?.settings.submissionTimeoutSeconds ?? 30);
  const causes = useConsole((context) => context.causes);
  const open = useMemo(() => Object.values(causes ?? {}).filter(({ state }) => state === 'open'), [causes]);
  const standing = standingOf(status, { causes: open, timeoutSeconds, now });
  if (standing.kind === 'alarm') return <AlarmPanel status={status} alarm={standing.alarm} />;
  if (standing.kind === 'note') return <Note status={status} note={standing.note} />;
  return <Flowing status={status} />;
}

function Flowing({ status }: { status: Status }) {
  const now = useNow();
  const { lastAcceptedAt, oldestPendingAt } = status;
  const isNew = lastAcceptedAt === undefined && status.pending + status.submitted + status.failed + status.ignored === 0;
  return (
    <section className="headline" aria-label="How it stands">
      <GlyphMark glyph="tick" tone="ok" size="huge" />
      <div>
        <p className="headline-text">{isNew ? 'Ready for the first result' : 'Results are flowing'}</p>
        <p className="text2">
          {lastAcceptedAt === undefined ? (
            'Nothing was accepted yet.'
          ) : (
            <>
              Last one accepted <Instant at={lastAcceptedAt}>{ago(lastAcceptedAt, now)}</Instant>.
            </>
          )}{' '}
          {oldestPendingAt === undefined ? (
            'Nothing is waiting.'
          ) : (
            <>
              The oldest has waited <Instant at={oldestPendingAt}>{countdown(now - oldestPendingAt)}</Instant>.
            </>
          )}
        </p>
      </div>
      <span className="space" />
      <WhatFollows status={status} />
    </section>
  );
}

function WhatFollows({ status }: { status: Status }) {
  const now = useNow();
  return (
    <div className="end text2 whole">
      {status.worker?.nextCycleAt !== undefined && (
        <div>
          Next cycle in <b className="strong">{countdown(status.worker.nextCycleAt - now)}</b>
        </div>
      )}
      {status.lastInterruptionEndedAt !== undefined && (
        <div>
          Last interruption: <Instant at={status.lastInterruptionEndedAt}>{ago(status.lastInterruptionEndedAt, now)}</Instant>
        </div>
      )}
    </div>
  );
}

function Note({ status, note }: { status: Status; note: NoteSaid }) {
  const ask = useAsk();
  const actions = useSessionActions();
  return (
    <section className="headline" aria-label="How it stands">
      <GlyphMark glyph={note.glyph} tone={note.tone} size="huge" />
      <div>
        <p className="headline-text" role="status">
          {note.headline}
        </p>
        <p className="text2">{note.sentence}</p>
      </div>
      <span className="space" />
      <div className="row headline-actions">
        {note.capture !== undefined && (
          <Button
            look="primary"
            icon={<Play aria-hidden="true" />}
            isDisabled={!actions.isEnabled}
            onPress={() => actions.attempt(() => ask(note.capture === 'start' ? 'startCapture' : 'resumeCapture', {}))}
          >
            {note.capture === 'start' ? 'Start capture' : 'Resume capture'}
          </Button>
        )}
        <Remedies of={note.remedies} />
      </div>
      {/* A cycle without an endpoint sends nothing. */}
      {!noEndpoint(status) && <WhatFollows status={status} />}
    </section>
  );
}

function Remedies({ of }: { of: Remedy[] }) {
  return of.map((remedy, index) => {
    const { label, icon: Icon, address } = remedies[remedy];
    return (
      <Button
        key={remedy}
        look={index === 0 && remedy !== 'seeAttention' ? 'primary' : 'plain'}
        icon={<Icon aria-hidden="true" />}
        onPress={() => go(address)}
      >
        {label}
      </Button>
    );
  });
}

/** As the line below counts them. */
const wholeSeconds = (ms: number) => Math.ceil(ms / 1000) * 1000;

function AlarmPanel({ status, alarm }: { status: Status; alarm: AlarmSaid }) {
  const now = useNow();
  const { since } = alarm;
  return (
    <section className="alarm" aria-label="How it stands">
      <GlyphMark glyph="bar" tone="fail" size="huge" />
      <div>
        {/* Said once: the figures beside it change every second. */}
        <p className="headline-text" role="alert">
          {alarm.headline}
        </p>
        <p className="text2">
          {alarm.answer !== '' && <b className="medium alarm-answer">{alarm.answer} </b>}
          {alarm.safe}
        </p>
        <ol>
          {alarm.steps.map((step) => (
            <li key={step}>
              <span>{step}</span>
            </li>
          ))}
        </ol>
        <div className="row alarm-actions">
          <Remedies of={alarm.remedies} />
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
              <dd>
                <Instant at={status.oldestPendingAt}>{duration(wholeSeconds(now - status.oldestPendingAt))}</Instant>
              </dd>
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
                <Instant at={status.lastAcceptedAt}>{moment(status.lastAcceptedAt, now)}</Instant>
              </dd>
            </>
          )}
        </dl>
        <span className="space" />
        {status.worker?.nextCycleAt !== undefined && (
          <div className="row alarm-next">
            <span className="small text2">{alarm.next}</span>
            <span className="space" />
            <b className="alarm-countdown">{countdown(status.worker.nextCycleAt - now)}</b>
          </div>
        )}
      </div>
    </section>
  );
}
