/**
 * Sessions: where is this result? Search, filters and saved views; the table; the drawer with one session's life.
 * May import: react.
 */
import { useCallback, useMemo, useRef } from 'react';
import type { SessionSummary } from '../../common/contract.ts';
import { useSessionActions, type Selection } from '../model/actions.tsx';
import { useConsole, useMinute } from '../model/console.tsx';
import { count } from '../model/format.ts';
import { useKeys, type KeyMap } from '../model/keys.ts';
import { addressOf, go, useRoute } from '../model/route.ts';
import { filterKeys, filterOf, sortOf } from '../model/session-filter.ts';
import { SendNow } from '../shell/send-now.tsx';
import { TopBar } from '../shell/top-bar.tsx';
import { useChoiceOfRows } from './choice-of-rows.ts';
import { Drawer } from './drawer.tsx';
import { useExport } from './export.tsx';
import { FilterBar } from './filter-bar.tsx';
import { OwnRetry } from './own-retry.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { SessionTable, type TableHandle } from './table.tsx';
import { useSessionPages } from './use-pages.ts';
import './sessions.css';

const isInDrawer = (): boolean =>
  document.activeElement instanceof HTMLElement && document.activeElement.closest('.drawer') !== null;

export default function Sessions() {
  const { query } = useRoute();
  const minute = useMinute();
  const search = query.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(search), minute), [search, minute]);
  const sort = useMemo(() => sortOf(new URLSearchParams(search)), [search]);
  const { pages, state } = useSessionPages(filter, sort);
  const actions = useSessionActions();
  const exportSessions = useExport();
  const today = useConsole(({ status }) => status?.today?.captured);
  const table = useRef<TableHandle>(null);
  const openId = query.get('open');
  const choice = useChoiceOfRows({
    key: filterKeys.map((name) => query.get(name)).join('\n'),
    filter,
    sort,
    total: state.total ?? 0,
    at: useCallback((index) => pages.at(index), [pages]),
  });
  const { chosen, clear } = choice;
  const size = chosen.isAll ? (state.total ?? 0) : (chosen.coming ?? chosen.ids.size);

  const setQuery = useCallback(
    (change: Record<string, string | null>, { replace = false } = {}) => {
      const next = new URLSearchParams(search);
      for (const [name, value] of Object.entries(change)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      go(addressOf('sessions', null, next), { replace });
    },
    [search],
  );
  const open = useCallback(
    (id: string | null) => setQuery({ open: id }, { replace: id !== null && openId !== null }),
    [setQuery, openId],
  );

  /** What the drawer shows; it need not be among the rows that are here. */
  const opened = useRef<SessionSummary | null>(null);
  const onShown = useCallback((summary: SessionSummary) => {
    opened.current = summary;
  }, []);
  /** What an action is meant for: within the drawer its session; else the selection, the open session, the focused row. */
  const meant = useCallback((): Selection => {
    const inDrawer = pages.byId(openId ?? '') ?? (opened.current?.sessionId === openId ? opened.current : null);
    if (isInDrawer()) return { kind: 'some', sessions: inDrawer === null ? [] : [inDrawer] };
    // What is not yet known by id is not acted on.
    if (chosen.coming !== null) return { kind: 'some', sessions: [] };
    if (chosen.isAll) return { kind: 'all', filter, total: state.total ?? 0, inView: table.current?.inView() ?? 0 };
    if (chosen.ids.size > 0) return { kind: 'some', sessions: [...chosen.ids].map(([id, summary]) => pages.byId(id) ?? summary) };
    // While one is open it is that one, never the row that had the focus before.
    const one = openId === null ? (table.current?.focused() ?? null) : inDrawer;
    return { kind: 'some', sessions: one === null ? [] : [one] };
  }, [chosen, filter, state.total, pages, openId]);
  const removeMeant = useCallback(async () => {
    const isGone = await actions.remove(meant());
    if (isGone) clear();
    if (isGone && openId !== null) open(null);
  }, [actions, meant, clear, openId, open]);

  const removeOne = useCallback(
    async (summary: SessionSummary) => {
      const isGone = await actions.remove({ kind: 'some', sessions: [summary] });
      if (isGone && chosen.ids.has(summary.sessionId)) clear();
      if (isGone) open(null);
    },
    [actions, chosen, clear, open],
  );
  /** What matched need not match afterwards: all of it is then selected no more. */
  const changeMeant = useCallback(
    async (change: 'retry' | 'ignore' | 'restore') => {
      const selection = meant();
      const isDone = await actions[change](selection);
      if (isDone && selection.kind === 'all') clear();
      return isDone;
    },
    [actions, meant, clear],
  );
  /** From anywhere on the screen; the table itself moves by them while it has the focus. */
  const stepBy = useCallback(
    (by: number) => {
      if (openId === null) table.current?.focus();
      table.current?.move(by);
    },
    [openId],
  );

  useKeys(
    useMemo<KeyMap>(
      () => ({
        j: () => stepBy(1),
        k: () => stepBy(-1),
        ArrowDown: () => (document.activeElement === document.body ? stepBy(1) : false),
        ArrowUp: () => (document.activeElement === document.body ? stepBy(-1) : false),
        r: () => void changeMeant('retry'),
        'shift+r': () => {
          const run = async () => {
            // What was refused is still looked at.
            if (await changeMeant('retry')) table.current?.move(1);
          };
          void run();
        },
        i: () => void changeMeant('ignore'),
        u: () => void changeMeant('restore'),
        Delete: () => void removeMeant(),
        e: () => void exportSessions(meant()),
        // Within the drawer it is the browser's: its text is selected.
        'mod+a': () => (isInDrawer() ? false : choice.chooseAll(true)),
        Escape: () => {
          if (openId !== null) open(null);
          else if (size > 0) clear();
          else return false;
          table.current?.focus();
          return true;
        },
      }),
      [stepBy, changeMeant, meant, removeMeant, exportSessions, choice, clear, size, openId, open],
    ),
  );

  return (
    <>
      <TopBar
        title="Sessions"
        beside={<span className="text2">{today === undefined ? '' : `${count(today)} today`}</span>}
        action={<SendNow />}
      />
      {size > 0 || chosen.isAll ? (
        <SelectionBar
          size={size}
          isAll={chosen.isAll}
          isComing={chosen.coming !== null}
          onClear={clear}
          onRetry={() => changeMeant('retry')}
          onIgnore={() => changeMeant('ignore')}
          onRestore={() => changeMeant('restore')}
          onExport={() => exportSessions(meant())}
          onRemove={removeMeant}
          isEnabled={actions.isEnabled}
        />
      ) : (
        <FilterBar
          query={query}
          onChange={setQuery}
          total={state.total}
          onDown={() => {
            table.current?.focus();
            if (table.current?.focused() === undefined) table.current?.move(1);
          }}
        />
      )}
      <OwnRetry />
      <div className={openId === null ? 'sessions' : 'sessions has-drawer'}>
        <SessionTable
          ref={table}
          pages={pages}
          state={state}
          sort={sort}
          onSort={(by) => setQuery({ sort: sort.by === by && sort.descending === true ? by : `-${by}` })}
          openId={openId}
          onOpen={open}
          choice={choice}
          onClearFilter={() => go(addressOf('sessions'))}
        />
        {openId !== null && (
          <Drawer
            key={openId}
            id={openId}
            summary={pages.byId(openId)}
            onClose={() => open(null)}
            onMove={(step) => table.current?.move(step)}
            onRemove={removeOne}
            onShown={onShown}
          />
        )}
      </div>
    </>
  );
}
