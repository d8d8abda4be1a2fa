/**
 * Imports along every path that `xstate/graph` finds in their machine, and the silence of one on a simulated clock.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { createActor, fromPromise, SimulatedClock, waitFor } from 'xstate';
import { describe, expect, test } from 'vitest';
import { importMachine, type ImportOutcome, importSilenceMs } from '../../machines/import.ts';
import type { ImportResult } from '../../src/common/contract.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const result: ImportResult = { files: [] };
const always: EventObject[] = [
  { type: 'import.announced' },
  { type: 'piece.received' },
  { type: 'files.completed' },
  { type: 'piece.lost', error: 'ENOSPC' } as EventObject,
  { type: 'import.cancelled' },
  { type: 'stop.requested' },
];
const ends = (state: string, output?: unknown): EventObject[] => [
  { type: `xstate.done.actor.0.import.${state}`, output } as EventObject,
  { type: `xstate.error.actor.0.import.${state}`, error: 'EIO' } as EventObject,
];
const inState: Record<string, EventObject[]> = {
  preparing: ends('preparing'),
  receiving: [{ type: 'xstate.after.silenceLimit.import.receiving' }],
  reading: ends('reading', result),
  removing: ends('removing'),
  closing: ends('closing'),
};
const { paths, taken } = walk(importMachine, {
  events: ({ value }: AnyMachineSnapshot) => [...(inState[String(value)] ?? []), ...always],
  key: ({ value, context }) => JSON.stringify([value, context]),
});

const isUnderWay = ({ value }: AnyMachineSnapshot) => ['preparing', 'receiving', 'reading'].includes(String(value));

describe(`imports, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(importMachine));
  });

  test('none ends without its files being removed, and without a word on how', () => {
    for (const { snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot | undefined];
      if (after?.value === 'idle' && before.value !== 'idle') expect(before.value).toBe('removing');
      if (after?.value === 'closed') expect(['idle', 'closing', 'closed']).toContain(before.value);
      for (const snapshot of snapshots) {
        if (isUnderWay(snapshot)) expect(snapshot.context.outcome).toBeNull();
        else if (snapshot.value === 'removing' || snapshot.value === 'closing') expect(snapshot.context.outcome).not.toBeNull();
      }
    }
  });

  test('there is one at a time, and none begins once the service ends', () => {
    for (const { events, snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot];
      if (events.at(-1)?.type === 'import.announced')
        expect(after.value === 'preparing').toBe(['idle', 'preparing'].includes(String(before.value)));
      if (events.some(({ type }) => type === 'stop.requested')) expect(['closing', 'closed']).toContain(after.value);
    }
  });

  test('what was not read is never called read in part', () => {
    for (const { snapshots } of paths)
      for (const { context } of snapshots)
        if (context.outcome?.isPartlyRead === true) expect(snapshots.some(({ value }) => value === 'reading')).toBe(true);
  });
});

function running() {
  const clock = new SimulatedClock();
  const outcomes: ImportOutcome[] = [];
  let removed = 0;
  const machine = importMachine.provide({
    actors: {
      prepareFolder: fromPromise<void, void>(async () => {}),
      readFiles: fromPromise<ImportResult, void>(() => new Promise(() => {})),
      removeFiles: fromPromise<void, void>(async () => {
        removed += 1;
      }),
    },
  });
  const actor = createActor(machine, { clock });
  actor.on('import.ended', ({ outcome }) => outcomes.push(outcome));
  actor.start();
  const receiving = async () => {
    actor.send({ type: 'import.announced' });
    await waitFor(actor, (snapshot) => snapshot.matches('receiving'));
  };
  return { clock, actor, receiving, outcomes, removed: () => removed };
}

test('an import that nobody goes on with for ten minutes is dropped, and its files with it', async () => {
  const { clock, actor, receiving, outcomes, removed } = running();
  await receiving();
  clock.increment(importSilenceMs - 1);
  actor.send({ type: 'piece.received' });
  clock.increment(importSilenceMs - 1);
  expect(actor.getSnapshot().value).toBe('receiving');
  clock.increment(1);
  await waitFor(actor, (snapshot) => snapshot.matches('idle'));
  expect(outcomes).toEqual([{ type: 'forgotten', isPartlyRead: false }]);
  expect(removed()).toBe(1);
});

test('one that is read takes as long as it takes', async () => {
  const { clock, actor, receiving } = running();
  await receiving();
  actor.send({ type: 'files.completed' });
  clock.increment(importSilenceMs * 6);
  expect(actor.getSnapshot().value).toBe('reading');
});
