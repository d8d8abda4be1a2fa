/**
 * The circuit breaker that stands between the queue and an endpoint in trouble (design section 6, "Circuit").
 *   closed -> open -> halfOpen -> closed | open
 * It is told what came of each delivery and says whether the next may start; who asks is the worker.
 * May import: xstate, src/common.
 */
import { assign, sendParent, setup } from 'xstate';
import type { CircuitCause, CircuitState } from '../src/common/outcome.ts';

/** One bad session is the session's fault, many in a row are the endpoint's. */
export const exhaustedInRowMax = 5;
export const refusedInRowMax = 20;

interface Answered {
  /** When the answer came, unix ms. */
  at: number;
  httpStatus?: number;
  code?: string;
  /** Origin that a 3xx answer points to. */
  elsewhere?: string;
}
export type EndpointEvent =
  /**
   * A cycle has something to send: the moment for a probe. The first cycle of a process tells what the store shows:
   * sessions tried since the last acceptance, and those of them that were refused; later ones tell 0.
   */
  | { type: 'cycle.started'; triedSince: number; refusedSince: number }
  | ({ type: 'delivery.accepted' } & Answered)
  | ({ type: 'delivery.refused' } & Answered)
  /** A delivery used up its attempts without a final answer. */
  | ({ type: 'delivery.exhausted' } & Answered)
  /** An answer of class `endpoint`: the address or the credentials are wrong, not the session. */
  | ({ type: 'delivery.misaddressed' } & Answered)
  /** Another endpoint, header or certificate: earlier failures in a row say nothing about it. */
  | { type: 'destination.changed' };

/** What the worker hears: one report for every event but `destination.changed`. */
export interface CircuitReport {
  type: 'circuit.changed' | 'circuit.confirmed';
  circuit: { state: CircuitState; cause: CircuitCause | null; since: number | null; tries: number };
}

export const endpointMachine = setup({
  types: {} as {
    context: {
      exhaustedInRow: number;
      refusedInRow: number;
      cause: CircuitCause | null;
      since: number | null;
      /** Probes since it opened, the one that runs included. */
      tries: number;
    };
    events: EndpointEvent;
  },
  guards: {
    isLastExhausted: ({ context }) => context.exhaustedInRow + 1 >= exhaustedInRowMax,
    isLastRefused: ({ context }) => context.refusedInRow + 1 >= refusedInRowMax,
    wasOpenedByRefusals: ({ context }) => context.cause?.kind === 'refused',
    wasOpenedByAddress: ({ context }) => context.cause?.kind === 'endpoint',
    looksDown: (_, params: { triedSince: number }) => params.triedSince >= exhaustedInRowMax,
  },
  actions: {
    forgetFailures: assign({ exhaustedInRow: 0, refusedInRow: 0, cause: null, since: null, tries: 0 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    countExhausted: assign({ exhaustedInRow: ({ context }) => context.exhaustedInRow + 1 }),
    countRefused: assign({ refusedInRow: ({ context }) => context.refusedInRow + 1 }),
    blame: assign((_, params: { kind: CircuitCause['kind']; answered: Answered }) => ({
      cause: causeOf(params.kind, params.answered),
      since: params.answered.at,
    })),
    reportChange: sendParent(({ context: { cause, since, tries } }, params: { state: CircuitState }): CircuitReport => ({
      type: 'circuit.changed',
      circuit: { state: params.state, cause, since, tries },
    })),
    reportNoChange: sendParent(({ context: { cause, since, tries } }, params: { state: CircuitState }): CircuitReport => ({
      type: 'circuit.confirmed',
      circuit: { state: params.state, cause, since, tries },
    })),
    recallCause: assign((_, params: { refusedSince: number }) => ({
      cause: { kind: params.refusedSince >= refusedInRowMax ? ('refused' as const) : ('earlier' as const) },
    })),
  },
}).createMachine({
  id: 'endpoint',
  context: { exhaustedInRow: 0, refusedInRow: 0, cause: null, since: null, tries: 0 },
  initial: 'closed',
  states: {
    closed: {
      entry: { type: 'reportChange', params: { state: 'closed' } },
      on: {
        'cycle.started': [
          {
            guard: { type: 'looksDown', params: ({ event }) => event },
            target: 'halfOpen',
            actions: [{ type: 'recallCause', params: ({ event }) => event }, 'countTry'],
          },
          { actions: { type: 'reportNoChange', params: { state: 'closed' } } },
        ],
        'delivery.accepted': { actions: ['forgetFailures', { type: 'reportNoChange', params: { state: 'closed' } }] },
        'delivery.misaddressed': {
          target: 'open',
          actions: { type: 'blame', params: ({ event }) => ({ kind: 'endpoint', answered: event }) },
        },
        'delivery.exhausted': [
          {
            guard: 'isLastExhausted',
            target: 'open',
            actions: { type: 'blame', params: ({ event }) => ({ kind: 'unavailable', answered: event }) },
          },
          { actions: ['countExhausted', { type: 'reportNoChange', params: { state: 'closed' } }] },
        ],
        'delivery.refused': [
          {
            guard: 'isLastRefused',
            target: 'open',
            actions: { type: 'blame', params: ({ event }) => ({ kind: 'refused', answered: event }) },
          },
          { actions: ['countRefused', { type: 'reportNoChange', params: { state: 'closed' } }] },
        ],
        'destination.changed': { actions: 'forgetFailures' },
      },
    },
    open: {
      entry: { type: 'reportChange', params: { state: 'open' } },
      on: {
        'cycle.started': { target: 'halfOpen', actions: 'countTry' },
        // What was in flight when it opened may show that the endpoint is there and judges sessions after all.
        'delivery.accepted': [
          { guard: 'wasOpenedByAddress', actions: { type: 'reportNoChange', params: { state: 'open' } } },
          { target: 'closed', actions: 'forgetFailures' },
        ],
        // Else the next cycle's probe decides, not they.
        'delivery.*': { actions: { type: 'reportNoChange', params: { state: 'open' } } },
      },
    },
    halfOpen: {
      entry: { type: 'reportChange', params: { state: 'halfOpen' } },
      on: {
        'cycle.started': { actions: { type: 'reportNoChange', params: { state: 'halfOpen' } } },
        'delivery.accepted': { target: 'closed', actions: 'forgetFailures' },
        'delivery.refused': [
          {
            guard: 'wasOpenedByRefusals',
            target: 'open',
            actions: { type: 'blame', params: ({ event }) => ({ kind: 'refused', answered: event }) },
          },
          // The endpoint is well enough to judge a session: the refusal is the session's own.
          { target: 'closed', actions: ['forgetFailures', 'countRefused'] },
        ],
        'delivery.exhausted': {
          target: 'open',
          actions: { type: 'blame', params: ({ event }) => ({ kind: 'unavailable', answered: event }) },
        },
        'delivery.misaddressed': {
          target: 'open',
          actions: { type: 'blame', params: ({ event }) => ({ kind: 'endpoint', answered: event }) },
        },
      },
    },
  },
});

function causeOf(kind: CircuitCause['kind'], { httpStatus, code, elsewhere }: Answered): CircuitCause {
  return {
    kind,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(code === undefined ? {} : { code }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
  };
}
