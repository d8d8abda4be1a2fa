/**
 * The end of an interruption along every path that `xstate/graph` finds: told once for each, and never for none.
 */
import { type AnyMachineSnapshot, createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import type { Cause } from '../../src/common/console.ts';
import { interruptionMachine, type InterruptionEvent, type SentSince } from '../../machines/interruption.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const cause: Cause = {
  id: 'circuit',
  kind: 'circuit',
  state: 'resolved',
  count: 52,
  devices: [],
  firstAt: 0,
  lastAt: 0,
  endedAt: 840_000,
  may: { retry: false, ignore: false },
};
const ended = { type: 'interruption.ended', cause } as const;
const sent = { type: 'delivery.ended', verdict: 'submitted' } as const;
const failed = { type: 'delivery.ended', verdict: 'failed' } as const;
const cycleEnded = { type: 'cycle.ended', isFollowed: false } as const;
const events: InterruptionEvent[] = [
  { type: 'circuit.closed' },
  { type: 'circuit.opened' },
  sent,
  failed,
  { type: 'delivery.ended', verdict: 'deferred' },
  ended,
  cycleEnded,
  { type: 'cycle.ended', isFollowed: true },
  { type: 'stop.requested' },
];

describe('the end of an interruption', () => {
  const { paths, taken } = walk(interruptionMachine, {
    events: ({ value, context }) => [
      ...events.filter(({ type }) => type !== 'delivery.ended' || context.sent + context.failed < 3),
      ...(value === 'owing' ? [{ type: 'xstate.after.figuresPatience.interruption.owing' }] : []),
    ],
    key: ({ value, context }) => JSON.stringify([value, context]),
  });

  test('is walked through every transition of its chart', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(interruptionMachine));
  });

  test('is owed after it came, and by nothing else', () => {
    for (const { events: along, snapshots } of paths)
      for (const [index, event] of along.entries()) {
        const [before, after] = [snapshots[index], snapshots[index + 1]] as [AnyMachineSnapshot, AnyMachineSnapshot];
        if (before.value === 'settled') expect(after.value).toBe(event.type === 'interruption.ended' ? 'owing' : 'settled');
      }
  });

  test('is told when the cycle ends that closed the circuit, with those that follow it at once', () => {
    const { told, send } = begin();
    send(failed, { type: 'circuit.closed' }, ended, sent, sent, { type: 'cycle.ended', isFollowed: true }, sent);
    expect(told).toEqual([]);
    send(cycleEnded);
    expect(told).toEqual([{ sent: 3, failed: 0, isUnderWay: false }]);
    send(sent, cycleEnded, { type: 'stop.requested' });
    expect(told).toHaveLength(1);
  });

  test('is told after a minute when the drain takes longer, and not again at its end', () => {
    const { told, send, clock } = begin();
    send({ type: 'circuit.closed' }, ended, sent, failed);
    clock.increment(59_999);
    expect(told).toEqual([]);
    clock.increment(1);
    expect(told).toEqual([{ sent: 1, failed: 1, isUnderWay: true }]);
    send(sent, cycleEnded);
    expect(told).toHaveLength(1);
  });

  test.each([{ type: 'circuit.opened' }, { type: 'stop.requested' }] as const)(
    'is told with what is known by then at $type, and the time after it tells nothing more',
    (event) => {
      const { told, send, clock } = begin();
      send({ type: 'circuit.closed' }, ended, sent, event);
      expect(told).toEqual([{ sent: 1, failed: 0, isUnderWay: false }]);
      send(event, cycleEnded);
      clock.increment(600_000);
      expect(told).toHaveLength(1);
    },
  );

  test('that this process did not see begin counts from its start', () => {
    const { told, send } = begin();
    send(sent, sent, ended, cycleEnded);
    expect(told).toEqual([{ sent: 2, failed: 0, isUnderWay: false }]);
  });

  test('is told once for each interruption', () => {
    const { told, send } = begin();
    send({ type: 'circuit.closed' }, ended, sent, { type: 'circuit.opened' }, failed, { type: 'circuit.closed' }, ended, sent);
    send(sent, cycleEnded);
    expect(told.map(({ sent: count }) => count)).toEqual([1, 2]);
  });
});

function begin() {
  const clock = new SimulatedClock();
  const told: SentSince[] = [];
  const actor = createActor(interruptionMachine, { clock });
  actor.on('end.due', ({ since }) => told.push(since));
  actor.start();
  return { told, clock, send: (...along: InterruptionEvent[]) => along.forEach((event) => actor.send(event)) };
}
