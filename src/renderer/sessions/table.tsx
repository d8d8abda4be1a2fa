/**
 * The sessions as a virtual grid: only rows in view are in the page, however many there are. The grid has the focus, the
 * row that is meant is its active descendant.
 * May import: react, @tanstack/react-virtual, lucide-react.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import type { SessionSort, SessionSummary } from '../../common/contract.ts';
import { useConsole, useMinute, useNow } from '../model/console.tsx';
import { count, exact, moment } from '../model/format.ts';
import { usePreferences } from '../model/preferences.ts';
import { stateOf, stateWords, wordOf } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { StatusMark } from '../ui/marks.tsx';
import { Bones, Empty } from '../ui/states.tsx';
import type { PagesState, SessionPages } from './pages.ts';

export interface TableHandle {
  /** The row the arrows are on. */
  focused(): SessionSummary | undefined;
  /** How many rows are in view. */
  inView(): number;
  /** Goes on by so many rows, with the drawer if it is open. */
  move(step: number): void;
  focus(): void;
}
export interface Chosen {
  /** By id, as they were when chosen: their page may be gone from memory. */
  ids: ReadonlyMap<string, SessionSummary>;
  isAll: boolean;
}
interface TableProps {
  ref: Ref<TableHandle>;
  pages: SessionPages;
  state: PagesState;
  sort: SessionSort;
  onSort: (by: SessionSort['by']) => void;
  openId: string | null;
  onOpen: (id: string | null) => void;
  chosen: Chosen;
  onChoose: (ids: Chosen['ids']) => void;
  onChooseAll: (isAll: boolean) => void;
  onClearFilter: () => void;
}

const columns: readonly { by: SessionSort['by'] | null; label: string; className: string }[] = [
  { by: 'submissionStatus', label: 'State', className: 'col-state' },
  { by: 'startTime', label: 'Captured', className: 'col-captured' },
  { by: 'sessionId', label: 'Session', className: 'col-session' },
  { by: 'device', label: 'Device', className: 'col-device' },
  { by: 'messageType', label: 'Type', className: 'col-type' },
  { by: 'submissionAttempts', label: 'Tries', className: 'col-tries' },
  { by: null, label: 'Reason', className: 'col-reason' },
];

export function SessionTable(props: TableProps) {
  const { pages, state, openId } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rowPx = useRowHeight();
  const total = state.total ?? 0;
  const [cursor, setCursor] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  // Its functions change with every scroll; nothing memoised is given them.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, rowPx]);
  const rows = virtual.getVirtualItems();
  const first = rows[0]?.index ?? 0;
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => pages.show(first, last), [pages, first, last, total]);
  const isAtTop = (scroller.current?.scrollTop ?? 0) < rowPx && cursor === null && openId === null;
  useFollow({
    pages,
    added: state.added,
    isFollowing: isAtTop && props.sort.by === 'startTime' && props.sort.descending === true,
  });

  const openIndex = openId === null ? null : pages.indexOf(openId);
  const at = cursor ?? openIndex;
  const goTo = (index: number, { extend = false } = {}) => {
    const next = Math.max(0, Math.min(total - 1, index));
    if (extend) {
      const from = anchor ?? at ?? next;
      setAnchor(from);
      props.onChoose(idsBetween(pages, from, next));
    } else setAnchor(null);
    setCursor(next);
    virtual.scrollToIndex(next);
    const summary = pages.at(next);
    if (openId !== null && summary !== undefined && !extend) props.onOpen(summary.sessionId);
  };
  useImperativeHandle(props.ref, () => ({
    focused: () => (at === null ? undefined : pages.at(at)),
    inView: () => Math.min(total, Math.ceil((scroller.current?.clientHeight ?? 0) / rowPx)),
    move: (step) => goTo((at ?? -1) + step),
    focus: () => scroller.current?.focus(),
  }));
  const toggle = (summary: SessionSummary) => {
    const ids = new Map(props.chosen.ids);
    if (!ids.delete(summary.sessionId)) ids.set(summary.sessionId, summary);
    props.onChoose(ids);
  };

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const summary = at === null ? undefined : pages.at(at);
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPx) - 2);
    const moves: Record<string, number> = {
      ArrowDown: (at ?? -1) + 1,
      j: (at ?? -1) + 1,
      ArrowUp: (at ?? 1) - 1,
      k: (at ?? 1) - 1,
      PageDown: (at ?? 0) + pageRows,
      PageUp: (at ?? 0) - pageRows,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      if (event.key === 'Home' && state.added > 0) void pages.refresh();
      goTo(move, { extend: event.shiftKey });
    } else if (event.key === 'Enter' && summary !== undefined) props.onOpen(summary.sessionId);
    else if ((event.key === 'x' || event.key === ' ') && summary !== undefined) toggle(summary);
    else return;
    event.preventDefault();
  }

  return (
    <section className="table-place" aria-label="Sessions table" data-area tabIndex={-1}>
      <TableHead {...props} total={total} />
      {state.added > 0 && !isAtTop && (
        <div className="new-rows">
          <Button
            isSmall
            look="primary"
            onPress={() => {
              virtual.scrollToIndex(0);
              setCursor(null);
              void pages.refresh();
            }}
          >
            {`${count(state.added)} new`}
          </Button>
        </div>
      )}
      {state.total === null && state.error === null && <Bones lines={12} />}
      {state.total === null && state.error !== null && <Empty>{state.error}</Empty>}
      {state.total === 0 && <NoRows onClearFilter={props.onClearFilter} />}
      <div
        ref={scroller}
        className={total === 0 ? 'rows scroll is-empty' : 'rows scroll'}
        role="grid"
        aria-label="Sessions"
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-multiselectable="true"
        tabIndex={0}
        onKeyDown={onKeyDown}
        {...(at === null ? {} : { 'aria-activedescendant': `row-${at}` })}
      >
        <div className="rows-inner" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {rows.map(({ index, start, size }) => {
            const summary = pages.at(index);
            return (
              <div
                key={index}
                id={`row-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={props.chosen.isAll || (summary !== undefined && props.chosen.ids.has(summary.sessionId))}
                className={rowClass(summary, { isOpen: summary?.sessionId === openId && openId !== null, isAt: index === at })}
                style={{ transform: `translateY(${start}px)`, height: size }}
                // The grid hears the keys: its row is the active descendant.
                onClick={(event) => {
                  if (summary === undefined) return;
                  if (event.shiftKey) {
                    goTo(index, { extend: true });
                    return;
                  }
                  setCursor(index);
                  setAnchor(null);
                  if (event.ctrlKey || event.metaKey) toggle(summary);
                  else props.onOpen(summary.sessionId);
                }}
              >
                {summary === undefined ? (
                  <RowBones />
                ) : (
                  <Row
                    summary={summary}
                    isChosen={props.chosen.isAll || props.chosen.ids.has(summary.sessionId)}
                    onToggle={toggle}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

const rowClass = (summary: SessionSummary | undefined, { isOpen, isAt }: { isOpen: boolean; isAt: boolean }) =>
  `table-row ${isOpen ? 'is-open' : ''} ${isAt ? 'is-at' : ''} ${summary === undefined ? 'is-coming' : ''}`;

function TableHead(props: TableProps & { total: number }) {
  const isSome = props.chosen.ids.size > 0;
  return (
    <div className="table-head" role="group" aria-label="Columns">
      <span className="col-check">
        <input
          type="checkbox"
          className="box"
          aria-label="Select all that match"
          checked={props.chosen.isAll}
          ref={(element) => {
            if (element !== null) element.indeterminate = isSome;
          }}
          disabled={props.total === 0}
          onChange={(event) => props.onChooseAll(event.target.checked)}
        />
      </span>
      {columns.map(({ by, label, className }) =>
        by === null ? (
          <span key={label} className={className}>
            {label}
          </span>
        ) : (
          <button
            key={label}
            type="button"
            className={className}
            onClick={() => props.onSort(by)}
            aria-label={
              props.sort.by === by
                ? `${label}, sorted ${props.sort.descending === true ? 'downwards' : 'upwards'}`
                : `Sort by ${label}`
            }
          >
            {label}
            {props.sort.by === by &&
              (props.sort.descending === true ? (
                <ArrowDown size={13} aria-hidden="true" />
              ) : (
                <ArrowUp size={13} aria-hidden="true" />
              ))}
          </button>
        ),
      )}
    </div>
  );
}

const Row = memo(function Row(props: {
  summary: SessionSummary;
  isChosen: boolean;
  onToggle: (summary: SessionSummary) => void;
}) {
  const { summary } = props;
  const minute = useMinute();
  return (
    <>
      <span className="col-check" role="gridcell">
        <input
          type="checkbox"
          className="box"
          tabIndex={-1}
          aria-label={`Select session ${summary.counter}`}
          checked={props.isChosen}
          onChange={() => props.onToggle(summary)}
          onClick={(event) => event.stopPropagation()}
        />
      </span>
      <span className="col-state" role="gridcell">
        <StateCell summary={summary} />
      </span>
      <span className="col-captured" role="gridcell" title={exact(summary.startTime)}>
        {moment(summary.startTime, minute)}
      </span>
      <span className="col-session mono" role="gridcell">
        {summary.counter}
      </span>
      <span className="col-device medium" role="gridcell" title={`${summary.device}, ${summary.deviceIP}`}>
        <bdi>{summary.device}</bdi>
      </span>
      <span className="col-type" role="gridcell">
        <bdi>{summary.messageType}</bdi>
      </span>
      <span className="col-tries" role="gridcell">
        {summary.submissionAttempts}
      </span>
      <span className="col-reason" role="gridcell" title={reasonOf(summary)}>
        {reasonOf(summary)}
      </span>
    </>
  );
});
/** Only rows whose word counts down are painted every second. */
function StateCell({ summary }: { summary: SessionSummary }) {
  const state = stateOf(summary);
  return state === 'backoffWait' ? <CountingCell summary={summary} /> : <StatusMark word={stateWords[state]} />;
}
function CountingCell({ summary }: { summary: SessionSummary }) {
  return <StatusMark word={wordOf(summary, useNow())} />;
}
function reasonOf(summary: SessionSummary): string {
  if (summary.submissionError !== undefined) return summary.submissionError;
  if (summary.submissionStatus !== 'submitted' || summary.submissionAttempts < 2) return '';
  return summary.submissionAttempts === 2 ? 'after 1 retry' : `after ${summary.submissionAttempts - 1} retries`;
}
function RowBones() {
  return (
    <>
      <i className="bone col-state" role="gridcell" aria-label="Loading" />
      <i className="bone col-captured" aria-hidden="true" />
    </>
  );
}

function NoRows({ onClearFilter }: { onClearFilter: () => void }) {
  const all = useConsole(({ status }) =>
    status === null ? 0 : status.pending + status.submitted + status.failed + status.ignored,
  );
  if (all === 0) return <Empty>No sessions yet. The first one appears here as soon as a device sends a result.</Empty>;
  return (
    <Empty actions={<Button onPress={onClearFilter}>Clear filter</Button>}>
      Nothing matches. {count(all)} sessions are outside this filter.
    </Empty>
  );
}

/** While nothing is chosen and the top is in view, new rows come in by themselves, as often as they are counted. */
function useFollow({ pages, added, isFollowing }: { pages: SessionPages; added: number; isFollowing: boolean }): void {
  useEffect(() => {
    if (isFollowing && added > 0) void pages.refresh();
  }, [pages, added, isFollowing]);
}

function idsBetween(pages: SessionPages, from: number, to: number): Map<string, SessionSummary> {
  const ids = new Map<string, SessionSummary>();
  for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) {
    const summary = pages.at(index);
    if (summary !== undefined) ids.set(summary.sessionId, summary);
  }
  return ids;
}

/** A row's height in px: 34 or 40, larger on a very wide screen. */
function useRowHeight(): number {
  const { density } = usePreferences();
  const [rem, setRem] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  useEffect(() => {
    const measure = () => setRem(Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return ((density === 'comfortable' ? 40 : 34) * rem) / 16;
}
