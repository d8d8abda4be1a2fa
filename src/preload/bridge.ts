/**
 * What the window gets of the desktop host: every request as a function, every event as `onX(callback)`, and the two
 * that the console uses, `request` and `subscribe`. All derived from the contract; nothing of Electron goes through.
 *   page -> bridge -> IPC -> src/main/ipc.ts, which checks everything
 * May import: src/common.
 */
import {
  type CourierEvent,
  type EventName,
  eventNames,
  type EventPayload,
  type Params,
  type RequestName,
  requestNames,
  type Result,
} from '../common/contract.ts';
import { type BridgeRequest, channels, type ToldEvents } from '../common/desktop-channels.ts';
import type { Refusal } from '../common/errors.ts';

/** Ends a subscription. */
type Unsubscribe = () => void;

type Requests = {
  [Name in RequestName]: (
    ...params: Record<string, never> extends Params<Name> ? [params?: Params<Name>] : [params: Params<Name>]
  ) => Promise<Result<Name> | Refusal>;
};
type Events = { [Name in EventName]: (callback: (payload: EventPayload<Name>) => void) => Unsubscribe };

/** `window.electron`, as integrators know it. A refusal is a value, because an error loses its code on the way. */
export interface Bridge extends Requests, Events {
  request(name: string, params?: unknown): Promise<unknown>;
  /** Every event, the current state first. */
  subscribe(listener: (event: CourierEvent) => void): Unsubscribe;
}

/** The part of Electron's ipcRenderer that is used. */
export interface IpcPort {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  on(channel: string, listener: (event: unknown, told: ToldEvents) => void): unknown;
}

export function makeBridge(ipc: IpcPort): Bridge {
  const listeners = new Map<number, (event: CourierEvent) => void>();
  let latestId = 0;
  ipc.on(channels.events, (_event, { subscription, events }) => {
    const listener = listeners.get(subscription);
    if (listener === undefined) return;
    for (const event of events) listener(event);
  });

  const request = (name: string, params?: unknown) => ipc.invoke(channels.request, { name, params } satisfies BridgeRequest);
  const listen = (names: EventName[] | null, listener: (event: CourierEvent) => void): Unsubscribe => {
    const subscription = (latestId += 1);
    listeners.set(subscription, listener);
    quietly(ipc.invoke(channels.subscribe, { subscription, names }));
    return () => {
      if (listeners.delete(subscription)) quietly(ipc.invoke(channels.unsubscribe, { subscription }));
    };
  };
  const requests = requestNames.map((name) => [name, (params?: unknown) => request(name, params)]);
  const events = eventNames.map((name) => [
    name,
    (callback: (payload: unknown) => void) => listen([name], ({ payload }) => callback(payload)),
  ]);
  return {
    ...(Object.fromEntries(requests) as Requests),
    ...(Object.fromEntries(events) as Events),
    request,
    subscribe: (listener) => listen(null, listener),
  };
}

/** A host that is ending gives no answer; the page ends with it. */
const quietly = (answer: Promise<unknown>) => void answer.catch(() => {});
