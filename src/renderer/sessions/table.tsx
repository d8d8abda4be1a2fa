/**
 * The sessions as a virtual grid: only rows in view are in the page, however many there are. The grid has the focus, the
 * row that is meant is its active descendant.
 * May import: react, lucide-react.
 */
import {
  memo,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type Ref,
  type RefObject,
} from 'react';
import type { SessionSort, SessionSummary } from '../../common/contract.ts';
import { useConsole, useIsLive, useMinute } from '../model/console.tsx';
import { count } from '../model/format.ts';
import { openImport } from '../model/import-place.ts';
import { usePreferences } from '../model/preferences.ts';
import { Button } from '../ui/button.tsx';
import { useRem } from '../ui/rem.ts';
import { Bones, Empty } from '../ui/states.tsx';
import type { ChoiceOfRows } from './choice-of-rows.ts';
import { allColumns, classOf, firmColumn, layoutOf, type Column, type Layout } from './columns.tsx';
import type { PagesState, SessionPages } from './pages.ts';
import { ScrollHint } from './scroll-hint.tsx';
import { ColumnChooser, headId, TableHead } from './table-head.tsx';
import { useRowsInView } from './use-rows-in-view.ts';
import './table.css';

export interface TableHandle {
  /** The row the arrows are on. */
  focused(): SessionSummary | undefined;
  /** How many rows are in view. */
  inView(): number;
  /** Goes on by so many rows, with the drawer if it is open. */
  move(step: number): void;
  focus(): void;
}
interface TableProps {
  ref: Ref<TableHandle>;
  pages: SessionPages;
  state: PagesState;
  sort: SessionSort;
  onSort: (by: SessionSort['by']) => void;
  openId: string | null;
  onOpen: (id: string | null) => void;
  choice: ChoiceOfRows;
  onClearFilter: () => void;
}

/** While rows fly by, pages are fetched only where the hand rests for so long. */
const restMs = 90;

export function SessionTable({ ref, pages, state, sort, onSort, openId, onOpen, choice, onClearFilter }: TableProps) {
  const { chosen } = choice;
  const scroller = useRef<HTMLDivElement>(null);
  const rem = useRem();
  const rowPx = useRowHeight(rem);
  const { layout, placeOf, columnCount, scrollBarPx } = useLayout(scroller, rem);
  const total = state.total ?? 0;
  const [cursor, setCursor] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const { indexes, top, pxOf, innerPx, view } = useRowsInView(scroller, total, rowPx);
  const first = indexes[0] ?? 0;
  const last = indexes.at(-1) ?? 0;
  const [isFast, setFast] = useState(false);
  useEffect(() => {
    if (!isFast) {
      pages.show(first, last);
      return;
    }
    const timer = setTimeout(() => pages.show(first, last), restMs);
    return () => clearTimeout(timer);
  }, [pages, first, last, isFast]);
  const noteFast = useCallback(
    (isNow: boolean) => {
      setFast(isNow);
      // Between the two ends of the list every time can be estimated.
      if (isNow) for (const end of [0, Math.max(0, total - 1)]) pages.show(end, end);
    },
    [pages, total],
  );
  const at = useCallback((index: number) => pages.at(index), [pages]);
  const isAtTop = top === 0 && cursor === null && openId === null;
  const isFollowing = isAtTop && sort.by === 'startTime' && sort.descending === true;
  useFollow({ pages, state, isFollowing });

  const openIndex = openId === null ? null : pages.indexOf(openId);
  const atRow = cursor ?? openIndex;
  const goTo = (index: number, { extend = false } = {}) => {
    const next = Math.max(0, Math.min(total - 1, index));
    if (extend) {
      const from = anchor ?? atRow ?? next;
      setAnchor(from);
      choice.chooseRange(from, next);
    } else setAnchor(null);
    setCursor(next);
    view.show(next);
    const summary = pages.at(next);
    if (openId !== null && summary !== undefined && !extend) onOpen(summary.sessionId);
  };
  useImperativeHandle(ref, () => ({
    focused: () => (atRow === null ? undefined : pages.at(atRow)),
    inView: () => Math.min(total, Math.ceil((scroller.current?.clientHeight ?? 0) / rowPx)),
    move: (step) => goTo((atRow ?? -1) + step),
    focus: () => scroller.current?.focus(),
  }));
  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const summary = atRow === null ? undefined : pages.at(atRow);
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPx) - 2);
    const moves: Record<string, number> = {
      ArrowDown: (atRow ?? -1) + 1,
      j: (atRow ?? -1) + 1,
      ArrowUp: (atRow ?? 1) - 1,
      k: (atRow ?? 1) - 1,
      PageDown: (atRow ?? 0) + pageRows,
      PageUp: (atRow ?? 0) - pageRows,
      Home: 0,
      End: total - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      if (event.key === 'Home' && state.added + state.gone > 0) void pages.refresh();
      goTo(move, { extend: event.shiftKey });
    } else if (event.key === 'Enter' && summary !== undefined) onOpen(summary.sessionId);
    else if ((event.key === 'x' || event.key === ' ') && summary !== undefined) choice.toggle(summary);
    else return;
    event.preventDefault();
  }

  return (
    <section
      className="table-place"
      aria-label="Sessions table"
      data-area
      tabIndex={-1}
      style={{ '--columns': layout.template, '--scroll-bar': `${scrollBarPx}px` } as CSSProperties}
    >
      <TableHead
        layout={layout}
        placeOf={placeOf}
        total={total}
        sort={sort}
        onSort={onSort}
        chosen={chosen}
        onChooseAll={choice.chooseAll}
      />
      <div className="columns-place">
        <ColumnChooser layout={layout} />
      </div>
      {state.added > 0 && !isAtTop && (
        <div className="new-rows">
          <Button
            isSmall
            look="primary"
            onPress={() => {
              view.show(0);
              setCursor(null);
              void pages.refresh();
            }}
          >
            {`${count(state.added)} new`}
          </Button>
        </div>
      )}
      {state.gone > 0 && !isFollowing && (
        <div className="new-rows">
          <Button isSmall onPress={() => void pages.refresh()}>
            {`${count(state.gone)} no longer here`}
          </Button>
        </div>
      )}
      {state.total === null && state.error === null && <Bones lines={12} />}
      {state.total === null && state.error !== null && <Empty>{state.error}</Empty>}
      {state.total === 0 && <NoRows onClearFilter={onClearFilter} />}
      <div
        ref={scroller}
        className={total === 0 ? 'rows scroll is-empty' : 'rows scroll'}
        role="grid"
        aria-label="Sessions"
        aria-rowcount={total + 1}
        aria-colcount={columnCount}
        aria-owns={headId}
        aria-multiselectable="true"
        tabIndex={0}
        onKeyDown={onKeyDown}
        {...(atRow === null ? {} : { 'aria-activedescendant': `row-${atRow}` })}
      >
        <div className="rows-inner" role="rowgroup" style={{ height: innerPx }}>
          {indexes.map((index) => {
            const summary = pages.at(index);
            return (
              <div
                key={index}
                id={`row-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={chosen.isAll || (summary !== undefined && chosen.ids.has(summary.sessionId))}
                className={rowClass(summary, { isOpen: summary?.sessionId === openId && openId !== null, isAt: index === atRow })}
                style={{ transform: `translateY(${pxOf(index)}px)`, height: rowPx }}
                // A range is selected, not the text in it.
                onMouseDown={(event) => {
                  if (!event.shiftKey) return;
                  event.preventDefault();
                  scroller.current?.focus();
                }}
                // The grid hears the keys: its row is the active descendant.
                onClick={(event) => {
                  if (summary === undefined) return;
                  if (event.shiftKey) {
                    goTo(index, { extend: true });
                    return;
                  }
                  setCursor(index);
                  setAnchor(null);
                  if (event.ctrlKey || event.metaKey) choice.toggle(summary);
                  else onOpen(summary.sessionId);
                }}
              >
                {summary === undefined ? (
                  <RowBones layout={layout} />
                ) : (
                  <Row
                    summary={summary}
                    layout={layout}
                    placeOf={placeOf}
                    isChosen={chosen.isAll || chosen.ids.has(summary.sessionId)}
                    onToggle={choice.toggle}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
      <ScrollHint
        scroller={scroller}
        rowPx={rowPx}
        topPx={view.topPx}
        total={total}
        sort={sort}
        at={at}
        here={pages.here}
        onFast={noteFast}
      />
    </section>
  );
}

const rowClass = (summary: SessionSummary | undefined, { isOpen, isAt }: { isOpen: boolean; isAt: boolean }) =>
  `table-row ${isOpen ? 'is-open' : ''} ${isAt ? 'is-at' : ''} ${summary === undefined ? 'is-coming' : ''}`;

const Row = memo(function Row(props: {
  summary: SessionSummary;
  layout: Layout;
  placeOf: (column: Column) => number;
  isChosen: boolean;
  onToggle: (summary: SessionSummary) => void;
}) {
  const { summary, layout, placeOf } = props;
  const minute = useMinute();
  return (
    <>
      <span className="col-check" role="gridcell" aria-colindex={1}>
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
      {layout.shown.map((column) => {
        const title = column.title?.(summary) ?? '';
        return (
          <span
            key={column.id}
            className={classOf(column)}
            role="gridcell"
            aria-colindex={placeOf(column)}
            {...(title === '' ? {} : { title })}
          >
            {column.cell(summary, minute, layout.isShort)}
          </span>
        );
      })}
    </>
  );
});
/** Bars as long as a word and a time: the row is known to be there, not what is in it. */
function RowBones({ layout }: { layout: Layout }) {
  return (
    <>
      <span role="gridcell" aria-label="Loading" aria-colindex={1} />
      {layout.shown.map(({ id }) => (
        <i key={id} className={`bone bone-${id.toLowerCase()}`} aria-hidden="true" />
      ))}
    </>
  );
}

function NoRows({ onClearFilter }: { onClearFilter: () => void }) {
  const all = useConsole(({ status }) =>
    status === null ? 0 : status.pending + status.submitted + status.failed + status.ignored,
  );
  const isLive = useIsLive();
  if (all === 0)
    return (
      <Empty
        actions={
          <Button isDisabled={!isLive} onPress={openImport}>
            Import capture files
          </Button>
        }
      >
        No sessions yet. The first one appears here as soon as a device sends a result.
      </Empty>
    );
  return (
    <Empty actions={<Button onPress={onClearFilter}>Clear filter</Button>}>
      Nothing matches. {count(all)} sessions are outside this filter.
    </Empty>
  );
}

/** While nothing is chosen and the top is in view, new rows come in by themselves, as often as they are counted. */
function useFollow(what: { pages: SessionPages; state: PagesState; isFollowing: boolean }): void {
  const { pages, isFollowing } = what;
  const { added, gone, finds } = what.state;
  useEffect(() => {
    // Each find anew: the figure may be the one before.
    if (isFollowing && added + gone > 0 && finds > 0) void pages.refresh();
  }, [pages, added, gone, finds, isFollowing]);
}

/** The columns that fit, and their places among all that are chosen (`aria-colindex`): the box for the selection is the first. */
function useLayout(scroller: RefObject<HTMLElement | null>, rem: number) {
  const { columns } = usePreferences();
  const [{ widthPx, scrollBarPx }, setSize] = useState({ widthPx: 0, scrollBarPx: 0 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    // The heads are as wide as the rows, which the scroll bar makes narrower.
    const observer = new ResizeObserver(() =>
      setSize({ widthPx: element.clientWidth, scrollBarPx: element.offsetWidth - element.clientWidth }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);
  const widthRem = Math.floor((widthPx / rem) * 4) / 4;
  return useMemo(() => {
    const chosen = allColumns.filter(({ id }) => id === firmColumn || columns.includes(id));
    const places = new Map(chosen.map(({ id }, index) => [id, index + 2]));
    return {
      layout: layoutOf(columns, widthRem),
      placeOf: ({ id }: Column) => places.get(id) ?? 0,
      columnCount: chosen.length + 1,
      scrollBarPx,
    };
  }, [columns, widthRem, scrollBarPx]);
}

/** A row's height in px: 34 or 40, larger on a very wide screen. */
function useRowHeight(rem: number): number {
  const { density } = usePreferences();
  return ((density === 'comfortable' ? 40 : 34) * rem) / 16;
}
