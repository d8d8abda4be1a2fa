/**
 * One delivery along every path that `xstate/graph` finds in its machine, with every answer and every word of the
 * worker at every moment.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { Answer, RecordResult } from '../../src/common/delivery.ts';
import type { CircuitView, SessionInput } from '../../machines/session.ts';
import { sessionMachine } from '../../machines/session.ts';
import { accepted, busy, refused, unauthorized, unheard } from '../support/world.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const machine = sessionMachine.provide({ actions: { reportAnswer: () => {}, requestSlot: () => {} } });
const closed: CircuitView = { state: 'closed', cause: null };
const open: CircuitView = { state: 'open', cause: { kind: 'unavailable' } };
const halfOpen: CircuitView = { state: 'halfOpen', cause: { kind: 'unavailable' } };
const halfOpenAfterRefusals: CircuitView = { state: 'halfOpen', cause: { kind: 'refused' } };

const answered = (outcome: typeof busy): Answer => ({ type: 'answered', outcome, startedAt: 100, durationMs: 5, chance: 0 });
const recorded: RecordResult = {
  type: 'recorded',
  recorded: { id: 's', submissionStatus: 'pending', submissionAttempts: 1, setBack: 0 },
};
const said = [open, halfOpen].map((circuit) => ({ type: 'circuit.changed', circuit }));
const stop = { type: 'stop.requested' };
const eventsIn: Record<string, EventObject[]> = {
  ready: [{ type: 'slot.granted' }, stop, ...said],
  attempt: [
    ...[accepted, busy, refused, unauthorized, unheard].map(answered),
    { type: 'withdrawn', reason: 'ignored' } satisfies Answer,
  ].map((output) => ({ type: 'xstate.done.actor.0.session.attempt', output })),
  recording: [
    { type: 'xstate.done.actor.0.session.recording', output: recorded } as EventObject,
    { type: 'xstate.done.actor.0.session.recording', output: { type: 'deleted' } } as EventObject,
    { type: 'xstate.error.actor.0.session.recording', error: new Error('ENOSPC') } as EventObject,
    stop,
    ...said,
  ],
  backoffWait: [{ type: 'xstate.after.retryDelay.session.backoffWait' }, { type: 'retry.requested' }, stop, ...said],
};
eventsIn['attempt']?.push(stop, ...said);

const base = { id: 's', attemptsMax: 3, jitter: 0 };
const inputs: Record<string, SessionInput> = {
  'a closed circuit': { ...base, circuit: closed },
  'a probe': { ...base, circuit: halfOpen },
  'a probe after refusals': { ...base, circuit: halfOpenAfterRefusals },
  'an unrecorded acceptance': {
    ...base,
    circuit: closed,
    unrecorded: { id: 's', startedAt: 1, durationMs: 1, outcome: accepted, submissionStatus: 'submitted', deliveryStartedAt: 1 },
  },
  'an unrecorded wait': {
    ...base,
    circuit: closed,
    unrecorded: { id: 's', startedAt: 1, durationMs: 1, outcome: busy, submissionStatus: 'pending', deliveryStartedAt: 1 },
  },
};
const walks = Object.entries(inputs).map(([name, input]) => ({
  name,
  input,
  ...walk(machine, {
    input,
    events: (snapshot) => eventsIn[String(snapshot.value)] ?? [],
    key: ({ value, context }) => JSON.stringify([value, context]),
  }),
}));

test('every transition of the chart is taken', () => {
  const taken = new Set(walks.flatMap((one) => [...one.taken]));
  expect([...taken].sort()).toEqual(writtenTransitions(machine));
});

describe.each(walks)('from $name', ({ input, paths }) => {
  const ends = paths.flatMap(({ events, snapshots }) => {
    const last = snapshots.at(-1) as AnyMachineSnapshot;
    return last.status === 'done' ? [{ events, snapshots, output: last.output }] : [];
  });
  const postsIn = (events: readonly EventObject[]) => events.filter(({ type }) => type === 'slot.granted').length;

  test('there are ends to look at', () => {
    expect(ends.length).toBeGreaterThan(5);
  });

  test('it is submitted only when the endpoint accepted it and the record is on disk', () => {
    for (const { events, output } of ends) {
      if (output.verdict !== 'submitted') continue;
      expect(output.outcome.kind).toBe('accepted');
      expect(events.at(-1)).toEqual({ type: 'xstate.done.actor.0.session.recording', output: recorded });
    }
  });

  test('it fails only by a refusal, or by answers that used up its attempts', () => {
    for (const { output } of ends) {
      if (output.verdict !== 'failed') continue;
      const { kind } = output.outcome;
      expect(kind === 'refused' || (kind === 'later' && output.attempts === input.attemptsMax)).toBe(true);
      expect(output.recorded).not.toBeNull();
    }
  });

  test('a probe that does not close the circuit leaves it pending', () => {
    for (const { snapshots, output } of ends) {
      if (output.verdict !== 'failed') continue;
      const { circuit } = (snapshots.findLast(({ value }) => value === 'attempt') as AnyMachineSnapshot).context;
      if (output.outcome.kind === 'later') expect(circuit.state).toBe('closed');
      if (circuit.state === 'halfOpen') expect(circuit.cause.kind).not.toBe('refused');
    }
  });

  test('every attempt was granted a slot, and there are never more than allowed', () => {
    for (const { events, snapshots } of paths) {
      const { context } = snapshots.at(-1) as AnyMachineSnapshot;
      expect(context.attempts).toBeLessThanOrEqual(postsIn(events));
      expect(context.attempts).toBeLessThanOrEqual(input.attemptsMax);
    }
  });

  test('an attempt is on disk, or kept for it, before the next one starts', () => {
    for (const { events, snapshots } of paths) {
      snapshots.forEach((snapshot, index) => {
        if (snapshot.value === 'backoffWait')
          expect(events.slice(0, index).some(({ type }) => type.startsWith('xstate.done.actor.0.session.recording'))).toBe(true);
      });
    }
    for (const { output } of ends) {
      if (output.verdict === 'deferred' && output.attempts > 0 && output.withdrawn === null)
        expect(output.recorded ?? output.unrecorded).not.toBeNull();
    }
  });

  test('once the circuit is open it does not start, and does not wait', () => {
    for (const { events, snapshots } of paths) {
      const opened = events.findIndex(
        (event) => event.type === 'circuit.changed' && (event as { circuit?: CircuitView }).circuit?.state === 'open',
      );
      if (opened < 0) continue;
      for (const { value } of snapshots.slice(opened + 1)) expect(['ready', 'backoffWait']).not.toContain(value);
    }
  });

  test('an unrecorded attempt is written again and never sent again', () => {
    if (input.unrecorded === undefined) return expect(ends.some(({ events }) => postsIn(events) > 0)).toBe(true);
    for (const { snapshots } of paths) for (const { value } of snapshots) expect(['attempt', 'backoffWait']).not.toContain(value);
  });
});
