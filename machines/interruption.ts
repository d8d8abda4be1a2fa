/**
 * The end of an interruption, told once and with figures: what was sent since the circuit closed, and what failed.
 *   settled -> owing -> settled
 * The figures are whole when the cycle that closed the circuit ends, with those that follow it at once (second chances).
 * A drain that takes longer is told of after a minute, with the figures so far: whoever read that delivery stopped waits
 * for this word. One that does not come to its end, because the circuit opens again or the service stops, is told of then.
 * WHAT happens is here, HOW in src/service/desk. May import: xstate, src/common.
 */
import { assign, emit, setup } from 'xstate';
import type { Cause } from '../src/common/console.ts';
import type { Verdict } from './session.ts';

const figuresPatienceMs = 60_000;

/** What came of deliveries since the circuit closed, or since the process began. */
export interface SentSince {
  sent: number;
  failed: number;
  /** The drain goes on. */
  isUnderWay: boolean;
}
export type InterruptionEvent =
  | { type: 'circuit.opened' }
  | { type: 'circuit.closed' }
  | { type: 'delivery.ended'; verdict: Verdict }
  /** The cause of kind `circuit` ended, and a person is to be told. */
  | { type: 'interruption.ended'; cause: Cause }
  | { type: 'cycle.ended'; isFollowed: boolean }
  | { type: 'stop.requested' };

export const interruptionMachine = setup({
  types: {} as {
    context: { sent: number; failed: number; cause: Cause | null };
    events: InterruptionEvent;
    emitted: { type: 'end.due'; cause: Cause; since: SentSince };
  },
  guards: {
    isLast: (_, params: { isFollowed: boolean }) => !params.isFollowed,
  },
  actions: {
    countAnew: assign({ sent: 0, failed: 0 }),
    count: assign(({ context: { sent, failed } }, { verdict }: { verdict: Verdict }) => ({
      sent: sent + (verdict === 'submitted' ? 1 : 0),
      failed: failed + (verdict === 'failed' ? 1 : 0),
    })),
    keepCause: assign((_, params: { cause: Cause }) => ({ cause: params.cause })),
    tellEnd: emit(({ context: { sent, failed, cause } }, params: { isUnderWay: boolean }) => ({
      type: 'end.due' as const,
      // Only told where one is owed.
      cause: cause as Cause,
      since: { sent, failed, ...params },
    })),
  },
  delays: { figuresPatience: figuresPatienceMs },
}).createMachine({
  id: 'interruption',
  context: { sent: 0, failed: 0, cause: null },
  initial: 'settled',
  on: { 'delivery.ended': { actions: { type: 'count', params: ({ event }) => event } } },
  states: {
    settled: {
      on: {
        'circuit.closed': { actions: 'countAnew' },
        'interruption.ended': { target: 'owing', actions: { type: 'keepCause', params: ({ event }) => event } },
      },
    },
    owing: {
      after: { figuresPatience: { target: 'settled', actions: { type: 'tellEnd', params: { isUnderWay: true } } } },
      on: {
        'cycle.ended': {
          guard: { type: 'isLast', params: ({ event }) => event },
          target: 'settled',
          actions: { type: 'tellEnd', params: { isUnderWay: false } },
        },
        'circuit.opened': { target: 'settled', actions: { type: 'tellEnd', params: { isUnderWay: false } } },
        'stop.requested': { target: 'settled', actions: { type: 'tellEnd', params: { isUnderWay: false } } },
      },
    },
  },
});
