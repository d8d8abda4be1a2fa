/**
 * The pages of the table for a filter and a sort, as a component uses them.
 * May import: react.
 */
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { SessionFilter, SessionSort } from '../../common/contract.ts';
import { useAsk, useEmitted } from '../model/console.tsx';
import { SessionPages, type PagesState } from './pages.ts';

export function useSessionPages(filter: SessionFilter, sort: SessionSort): { pages: SessionPages; state: PagesState } {
  const ask = useAsk();
  const key = JSON.stringify([filter, sort]);
  const pages = useMemo(() => {
    const [wanted, order] = JSON.parse(key) as [SessionFilter, SessionSort];
    return new SessionPages(ask, wanted, order);
  }, [ask, key]);
  useEffect(() => {
    pages.start();
    return () => pages.stop();
  }, [pages]);
  useEmitted(
    'sessions.changed',
    useCallback(({ change }) => pages.patch(change), [pages]),
  );
  useEmitted(
    'service.returned',
    useCallback(() => void pages.refresh(), [pages]),
  );
  const state = useSyncExternalStore(pages.subscribe, pages.state);
  return { pages, state };
}
