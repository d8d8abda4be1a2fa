/**
 * The worker along every path that `xstate/graph` finds in it, with a small queue and every answer, record and word of
 * an operator at every moment; and the invariants that hold on all of them.
 */
import { type AnyMachineSnapshot, type EventObject, fromCallback } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { Discovery } from '../../src/common/delivery.ts';
import type { SessionOutput } from '../../machines/session.ts';
import { type WorkerContext, workerMachine } from '../../machines/worker.ts';
import { accepted, busy, settings, unauthorized } from '../support/world.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const ids = ['a', 'b'];
const entry = (id: string) => ({ id, startTime: ids.indexOf(id), bytes: 1 });
const discovery: Discovery = {
  queue: ids.map(entry),
  suspects: 1,
  lastAcceptedAt: 0,
  triedSince: 0,
  refusedSince: 0,
  heldBack: 0,
};
const record = {
  id: 'a',
  startedAt: 1,
  durationMs: 1,
  outcome: accepted,
  submissionStatus: 'submitted' as const,
  deliveryStartedAt: 1,
};
const ended = (id: string, change: Partial<SessionOutput>): EventObject =>
  ({
    type: `xstate.done.actor.session.${id}`,
    actorId: `session.${id}`,
    output: {
      id,
      verdict: 'submitted',
      attempts: 1,
      recorded: null,
      unrecorded: null,
      withdrawn: null,
      outcome: null,
      ...change,
    },
  }) as EventObject;
const recorded = { id: 'a', submissionStatus: 'submitted' as const, submissionAttempts: 1, setBack: 1 };
const circuit = (state: string, type = 'circuit.changed') => ({ type, circuit: { state, cause: null, since: null, tries: 0 } });

/** What the worker's surroundings can do at this moment: they keep to their own contract. */
function events({ value, context, status }: AnyMachineSnapshot): EventObject[] {
  if (status !== 'active') return [];
  const { underWay } = context as WorkerContext;
  const possible: EventObject[] = [
    { type: 'cycle.requested' },
    { type: 'stop.requested' },
    { type: 'settings.changed', settings: { ...settings, concurrency: 1, destination: 'elsewhere' } } as EventObject,
    { type: 'settings.changed', settings: { ...settings, concurrency: 2, intervalMs: 1 } } as EventObject,
    { type: 'settings.changed', settings: { ...settings, destination: null } } as EventObject,
  ];
  if (underWay.some(({ id }) => id === 'a')) possible.push({ type: 'retry.requested', id: 'a' } as EventObject);
  if (context.heldUntil !== null) possible.push({ type: 'hold.ended' });
  if (value === 'idle') possible.push({ type: 'xstate.after.cycleInterval.worker.idle' });
  if (value === 'stopping') possible.push({ type: 'xstate.after.drainLimit.worker.stopping' });
  if (value === 'discovering')
    possible.push(
      { type: 'xstate.done.actor.0.worker.discovering', output: discovery } as EventObject,
      { type: 'xstate.done.actor.0.worker.discovering', output: { ...discovery, queue: [], suspects: 0 } } as EventObject,
      { type: 'xstate.error.actor.0.worker.discovering', error: 'EIO' } as EventObject,
    );
  // The endpoint answers what it is asked, and nothing else.
  if (context.circuit === null) {
    possible.push(circuit('closed', 'circuit.confirmed'), circuit('open'));
    if (underWay.length === 0) possible.push(circuit('halfOpen'));
  }
  for (const { id, phase } of underWay) {
    const answer = { type: 'attempt.answered', id, answeredAt: 10, isExhausted: false };
    if (phase === 'sending')
      possible.push(
        { ...answer, outcome: accepted } as EventObject,
        { ...answer, outcome: unauthorized } as EventObject,
        { ...answer, outcome: { ...busy, retryAfterMs: 1000 } } as EventObject,
        { ...answer, outcome: busy, isExhausted: true } as EventObject,
        ended(id, { verdict: 'deferred', withdrawn: 'ignored' }),
        { type: `xstate.error.actor.session.${id}`, actorId: `session.${id}`, error: 'a bug' } as EventObject,
      );
    if (phase === 'recording') possible.push({ type: 'slot.requested', id } as EventObject);
    if (phase === 'recording' || phase === 'recordingAgain')
      possible.push(
        ended(id, { recorded: { ...recorded, id } }),
        ended(id, { verdict: 'deferred', unrecorded: { ...record, id } }),
      );
  }
  return possible;
}

// The endpoint's words are events here, so its own actor is silent.
const machine = workerMachine.provide({ actors: { endpoint: fromCallback(() => {}) as never } });
const key = ({ value, context }: AnyMachineSnapshot) => {
  const {
    queue,
    next,
    former,
    nextFormer,
    formerSinceAcceptance,
    underWay,
    waiting,
    circuit: view,
    heldUntil,
    unrecorded,
    recordFailuresInRow,
    followedBy,
    settings: now,
  } = context as WorkerContext;
  return JSON.stringify([
    value,
    queue.length - next,
    former.length - nextFormer,
    formerSinceAcceptance,
    underWay.map(({ id, phase }) => [id, phase]),
    waiting,
    view?.state,
    heldUntil !== null,
    Object.keys(unrecorded),
    Math.min(recordFailuresInRow, 3),
    followedBy !== null && value === 'dispatching' && queue.length === next,
    now.destination,
  ]);
};
const { paths, taken } = walk(machine, { input: { settings: { ...settings, concurrency: 1 } }, events, key, limit: 100_000 });
/** Three records in a row that the disk does not take need a third session, and little else. */
const failingDisk = walk(machine, {
  input: { settings: { ...settings, concurrency: 3 } },
  events: ({ value, context }) => {
    if (value === 'idle') return Object.keys(context.unrecorded).length === 0 ? [{ type: 'cycle.requested' }] : [];
    if (value === 'discovering') {
      const three = { ...discovery, queue: [...discovery.queue, { id: 'c', startTime: 2, bytes: 1 }] };
      return [{ type: 'xstate.done.actor.0.worker.discovering', output: three } as EventObject];
    }
    if (context.circuit === null) return [circuit('closed', 'circuit.confirmed')];
    return (context as WorkerContext).underWay.map(({ id, phase }) =>
      phase === 'sending'
        ? ({ type: 'attempt.answered', id, answeredAt: 10, isExhausted: false, outcome: accepted } as EventObject)
        : ended(id, { verdict: 'deferred', unrecorded: { ...record, id } }),
    );
  },
  key,
});
/** The last step of each path: shortest paths, each extended by all that can follow, so every step is one of them. */
const steps = paths.map(({ events: along, snapshots }) => ({
  event: along.at(-1) as EventObject,
  before: snapshots.at(-2) as unknown as { value: string; context: WorkerContext },
  after: snapshots.at(-1) as unknown as { value: string; context: WorkerContext },
}));
type Step = (typeof steps)[number];
/** The steps that break a rule, shortened to what one needs to see. */
const breaking = (isBroken: (step: Step) => boolean) =>
  steps
    .filter(isBroken)
    .map(({ event, before, after }) => [event.type, before.value, before.context.underWay, after.value, after.context.underWay]);
const sending = ({ underWay }: WorkerContext) => underWay.filter(({ phase }) => phase === 'sending').map(({ id }) => id);
const begun = (before: WorkerContext, after: WorkerContext): string[] =>
  sending(after).filter((id) => !sending(before).includes(id));

describe(`the worker, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect(writtenTransitions(machine).filter((name) => !taken.has(name) && !failingDisk.taken.has(name))).toEqual([]);
  });

  test('never are more requests in flight than slots', () => {
    // A number that was lowered meanwhile counts from the next dispatch on.
    expect(
      breaking(
        ({ before, after }) =>
          begun(before.context, after.context).length > 0 && sending(after.context).length > after.context.settings.concurrency,
      ),
    ).toEqual([]);
  });

  test('new deliveries start in the order of the queue', () => {
    const isInOrder = ({ queue, next }: WorkerContext) =>
      next <= queue.length && (queue.length < ids.length || queue.every(({ id }, index) => id === ids[index]));
    expect(breaking(({ after }) => !isInOrder(after.context))).toEqual([]);
  });

  test('no session is under way twice', () => {
    expect(
      breaking(({ after: { context } }) => {
        const { queue, next, underWay, waiting } = context;
        const known = new Set(underWay.map(({ id }) => id));
        const isTwice = known.size !== underWay.length || new Set(waiting).size !== waiting.length;
        return isTwice || queue.slice(next).some(({ id }) => known.has(id));
      }),
    ).toEqual([]);
  });

  test('a wait holds no slot', () => {
    expect(
      breaking(
        ({ event, after }) =>
          event.type === 'attempt.answered' && sending(after.context).includes((event as unknown as { id: string }).id),
      ),
    ).toEqual([]);
  });

  test('an open circuit, or one that is being asked, dispatches nothing', () => {
    const isClosedToAll = ({ circuit: view }: WorkerContext) => view === null || view.state === 'open';
    expect(
      breaking(({ before, after }) => isClosedToAll(after.context) && begun(before.context, after.context).length > 0),
    ).toEqual([]);
  });

  test('a half-open circuit dispatches exactly one', () => {
    const isHalfOpen = ({ context }: Step['after']) => context.circuit?.state === 'halfOpen';
    expect(breaking(({ after }) => isHalfOpen(after) && sending(after.context).length > 1)).toEqual([]);
    expect(steps.some(({ before, after }) => isHalfOpen(after) && begun(before.context, after.context).length === 1)).toBe(true);
  });

  test('a session whose last answer is not on disk is not sent', () => {
    expect(breaking(({ after: { context } }) => sending(context).some((id) => context.unrecorded[id] !== undefined))).toEqual([]);
  });

  test('a stopping worker starts nothing', () => {
    expect(
      breaking(({ before, after }) => after.value === 'stopping' && begun(before.context, after.context).length > 0),
    ).toEqual([]);
  });

  test('it rests only when nothing is under way', () => {
    expect(breaking(({ after }) => after.value === 'idle' && after.context.underWay.length > 0)).toEqual([]);
  });
});
