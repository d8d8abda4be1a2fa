/**
 * The console machine and the service's requests, for every component: components select and hold no copies.
 * May import: react, @xstate/react, machines, src/common.
 */
import { createActorContext } from '@xstate/react';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { consoleMachine, type ConsoleContext, type ConsoleEmitted } from '../../../machines/console.ts';
import { askOver, connectionOver, type Ask } from '../client/api.ts';
import type { Transport } from '../client/transport.ts';
import { useTick } from './clock.ts';

const ConsoleActor = createActorContext(consoleMachine);
const AskContext = createContext<Ask | null>(null);

export function ConsoleProvider({ transport, children }: { transport: Transport; children: ReactNode }) {
  // One machine and one way to ask for the life of the page.
  const [logic] = useState(() => consoleMachine.provide({ actors: { connection: connectionOver(transport) } }));
  return (
    <ConsoleActor.Provider logic={logic}>
      <AskProvider transport={transport}>{children}</AskProvider>
    </ConsoleActor.Provider>
  );
}
function AskProvider({ transport, children }: { transport: Transport; children: ReactNode }) {
  const actor = ConsoleActor.useActorRef();
  const ask = useMemo(() => askOver(transport, (name) => actor.send(garbledNow(name))), [transport, actor]);
  useListing(ask);
  return <AskContext.Provider value={ask}>{children}</AskContext.Provider>;
}

/** Causes that were resolved, and causes and retries that ended while nobody listened, are told of only when asked for. */
function useListing(ask: Ask): void {
  const actor = ConsoleActor.useActorRef();
  const isLive = useConnection() === 'live';
  useEffect(() => {
    if (!isLive) return;
    const { causes, jobs } = actor.getSnapshot().context;
    const list = async () => {
      const [listed, retries] = await Promise.all([ask('getCauses', {}), ask('getRetryJobs', {})]);
      actor.send({ type: 'standing.listed', causes: listed.causes, jobs: retries.jobs, since: { causes, jobs } });
    };
    // What was heard stays as it is; the next return asks again.
    list().catch(() => {});
  }, [ask, actor, isLive]);
}

const garbledNow = (name: string) => ({ type: 'word.garbled' as const, name, at: Date.now() });

/** What was last heard from the service. */
export const useConsole = <Value,>(select: (context: ConsoleContext) => Value): Value =>
  ConsoleActor.useSelector((snapshot) => select(snapshot.context));
export const useConnection = (): 'connecting' | 'live' | 'stale' =>
  ConsoleActor.useSelector((snapshot) => (typeof snapshot.value === 'string' ? snapshot.value : 'stale'));
export const useConsoleActor = ConsoleActor.useActorRef;
/** While the connection is lost, nothing can be asked of the service: actions are off. */
export const useIsLive = (): boolean => useConnection() === 'live';

export function useAsk(): Ask {
  const ask = useContext(AskContext);
  if (ask === null) throw new Error('useAsk is used outside of ConsoleProvider');
  return ask;
}

/** Hears what the machine emits, as long as the component lives. */
export function useEmitted<Type extends ConsoleEmitted['type']>(
  type: Type,
  listener: (event: Extract<ConsoleEmitted, { type: Type }>) => void,
): void {
  const actor = ConsoleActor.useActorRef();
  useEffect(() => {
    const subscription = actor.on(type, listener as (event: ConsoleEmitted) => void);
    return () => subscription.unsubscribe();
  }, [actor, type, listener]);
}

/** The service's clock, once a second; frozen while the connection is lost, as all that is shown is from then. */
export function useNow(): number {
  const tick = useTick();
  const offset = useConsole(({ clockOffsetMs }) => clockOffsetMs);
  const frozenAt = useConsole(({ lastWordAt }) => lastWordAt);
  const connection = useConnection();
  return (connection === 'stale' && frozenAt !== null ? frozenAt : tick) + offset;
}
/** The service's clock, once a minute: for spans that end now. */
export const useMinute = (): number => Math.floor(useNow() / 60_000) * 60_000;
