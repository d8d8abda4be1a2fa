/**
 * One session: why it stands where it stands, what can be done, its life, what it holds.
 * May import: react, lucide-react.
 */
import { Ban, ChevronDown, ChevronUp, Copy, Download, EyeOff, RotateCcw, RotateCw, Trash2, Workflow, X } from 'lucide-react';
import { memo, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type Ref } from 'react';
import type { SessionSummary } from '../../common/contract.ts';
import type { SessionFile } from '../../common/session.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useEmitted, useNow } from '../model/console.tsx';
import { bytes, counted, shortId } from '../model/format.ts';
import { useKeys, type KeyMap } from '../model/keys.ts';
import { useQuery } from '../model/query.ts';
import { addressOf, go } from '../model/route.ts';
import { mayIgnore, mayRestore, mayRetry } from '../model/selection.ts';
import { visible } from '../model/visible.ts';
import { wordOf } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { StatusChip } from '../ui/marks.tsx';
import { Bones, Empty } from '../ui/states.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { toast } from '../ui/toast.tsx';
import { BytesView, FileView, MessageView, RawView, type MessageHandle } from './content.tsx';
import { useExport } from './export.tsx';
import { Attempts, LifeBar } from './life.tsx';
import { codeOf, placeName, placeOf, segmentsMeant, type RefusedPlace } from './refused-place.ts';
import { Why } from './why.tsx';

/** Another session is another drawer: who moved on by a button of it, or by a key within it, goes on from there. */
let leftFrom: string | null = null;
const noteFocus = (): void => {
  const here = document.activeElement;
  const isWithin = here instanceof HTMLElement && here.closest('.drawer') !== null;
  leftFrom = isWithin ? (here.getAttribute('aria-label') ?? '') : null;
  // The other one is shown in the same moment, or there is none.
  queueMicrotask(() => (leftFrom = null));
};
function takeFocus(drawer: HTMLElement | null): void {
  if (drawer === null || leftFrom === null) return;
  const buttons = [...drawer.querySelectorAll<HTMLElement>('button[aria-label]')];
  (buttons.find((button) => button.getAttribute('aria-label') === leftFrom) ?? drawer).focus();
  leftFrom = null;
}

interface Wishes {
  onClose: () => void;
  onMove: (step: number) => void;
  onRemove: (summary: SessionSummary) => unknown;
  /** Told what is shown, as it changes. */
  onShown: (summary: SessionSummary) => void;
}
interface DrawerProps extends Wishes {
  id: string;
  /** The table's row, patched as it changes; missing when its page is not here. */
  summary: SessionSummary | undefined;
}

/** Changes only with the session: what arrives in the table meanwhile, 20 times a second, leaves it alone. */
export function Drawer(props: DrawerProps) {
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const [wishes] = useState<Wishes>(() => ({
    onClose: () => latest.current.onClose(),
    onMove: (step) => latest.current.onMove(step),
    onRemove: (summary) => latest.current.onRemove(summary),
    onShown: (summary) => latest.current.onShown(summary),
  }));
  return <SessionView id={props.id} summary={props.summary} {...wishes} />;
}

const SessionView = memo(function SessionView(props: DrawerProps) {
  const { data, error, isLoading, refresh } = useQuery('getSession', { sessionId: props.id });
  const summary = props.summary ?? data?.summary;
  const content = useRef<MessageHandle>(null);
  const drawer = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    takeFocus(drawer.current);
    return noteFocus;
  }, []);
  const { onShown } = props;
  useEffect(() => {
    if (summary !== undefined) onShown(summary);
  }, [summary, onShown]);
  const messages = data?.session.messages;
  const code = codeOf(summary?.submissionError);
  const refused = useMemo(() => refusedIn(messages ?? [], code), [messages, code]);
  // Its file is read again when its line says that it changed.
  useEmitted(
    'sessions.changed',
    useCallback(
      ({ change }) => {
        // One that is new and was read already is told of as new, with what it has become.
        if ([...change.added, ...change.changed].some(({ sessionId }) => sessionId === props.id)) refresh();
      },
      [props.id, refresh],
    ),
  );
  return (
    <aside
      ref={drawer}
      className="drawer"
      aria-label={summary === undefined ? 'Session' : `Session ${summary.counter}`}
      data-area
      tabIndex={-1}
    >
      {summary !== undefined && <DrawerHead {...props} summary={summary} />}
      {error !== null && data === null && <Empty actions={<Button onPress={props.onClose}>Close</Button>}>{error}</Empty>}
      {isLoading && <Bones lines={9} />}
      {summary !== undefined && data !== null && (
        <>
          <Why summary={summary} place={refused === null ? null : { ...refused, onGoTo: () => content.current?.goToRefused() }} />
          <DrawerActions {...props} summary={summary} />
          <LifeBar session={data.session} summary={summary} />
          <Attempts session={data.session} summary={summary} />
          <Content ref={content} session={data.session} refused={refused?.place ?? null} />
        </>
      )}
    </aside>
  );
});

/** What the endpoint's code names, if these messages have it. */
function refusedIn(messages: readonly string[], code: string | undefined) {
  const place = code === undefined ? null : placeOf(code);
  const segments = place === null ? 0 : segmentsMeant(messages, place);
  return place === null || segments === 0 ? null : { place, segments, name: placeName(place) };
}

function DrawerHead({ summary, onClose, onMove }: DrawerProps & { summary: SessionSummary }) {
  return (
    <div className="drawer-head">
      <div className="row">
        <h2 className="drawer-title">Session {summary.counter}</h2>
        <StateChip summary={summary} />
        <span className="space" />
        <Button
          look="quiet"
          isSmall
          label="Previous session"
          shortcut="K"
          icon={<ChevronUp aria-hidden="true" />}
          onPress={() => onMove(-1)}
        />
        <Button
          look="quiet"
          isSmall
          label="Next session"
          shortcut="J"
          icon={<ChevronDown aria-hidden="true" />}
          onPress={() => onMove(1)}
        />
        <Button look="quiet" isSmall label="Close" shortcut="Esc" icon={<X aria-hidden="true" />} onPress={onClose} />
      </div>
      <div className="row small drawer-facts">
        <b className="medium">
          <bdi>{visible(summary.device)}</bdi>
        </b>
        {summary.deviceIP !== '' && (
          <span className="mono text2">
            {summary.deviceIP} → {summary.lisIP}
          </span>
        )}
        <span className="text2">
          <bdi>{visible(summary.messageType)}</bdi>, {counted(summary.messageCount, 'message')}, {bytes(summary.bytes)}
        </span>
        <button
          type="button"
          className="id-button mono text2"
          title={summary.sessionId}
          onClick={() => copy(summary.sessionId, 'Id copied.')}
        >
          <span className="hidden-text">Copy id</span>
          {shortId(summary.sessionId)}
          <Copy size={13} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </div>
    </div>
  );
}

/** By itself, as it counts down. */
function StateChip({ summary }: { summary: SessionSummary }) {
  return <StatusChip word={wordOf(summary, useNow())} />;
}

function DrawerActions({ summary, onMove, onRemove }: DrawerProps & { summary: SessionSummary }) {
  const actions = useSessionActions();
  const exportSessions = useExport();
  const only = { kind: 'some', sessions: [summary] } as const;
  const isDisabled = !actions.isEnabled;
  const isAccepted = summary.submissionStatus === 'submitted';
  return (
    <div className="row drawer-actions">
      {mayRetry(summary) && (
        <Button
          look={isAccepted ? 'plain' : 'primary'}
          shortcut="R"
          icon={<RotateCw aria-hidden="true" />}
          isDisabled={isDisabled}
          onPress={() => actions.retry(only)}
        >
          {isAccepted ? 'Send again' : 'Retry'}
        </Button>
      )}
      {mayRetry(summary) && !isAccepted && (
        <Button
          shortcut="Shift R"
          isDisabled={isDisabled}
          onPress={async () => {
            if (await actions.retry(only)) onMove(1);
          }}
        >
          Retry and next
        </Button>
      )}
      {mayIgnore(summary) && (
        <Button shortcut="I" icon={<Ban aria-hidden="true" />} isDisabled={isDisabled} onPress={() => actions.ignore(only)}>
          Ignore
        </Button>
      )}
      {mayRestore(summary) && (
        <Button
          shortcut="U"
          icon={<RotateCcw aria-hidden="true" />}
          isDisabled={isDisabled}
          onPress={() => actions.restore(only)}
        >
          Restore
        </Button>
      )}
      <span className="space" />
      <Button
        look="quiet"
        label="Its statechart"
        icon={<Workflow aria-hidden="true" />}
        onPress={() => go(addressOf('machines', 'session', new URLSearchParams({ id: summary.sessionId })))}
      />
      <Button
        look="quiet"
        label="Export"
        shortcut="E"
        icon={<Download aria-hidden="true" />}
        isDisabled={isDisabled}
        onPress={() => exportSessions(only)}
      />
      <Button
        look="quiet"
        label="Move to trash"
        shortcut="Del"
        icon={<Trash2 aria-hidden="true" />}
        isDisabled={isDisabled}
        onPress={() => onRemove(summary)}
      />
    </div>
  );
}

type Tab = 'message' | 'raw' | 'bytes' | 'file';
const tabs: readonly { id: Tab; label: string }[] = [
  { id: 'message', label: 'Message' },
  { id: 'raw', label: 'Raw' },
  { id: 'bytes', label: 'Bytes' },
  { id: 'file', label: 'File' },
];
/** Patient fields are hidden again after this long without a key or a movement. */
const shownMs = 60_000;

function Content({ ref, session, refused }: { ref: Ref<MessageHandle>; session: SessionFile; refused: RefusedPlace | null }) {
  const message = useRef<MessageHandle>(null);
  const [tab, setTab] = useState<Tab>('message');
  const [isShown, setShown] = useState(false);
  const ask = useAsk();
  const confirm = useConfirm();
  const actions = useSessionActions();
  const toggle = useCallback(async () => {
    if (isShown) {
      setShown(false);
      return;
    }
    const isMeant = await confirm({
      title: 'Show patient fields of this session?',
      body: 'This is logged. They are hidden again when you close the session, or after a minute without input.',
      confirm: 'Show',
    });
    if (!isMeant) return;
    const answer = await actions.attempt(() => ask('recordPatientAccess', { sessionId: session.id, action: 'shown' }));
    if (answer?.recorded === true) setShown(true);
    else if (answer !== null) toast('It could not be logged, so they stay hidden.');
  }, [isShown, confirm, actions, ask, session.id]);
  useHideWhenIdle(
    isShown,
    useCallback(() => setShown(false), []),
  );
  useKeys(
    useMemo<KeyMap>(() => {
      const step = (by: number) =>
        setTab((before) => tabs[(tabs.findIndex(({ id }) => id === before) + by + tabs.length) % tabs.length]?.id ?? 'message');
      return { '[': () => step(-1), ']': () => step(1), p: () => void toggle() };
    }, [toggle]),
  );
  const isPlaceWanted = useRef(false);
  useImperativeHandle(ref, () => ({
    goToRefused: () => {
      isPlaceWanted.current = tab !== 'message';
      if (isPlaceWanted.current) setTab('message');
      else message.current?.goToRefused();
    },
  }));
  /** The message is there some time after its tab was chosen. */
  const onMessage = useCallback((handle: MessageHandle | null) => {
    message.current = handle;
    if (handle === null || !isPlaceWanted.current) return;
    isPlaceWanted.current = false;
    handle.goToRefused();
  }, []);
  const onCopy = useCallback(
    (text: string) => {
      const run = async () => {
        if (isShown) {
          const answer = await actions.attempt(() => ask('recordPatientAccess', { sessionId: session.id, action: 'copied' }));
          if (answer === null) return;
        }
        copy(text, 'Copied.');
      };
      void run();
    },
    [isShown, actions, ask, session.id],
  );
  return (
    <Tabs
      label="What it holds"
      tabs={tabs}
      value={tab}
      onChange={setTab}
      beside={
        <>
          {!isShown && (
            <span className="row small text2">
              <EyeOff size={15} strokeWidth={1.5} aria-hidden="true" />
              Patient fields hidden
            </span>
          )}
          <Button isSmall onPress={toggle} label={isShown ? 'Hide patient fields' : 'Show patient fields'} shortcut="P">
            {isShown ? 'Hide' : 'Show'}
          </Button>
        </>
      }
    >
      {tab === 'message' && <MessageView ref={onMessage} session={session} isShown={isShown} onCopy={onCopy} refused={refused} />}
      {tab === 'raw' && <RawView session={session} isShown={isShown} onCopy={onCopy} />}
      {tab === 'bytes' && <BytesView session={session} isShown={isShown} />}
      {tab === 'file' && <FileView session={session} isShown={isShown} onCopy={onCopy} />}
    </Tabs>
  );
}

/** What an operator who reads does; a wheel or a finger moves no pointer. */
const inputs = ['pointermove', 'pointerdown', 'wheel', 'touchmove', 'keydown'] as const;
function useHideWhenIdle(isShown: boolean, hide: () => void): void {
  useEffect(() => {
    if (!isShown) return;
    let timer = setTimeout(hide, shownMs);
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(hide, shownMs);
    };
    for (const input of inputs) addEventListener(input, again);
    return () => {
      clearTimeout(timer);
      for (const input of inputs) removeEventListener(input, again);
    };
  }, [isShown, hide]);
}

async function copyNow(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    toast('The browser did not let us copy.');
  }
}
const copy = (text: string, said: string): void => void copyNow(text, said);
