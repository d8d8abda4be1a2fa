/**
 * The circuit breaker along every path that `xstate/graph` finds in it.
 */
import type { AnyMachineSnapshot } from 'xstate';
import { describe, expect, test } from 'vitest';
import { endpointMachine, type EndpointEvent, exhaustedInRowMax, refusedInRowMax } from '../../machines/endpoint.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const nobodyListens = { reportChange: () => {}, reportNoChange: () => {} };
const machine = endpointMachine.provide({ actions: nobodyListens });
const events: EndpointEvent[] = [
  { type: 'cycle.started', triedSince: 0, refusedSince: 0 },
  { type: 'cycle.started', triedSince: 5, refusedSince: 4 },
  { type: 'cycle.started', triedSince: 25, refusedSince: 20 },
  { type: 'delivery.accepted', at: 1, httpStatus: 201 },
  { type: 'delivery.refused', at: 1, httpStatus: 400 },
  { type: 'delivery.exhausted', at: 1, code: 'ECONNREFUSED' },
  { type: 'delivery.misaddressed', at: 1, httpStatus: 401 },
  { type: 'delivery.misaddressed', at: 1, httpStatus: 302, elsewhere: 'https://new.example' },
  { type: 'destination.changed' },
];
/** Tries are counted without end; beyond the first one is like the other. */
const { paths, taken } = walk(machine, {
  events: () => events,
  key: ({ value, context }) => JSON.stringify([value, { ...context, tries: Math.min(context.tries, 1) }]),
});
/** Every step of every path: the state before, the event, the state after. */
const steps = paths.flatMap(({ events: along, snapshots }) =>
  along.map((event, index) => ({
    before: snapshots[index] as AnyMachineSnapshot,
    event: event as EndpointEvent,
    after: snapshots[index + 1] as AnyMachineSnapshot,
  })),
);

describe(`the endpoint's circuit, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(machine));
  });

  test('it closes only by an acceptance, or by a refusal that is the session’s own', () => {
    const closings = steps.filter(({ before, after }) => before.value !== 'closed' && after.value === 'closed');
    expect(closings.length).toBeGreaterThan(0);
    for (const { before, event } of closings) {
      if (event.type === 'delivery.refused') expect([before.value, before.context.cause.kind]).not.toContain('refused');
      else expect(event.type).toBe('delivery.accepted');
      // Wrong credentials are not forgotten because of an answer that was under way; a probe has to show it.
      if (before.value === 'open') expect(before.context.cause.kind).not.toBe('endpoint');
    }
  });

  test('it becomes half open only when a cycle starts', () => {
    for (const { before, event, after } of steps) {
      if (before.value !== 'halfOpen' && after.value === 'halfOpen') expect(event.type).toBe('cycle.started');
    }
  });

  test('while closed it has counted fewer failures in a row than open it', () => {
    for (const { after } of steps) {
      if (after.value !== 'closed') continue;
      expect(after.context.exhaustedInRow).toBeLessThan(exhaustedInRowMax);
      expect(after.context.refusedInRow).toBeLessThan(refusedInRowMax);
    }
  });

  test('one acceptance forgets all failures', () => {
    for (const { event, before, after } of steps) {
      if (event.type !== 'delivery.accepted' || before.value === 'open') continue;
      expect(after.value).toBe('closed');
      expect(after.context).toEqual({ exhaustedInRow: 0, refusedInRow: 0, cause: null, since: null, tries: 0 });
    }
  });

  test('a redirect that opens it says where it points, until something else does', () => {
    const opened = steps.filter(({ event }) => event.type === 'delivery.misaddressed' && event.elsewhere !== undefined);
    expect(opened.some(({ before, after }) => before.value !== 'open' && after.value === 'open')).toBe(true);
    for (const { before, after } of opened)
      if (before.value !== 'open')
        expect(after.context.cause).toEqual({ kind: 'endpoint', httpStatus: 302, elsewhere: 'https://new.example' });
    for (const { event, before, after } of steps)
      if (event.type === 'delivery.misaddressed' && event.httpStatus === 401 && before.value !== 'open')
        expect(after.context.cause).toEqual({ kind: 'endpoint', httpStatus: 401 });
  });

  test('an open or half open circuit always has a cause', () => {
    for (const { after } of steps) if (after.value !== 'closed') expect(after.context.cause).not.toBeNull();
  });

  test('each probe since it opened is a try, and closing forgets them', () => {
    expect(steps.some(({ after }) => after.context.tries > 1)).toBe(true);
    const miscounted = steps.filter(({ before, after }) => {
      const isProbe = before.value !== 'halfOpen' && after.value === 'halfOpen';
      return after.context.tries !== (after.value === 'closed' ? 0 : before.context.tries + (isProbe ? 1 : 0));
    });
    expect(miscounted).toEqual([]);
  });

  test('while open, answers of what was in flight change nothing, unless the endpoint accepts', () => {
    for (const { before, event, after } of steps) {
      if (before.value === 'open' && event.type !== 'cycle.started' && event.type !== 'delivery.accepted')
        expect([after.value, after.context]).toEqual([before.value, before.context]);
    }
  });
});
