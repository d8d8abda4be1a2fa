/**
 * One delivery: a session from its place in the queue to its last word on disk.
 *   ready -> attempt -> recording -> submitted | failed | deferred;  recording -> backoffWait -> ready
 * Only `attempt` holds a slot: the worker grants it, and has it back when the answer is there.
 * WHAT happens is here, HOW in src/service. May import: xstate, src/common.
 */
import { assign, sendParent, setup } from 'xstate';
import type { Answer, AttemptRecord, Recorded, RecordResult, WithdrawnReason } from '../src/common/delivery.ts';
import type { CircuitCause, CircuitState, Outcome } from '../src/common/outcome.ts';
import { provided } from './provided.ts';

/** The first delay; each further one is twice as long. */
const firstDelayMs = 1000;
const delayMsMax = 60_000;

/** How a delivery ends; `deferred` is still `pending` on disk. */
export type Verdict = 'submitted' | 'failed' | 'deferred';
/** What an answer means for the delivery: an end, or another attempt. */
type Ruling = Verdict | 'again';
/** The circuit as a delivery sees it. */
export interface CircuitView {
  state: CircuitState;
  cause: CircuitCause | null;
}
type Answered = Extract<Answer, { type: 'answered' }>;

export interface SessionInput {
  id: string;
  /** Attempts in all, within this delivery. */
  attemptsMax: number;
  /** Share of a delay that is added at random, 0-1. */
  jitter: number;
  circuit: CircuitView;
  /** An attempt of an earlier cycle whose record is not on disk yet: only the write is tried again. */
  unrecorded?: AttemptRecord;
}

/** What the worker hears about a delivery under way. */
export type SessionReport =
  | { type: 'attempt.answered'; id: string; outcome: Outcome; answeredAt: number; isExhausted: boolean }
  /** Its wait is over: it asks for a slot again. */
  | { type: 'slot.requested'; id: string };

export interface SessionOutput {
  id: string;
  verdict: Verdict;
  /** Attempts within this delivery. */
  attempts: number;
  /** What is on disk after its last record; null when nothing was recorded. */
  recorded: Recorded | null;
  /** The attempt that could not be recorded; null when all is on disk. */
  unrecorded: AttemptRecord | null;
  /** Why it was not sent (any more); null when it was. */
  withdrawn: WithdrawnReason | null;
  /** Of the last attempt. */
  outcome: Outcome | null;
}

export const sessionMachine = setup({
  types: {} as {
    input: SessionInput;
    context: Omit<SessionInput, 'unrecorded'> & {
      attempts: number;
      answer: Answered | null;
      outcome: Outcome | null;
      ruling: Ruling | null;
      deliveryStartedAt: number | null;
      isRecordingAgain: boolean;
      mayWait: boolean;
      recorded: Recorded | null;
      unrecorded: AttemptRecord | null;
      withdrawn: WithdrawnReason | null;
    };
    events:
      | { type: 'slot.granted' }
      | { type: 'circuit.changed'; circuit: CircuitView }
      /** The service stops: what is in flight may end, nothing waits for another attempt. */
      | { type: 'stop.requested' }
      /** An operator does not want to wait for the next attempt. */
      | { type: 'retry.requested' };
    output: SessionOutput;
  },
  actors: {
    postSession: provided<Answer, { id: string }>('postSession'),
    recordAttempt: provided<RecordResult, AttemptRecord>('recordAttempt'),
  },
  guards: {
    hasUnrecordedAnswer: ({ context }) => context.unrecorded !== null,
    isWithdrawn: (_, params: { answer: Answer }) => params.answer.type === 'withdrawn',
    isDeleted: (_, params: { result: RecordResult }) => params.result.type === 'deleted',
    rulingIs: ({ context }, ruling: Ruling) => context.ruling === ruling,
    mayTryAgain: ({ context }) => context.ruling === 'again' && context.mayWait && !context.isRecordingAgain,
    isOpen: (_, params: { circuit: CircuitView }) => params.circuit.state === 'open',
  },
  actions: {
    keepAnswer: assign(({ context }, params: { answer: Answer }) => {
      const answer = params.answer as Answered;
      const attempts = context.attempts + 1;
      return {
        answer,
        outcome: answer.outcome,
        attempts,
        deliveryStartedAt: context.deliveryStartedAt ?? answer.startedAt,
        ruling: rulingOf(answer.outcome, {
          attemptsLeft: context.attemptsMax - attempts,
          circuit: context.circuit,
          mayWait: context.mayWait,
        }),
      };
    }),
    reportAnswer: sendParent(({ context }): SessionReport => {
      const { outcome, startedAt, durationMs } = context.answer as Answered;
      const isExhausted = (outcome.kind === 'later' || outcome.kind === 'unheard') && context.attempts >= context.attemptsMax;
      return { type: 'attempt.answered', id: context.id, outcome, answeredAt: startedAt + durationMs, isExhausted };
    }),
    requestSlot: sendParent(({ context }): SessionReport => ({ type: 'slot.requested', id: context.id })),
    keepWithdrawal: assign((_, params: { answer: Answer }) => ({
      withdrawn: (params.answer as Extract<Answer, { type: 'withdrawn' }>).reason,
    })),
    keepRecord: assign((_, params: { result: RecordResult }) => ({
      unrecorded: null,
      ...(params.result.type === 'recorded' ? { recorded: params.result.recorded } : { withdrawn: 'deleted' as const }),
    })),
    keepUnrecorded: assign(({ context }) => ({ unrecorded: recordOf(context), recorded: null })),
    followCircuit: assign((_, params: { circuit: CircuitView }) => ({ circuit: params.circuit })),
    stopWaiting: assign({ mayWait: false }),
  },
  delays: {
    /** 1 s, 2 s, 4 s ... 60 s, plus jitter; a longer Retry-After wins (design section 6). */
    retryDelay: ({ context }) => retryDelayMs(context.attempts, context.jitter, context.answer as Answered),
  },
}).createMachine({
  id: 'session',
  context: ({ input }) => ({
    ...input,
    attempts: 0,
    answer: null,
    outcome: input.unrecorded?.outcome ?? null,
    ruling: input.unrecorded === undefined ? null : rulingOfRecord(input.unrecorded),
    deliveryStartedAt: null,
    isRecordingAgain: input.unrecorded !== undefined,
    mayWait: true,
    recorded: null,
    unrecorded: input.unrecorded ?? null,
    withdrawn: null,
  }),
  initial: 'ready',
  states: {
    ready: {
      always: { guard: 'hasUnrecordedAnswer', target: 'recording' },
      on: {
        'slot.granted': 'attempt',
        'stop.requested': 'deferred',
        'circuit.changed': [
          { guard: { type: 'isOpen', params: ({ event }) => event }, target: 'deferred' },
          { actions: { type: 'followCircuit', params: ({ event }) => event } },
        ],
      },
    },
    attempt: {
      invoke: {
        src: 'postSession',
        input: ({ context }) => ({ id: context.id }),
        // No onError: every network fault comes back as an outcome, so a rejection is a bug and must be seen.
        onDone: [
          {
            guard: { type: 'isWithdrawn', params: ({ event }) => ({ answer: event.output }) },
            target: 'deferred',
            actions: { type: 'keepWithdrawal', params: ({ event }) => ({ answer: event.output }) },
          },
          {
            target: 'recording',
            actions: [{ type: 'keepAnswer', params: ({ event }) => ({ answer: event.output }) }, 'reportAnswer'],
          },
        ],
      },
      on: {
        'stop.requested': { actions: 'stopWaiting' },
        'circuit.changed': { actions: { type: 'followCircuit', params: ({ event }) => event } },
      },
    },
    recording: {
      invoke: {
        src: 'recordAttempt',
        input: ({ context }) => recordOf(context),
        onDone: [
          {
            guard: { type: 'isDeleted', params: ({ event }) => ({ result: event.output }) },
            target: 'deferred',
            actions: { type: 'keepRecord', params: ({ event }) => ({ result: event.output }) },
          },
          ...(['submitted', 'failed'] as const).map((verdict) => ({
            guard: { type: 'rulingIs' as const, params: verdict },
            target: verdict,
            actions: {
              type: 'keepRecord' as const,
              params: ({ event }: { event: { output: RecordResult } }) => ({ result: event.output }),
            },
          })),
          {
            guard: 'mayTryAgain',
            target: 'backoffWait',
            actions: { type: 'keepRecord', params: ({ event }) => ({ result: event.output }) },
          },
          { target: 'deferred', actions: { type: 'keepRecord', params: ({ event }) => ({ result: event.output }) } },
        ],
        onError: { target: 'deferred', actions: 'keepUnrecorded' },
      },
      on: {
        'stop.requested': { actions: 'stopWaiting' },
        'circuit.changed': [
          {
            guard: { type: 'isOpen', params: ({ event }) => event },
            actions: [{ type: 'followCircuit', params: ({ event }) => event }, 'stopWaiting'],
          },
          { actions: { type: 'followCircuit', params: ({ event }) => event } },
        ],
      },
    },
    backoffWait: {
      after: { retryDelay: { target: 'ready', actions: 'requestSlot' } },
      on: {
        'retry.requested': { target: 'ready', actions: 'requestSlot' },
        'stop.requested': 'deferred',
        'circuit.changed': [
          { guard: { type: 'isOpen', params: ({ event }) => event }, target: 'deferred' },
          { actions: { type: 'followCircuit', params: ({ event }) => event } },
        ],
      },
    },
    submitted: { type: 'final', output: 'submitted' },
    failed: { type: 'final', output: 'failed' },
    deferred: { type: 'final', output: 'deferred' },
  },
  output: ({ context, event }) => ({
    id: context.id,
    // XState types a final state's output as unknown; it is one of the three literals above.
    verdict: event.output as Verdict,
    attempts: context.attempts,
    recorded: context.recorded,
    unrecorded: context.unrecorded,
    withdrawn: context.withdrawn,
    outcome: context.outcome,
  }),
});

/** The outcome table of design section 6, the column "then". */
function rulingOf(outcome: Outcome, at: { attemptsLeft: number; circuit: CircuitView; mayWait: boolean }): Ruling {
  switch (outcome.kind) {
    case 'accepted':
      return 'submitted';
    case 'endpoint':
      return 'deferred';
    case 'refused':
      // A probe that does not close the circuit leaves its session pending.
      return at.circuit.state === 'halfOpen' && at.circuit.cause?.kind === 'refused' ? 'deferred' : 'failed';
    case 'later':
    case 'unheard':
      if (at.circuit.state === 'open') return 'deferred';
      if (at.attemptsLeft > 0) return at.mayWait ? 'again' : 'deferred';
      return outcome.kind === 'later' && at.circuit.state === 'closed' ? 'failed' : 'deferred';
  }
}

function rulingOfRecord({ submissionStatus }: AttemptRecord): Ruling {
  return submissionStatus === 'pending' ? 'deferred' : submissionStatus;
}

function recordOf(context: {
  id: string;
  answer: Answered | null;
  ruling: Ruling | null;
  deliveryStartedAt: number | null;
  unrecorded: AttemptRecord | null;
}): AttemptRecord {
  if (context.unrecorded !== null) return context.unrecorded;
  const { outcome, startedAt, durationMs } = context.answer as Answered;
  const submissionStatus = context.ruling === 'submitted' || context.ruling === 'failed' ? context.ruling : 'pending';
  return {
    id: context.id,
    startedAt,
    durationMs,
    outcome,
    submissionStatus,
    deliveryStartedAt: context.deliveryStartedAt ?? startedAt,
  };
}

function retryDelayMs(attempts: number, jitter: number, { outcome, chance }: Answered): number {
  const delayMs = Math.min(firstDelayMs * 2 ** (attempts - 1), delayMsMax);
  return Math.max(delayMs * (1 + jitter * chance), outcome.retryAfterMs ?? 0);
}
