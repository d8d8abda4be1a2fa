/**
 * The trouble of the live capture along every path that `xstate/graph` finds in its machine, and its minute on a simulated
 * clock.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { captureTroubleMachine } from '../../machines/capture-trouble.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const minute = 60_000;
const heard = { lastGapAt: 10 * minute, at: 10 * minute };
const always = [
  { type: 'capture.failed', reason: 'dumpcap is not installed', ...heard },
  { type: 'bytes.lost', ...heard },
  { type: 'capture.settled', ...heard },
  { type: 'capture.settled', ...heard, at: 11 * minute },
] as EventObject[];
const { paths, taken } = walk(captureTroubleMachine, {
  events: ({ value }: AnyMachineSnapshot) => [
    ...always,
    ...(value === 'losing' ? [{ type: 'xstate.after.lossOver.captureTrouble.losing' }] : []),
  ],
  key: ({ value, context }) => JSON.stringify([value, context]),
});

describe(`the trouble of the capture, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(captureTroubleMachine));
  });

  test('after a failure it is well only when the capture said so', () => {
    for (const { events, snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot];
      if (before.value === 'unsure' && after.value !== 'unsure') expect(events.at(-1)?.type).toBe('capture.settled');
    }
  });
});

function running() {
  const clock = new SimulatedClock();
  const actor = createActor(captureTroubleMachine, { clock });
  const told: string[] = [];
  actor.on('*', (event) => told.push(event.type === 'trouble.ended' ? 'over' : event.message));
  actor.start();
  return { clock, actor, told };
}

test('a loss is over when nothing more was lost for a minute', () => {
  const { clock, actor, told } = running();
  actor.send({ type: 'capture.settled', lastGapAt: 0, at: 10 * minute });
  actor.send({ type: 'bytes.lost', ...heard });
  clock.increment(minute - 1);
  actor.send({ type: 'bytes.lost', lastGapAt: 11 * minute, at: 11 * minute });
  clock.increment(minute - 1);
  expect(actor.getSnapshot().value).toBe('losing');
  clock.increment(1);
  expect(told).toEqual([
    'over',
    expect.stringContaining('Packets were lost'),
    expect.stringContaining('Packets were lost'),
    'over',
  ]);
});

test('a tool that died and runs again leaves a loss behind, for what is left of its minute', () => {
  const { clock, actor, told } = running();
  actor.send({ type: 'capture.failed', reason: 'dumpcap ended', ...heard });
  actor.send({ type: 'capture.settled', lastGapAt: heard.lastGapAt, at: heard.at + 1000 });
  clock.increment(minute - 1001);
  expect(told).toEqual(['dumpcap ended']);
  clock.increment(1);
  expect(told).toEqual(['dumpcap ended', 'over']);
});
