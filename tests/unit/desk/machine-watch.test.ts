/**
 * What the watch makes of XState's inspection events, told one by one.
 */
import { expect, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { MachineWatch, stateName } from '../../../src/service/desk/machine-watch.ts';

function watching({ isHeard = true, retryDelay = (() => 1000) as unknown } = {}) {
  const heard = { isHeard, changes: 0, attempts: [] as number[][] };
  const clock = { now: 1000 };
  const watch = new MachineWatch({
    now: () => clock.now,
    attemptLimitMs: () => 30_000,
    isHeard: () => heard.isHeard,
    onChange: () => void heard.changes++,
    onAttempt: (...attempt) => heard.attempts.push(attempt),
  });
  const tell = (
    machine: string,
    value: unknown,
    { context = {}, status = 'active', type = '@xstate.microstep' }: { context?: object; status?: string; type?: string } = {},
  ) =>
    watch.inspect({
      type,
      event: { type: 'e' },
      snapshot: { value, context, status, machine: { id: machine, implementations: { delays: { retryDelay } } } },
    } as unknown as InspectionEvent);
  const session = (
    id: string,
    value: string,
    more: { attempts?: number; outcome?: object; status?: string; withdrawn?: string } = {},
  ) =>
    tell('session', value, {
      context: {
        id,
        attempts: more.attempts ?? 0,
        withdrawn: more.withdrawn ?? null,
        answer: more.outcome === undefined ? null : { outcome: more.outcome, startedAt: 900, durationMs: 50 },
      },
      ...(more.status === undefined ? {} : { status: more.status }),
    });
  return { watch, heard, clock, tell, session };
}

test('an attempt is counted once, when its answer is being saved', () => {
  const { watch, heard, session } = watching();
  session('a', 'ready');
  session('a', 'attempt');
  session('a', 'attempt');
  session('a', 'recording', { attempts: 1, outcome: { kind: 'accepted', httpStatus: 201 } });
  expect(heard.attempts).toEqual([[900, 50]]);
  expect(watch.lanes.get('a')).toMatchObject({ state: 'recording', attempt: 1, httpStatus: 201, reason: '201', durationMs: 50 });
  expect(watch.lanes.get('a')).not.toHaveProperty('until');
});

test('an attempt of an earlier cycle that is only written again is not one more', () => {
  const { watch, heard, session } = watching();
  session('a', 'ready');
  session('a', 'recording');
  expect([heard.attempts, watch.lanes.get('a')?.attempt]).toEqual([[], 1]);
});

test('the end of the wait is the machine’s own delay; without one it is left out', () => {
  const { watch, session } = watching();
  session('a', 'ready');
  session('a', 'backoffWait', { attempts: 1, outcome: { kind: 'unheard' } });
  expect(watch.lanes.get('a')).toMatchObject({ until: 2000, attempt: 2, reason: 'no answer' });
  for (const retryDelay of [null, () => 'soon']) {
    const other = watching({ retryDelay });
    other.session('a', 'ready');
    other.session('a', 'backoffWait');
    expect(other.watch.lanes.get('a')).not.toHaveProperty('until');
  }
});

test('a session that broke leaves its lane and is not among those that ended', () => {
  const { watch, session } = watching();
  session('a', 'ready');
  session('a', 'attempt', { status: 'error' });
  session('never seen', 'attempt', { status: 'error' });
  expect([watch.lanes.size, watch.ended]).toEqual([0, []]);
  expect(watch.takeTouchedSessions()).toEqual(['a']);
});

test('the last word of one that ended already does not bring it back', () => {
  const { watch, session } = watching();
  session('a', 'ready');
  session('a', 'deferred', { status: 'done', withdrawn: 'deleted' });
  session('a', 'deferred', { status: 'done', withdrawn: 'deleted' });
  expect([watch.lanes.size, watch.ended.length]).toEqual([0, 1]);
});

test('what is no chart, and what is no step of one, is not looked at', () => {
  const { watch, heard, tell } = watching();
  watch.inspect({ type: '@xstate.event' } as InspectionEvent);
  watch.inspect({
    type: '@xstate.snapshot',
    event: { type: 'e' },
    snapshot: { status: 'done', output: 'x' },
  } as unknown as InspectionEvent);
  expect(heard.changes).toBe(0);
  tell('worker', 'idle', { type: '@xstate.snapshot' });
  expect(heard.changes).toBe(1);
});

test('nested states are joined by a dot, those beside each other by a comma', () => {
  const { watch, tell } = watching();
  tell('capture', { running: 'starting' });
  tell('capture', { running: { on: 'eth1' } });
  expect(watch.takeTransitions().transitions).toMatchObject([
    { machine: 'capture', from: 'running.starting', to: 'running.on.eth1', event: 'e' },
  ]);
  expect(stateName({ a: 'x', b: {} })).toBe('a.x, b');
  expect(stateName(null)).toBe('');
});

test('transitions of which a console is not told in time are counted, machines’ as well as sessions’', () => {
  const { watch, tell, session } = watching();
  for (let index = 0; index < 250; index++) {
    session(`s${index}`, 'ready');
    session(`s${index}`, 'attempt');
  }
  expect(watch.takeTransitions()).toMatchObject({ dropped: 50, transitions: { length: 200 } });
  for (let index = 0; index <= 1001; index++) tell('retention', `state${index}`);
  expect(watch.takeTransitions()).toMatchObject({ dropped: 1, transitions: { length: 1000 } });
  expect(watch.transitions({})).toHaveLength(200);
});

test('while nobody listens nothing is put by, but lanes and rings go on', () => {
  const { watch, heard, tell, session } = watching({ isHeard: false });
  tell('worker', 'idle');
  tell('worker', 'discovering', { context: { queue: [] } });
  session('a', 'ready');
  session('a', 'attempt');
  expect([heard.changes, watch.takeTouchedSessions(), watch.takeTouchedMachines(), watch.takeTransitions().transitions]).toEqual([
    0,
    [],
    [],
    [],
  ]);
  expect([watch.lanes.size, watch.transitions({}).length, watch.longLived.length]).toEqual([1, 2, 1]);
});

test('a counter that comes later is put on the lane, the ended ones and their transitions', () => {
  const { watch, session } = watching();
  session('a', 'ready');
  session('a', 'attempt');
  watch.setCounter('a', 7);
  watch.setCounter('a', 8);
  session('a', 'deferred', { status: 'done' });
  expect(watch.ended[0]).toMatchObject({ counter: 7, isCounterKnown: true });
  expect(watch.transitions({ id: 'a' }).map(({ counter }) => counter)).toEqual([7, 7]);
});

test('the pace of ends is measured over five seconds, and their times do not pile up', () => {
  const { watch, clock, session } = watching({ isHeard: false });
  for (let index = 0; index < 50_010; index++) {
    clock.now += 1;
    session(`s${index}`, 'ready');
    session(`s${index}`, 'deferred', { status: 'done' });
  }
  expect(watch.endedPerSecond()).toBe(1000);
  clock.now += 5_000;
  expect(watch.endedPerSecond()).toBe(0);
  expect(watch.ended).toHaveLength(8);
});
