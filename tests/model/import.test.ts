/**
 * One import along every path that `xstate/graph` finds in its machine, and its silence on a simulated clock.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { createActor, fromPromise, SimulatedClock, waitFor } from 'xstate';
import { describe, expect, test } from 'vitest';
import { importMachine, importSilenceMs } from '../../machines/import.ts';
import type { ImportResult } from '../../src/common/contract.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const result: ImportResult = { files: [] };
const always: EventObject[] = [
  { type: 'piece.received' },
  { type: 'files.completed' },
  { type: 'piece.lost', error: 'ENOSPC' } as EventObject,
  { type: 'import.cancelled' },
];
const inState: Record<string, EventObject[]> = {
  receiving: [{ type: 'xstate.after.silenceLimit.import.receiving' }],
  reading: [
    { type: 'xstate.done.actor.0.import.reading', output: result } as EventObject,
    { type: 'xstate.error.actor.0.import.reading', error: 'EIO' } as EventObject,
  ],
  removing: [
    { type: 'xstate.done.actor.0.import.removing' },
    { type: 'xstate.error.actor.0.import.removing', error: 'EBUSY' } as EventObject,
  ],
};
const { paths, taken } = walk(importMachine, {
  events: ({ value }: AnyMachineSnapshot) => [...(inState[String(value)] ?? []), ...always],
  key: ({ value, context }) => JSON.stringify([value, context]),
});

describe(`an import, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(importMachine));
  });

  test('it never ends without its files being removed, and without a word on how', () => {
    for (const { snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot | undefined];
      if (after?.value === 'ended' && before.value !== 'ended') expect(before.value).toBe('removing');
      for (const { value, context } of snapshots)
        expect(context.outcome === null).toBe(value === 'receiving' || value === 'reading');
    }
  });
});

function running() {
  const clock = new SimulatedClock();
  let removed = 0;
  const machine = importMachine.provide({
    actors: {
      readFiles: fromPromise<ImportResult, void>(() => new Promise(() => {})),
      removeFiles: fromPromise<void, void>(async () => {
        removed += 1;
      }),
    },
  });
  return { clock, actor: createActor(machine, { clock }).start(), removed: () => removed };
}

test('an import that nobody goes on with for ten minutes is dropped, and its files with it', async () => {
  const { clock, actor, removed } = running();
  clock.increment(importSilenceMs - 1);
  actor.send({ type: 'piece.received' });
  clock.increment(importSilenceMs - 1);
  expect(actor.getSnapshot().value).toBe('receiving');
  clock.increment(1);
  const { context } = await waitFor(actor, ({ status }) => status === 'done');
  expect(context.outcome).toEqual({ type: 'forgotten' });
  expect(removed()).toBe(1);
});

test('one that is read takes as long as it takes', () => {
  const { clock, actor } = running();
  actor.send({ type: 'files.completed' });
  clock.increment(importSilenceMs * 6);
  expect(actor.getSnapshot().value).toBe('reading');
});
