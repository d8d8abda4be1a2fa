/**
 * A bulk retry that goes carefully: it starts with one session, doubles while all of a step are accepted, and stops at the
 * first that fails as before (docs/console-contract.md, `startRetryJob`).
 *   running (starting -> watching -> starting ...) -> done;  running -> takingBack -> finishing -> cancelled | stopped
 * WHAT happens is here, HOW in src/service/desk. May import: xstate, src/common.
 */
import { and, assign, setup } from 'xstate';
import { provided } from './provided.ts';

/** What came back, or would: missing fields were not there. */
export interface Recurrence {
  httpStatus?: number;
  code?: string;
}

/** How one delivery of a session of this job ended. */
export type RetryReport =
  | { type: 'session.accepted'; id: string }
  | ({ type: 'session.failed'; id: string } & Recurrence)
  /** Still pending: the next cycle tries again, so it stays under way. */
  | { type: 'session.deferred'; id: string }
  /** Deleted, ignored or taken by somebody else: the job has it no more. */
  | { type: 'session.withdrawn'; id: string };

export interface TakenBack {
  takenBack: string[];
  underWay: string[];
}

export interface RetryJobContext {
  /** Sessions of the job; `next` is the first that was not started. */
  ids: readonly string[];
  next: number;
  /** What ends the job when it comes back; null: any failure does. */
  recurrence: Recurrence | null;
  /** How many may be under way at this step. */
  ramp: number;
  sending: readonly string[];
  accepted: number;
  failed: number;
  /** Sessions that were the job's and are not any more. */
  withdrawn: number;
  /** Started, but not accepted nor failed when the job ended: taken back unsent, or pending as before. */
  left: number;
  /** What was counted when the step began. */
  before: { accepted: number; failed: number };
  stoppedBy: Recurrence | null;
}

export const retryJobMachine = setup({
  types: {} as {
    input: { ids: readonly string[]; recurrence: Recurrence | null };
    context: RetryJobContext;
    events: RetryReport | { type: 'cancel.requested' };
  },
  actors: {
    /** Puts sessions back in the queue; answers those that could be. */
    startSessions: provided<string[], { ids: readonly string[] }>('startSessions'),
    /** Sets those back that wait unsent; answers whose delivery is under way and goes on to its end. */
    takeBackUnsent: provided<TakenBack, { ids: readonly string[] }>('takeBackUnsent'),
  },
  guards: {
    isMine: ({ context }, params: { id: string }) => context.sending.includes(params.id),
    isOver: ({ context }) => context.sending.length === 0 && context.next >= context.ids.length,
    isStepOver: ({ context }) => context.sending.length === 0,
    isRecurrence: ({ context }, { id, ...failure }: { id: string } & Recurrence) =>
      context.sending.includes(id) && isSame(context.recurrence, failure),
    wasStopped: ({ context }) => context.stoppedBy !== null,
  },
  actions: {
    takeStep: assign(({ context }) => {
      const next = Math.min(context.next + context.ramp, context.ids.length);
      const { accepted, failed } = context;
      return { next, sending: context.ids.slice(context.next, next), before: { accepted, failed } };
    }),
    // Some may not be `failed` any more: they are not this job's. Reports that came meanwhile have been counted.
    keepStarted: assign(({ context }, params: { started: readonly string[] }) => {
      const sending = context.sending.filter((id) => params.started.includes(id));
      return { sending, withdrawn: context.withdrawn + context.sending.length - sending.length };
    }),
    widenRamp: assign(({ context: { ramp, accepted, failed, before } }) =>
      accepted > before.accepted && failed === before.failed ? { ramp: ramp * 2 } : {},
    ),
    countAccepted: assign(({ context }, params: { id: string }) => ({
      accepted: context.accepted + 1,
      sending: without(context.sending, params.id),
    })),
    countFailed: assign(({ context }, params: { id: string }) => ({
      failed: context.failed + 1,
      sending: without(context.sending, params.id),
    })),
    countWithdrawn: assign(({ context }, params: { id: string }) => ({
      withdrawn: context.withdrawn + 1,
      sending: without(context.sending, params.id),
    })),
    keepReason: assign((_, { httpStatus, code }: Recurrence) => ({ stoppedBy: recurrenceOf(httpStatus, code) })),
    countLeft: assign(({ context }, params: { id: string }) => ({
      left: context.left + 1,
      sending: without(context.sending, params.id),
    })),
    keepUnderWay: assign(({ context }, { takenBack, underWay }: TakenBack) => {
      const sending = context.sending.filter((id) => underWay.includes(id));
      const backCount = context.sending.filter((id) => takenBack.includes(id)).length;
      const goneCount = context.sending.length - sending.length - backCount;
      return { sending, left: context.left + backCount, withdrawn: context.withdrawn + goneCount };
    }),
    letGo: assign(({ context }) => ({ sending: [], left: context.left + context.sending.length })),
  },
}).createMachine({
  id: 'retryJob',
  context: ({ input }) => ({
    ...input,
    next: 0,
    ramp: 1,
    sending: [],
    accepted: 0,
    failed: 0,
    withdrawn: 0,
    left: 0,
    before: { accepted: 0, failed: 0 },
    stoppedBy: null,
  }),
  initial: 'running',
  states: {
    running: {
      initial: 'starting',
      on: {
        'session.failed': {
          guard: { type: 'isRecurrence', params: ({ event }) => event },
          target: 'takingBack',
          actions: [
            { type: 'countFailed', params: ({ event }) => event },
            { type: 'keepReason', params: ({ event }) => event },
          ],
        },
        'cancel.requested': 'takingBack',
      },
      states: {
        starting: {
          always: { guard: 'isOver', target: '#retryJob.done' },
          entry: 'takeStep',
          invoke: {
            src: 'startSessions',
            input: ({ context }) => ({ ids: context.sending }),
            onDone: { target: 'watching', actions: { type: 'keepStarted', params: ({ event }) => ({ started: event.output }) } },
            // The disk does not take it: what was not started stays as it was.
            onError: {
              target: '#retryJob.takingBack',
              actions: { type: 'keepReason', params: { code: 'ERR_STORE_WRITE_FAILED' } },
            },
          },
        },
        watching: {
          always: [
            { guard: 'isOver', target: '#retryJob.done' },
            { guard: 'isStepOver', target: 'starting', actions: 'widenRamp' },
          ],
        },
      },
    },
    takingBack: {
      invoke: {
        src: 'takeBackUnsent',
        input: ({ context }) => ({ ids: context.sending }),
        onDone: { target: 'finishing', actions: { type: 'keepUnderWay', params: ({ event }) => event.output } },
        // They stay in the queue and end like any other; this job does not wait for them.
        onError: { target: 'finishing', actions: 'letGo' },
      },
    },
    /** Nothing more is started; what is under way ends by itself. */
    finishing: {
      always: [
        { guard: and(['isStepOver', 'wasStopped']), target: 'stopped' },
        { guard: 'isStepOver', target: 'cancelled' },
      ],
      on: {
        'session.deferred': {
          guard: { type: 'isMine', params: ({ event }) => event },
          actions: { type: 'countLeft', params: ({ event }) => event },
        },
      },
    },
    done: { type: 'final' },
    cancelled: { type: 'final' },
    stopped: { type: 'final' },
  },
  on: {
    'session.accepted': {
      guard: { type: 'isMine', params: ({ event }) => event },
      actions: { type: 'countAccepted', params: ({ event }) => event },
    },
    'session.failed': {
      guard: { type: 'isMine', params: ({ event }) => event },
      actions: { type: 'countFailed', params: ({ event }) => event },
    },
    'session.withdrawn': {
      guard: { type: 'isMine', params: ({ event }) => event },
      actions: { type: 'countWithdrawn', params: ({ event }) => event },
    },
  },
});

const without = (ids: readonly string[], id: string) => ids.filter((other) => other !== id);

function recurrenceOf(httpStatus: number | undefined, code: string | undefined): Recurrence {
  return { ...(httpStatus === undefined ? {} : { httpStatus }), ...(code === undefined ? {} : { code }) };
}

/** Whether a failure is the one that was expected to be gone. A cause without a code is any answer with its status. */
function isSame(recurrence: Recurrence | null, { httpStatus, code }: Recurrence): boolean {
  if (recurrence === null) return true;
  return recurrence.httpStatus === httpStatus && (recurrence.code === undefined || recurrence.code === code);
}

/** The figures the console shows: what is not accepted, failed, under way or withdrawn is to go, or stays as it was. */
export function retryFigures(context: RetryJobContext) {
  const { ids, next, sending, accepted, failed, withdrawn, left, ramp } = context;
  const toGo = ids.length - next + left;
  return { total: ids.length, accepted, failed, sending: sending.length, toGo, withdrawn, ramp };
}
