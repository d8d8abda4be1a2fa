/**
 * Which sessions are selected: some by id, or all that the filter matches. A range may reach over rows whose page is not
 * here: they are fetched, and until they are nothing can be done, so that an action never means fewer than are shown.
 * May import: react, src/common.
 */
import { useCallback, useMemo, useRef, useState } from 'react';
import type { SessionFilter, SessionSort, SessionSummary } from '../../common/contract.ts';
import type { Ask } from '../client/api.ts';
import { useAsk } from '../model/console.tsx';
import { toast } from '../ui/toast.tsx';

/** Rows of one request of a range. */
const sliceSize = 1000;
/** A key that is held extends the range many times a second: only where it rests is asked for. */
const restMs = 120;

export interface Chosen {
  /** By id, as they were when chosen: their page may be gone from memory. */
  ids: ReadonlyMap<string, SessionSummary>;
  isAll: boolean;
  /** So many are on their way to be selected; until then none of them is. */
  coming: number | null;
}
export interface ChoiceOfRows {
  chosen: Chosen;
  toggle(summary: SessionSummary): void;
  /** Rows `from` to `to`, in either order. */
  chooseRange(from: number, to: number): void;
  chooseAll(isAll: boolean): void;
  clear(): void;
}

type Kept = Chosen & { key: string };
const nothing = (key: string): Kept => ({ key, ids: new Map(), isAll: false, coming: null });

interface Rows {
  /** What the selection belongs to: the filter as the operator chose it, whose times may move on by themselves. */
  key: string;
  filter: SessionFilter;
  sort: SessionSort;
  total: number;
  /** The row, if its page is here. */
  at: (index: number) => SessionSummary | undefined;
}

export function useChoiceOfRows({ key, filter, sort, total, at }: Rows): ChoiceOfRows {
  const ask = useAsk();
  const [kept, setKept] = useState<Kept>(() => nothing(key));
  const chosen = useMemo(() => (kept.key === key ? kept : nothing(key)), [kept, key]);
  /** Only the range that was asked for last counts. */
  const asked = useRef(0);

  const choose = useCallback(
    (change: Partial<Chosen>) => {
      asked.current += 1;
      setKept({ ...nothing(key), ...change });
    },
    [key],
  );
  const fetchRange = useCallback(
    async (from: number, to: number, without: string | null) => {
      choose({ coming: to - from + 1 - (without === null ? 0 : 1) });
      const turn = asked.current;
      const isWanted = () => asked.current === turn;
      try {
        await new Promise((rested) => setTimeout(rested, restMs));
        const ids = await rowsOf(ask, { filter, sort, isWanted }, from, to);
        if (without !== null) ids.delete(without);
        if (isWanted()) choose({ ids });
      } catch (error) {
        if (!isWanted()) return;
        choose({});
        toast(error instanceof Error ? error.message : 'The rows could not be selected.');
      }
    },
    [ask, filter, sort, choose],
  );
  return useMemo(
    () => ({
      chosen,
      toggle: (summary) => {
        if (chosen.isAll) {
          void fetchRange(0, total - 1, summary.sessionId);
          return;
        }
        const ids = new Map(chosen.ids);
        if (!ids.delete(summary.sessionId)) ids.set(summary.sessionId, summary);
        choose({ ids });
      },
      chooseRange: (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const ids = rowsHere(at, from, to);
        if (ids === null) void fetchRange(from, to, null);
        else choose({ ids });
      },
      chooseAll: (isAll) => choose({ isAll }),
      clear: () => choose({}),
    }),
    [chosen, total, at, choose, fetchRange],
  );
}

/** Null when one of them is not here. */
export function rowsHere(at: Rows['at'], from: number, to: number): Map<string, SessionSummary> | null {
  const ids = new Map<string, SessionSummary>();
  for (let index = from; index <= to; index += 1) {
    const summary = at(index);
    if (summary === undefined) return null;
    ids.set(summary.sessionId, summary);
  }
  return ids;
}

/** Rows of the service's list as it is now; one that moved between two requests is there once. Ends early when not wanted. */
export async function rowsOf(
  ask: Ask,
  { filter, sort, isWanted }: Pick<Rows, 'filter' | 'sort'> & { isWanted: () => boolean },
  from: number,
  to: number,
): Promise<Map<string, SessionSummary>> {
  const ids = new Map<string, SessionSummary>();
  for (let offset = from; offset <= to && isWanted(); offset += sliceSize) {
    const limit = Math.min(sliceSize, to - offset + 1);
    const { sessions } = await ask('getSessions', { filter, sort, offset, limit });
    for (const summary of sessions) ids.set(summary.sessionId, summary);
  }
  return ids;
}
