/**
 * The clean-up along every path that `xstate/graph` finds in its machine, and its timer on a simulated clock.
 */
import type { AnyMachineSnapshot, EventObject } from 'xstate';
import { createActor, fromPromise, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  type CleanupResult,
  type CleanupWork,
  type Expired,
  type RetentionEmitted,
  retentionMachine,
} from '../../machines/retention.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const settings = { intervalMs: 24 * 3_600_000, trashMs: 7 * 86_400_000, isDryRun: false };
const result: CleanupResult = { filesDeleted: 1, bytesFreed: 10, filesPurged: 0, filesInTrash: 1 };

const always: EventObject[] = [
  { type: 'cleanup.requested', isDryRun: true } as EventObject,
  { type: 'cleanup.requested', isDryRun: false } as EventObject,
  { type: 'settings.changed', settings: { ...settings, trashMs: 1 } } as EventObject,
  { type: 'settings.changed', settings: { ...settings, intervalMs: 1 } } as EventObject,
  { type: 'settings.changed', settings: { ...settings, isDryRun: true } } as EventObject,
];
const inState: Record<string, EventObject[]> = {
  idle: [{ type: 'xstate.after.cleanupDelay.retention.idle' }],
  purging: [
    { type: 'xstate.done.actor.0.retention.purging', output: result } as EventObject,
    { type: 'xstate.error.actor.0.retention.purging', error: 'EIO' } as EventObject,
  ],
};
/** How a scan ends: of each kind only that ends which was begun. */
const scanEnds = (id: 'find' | 'count'): EventObject[] => [
  { type: `xstate.done.actor.${id}`, output: id === 'find' ? { ids: ['a'], bytes: 10 } : result } as EventObject,
  { type: `xstate.error.actor.${id}`, error: 'EIO' } as EventObject,
];
const eventsIn = ({ value, context }: AnyMachineSnapshot): EventObject[] =>
  value === 'scanning' ? scanEnds(context.run === 'cleanup' ? 'find' : 'count') : (inState[String(value)] ?? []);
const { paths, taken } = walk(retentionMachine, {
  input: { settings },
  events: (snapshot: AnyMachineSnapshot) => [...eventsIn(snapshot), ...always],
  key: ({ value, context }) => JSON.stringify([value, context]),
});

describe(`the clean-up, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(retentionMachine));
  });

  test('a request while one is under way starts no second one, but a real one is owed behind a dry run', () => {
    for (const { events, snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot];
      const event = events.at(-1) as EventObject & { isDryRun?: boolean };
      if (event.type !== 'cleanup.requested' || before.value === 'idle') continue;
      expect(after.value).toBe(before.value);
      const isOwed = before.value === 'scanning' && before.context.run !== 'cleanup' && event.isDryRun === false;
      expect(after.context.run).toBe(isOwed ? 'dryRunThenCleanup' : before.context.run);
    }
  });

  test('a clean-up that is owed follows its dry run, however that ends', () => {
    for (const { events, snapshots } of paths) {
      const [before, after] = snapshots.slice(-2) as [AnyMachineSnapshot, AnyMachineSnapshot];
      if (before.context.run !== 'dryRunThenCleanup' || events.at(-1)?.type.endsWith('actor.count') !== true) continue;
      expect({ value: after.value, run: after.context.run }).toEqual({ value: 'scanning', run: 'cleanup' });
    }
  });

  test('a dry run never purges, and one scan is under way while scanning and none else', () => {
    for (const { snapshots } of paths)
      for (const { value, context, children } of snapshots) {
        if (value === 'purging') expect(context.run).toBe('cleanup');
        const scans = Object.keys(children).filter((id) => id === 'find' || id === 'count');
        expect(scans).toEqual(value === 'scanning' ? [context.run === 'cleanup' ? 'find' : 'count'] : []);
      }
  });
});

function running(found: Expired | Error = { ids: ['a'], bytes: 10 }) {
  const clock = new SimulatedClock();
  const work: CleanupWork[] = [];
  const done: ('counted' | 'cleaned up')[] = [];
  const emitted: RetentionEmitted[] = [];
  const machine = retentionMachine.provide({
    actors: {
      findExpired: fromPromise<Expired, void>(async () => {
        if (found instanceof Error) throw found;
        return found;
      }),
      cleanUp: fromPromise<CleanupResult, CleanupWork>(async ({ input }) => {
        work.push(input);
        done.push('cleaned up');
        return result;
      }),
      countExpired: fromPromise<CleanupResult, { trashMs: number }>(async () => {
        if (found instanceof Error) throw found;
        done.push('counted');
        return result;
      }),
    },
  });
  const actor = createActor(machine, { clock, input: { settings } });
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  const pass = async (ms: number) => {
    clock.increment(ms);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  };
  return { actor, work, done, emitted, pass };
}

test('the first clean-up is a minute after the start, the next one an interval later', async () => {
  const { work, emitted, pass } = running();
  await pass(59_999);
  expect(work).toEqual([]);
  await pass(1);
  expect(work).toEqual([{ ids: ['a'], bytes: 10, trashMs: settings.trashMs }]);
  await pass(settings.intervalMs - 1);
  expect(work).toHaveLength(1);
  await pass(1);
  expect(work).toHaveLength(2);
  expect(emitted.at(-1)).toEqual({ type: 'cleanup.ended', result, isDryRun: false });
});

test('a dry run that a real one was asked for behind is followed by it at once, and both are told', async () => {
  const { actor, done, emitted, pass } = running();
  actor.send({ type: 'cleanup.requested', isDryRun: true });
  actor.send({ type: 'cleanup.requested', isDryRun: false });
  await pass(0);
  expect(done).toEqual(['counted', 'cleaned up']);
  expect(emitted.map((event) => event.type === 'cleanup.ended' && event.isDryRun)).toEqual([true, false]);
});

test('while dry runs are set, the timer only counts', async () => {
  const { actor, done, pass } = running();
  actor.send({ type: 'settings.changed', settings: { ...settings, isDryRun: true } });
  await pass(60_000);
  await pass(settings.intervalMs);
  expect(done).toEqual(['counted', 'counted']);
});

test('a dry run that cannot look is told, too', async () => {
  const { actor, emitted, pass } = running(new Error('EIO'));
  actor.send({ type: 'cleanup.requested', isDryRun: true });
  await pass(0);
  expect(emitted).toEqual([{ type: 'cleanup.failed', error: new Error('EIO') }]);
  expect(actor.getSnapshot().value).toBe('idle');
});

test('a folder that cannot be looked at is told, and the next clean-up tries again', async () => {
  const { actor, emitted, pass } = running(new Error('EIO'));
  await pass(60_000);
  expect(emitted).toEqual([{ type: 'cleanup.failed', error: new Error('EIO') }]);
  expect(actor.getSnapshot().value).toBe('idle');
});

test('a new interval re-arms the timer', async () => {
  const { actor, work, pass } = running();
  await pass(60_000);
  actor.send({ type: 'settings.changed', settings: { ...settings, intervalMs: 3_600_000 } });
  await pass(3_600_000);
  expect(work).toHaveLength(2);
});

test('a new interval leaves the first minute a minute', async () => {
  const { actor, work, pass } = running();
  actor.send({ type: 'settings.changed', settings: { ...settings, intervalMs: 3_600_000 } });
  await pass(60_000);
  expect(work).toHaveLength(1);
});
