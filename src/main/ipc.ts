/**
 * The contract over Electron's IPC: whoever asks is checked first, then what is asked, then the service answers.
 *   sender not ours: refused -> name unknown: refused -> payload not valid: refused -> answer or refusal
 * Nothing but the contract's answers and refusals crosses. May import: src/common, src/service (types), src/main.
 */
import type { CourierApi, CourierEvent } from '../common/contract.ts';
import { eventNames } from '../common/contract.ts';
import { type BridgeRequest, type BridgeSubscription, channels, type ToldEvents } from '../common/desktop-channels.ts';
import { CourierError, refusalOf } from '../common/errors.ts';
import { checkedParams, isRequestName } from '../common/payload.ts';
import type { Log } from '../service/log.ts';
import type { Sender } from './own-page.ts';

/** The part of Electron's WebContents that is used. */
export interface Listener {
  id: number;
  send(channel: string, told: ToldEvents): void;
  isDestroyed(): boolean;
  on(event: 'did-start-navigation', listener: (details: { isMainFrame: boolean; isSameDocument: boolean }) => void): unknown;
  on(event: 'destroyed' | 'render-process-gone', listener: () => void): unknown;
}
export interface Invocation extends Sender {
  sender: Listener;
}
/** The part of Electron's ipcMain that is used. */
interface IpcHost {
  handle(channel: string, handler: (event: Invocation, given: unknown) => unknown): void;
}

export interface IpcOptions {
  ipc: IpcHost;
  api: CourierApi;
  isOwnSender: (sender: Sender) => boolean;
  log: Pick<Log, 'warn' | 'error'>;
}

/** A page that listens and forgets is no leak: a window may have this many subscriptions. */
const subscriptionsMax = 64;
const known: ReadonlySet<string> = new Set(eventNames);

export function answerIpc({ ipc, api, isOwnSender, log }: IpcOptions): void {
  const windows = new Map<number, Map<number, () => void>>();

  /** A handler behind the two checks that all have in common; what it throws is answered as a refusal. */
  const answer = (channel: string, handler: (sender: Listener, given: unknown) => unknown) =>
    ipc.handle(channel, async (event, given) => {
      try {
        if (!isOwnSender(event)) {
          log.warn({ channel }, 'A page that is not the console spoke to the desktop host and was refused.');
          throw new CourierError('ERR_ORIGIN_FOREIGN', 'Only the console of HL7 Courier may use this service.');
        }
        return await handler(event.sender, given);
      } catch (error) {
        if (!(error instanceof CourierError)) log.error({ err: error, channel }, 'A request of the console broke inside.');
        return refusalOf(error);
      }
    });

  answer(channels.request, (_sender, given) => {
    const { name, params } = (given ?? {}) as Partial<BridgeRequest>;
    if (typeof name !== 'string' || !isRequestName(name))
      throw new CourierError('ERR_REQUEST_UNKNOWN', 'There is no such request; docs/api.md lists them all.');
    return api.request(name, checkedParams(name, params));
  });

  answer(channels.subscribe, (sender, given) => {
    const { subscription, names } = checkedSubscription(given);
    const subscriptions = windows.get(sender.id) ?? open(sender);
    subscriptions.get(subscription)?.();
    if (subscriptions.size >= subscriptionsMax)
      throw new CourierError(
        'ERR_STATE_CONFLICT',
        `A window may have at most ${subscriptionsMax} subscriptions; end some first.`,
      );
    subscriptions.set(subscription, tell(api, sender, subscription, names === null ? null : new Set(names)));
    return {};
  });

  answer(channels.unsubscribe, (sender, given) => {
    const subscription = (given as Partial<BridgeSubscription> | null)?.subscription ?? -1;
    windows.get(sender.id)?.get(subscription)?.();
    windows.get(sender.id)?.delete(subscription);
    return {};
  });

  /** What a page listened to ends with the page: with its window, its process, or a reload. */
  function open(sender: Listener): Map<number, () => void> {
    const subscriptions = new Map<number, () => void>();
    const end = () => {
      for (const unsubscribe of subscriptions.values()) unsubscribe();
      subscriptions.clear();
    };
    windows.set(sender.id, subscriptions);
    sender.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) end();
    });
    sender.on('render-process-gone', end);
    sender.on('destroyed', () => {
      end();
      windows.delete(sender.id);
    });
    return subscriptions;
  }
}

/** Sends what is told within one turn as one message. */
function tell(api: CourierApi, sender: Listener, subscription: number, names: ReadonlySet<string> | null): () => void {
  let waiting: CourierEvent[] = [];
  const flush = () => {
    const events = waiting;
    waiting = [];
    if (!sender.isDestroyed() && events.length > 0) sender.send(channels.events, { subscription, events });
  };
  const unsubscribe = api.subscribe((event) => {
    if (names !== null && !names.has(event.name)) return;
    if (waiting.push(event) === 1) setImmediate(flush);
  });
  return () => {
    unsubscribe();
    waiting = [];
  };
}

function checkedSubscription(given: unknown): BridgeSubscription {
  const { subscription, names } = (given ?? {}) as Partial<BridgeSubscription>;
  const isNamed = names === null || (Array.isArray(names) && names.every((name) => known.has(name)));
  if (Number.isSafeInteger(subscription) && isNamed) return { subscription: subscription as number, names };
  throw new CourierError('ERR_PAYLOAD_INVALID', 'A subscription needs a number, and the names of events or null for all.');
}
