/**
 * The operator's view of a service: connected or not, and the last that was heard.
 *   connecting -> live -> stale.waiting -> stale.trying -> live
 * What the service said is mirrored and kept while the connection is lost, so that an operator never meets an empty page.
 * HOW a connection is made is in src/renderer/client. May import: xstate, src/common.
 */
import { assign, emit, fromCallback, setup, spawnChild, stopChild } from 'xstate';
import type { CourierEvent, EventPayload } from '../src/common/contract.ts';
import type { Cause, RetryJob } from '../src/common/console.ts';
import { changeOf, changesBetween, emptyMirror, mirrored, withGarbled, withListed, type Mirror } from './console-mirror.ts';

/** What a connection tells. `at` is on this computer's clock, unix ms. */
export type ConnectionEvent =
  /** Everything that arrived within one frame. */
  | { type: 'words.heard'; at: number; words: CourierEvent[] }
  /** It ended or never came about; `refused` when the service does not take this page's key. */
  | { type: 'connection.lost'; at: number; reason: 'closed' | 'refused' }
  /** A message that does not follow the contract: `name` says which kind. */
  | { type: 'word.garbled'; at: number; name: string };

/** The service listed all its causes and retries; `since`: what was known of them when it was asked. */
type StandingListed = {
  type: 'standing.listed';
  causes: Cause[];
  jobs: RetryJob[];
  since: Pick<Mirror, 'causes' | 'jobs'>;
};

/** What views that keep pages of their own are told. */
export type ConsoleEmitted =
  | { type: 'sessions.changed'; change: EventPayload<'onSessionsChanged'> }
  /** The connection is back: how many sessions changed meanwhile, and when the last word before had come. */
  | { type: 'service.returned'; changes: number; silentSince: number };

type LostReason = 'closed' | 'refused' | 'silent';
export type ConsoleContext = Mirror & {
  /** Failed tries in a row. */
  tries: number;
  /** When the next try comes, on our clock. */
  retryAt: number | null;
  lostReason: LostReason | null;
};

const firstDelayMs = 1000;
const delayMsMax = 15_000;
/** The service gives a sign of life every 5 s; one may be lost, one late. */
const silenceMs = 12_000;
const connectMs = 10_000;
const delayMs = (tries: number) => Math.min(firstDelayMs * 2 ** Math.max(0, tries - 1), delayMsMax);

export const consoleMachine = setup({
  types: {} as {
    context: ConsoleContext;
    events: ConnectionEvent | StandingListed | { type: 'retry.requested' };
    emitted: ConsoleEmitted;
  },
  actors: {
    connection: fromCallback(() => {
      throw new Error('actor "connection" was not provided');
    }),
  },
  actions: {
    openConnection: spawnChild('connection', { id: 'connection' }),
    closeConnection: stopChild('connection'),
    mirrorWords: assign(({ context }, params: { words: CourierEvent[]; at: number }) => mirrored(context, params)),
    reportGarbled: assign(({ context }, params: { name: string; at: number }) => withGarbled(context, params)),
    takeListed: assign(({ context }, params: Omit<StandingListed, 'type'>) => withListed(context, params)),
    countLoss: assign(({ context }, params: { at: number; reason: LostReason }) => ({
      tries: context.tries + 1,
      lostReason: params.reason,
      retryAt: params.at + delayMs(context.tries + 1),
    })),
    countSilence: assign(({ context }, params: { afterMs: number }) => ({
      tries: context.tries + 1,
      lostReason: 'silent' as const,
      retryAt: (context.lastWordAt ?? 0) + params.afterMs + delayMs(context.tries + 1),
    })),
    forgetLosses: assign({ tries: 0, retryAt: null, lostReason: null }),
    announceReturn: emit(({ context }, params: { words: CourierEvent[] }) => ({
      type: 'service.returned' as const,
      changes: changesBetween(context.status, params.words),
      silentSince: context.lastWordAt ?? 0,
    })),
    announceSessions: emit((_, params: { words: CourierEvent[] }) => ({
      type: 'sessions.changed' as const,
      change: changeOf(params.words),
    })),
  },
  delays: {
    /** 1 s, 2 s, 4 s ... 15 s. */
    reconnectDelay: ({ context }) => delayMs(context.tries),
    silenceLimit: silenceMs,
    connectLimit: connectMs,
  },
}).createMachine({
  id: 'console',
  context: { ...emptyMirror, tries: 0, retryAt: null, lostReason: null },
  initial: 'connecting',
  on: {
    'word.garbled': { actions: { type: 'reportGarbled', params: ({ event }) => event } },
    'standing.listed': { actions: { type: 'takeListed', params: ({ event }) => event } },
  },
  states: {
    connecting: {
      entry: 'openConnection',
      after: { connectLimit: { target: 'stale', actions: { type: 'countSilence', params: { afterMs: connectMs } } } },
      on: {
        'words.heard': {
          target: 'live',
          actions: [
            { type: 'mirrorWords', params: ({ event }) => event },
            { type: 'announceSessions', params: ({ event }) => event },
          ],
        },
        'connection.lost': { target: 'stale', actions: { type: 'countLoss', params: ({ event }) => event } },
      },
    },
    live: {
      entry: 'forgetLosses',
      after: { silenceLimit: { target: 'stale', actions: { type: 'countSilence', params: { afterMs: silenceMs } } } },
      on: {
        'words.heard': {
          target: 'live',
          // The silence is measured from the last word.
          reenter: true,
          actions: [
            { type: 'mirrorWords', params: ({ event }) => event },
            { type: 'announceSessions', params: ({ event }) => event },
          ],
        },
        'connection.lost': { target: 'stale', actions: { type: 'countLoss', params: ({ event }) => event } },
      },
    },
    stale: {
      initial: 'waiting',
      states: {
        waiting: {
          entry: 'closeConnection',
          after: { reconnectDelay: 'trying' },
          on: { 'retry.requested': 'trying' },
        },
        trying: {
          entry: 'openConnection',
          after: { connectLimit: { target: 'waiting', actions: { type: 'countSilence', params: { afterMs: connectMs } } } },
          on: {
            'connection.lost': { target: 'waiting', actions: { type: 'countLoss', params: ({ event }) => event } },
            'words.heard': {
              target: '#console.live',
              actions: [
                { type: 'announceReturn', params: ({ event }) => event },
                { type: 'mirrorWords', params: ({ event }) => event },
                { type: 'announceSessions', params: ({ event }) => event },
              ],
            },
          },
        },
      },
    },
  },
});
