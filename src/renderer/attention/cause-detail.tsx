/**
 * One cause: what was said, what it means, what to do, the running retry, its sessions, and a note.
 * May import: react, lucide-react.
 */
import { BadgeInfo, Ban, Bell, BellOff, Ellipsis, List, NotebookPen, RotateCw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Cause } from '../../common/console.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useConsole, useNow } from '../model/console.tsx';
import { ago, count, counted, day } from '../model/format.ts';
import { useKeys } from '../model/keys.ts';
import { causeText } from '../model/reasons.ts';
import { addressOf, go } from '../model/route.ts';
import { visible } from '../model/visible.ts';
import { Button } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { Instant } from '../ui/instant.tsx';
import { GlyphMark } from '../ui/marks.tsx';
import { MenuButton } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import { useAround } from './around.ts';
import { CauseSessions } from './cause-sessions.tsx';
import { RetryRun } from './retry-run.tsx';

export function CauseDetail({ cause }: { cause: Cause }) {
  const now = useNow();
  const circuit = useConsole(({ status }) => status?.circuit);
  const text = causeText(cause, now, useAround());
  const job = useConsole(({ jobs }) => Object.values(jobs).findLast(({ causeId }) => causeId === cause.id));
  const isOver = cause.state === 'resolved';
  return (
    <section className="panel column cause-detail" aria-label="Selected cause" data-area tabIndex={-1}>
      <div className="cause-head">
        <GlyphMark glyph={isOver ? 'tick' : text.glyph} tone={isOver ? 'ok' : text.tone} size="large" />
        <div>
          <h2 className="cause-name">{text.title}</h2>
          <p className="text2">{text.said}</p>
        </div>
        <CauseActions cause={cause} isRunning={job?.state === 'running'} />
        {cause.code !== undefined && (
          <div className="cause-code mono">
            <span className="text3">{cause.httpStatus === undefined ? 'Code' : 'Reason given'}</span> <bdi>{cause.code}</bdi>
          </div>
        )}
      </div>
      <dl className="cause-facts">
        <Fact word="Sessions">{cause.count === 0 ? 'None' : count(cause.count)}</Fact>
        <Fact word="Devices">
          <span className="cut cause-devices" title={visible(cause.devices.join(', '))}>
            {cause.devices.length === 0 ? '–' : visible(cause.devices.join(', '))}
          </span>
        </Fact>
        <Fact word="First">
          <Instant at={cause.firstAt}>{day(cause.firstAt, now)}</Instant>
        </Fact>
        {cause.endedAt === undefined ? (
          <Fact word="Last">
            <Instant at={cause.lastAt}>{day(cause.lastAt, now)}</Instant>
          </Fact>
        ) : (
          <Fact word="Ended">
            <Instant at={cause.endedAt}>{day(cause.endedAt, now)}</Instant>
          </Fact>
        )}
        {cause.kind === 'circuit' && cause.endedAt === undefined && (
          <Fact word="Automatic tries">{count(circuit?.tries ?? 0)}</Fact>
        )}
        {cause.may.retry && (
          <Fact word="Last retried">
            {job?.state === 'running' ? (
              'Now'
            ) : cause.lastRetriedAt === undefined ? (
              'Never'
            ) : (
              <Instant at={cause.lastRetriedAt}>{ago(cause.lastRetriedAt, now)}</Instant>
            )}
          </Fact>
        )}
      </dl>
      <div className="cause-advice">
        <div>
          <h3 className="text2">What it means</h3>
          <p>{text.means}</p>
        </div>
        <div>
          <h3 className="text2">What to do</h3>
          <p>{isOver ? 'Nothing: it has ended.' : text.todo}</p>
        </div>
      </div>
      {job !== undefined && <RetryRun job={job} />}
      {cause.count > 0 && cause.kind !== 'unreadable' ? <CauseSessions cause={cause} /> : <span className="space" />}
      <Note cause={cause} />
    </section>
  );
}

function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CauseActions({ cause, isRunning }: { cause: Cause; isRunning: boolean }) {
  const ask = useAsk();
  const confirm = useConfirm();
  const actions = useSessionActions();
  const filter = { causeId: cause.id };
  const retry = async () => {
    const isMeant = await confirm({
      title: `Retry ${counted(cause.count, 'session')}?`,
      body: 'Starts with one, goes on while they are accepted, stops by itself when the same answer comes back.',
      confirm: `Retry ${count(cause.count)}`,
    });
    if (isMeant) await actions.attempt(() => ask('startRetryJob', { causeId: cause.id }));
  };
  const mayRetry = cause.may.retry && actions.isEnabled && !isRunning && cause.count > 0;
  const mayIgnore = cause.may.ignore && actions.isEnabled && cause.count > 0;
  const ignore = () => actions.ignore({ kind: 'all', filter, total: cause.count, inView: cause.count });
  useKeys({
    r: () => (mayRetry ? void retry() : false),
    i: () => (mayIgnore ? void ignore() : false),
  });
  const mute = async () => {
    const isMuted = cause.state === 'muted';
    const answer = await actions.attempt(() => ask('muteCause', { causeId: cause.id, muted: !isMuted }));
    if (answer === null) return;
    toast(isMuted ? 'It counts and notifies again.' : 'Muted: it no longer counts or notifies, and still ends by itself.', {
      label: 'Undo',
      run: () => actions.attempt(() => ask('muteCause', { causeId: cause.id, muted: isMuted })),
      isUndo: true,
    });
  };
  if (cause.state === 'resolved') return null;
  return (
    <div className="row cause-actions">
      {cause.may.retry && (
        <Button icon={<RotateCw aria-hidden="true" />} shortcut="R" isDisabled={!mayRetry} onPress={retry}>
          {`Retry all ${count(cause.count)}`}
        </Button>
      )}
      {cause.may.ignore && (
        <Button icon={<Ban aria-hidden="true" />} shortcut="I" isDisabled={!mayIgnore} onPress={ignore}>
          Ignore all
        </Button>
      )}
      {cause.kind === 'circuit' && <Button onPress={() => go(addressOf('overview'))}>See Overview</Button>}
      <MenuButton
        label="More"
        entries={[
          {
            id: 'sessions',
            label: 'Show in Sessions',
            icon: <List aria-hidden="true" />,
            onAction: () => go(addressOf('sessions', null, new URLSearchParams({ cause: cause.id }))),
          },
          {
            id: 'mute',
            label: cause.state === 'muted' ? 'Unmute' : 'Mute',
            icon: cause.state === 'muted' ? <Bell aria-hidden="true" /> : <BellOff aria-hidden="true" />,
            isDisabled: !actions.isEnabled,
            onAction: () => void mute(),
          },
        ]}
      >
        <Ellipsis aria-hidden="true" />
      </MenuButton>
    </div>
  );
}

function Note({ cause }: { cause: Cause }) {
  const ask = useAsk();
  const actions = useSessionActions();
  const [draft, setDraft] = useState<string | null>(null);
  const save = async () => {
    const answer = await actions.attempt(() => ask('setCauseNote', { causeId: cause.id, note: (draft ?? '').trim() }));
    if (answer !== null) setDraft(null);
  };
  if (draft !== null)
    return (
      <form
        className="row cause-note"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setDraft(null);
        }}
      >
        <TextInput
          label="Note"
          isLabelHidden
          placeholder="For others who look at this. No patient data."
          value={draft}
          onChange={(next) => setDraft(next.slice(0, 500))}
          autoFocus
          className="space"
        />
        <Button onPress={() => setDraft(null)}>Cancel</Button>
        <Button look="primary" onPress={save}>
          Save note
        </Button>
      </form>
    );
  return (
    <div className="row cause-note">
      {cause.note === undefined || cause.note === '' ? (
        <NotebookPen size={16} strokeWidth={1.5} aria-hidden="true" />
      ) : (
        <BadgeInfo size={16} strokeWidth={1.5} aria-hidden="true" />
      )}
      <span className="text2">Note</span>
      <span className="cut" title={cause.note}>
        {cause.note === undefined || cause.note === '' ? <span className="text3">None</span> : <bdi>{cause.note}</bdi>}
      </span>
      <span className="space" />
      <button
        type="button"
        className="link-button small"
        disabled={!actions.isEnabled}
        onClick={() => setDraft(cause.note ?? '')}
      >
        {cause.note === undefined || cause.note === '' ? 'Write one' : 'Edit'}
      </button>
    </div>
  );
}
