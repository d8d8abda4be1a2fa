/**
 * The background worker: one cycle after the other, each a look at the folder and then deliveries until nothing is left
 * or the endpoint's circuit opens (design sections 3 and 6).
 *   idle -> discovering -> dispatching -> idle;  any -> stopping
 * It owns the cycle timer, the FIFO queue, the slots, and one session actor per delivery under way.
 * WHAT happens is here, HOW in src/service. May import: xstate, src/common.
 */
import {
  assign,
  cancel,
  type DoneActorEvent,
  emit,
  enqueueActions,
  type ErrorActorEvent,
  raise,
  setup,
  spawnChild,
  stopChild,
  type ParameterizedObject,
  type PromiseActorLogic,
} from 'xstate';
import type { AttemptRecord, Discovery, QueueEntry } from '../src/common/delivery.ts';
import type { Outcome } from '../src/common/outcome.ts';
import { endpointMachine, type CircuitReport, type EndpointEvent } from './endpoint.ts';
import { compareFifo } from './queue-order.ts';
import { provided } from './provided.ts';
import { sessionMachine, type CircuitView, type SessionOutput, type SessionReport } from './session.ts';

/** Deliveries under way at once, as a multiple of the concurrency: waiting and recording ones included. */
const underWayPerSlot = 4;
/** Session files under way at once, in bytes; one larger session alone may exceed it. */
const underWayBytesMax = 32 * 1024 * 1024;
/**
 * Former suspects that may be under way, or started since the last acceptance, while others wait: five deliveries in a
 * row that the endpoint cannot digest would open the circuit again, and stand in the way of the others.
 */
const formerSuspectsMax = 4;
/** Records in a row that may fail before the cycle ends: what cannot be recorded is not sent. */
const recordFailuresMax = 3;
/** How long a stop waits for answers. */
const drainLimitMs = 10_000;

/** What the worker needs to know of the settings. */
export interface DeliverySettings {
  /** Requests in flight at most, 1-10. */
  concurrency: number;
  /** Attempts in all within one delivery, 1-10. */
  attemptsMax: number;
  intervalMs: number;
  /** Share of a delay added at random, 0-1. */
  jitter: number;
  /** Stands for endpoint, header and certificates together; null while no endpoint is set. */
  destination: string | null;
}

/** Where a delivery under way stands, as far as slots are concerned. */
type Phase = 'sending' | 'recording' | 'recordingAgain' | 'waiting';
interface UnderWay {
  id: string;
  phase: Phase;
  bytes: number;
  wasSuspect: boolean;
}
export type CycleEnd = 'drained' | 'circuitOpen' | 'diskFailing' | 'noEndpoint' | 'storeUnreadable';
export interface CycleTally {
  submitted: number;
  failed: number;
  deferred: number;
}

export type WorkerEvent =
  /** A cycle is wanted now; during a cycle, one more when it ends. */
  | { type: 'cycle.requested' }
  | { type: 'settings.changed'; settings: DeliverySettings }
  | { type: 'retry.requested'; id: string }
  | { type: 'stop.requested' }
  | { type: 'hold.ended' }
  | SessionReport
  | CircuitReport
  | DoneActorEvent<SessionOutput, `session.${string}`>
  | ErrorActorEvent<unknown, `session.${string}`>;

export type WorkerEmitted =
  | { type: 'delivery.ended'; output: SessionOutput }
  /** A session actor broke: a bug, never silent. The session stays pending. */
  | { type: 'delivery.broken'; id: string; error: unknown }
  | { type: 'cycle.ended'; end: CycleEnd; tally: CycleTally; isFollowed: boolean };

export interface WorkerContext {
  settings: DeliverySettings;
  queue: readonly QueueEntry[];
  /** Index of the next entry of `queue` to start. */
  next: number;
  /** How many at the end of `queue` are suspects. */
  suspects: number;
  /** Those that were, once the endpoint has accepted a session: they take their original place again. */
  former: readonly QueueEntry[];
  nextFormer: number;
  formerSinceAcceptance: number;
  /** At most forty, each id once: as a list, because a table with ever new keys is many times dearer to copy. */
  underWay: readonly UnderWay[];
  /** Deliveries whose wait is over, in that order: they go before new ones. */
  waiting: readonly string[];
  /** The endpoint's word; null while it is asked: at the start of a cycle, and after each answer. */
  circuit: CircuitReport['circuit'] | null;
  /** No attempt starts before this moment (Retry-After), unix ms. */
  heldUntil: number | null;
  /** How long the current hold lasts from its answer, ms. */
  holdMs: number;
  unrecorded: Readonly<Record<string, AttemptRecord>>;
  recordFailuresInRow: number;
  /** Why another cycle follows this one; null when none does. */
  followedBy: 'request' | 'secondChance' | 'destination' | null;
  tally: CycleTally;
  heldBack: number;
  hasRecalledPast: boolean;
  /** Why the folder could not be looked at; null when it could. */
  discoveryError: unknown;
}

const emptyTally: CycleTally = { submitted: 0, failed: 0, deferred: 0 };
const inFlight = (context: WorkerContext) => context.underWay.filter(({ phase }) => phase === 'sending').length;
const bytesUnderWay = (context: WorkerContext) => context.underWay.reduce((sum, { bytes }) => sum + bytes, 0);
const isRecordingAgain = (context: WorkerContext) => context.underWay.some(({ phase }) => phase === 'recordingAgain');
const isDiskFailing = (context: WorkerContext) => context.recordFailuresInRow >= recordFailuresMax;
const waitingCount = ({ queue, next, former, nextFormer }: WorkerContext) => queue.length - next + former.length - nextFormer;
const isHeld = (context: WorkerContext) => context.heldUntil !== null;
const sessionActor = (id: string) => `session.${id}` as const;
const idOfActor = (actorId: string) => actorId.slice('session.'.length);

/** The figures of `onSubmissionProgress`: requests in flight, and what this cycle still has to do beside them. */
export function progressOf(context: WorkerContext): { inFlight: number; queueSize: number } {
  const sending = inFlight(context);
  return { inFlight: sending, queueSize: waitingCount(context) + context.underWay.length - sending };
}

export function isUnderWay({ underWay }: WorkerContext, id: string): boolean {
  return underWay.some((delivery) => delivery.id === id);
}

/** Whether nothing is under way any more: a stopped worker may be thrown away then. */
export function isDrained(context: WorkerContext): boolean {
  return context.underWay.length === 0;
}

/** What the worker spawns, as XState's types want it told. */
type WorkerActor =
  | { src: 'endpoint'; logic: typeof endpointMachine; id: string | undefined }
  | { src: 'session'; logic: typeof sessionMachine; id: string | undefined }
  | { src: 'discoverSessions'; logic: PromiseActorLogic<Discovery, void>; id: string | undefined };
type AnswerSeen = Omit<Extract<SessionReport, { type: 'attempt.answered' }>, 'type' | 'id'>;

/** `enqueueActions` for this machine: inside `setup` XState cannot infer its types beside actions that take params. */
function steps<Params extends ParameterizedObject['params'] | undefined = undefined>(
  collect: Parameters<
    typeof enqueueActions<WorkerContext, WorkerEvent, Params, WorkerEvent, WorkerActor, never, never, never, WorkerEmitted>
  >[0],
) {
  return enqueueActions<WorkerContext, WorkerEvent, Params, WorkerEvent, WorkerActor, never, never, never, WorkerEmitted>(
    collect,
  );
}

export const workerMachine = setup({
  types: {} as {
    input: { settings: DeliverySettings };
    context: WorkerContext;
    events: WorkerEvent;
    emitted: WorkerEmitted;
  },
  actors: {
    endpoint: endpointMachine,
    session: sessionMachine,
    discoverSessions: provided<Discovery, void>('discoverSessions'),
  },
  guards: {
    hasDestination: ({ context }) => context.settings.destination !== null,
    isFollowed: ({ context }) => context.followedBy !== null,
    destinationDiffers: ({ context }, params: { settings: DeliverySettings }) =>
      params.settings.destination !== null && params.settings.destination !== context.settings.destination,
    intervalDiffers: ({ context }, params: { settings: DeliverySettings }) =>
      params.settings.intervalMs !== context.settings.intervalMs,
    isOver: ({ context }) =>
      isDrained(context) &&
      context.circuit !== null &&
      (context.settings.destination === null ||
        waitingCount(context) === 0 ||
        context.circuit.state === 'open' ||
        isDiskFailing(context)),
    mayGrantWaiting: ({ context }) =>
      context.waiting.length > 0 &&
      context.circuit !== null &&
      context.circuit.state !== 'open' &&
      !isHeld(context) &&
      !isDiskFailing(context) &&
      inFlight(context) < context.settings.concurrency,
    mayStartNext: ({ context }) => {
      const entry = nextEntry(context)?.entry;
      if (
        entry === undefined ||
        context.waiting.length > 0 ||
        isHeld(context) ||
        isDiskFailing(context) ||
        isRecordingAgain(context)
      )
        return false;
      if (context.settings.destination === null || context.circuit === null || context.circuit.state === 'open') return false;
      // Half open: exactly one delivery, as a probe.
      if (context.circuit.state === 'halfOpen') return isDrained(context);
      if (inFlight(context) >= context.settings.concurrency) return false;
      if (context.underWay.length >= underWayPerSlot * context.settings.concurrency) return false;
      return isDrained(context) || bytesUnderWay(context) + entry.bytes <= underWayBytesMax;
    },
    isAccepted: (_, params: { outcome: Outcome }) => params.outcome.kind === 'accepted',
    isLastRecordFailure: ({ context }, { output }: { output: SessionOutput }) =>
      output.unrecorded !== null && context.recordFailuresInRow + 1 === recordFailuresMax,
    holdsBackLonger: ({ context }, params: { outcome: Outcome; answeredAt: number }) =>
      params.outcome.retryAfterMs !== undefined && params.answeredAt + params.outcome.retryAfterMs > (context.heldUntil ?? 0),
  },
  actions: {
    applySettings: assign((_, params: { settings: DeliverySettings }) => params),
    leaveOldDestination: steps<{ settings: DeliverySettings }>(({ context, enqueue }, params) => {
      if (params.settings.destination === context.settings.destination) return;
      // A changed endpoint is free of the old one's Retry-After and of its failures.
      enqueue(cancel('hold'));
      enqueue.assign({ heldUntil: null });
      enqueue.sendTo('endpoint', { type: 'destination.changed' } satisfies EndpointEvent);
    }),
    wantAnother: assign((_, params: { because: NonNullable<WorkerContext['followedBy']> }) => ({ followedBy: params.because })),
    beginCycle: assign({ followedBy: null, tally: emptyTally, recordFailuresInRow: 0, discoveryError: null }),
    takeQueue: assign(({ context }, { discovery }: { discovery: Discovery }) => {
      const { queue, suspects } = withoutUnrecorded(discovery, context.unrecorded);
      return { queue, suspects, next: 0, former: [], nextFormer: 0, formerSinceAcceptance: 0, heldBack: discovery.heldBack };
    }),
    askForCircuit: steps<{ discovery: Discovery }>(({ context, enqueue }, { discovery }) => {
      if (context.queue.length === 0) return;
      const past = context.hasRecalledPast ? { triedSince: 0, refusedSince: 0 } : discovery;
      enqueue.assign({ circuit: null, hasRecalledPast: true });
      enqueue.sendTo('endpoint', {
        type: 'cycle.started',
        triedSince: past.triedSince,
        refusedSince: past.refusedSince,
      } satisfies EndpointEvent);
    }),
    keepDiscoveryError: assign((_, params: { error: unknown }) => ({ discoveryError: params.error })),
    recordAgain: steps(({ context, enqueue }) => {
      for (const [id, unrecorded] of Object.entries(context.unrecorded)) {
        enqueue.spawnChild('session', { id: sessionActor(id), input: { ...sessionInput(context, id), unrecorded } });
      }
      enqueue.assign({
        underWay: Object.keys(context.unrecorded).map((id) => ({
          id,
          phase: 'recordingAgain' as const,
          bytes: 0,
          wasSuspect: false,
        })),
      });
    }),
    startNext: steps(({ context, enqueue }) => {
      const { entry, wasSuspect } = nextEntry(context) as NextEntry;
      const { next, nextFormer, formerSinceAcceptance, underWay } = context;
      enqueue.assign({
        ...(wasSuspect ? { nextFormer: nextFormer + 1, formerSinceAcceptance: formerSinceAcceptance + 1 } : { next: next + 1 }),
        underWay: [...underWay, { id: entry.id, phase: 'sending', bytes: entry.bytes, wasSuspect }],
      });
      enqueue(spawnChild('session', { id: sessionActor(entry.id), input: sessionInput(context, entry.id) }));
      enqueue.sendTo(sessionActor(entry.id), { type: 'slot.granted' });
    }),
    grantWaiting: steps(({ context, enqueue }) => {
      const [id, ...waiting] = context.waiting as [string, ...string[]];
      enqueue.assign({ waiting, underWay: inPhase(context, id, 'sending') });
      enqueue.sendTo(sessionActor(id), { type: 'slot.granted' });
    }),
    queueWaiting: assign(({ context }, { id }: { id: string }) => ({
      waiting: [...context.waiting, id],
      underWay: inPhase(context, id, 'waiting'),
    })),
    freeSlot: assign(({ context }, { id }: { id: string }) => ({ underWay: inPhase(context, id, 'recording') })),
    tellEndpoint: steps<AnswerSeen>(({ enqueue }, params) => {
      const event = endpointEventOf(params);
      if (event === null) return;
      enqueue.assign({ circuit: null });
      enqueue.sendTo('endpoint', event);
    }),
    hold: assign((_, params: { outcome: Outcome; answeredAt: number }) => {
      const holdMs = params.outcome.retryAfterMs as number;
      return { holdMs, heldUntil: params.answeredAt + holdMs };
    }),
    endHold: assign({ heldUntil: null }),
    // The first acceptance ends all suspicion: what is left goes in its original order.
    endSuspicion: assign(({ context: { queue, next, suspects } }) => {
      if (suspects === 0) return { formerSinceAcceptance: 0 };
      const split = Math.max(next, queue.length - suspects);
      return {
        queue: queue.slice(next, split),
        next: 0,
        suspects: 0,
        former: queue.slice(split).sort(compareFifo),
        nextFormer: 0,
        formerSinceAcceptance: 0,
      };
    }),
    followCircuit: assign((_, { circuit }: CircuitReport) => ({ circuit })),
    passCircuitOn: steps<CircuitReport>(({ context, enqueue }, { circuit: { state, cause } }) => {
      for (const { id } of context.underWay)
        enqueue.sendTo(sessionActor(id), { type: 'circuit.changed', circuit: { state, cause } });
    }),
    passRetryOn: steps<{ id: string }>(({ context, enqueue }, { id }) => {
      if (isUnderWay(context, id)) enqueue.sendTo(sessionActor(id), { type: 'retry.requested' });
    }),
    settle: steps<{ output: SessionOutput }>(({ context, enqueue }, { output }) => {
      enqueue.assign({ ...without(context, output.id), ...accounted(context, output) });
      enqueue(stopChild(sessionActor(output.id)));
      enqueue.emit({ type: 'delivery.ended', output });
    }),
    settleBroken: steps<{ id: string; error: unknown }>(({ context, enqueue }, { id, error }) => {
      enqueue.assign({ ...without(context, id), tally: { ...context.tally, deferred: context.tally.deferred + 1 } });
      enqueue(stopChild(sessionActor(id)));
      enqueue.emit({ type: 'delivery.broken', id, error });
    }),
    announceEnd: emit(({ context }, params: { end?: CycleEnd }) => ({
      type: 'cycle.ended' as const,
      end: params.end ?? endOf(context),
      tally: context.tally,
      isFollowed: context.followedBy !== null,
    })),
    dropQueue: assign({ queue: [], next: 0, suspects: 0, former: [], nextFormer: 0 }),
    stopWaiting: steps(({ context, enqueue }) => {
      for (const { id } of context.underWay) enqueue.sendTo(sessionActor(id), { type: 'stop.requested' });
    }),
    /** Gives up on the answers that are still out; the service provides it. */
    abortAttempts: () => {},
  },
  delays: {
    cycleInterval: ({ context }) => context.settings.intervalMs,
    retryAfter: ({ context }) => context.holdMs,
    drainLimit: drainLimitMs,
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    settings: input.settings,
    queue: [],
    next: 0,
    suspects: 0,
    former: [],
    nextFormer: 0,
    formerSinceAcceptance: 0,
    underWay: [],
    waiting: [],
    circuit: null,
    heldUntil: null,
    holdMs: 0,
    unrecorded: {},
    recordFailuresInRow: 0,
    followedBy: null,
    tally: emptyTally,
    heldBack: 0,
    hasRecalledPast: false,
    discoveryError: null,
  }),
  invoke: {
    src: 'endpoint',
    id: 'endpoint',
  },
  on: {
    'circuit.changed': {
      actions: [
        { type: 'followCircuit', params: ({ event }) => event },
        { type: 'passCircuitOn', params: ({ event }) => event },
      ],
    },
    'circuit.confirmed': { actions: { type: 'followCircuit', params: ({ event }) => event } },
    'attempt.answered': [
      {
        guard: { type: 'isAccepted', params: ({ event }) => event },
        actions: [
          { type: 'freeSlot', params: ({ event }) => event },
          'endSuspicion',
          { type: 'tellEndpoint', params: ({ event }) => event },
        ],
      },
      {
        guard: { type: 'holdsBackLonger', params: ({ event }) => event },
        actions: [
          { type: 'freeSlot', params: ({ event }) => event },
          { type: 'hold', params: ({ event }) => event },
          cancel('hold'),
          raise({ type: 'hold.ended' }, { delay: 'retryAfter', id: 'hold' }),
          { type: 'tellEndpoint', params: ({ event }) => event },
        ],
      },
      {
        actions: [
          { type: 'freeSlot', params: ({ event }) => event },
          { type: 'tellEndpoint', params: ({ event }) => event },
        ],
      },
    ],
    'slot.requested': { actions: { type: 'queueWaiting', params: ({ event }) => event } },
    'hold.ended': { actions: 'endHold' },
    'retry.requested': { actions: { type: 'passRetryOn', params: ({ event }) => event } },
    'xstate.done.actor.session.*': [
      {
        guard: { type: 'isLastRecordFailure', params: ({ event }) => event },
        actions: [{ type: 'settle', params: ({ event }) => event }, 'stopWaiting'],
      },
      { actions: { type: 'settle', params: ({ event }) => event } },
    ],
    'xstate.error.actor.session.*': {
      actions: { type: 'settleBroken', params: ({ event }) => ({ id: idOfActor(event.actorId), error: event.error }) },
    },
    'cycle.requested': { actions: { type: 'wantAnother', params: { because: 'request' } } },
    'settings.changed': [
      {
        guard: { type: 'destinationDiffers', params: ({ event }) => event },
        actions: [
          { type: 'leaveOldDestination', params: ({ event }) => event },
          { type: 'applySettings', params: ({ event }) => event },
          { type: 'wantAnother', params: { because: 'destination' } },
        ],
      },
      {
        actions: [
          { type: 'leaveOldDestination', params: ({ event }) => event },
          { type: 'applySettings', params: ({ event }) => event },
        ],
      },
    ],
    'stop.requested': '.stopping',
  },
  initial: 'idle',
  states: {
    idle: {
      always: { guard: 'isFollowed', target: 'discovering' },
      after: { cycleInterval: 'discovering' },
      on: {
        'cycle.requested': 'discovering',
        'settings.changed': [
          {
            guard: { type: 'destinationDiffers', params: ({ event }) => event },
            target: 'discovering',
            actions: [
              { type: 'leaveOldDestination', params: ({ event }) => event },
              { type: 'applySettings', params: ({ event }) => event },
            ],
          },
          {
            guard: { type: 'intervalDiffers', params: ({ event }) => event },
            target: 'idle',
            // A running timer keeps its old delay until the state is entered again.
            reenter: true,
            actions: [
              { type: 'leaveOldDestination', params: ({ event }) => event },
              { type: 'applySettings', params: ({ event }) => event },
            ],
          },
          {
            actions: [
              { type: 'leaveOldDestination', params: ({ event }) => event },
              { type: 'applySettings', params: ({ event }) => event },
            ],
          },
        ],
      },
    },
    discovering: {
      entry: 'beginCycle',
      invoke: {
        src: 'discoverSessions',
        onDone: [
          {
            guard: 'hasDestination',
            target: 'dispatching',
            actions: [
              { type: 'takeQueue', params: ({ event }) => ({ discovery: event.output }) },
              { type: 'askForCircuit', params: ({ event }) => ({ discovery: event.output }) },
            ],
          },
          {
            target: 'idle',
            actions: [
              { type: 'takeQueue', params: ({ event }) => ({ discovery: event.output }) },
              'dropQueue',
              { type: 'announceEnd', params: { end: 'noEndpoint' } },
            ],
          },
        ],
        onError: {
          target: 'idle',
          actions: [
            { type: 'keepDiscoveryError', params: ({ event }) => ({ error: event.error }) },
            { type: 'announceEnd', params: { end: 'storeUnreadable' } },
          ],
        },
      },
    },
    dispatching: {
      entry: 'recordAgain',
      always: [
        { guard: 'isOver', target: 'idle', actions: [{ type: 'announceEnd', params: {} }, 'dropQueue'] },
        { guard: 'mayGrantWaiting', actions: 'grantWaiting' },
        { guard: 'mayStartNext', actions: 'startNext' },
      ],
    },
    stopping: {
      entry: ['dropQueue', 'stopWaiting'],
      after: { drainLimit: { actions: 'abortAttempts' } },
      // What is already decided is not decided again, and no cycle follows.
      on: { 'cycle.requested': {}, 'stop.requested': {} },
    },
  },
});

interface NextEntry {
  entry: QueueEntry;
  wasSuspect: boolean;
}

/** Whose turn it is: FIFO, but former suspects give way once too many of them could stand in a row. */
function nextEntry({ queue, next, former, nextFormer, formerSinceAcceptance, underWay }: WorkerContext): NextEntry | null {
  const other = queue[next];
  const suspect = former[nextFormer];
  if (suspect === undefined) return other === undefined ? null : { entry: other, wasSuspect: false };
  if (other === undefined) return { entry: suspect, wasSuspect: true };
  const underWayNow = underWay.filter(({ wasSuspect }) => wasSuspect).length;
  const isTooMany = underWayNow >= formerSuspectsMax || formerSinceAcceptance >= formerSuspectsMax;
  return isTooMany || compareFifo(other, suspect) < 0
    ? { entry: other, wasSuspect: false }
    : { entry: suspect, wasSuspect: true };
}

function sessionInput({ settings, circuit }: WorkerContext, id: string) {
  const view: CircuitView = { state: circuit?.state ?? 'closed', cause: circuit?.cause ?? null };
  return { id, attemptsMax: settings.attemptsMax, jitter: settings.jitter, circuit: view };
}

/** A session whose last answer is not on disk yet is not POSTed again by this process. */
function withoutUnrecorded(
  { queue, suspects }: Discovery,
  unrecorded: WorkerContext['unrecorded'],
): { queue: QueueEntry[]; suspects: number } {
  if (Object.keys(unrecorded).length === 0) return { queue, suspects };
  const isRecorded = ({ id }: QueueEntry) => unrecorded[id] === undefined;
  return { queue: queue.filter(isRecorded), suspects: queue.slice(queue.length - suspects).filter(isRecorded).length };
}

function inPhase({ underWay }: WorkerContext, id: string, phase: Phase): WorkerContext['underWay'] {
  return underWay.map((delivery) => (delivery.id === id ? { ...delivery, phase } : delivery));
}

function without({ underWay, waiting }: WorkerContext, id: string): Pick<WorkerContext, 'underWay' | 'waiting'> {
  const isOther = (other: string) => other !== id;
  return { underWay: underWay.filter((delivery) => isOther(delivery.id)), waiting: waiting.filter(isOther) };
}

function accounted(
  { unrecorded, recordFailuresInRow, followedBy, tally }: WorkerContext,
  output: SessionOutput,
): Pick<WorkerContext, 'unrecorded' | 'recordFailuresInRow' | 'followedBy' | 'tally'> {
  const { [output.id]: _before, ...others } = unrecorded;
  const hasSetBack = (output.recorded?.setBack ?? 0) > 0;
  return {
    unrecorded: output.unrecorded === null ? others : { ...others, [output.id]: output.unrecorded },
    recordFailuresInRow:
      output.unrecorded !== null ? recordFailuresInRow + 1 : output.recorded === null ? recordFailuresInRow : 0,
    followedBy: followedBy ?? (hasSetBack ? 'secondChance' : null),
    tally: { ...tally, [output.verdict]: tally[output.verdict] + 1 },
  };
}

function endpointEventOf({
  outcome,
  answeredAt,
  isExhausted,
}: {
  outcome: Outcome;
  answeredAt: number;
  isExhausted: boolean;
}): EndpointEvent | null {
  const answered = {
    at: answeredAt,
    ...(outcome.httpStatus === undefined ? {} : { httpStatus: outcome.httpStatus }),
    ...(outcome.code === undefined ? {} : { code: outcome.code }),
    ...(outcome.elsewhere === undefined ? {} : { elsewhere: outcome.elsewhere }),
  };
  switch (outcome.kind) {
    case 'accepted':
      return { type: 'delivery.accepted', ...answered };
    case 'refused':
      return { type: 'delivery.refused', ...answered };
    case 'endpoint':
      return { type: 'delivery.misaddressed', ...answered };
    case 'later':
    case 'unheard':
      return isExhausted ? { type: 'delivery.exhausted', ...answered } : null;
  }
}

function endOf(context: WorkerContext): CycleEnd {
  if (context.settings.destination === null) return 'noEndpoint';
  if (isDiskFailing(context)) return 'diskFailing';
  return context.circuit?.state === 'open' ? 'circuitOpen' : 'drained';
}
