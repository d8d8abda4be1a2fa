/**
 * A bulk retry along every path that `xstate/graph` finds in it, with a step's deliveries told one by one.
 */
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate';
import { describe, expect, test } from 'vitest';
import { retryFigures, type RetryJobContext, retryJobMachine } from '../../machines/retry-job.ts';
import { walk, writtenTransitions } from '../support/walk.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const refusal = { httpStatus: 422, code: 'unknown-code' };
const started = 'xstate.done.actor.0.retryJob.running.starting';
const takenBack = 'xstate.done.actor.0.retryJob.takingBack';

/** What can happen in this state: any one session of the step, in the order of the step, and the effects' answers. */
function happenings(snapshot: AnyMachineSnapshot): AnyEventObject[] {
  const { sending } = snapshot.context as RetryJobContext;
  const id = sending[0];
  const reports: AnyEventObject[] =
    id === undefined
      ? [{ type: 'session.accepted', id: 'a' }]
      : [
          { type: 'session.accepted', id },
          { type: 'session.failed', id, ...refusal },
          { type: 'session.failed', id, httpStatus: 500 },
          { type: 'session.withdrawn', id },
          { type: 'session.deferred', id },
          { type: 'session.accepted', id: 'of another job' },
        ];
  if (snapshot.matches({ running: 'starting' }))
    return [
      ...reports,
      { type: started, output: sending },
      { type: started, output: sending.slice(1) },
      { type: started.replace('done', 'error'), error: new Error('no space left') },
      { type: 'cancel.requested' },
    ];
  if (snapshot.matches('takingBack'))
    return [
      ...reports,
      { type: takenBack, output: { takenBack: sending, underWay: [] } },
      { type: takenBack, output: { takenBack: sending.slice(2), underWay: sending.slice(0, 1) } },
      { type: takenBack.replace('done', 'error'), error: new Error('no space left') },
    ];
  return [...reports, { type: 'cancel.requested' }];
}

const { paths, taken } = walk(retryJobMachine, {
  input: { ids, recurrence: refusal },
  events: happenings,
  key: ({ value, context }) => {
    const { next, sending, ramp, accepted, failed, before, stoppedBy } = context as RetryJobContext;
    const inStep = [accepted > before.accepted, failed > before.failed];
    return JSON.stringify([value, next, sending.length, ramp, inStep, stoppedBy]);
  },
});
const steps = paths.flatMap(({ events, snapshots }) =>
  events.map((event, index) => ({
    event: event as AnyEventObject,
    before: snapshots[index] as AnyMachineSnapshot & { context: RetryJobContext },
    after: snapshots[index + 1] as AnyMachineSnapshot & { context: RetryJobContext },
  })),
);

describe(`a bulk retry, along ${paths.length} paths`, () => {
  test('every transition of the chart is taken', () => {
    expect([...taken].sort()).toEqual(writtenTransitions(retryJobMachine));
  });

  test('every session is in exactly one place at any time', () => {
    for (const { after } of steps) {
      const { total, accepted, failed, sending, toGo, withdrawn } = retryFigures(after.context);
      expect([accepted + failed + sending + toGo + withdrawn, total]).toEqual([ids.length, ids.length]);
    }
  });

  test('no more sessions are under way than the ramp allows, and it begins with one', () => {
    for (const { snapshots } of paths)
      expect(retryFigures(snapshots[0]?.context as RetryJobContext)).toMatchObject({ sending: 1, ramp: 1 });
    for (const { after } of steps) expect(after.context.sending.length).toBeLessThanOrEqual(after.context.ramp);
  });

  test('the ramp doubles only after a step in which none failed and one was accepted', () => {
    for (const { before, after } of steps) {
      if (after.context.ramp === before.context.ramp) continue;
      expect(after.context.ramp).toBe(before.context.ramp * 2);
      expect(after.context.accepted).toBeGreaterThan(before.context.before.accepted);
      expect(after.context.failed).toBe(before.context.before.failed);
    }
  });

  test('a step begins only when nothing of the one before is under way', () => {
    for (const { before, event, after } of steps) {
      if (after.context.next === before.context.next) continue;
      expect(before.context.sending.filter((id: string) => id !== event.id && !event.type.startsWith('xstate.'))).toEqual([]);
    }
  });

  test('after the old refusal, a cancel or a disk that takes nothing, nothing more is started', () => {
    for (const { before, after } of steps) if (!before.matches('running')) expect(after.context.next).toBe(before.context.next);
    for (const { before, event, after } of steps) {
      if (!before.matches('running')) continue;
      const isRefusedAgain =
        event.type === 'session.failed' && 'code' in event && before.context.sending.includes(event.id ?? '');
      if (isRefusedAgain || event.type === 'cancel.requested' || event.type.startsWith('xstate.error'))
        expect(after.matches('running')).toBe(false);
    }
  });

  test('it is stopped only with a reason, cancelled only without one, done only when every session had its turn', () => {
    for (const { after } of steps) {
      if (after.status !== 'done') continue;
      expect(after.context.sending).toEqual([]);
      if (after.value === 'stopped') expect(after.context.stoppedBy).not.toBeNull();
      if (after.value === 'cancelled') expect(after.context.stoppedBy).toBeNull();
      if (after.value === 'done') expect(retryFigures(after.context).toGo).toBe(0);
    }
  });
});
