/**
 * An answer of the service that a view shows, asked again from time to time while it is shown.
 * May import: react, src/common.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Params, RequestName, Result } from '../../common/contract.ts';
import { useAsk, useConnection, useEmitted } from './console.tsx';

export interface Query<Value> {
  /** The last answer; stays while it is asked again or the connection is lost. */
  data: Value | null;
  error: string | null;
  /** Whether that is the answer to what is asked now: for a while it may be to what was asked before. */
  isCurrent: boolean;
  /** Nothing yet; the grey bars for it appear by themselves after 150 ms. */
  isLoading: boolean;
  refresh: () => void;
}
/** @param refreshMs how often it is asked again; missing: only when the parameters change or the connection comes back. */
export function useQuery<Name extends RequestName>(name: Name, params: Params<Name>, refreshMs?: number): Query<Result<Name>> {
  const ask = useAsk();
  const connection = useConnection();
  const [answer, setAnswer] = useState<{ key: string; data: Result<Name> | null; error: string | null }>({
    key: '',
    data: null,
    error: null,
  });
  const key = `${name} ${JSON.stringify(params)}`;
  const latest = useRef(0);
  const refresh = useCallback(() => {
    latest.current += 1;
    const mine = latest.current;
    const run = async () => {
      const outcome = await answerTo(ask(name, JSON.parse(key.slice(name.length + 1)) as Params<Name>));
      if (mine !== latest.current) return;
      // A failed refresh leaves what is shown.
      setAnswer((before) => ({ key, data: outcome.data ?? (before.key === key ? before.data : null), error: outcome.error }));
    };
    void run();
  }, [ask, name, key]);
  useEffect(() => {
    if (connection !== 'live') return;
    refresh();
    if (refreshMs === undefined) return;
    const timer = setInterval(refresh, refreshMs);
    return () => clearInterval(timer);
  }, [refresh, refreshMs, connection]);
  useEmitted('service.returned', refresh);
  const { data, error } = answer;
  return { data, error, isCurrent: answer.key === key, isLoading: data === null && error === null, refresh };
}

async function answerTo<Value>(asked: Promise<Value>): Promise<{ data: Value | null; error: string | null }> {
  try {
    return { data: await asked, error: null };
  } catch (error) {
    return { data: null, error: error instanceof Error ? error.message : String(error) };
  }
}
