/**
 * Attention: what needs me? One entry a cause, however many sessions and attempts it took; act on all of it at once.
 * May import: react.
 */
import { useMemo, useState } from 'react';
import type { Cause } from '../../common/console.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { ago, brief, count, counted, day, duration } from '../model/format.ts';
import { useKeys, type KeyMap } from '../model/keys.ts';
import { causeText } from '../model/reasons.ts';
import { addressOf, go, useRoute } from '../model/route.ts';
import { standingHeadline } from '../model/standing.ts';
import { visible } from '../model/visible.ts';
import { TopBar } from '../shell/top-bar.tsx';
import { Button, Segmented } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { Instant } from '../ui/instant.tsx';
import { GlyphMark } from '../ui/marks.tsx';
import { Bones, Empty } from '../ui/states.tsx';
import { useAround } from './around.ts';
import { CauseDetail } from './cause-detail.tsx';
import './attention.css';

type View = Cause['state'];
type Order = 'count' | 'last' | 'first';
const orders: readonly { id: Order; label: string }[] = [
  { id: 'count', label: 'Most sessions first' },
  { id: 'last', label: 'Latest first' },
  { id: 'first', label: 'Oldest first' },
];
const comparisons: Record<Order, (a: Cause, b: Cause) => number> = {
  count: (a, b) => b.count - a.count || b.lastAt - a.lastAt,
  last: (a, b) => b.lastAt - a.lastAt,
  first: (a, b) => a.firstAt - b.firstAt,
};

export default function Attention() {
  const { place } = useRoute();
  const causes = useConsole((context) => context.causes);
  const [order, setOrder] = useState<Order>('count');
  const all = useMemo(() => Object.values(causes ?? {}), [causes]);
  const linked = place === null ? undefined : causes?.[place];
  // What was chosen holds until another cause is followed: a link leads to its cause, and one that ends stays in sight.
  const [chosen, setChosen] = useState<{ view: View; place: string | null } | null>(null);
  const view = chosen !== null && chosen.place === place ? chosen.view : (linked?.state ?? 'open');
  const of = (state: View) => all.filter((cause) => cause.state === state);
  const shown = of(view).toSorted(view === 'resolved' ? (a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0) : comparisons[order]);
  const isUnknown = causes !== null && place !== null && linked === undefined && chosen?.place !== place;
  // Counts change and so does the order: what is read stays, and what a key does is meant for it.
  const [read, setRead] = useState<string | null>(null);
  const selected = isUnknown
    ? undefined
    : (shown.find((cause) => cause === linked) ?? shown.find(({ id }) => id === read) ?? shown[0]);
  if (selected !== undefined && selected.id !== read) setRead(selected.id);
  const step = (by: number) => {
    const next = shown[(selected === undefined ? 0 : shown.indexOf(selected)) + by];
    if (next !== undefined) go(addressOf('attention', next.id), { replace: true });
  };
  // The list of sessions scrolls with the arrows itself.
  const arrow = (by: number) => (event: KeyboardEvent) => {
    if (event.target instanceof HTMLElement && event.target.closest('.cause-sessions') !== null) return false;
    step(by);
  };
  const keys: KeyMap = { j: () => step(1), k: () => step(-1), ArrowDown: arrow(1), ArrowUp: arrow(-1) };
  useKeys(keys);
  return (
    <>
      <TopBar
        title="Attention"
        beside={
          <Segmented
            label="Which causes"
            value={view}
            onChange={(next) => setChosen({ view: next, place })}
            options={[
              { id: 'open', label: `Open ${count(of('open').length)}` },
              { id: 'resolved', label: `Resolved ${count(of('resolved').length)}` },
              { id: 'muted', label: `Muted ${count(of('muted').length)}` },
            ]}
          />
        }
      />
      <div className="body">
        {causes === null ? (
          <Bones lines={6} />
        ) : (
          <div className="attention">
            <section className="panel column causes" aria-label="Causes">
              <div className="panel-head causes-head">
                <h2>{counted(shown.length, 'cause')}</h2>
                <span className="space" />
                {view !== 'resolved' && shown.length > 1 && (
                  <Choice label="Order" options={orders} value={order} onChange={setOrder} isQuiet />
                )}
              </div>
              <div className="scroll causes-list" data-area tabIndex={-1}>
                {shown.map((cause) => (
                  <CauseItem key={cause.id} cause={cause} isSelected={cause === selected} />
                ))}
                {shown.length === 0 && <NoCauses view={view} all={all} />}
                {view === 'open' && <ResolvedToday causes={of('resolved')} />}
              </div>
              <p className="causes-foot small text2">
                One cause is one entry and one notification when it starts and one when it ends, however many attempts it takes.
              </p>
            </section>
            {selected === undefined ? (
              <section className="panel column" aria-label="No cause selected">
                <Empty>
                  {isUnknown
                    ? 'This cause is not known any more: it ended more than 7 days ago.'
                    : view === 'open' && of('resolved').length > 0
                      ? 'Choose Resolved to see what was.'
                      : 'Nothing to show.'}
                </Empty>
              </section>
            ) : (
              <CauseDetail key={selected.id} cause={selected} />
            )}
          </div>
        )}
      </div>
    </>
  );
}

function CauseItem({ cause, isSelected }: { cause: Cause; isSelected: boolean }) {
  const now = useNow();
  const job = useConsole(({ jobs }) =>
    Object.values(jobs).findLast(({ causeId, state }) => causeId === cause.id && state === 'running'),
  );
  const text = causeText(cause, now, useAround());
  const isOver = cause.state === 'resolved';
  const at = isOver ? (cause.endedAt ?? cause.lastAt) : cause.lastAt;
  return (
    <a className="cause" href={addressOf('attention', cause.id)} {...(isSelected ? { 'aria-current': 'true' as const } : {})}>
      <GlyphMark glyph={isOver ? 'tick' : text.glyph} tone={isOver ? 'ok' : text.tone} />
      <span className="strong cause-title cut">{text.title}</span>
      <span className="cause-count">{cause.count === 0 ? '' : count(cause.count)}</span>
      <span className="cause-line">
        <span className="tag">{text.tag}</span>
        {cause.devices.length > 0 && <span className="cut">{visible(cause.devices.join(', '))}</span>}
        <span className="text3 whole">
          {isOver ? 'ended' : 'last'} <Instant at={at}>{isOver ? ago(at, now) : brief(at, now)}</Instant>
        </span>
      </span>
      <span className="cause-line">
        {job === undefined ? (
          <span className="cut">{isOver ? `Lasted ${duration(at - cause.firstAt)}` : text.line}</span>
        ) : (
          <>
            <GlyphMark glyph="arrow" tone="move" />
            <span className="tone-move medium">
              Retrying, {count(job.accepted)} of {count(job.total)} accepted
            </span>
          </>
        )}
      </span>
    </a>
  );
}
function NoCauses({ view, all }: { view: View; all: Cause[] }) {
  const now = useNow();
  const status = useConsole((context) => context.status);
  const standing = status === null ? null : standingHeadline(status, now);
  const lastEnd = Math.max(0, ...all.map(({ endedAt }) => endedAt ?? 0));
  if (view === 'muted') return <Empty>Nothing is muted.</Empty>;
  if (view === 'resolved') return <Empty>Nothing was resolved in the last 7 days.</Empty>;
  if (standing !== null)
    return <Empty actions={<Button onPress={() => go(addressOf('overview'))}>See Overview</Button>}>{standing}</Empty>;
  return <Empty>Nothing needs you.{lastEnd === 0 ? '' : ` Last cause ended ${ago(lastEnd, now)}.`}</Empty>;
}

function ResolvedToday({ causes }: { causes: Cause[] }) {
  const now = useNow();
  const today = causes.filter(({ endedAt }) => endedAt !== undefined && day(endedAt, now).startsWith('Today'));
  if (today.length === 0) return null;
  return (
    <>
      <h3 className="causes-heading">Resolved today</h3>
      {today.map((cause) => (
        <div key={cause.id} className="resolved">
          <GlyphMark glyph="tick" tone="ok" />
          <span className="medium">{causeText(cause, now).title}</span>
          <span className="small text2 figures">
            <Instant at={cause.firstAt}>{brief(cause.firstAt, now)}</Instant> to{' '}
            <Instant at={cause.endedAt ?? cause.lastAt}>{brief(cause.endedAt ?? cause.lastAt, now)}</Instant>.{' '}
            {cause.count > 0 ? `${counted(cause.count, 'session')} concerned.` : 'Back by itself.'}
          </span>
        </div>
      ))}
    </>
  );
}
