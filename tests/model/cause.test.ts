/**
 * A cause along every path that `xstate/graph` finds in it.
 */
import { type AnyMachineSnapshot, createActor } from 'xstate';
import { describe, expect, test } from 'vitest';
import { causeMachine, type CauseEvent, sameEntryMs } from '../../machines/cause.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const events: CauseEvent[] = [
  { type: 'cause.recurred', at: 1_000 },
  { type: 'cause.ended', at: 1_000 },
  { type: 'cause.recurred', at: 1_000 + sameEntryMs },
  { type: 'cause.recurred', at: 1_001 + sameEntryMs },
  { type: 'mute.requested' },
  { type: 'unmute.requested' },
  { type: 'note.changed', note: 'asked the laboratory' },
];
const { paths, taken } = walk(causeMachine, {
  input: { at: 0 },
  events: () => events,
  key: ({ value, context }) => JSON.stringify([value, context]),
});
const steps = paths.flatMap(({ events: along, snapshots }) =>
  along.map((event, index) => ({
    event: event as CauseEvent,
    before: snapshots[index] as AnyMachineSnapshot,
    after: snapshots[index + 1] as AnyMachineSnapshot,
  })),
);

describe(`a cause, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(causeMachine));
  });

  test('it has an end exactly while it is resolved, and never happened last before it happened first', () => {
    for (const { after } of steps) {
      expect(after.context.endedAt !== null).toBe(after.matches('resolved'));
      expect(after.context.lastAt).toBeGreaterThanOrEqual(after.context.firstAt);
    }
  });

  test('one that comes back within an hour is the same entry, muted if it was, with its note', () => {
    const returns = steps.filter(
      ({ before, event }) => before.matches('resolved') && event.type === 'cause.recurred' && event.at <= 1_000 + sameEntryMs,
    );
    expect(returns.length).toBeGreaterThan(0);
    for (const { before, after } of returns) {
      expect(after.context).toMatchObject({ firstAt: before.context.firstAt, note: before.context.note });
      expect(after.matches({ standing: 'muted' })).toBe(before.matches({ resolved: 'silenced' }));
    }
  });

  test('one that comes back later begins anew, open and without a note', () => {
    const returns = steps.filter(
      ({ before, event }) => before.matches('resolved') && event.type === 'cause.recurred' && event.at > 1_000 + sameEntryMs,
    );
    expect(returns.length).toBeGreaterThan(0);
    for (const { after } of returns) {
      expect(after.value).toEqual({ standing: 'open' });
      expect(after.context).toMatchObject({ firstAt: 1_001 + sameEntryMs, note: '' });
    }
  });

  test('an actor begins open', () => {
    expect(createActor(causeMachine, { input: { at: 7 } }).getSnapshot().context).toEqual({
      firstAt: 7,
      lastAt: 7,
      endedAt: null,
      note: '',
    });
  });
});
