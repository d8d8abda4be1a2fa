/** Walks the capture machine along every path, and through its backoff with a simulated clock. */
import { createActor, fromCallback, SimulatedClock } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import { captureMachine, type CaptureEmitted, type CaptureEvent, type CapturePlan } from '../../machines/capture.ts';

const plan = (name: string): CapturePlan => ({ interface: name, key: name });

/** A tool that does nothing by itself; its runs are listed. */
function toolRuns() {
  const runs: { plan: CapturePlan; isStopped: boolean }[] = [];
  const captureTool = fromCallback<{ type: 'none' }, { plan: CapturePlan }>(({ input }) => {
    const run = { plan: input.plan, isStopped: false };
    runs.push(run);
    return () => {
      run.isStopped = true;
    };
  });
  return { runs, machine: captureMachine.provide({ actors: { captureTool } }) };
}

function started(input: { plan: CapturePlan | null } = { plan: plan('eth0') }) {
  const { runs, machine } = toolRuns();
  const clock = new SimulatedClock();
  const actor = createActor(machine, { clock, input });
  const emitted: CaptureEmitted[] = [];
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  return {
    actor,
    clock,
    runs,
    emitted,
    state: () => actor.getSnapshot().value,
    live: () => runs.filter(({ isStopped }) => !isStopped).length,
  };
}

const events: CaptureEvent[] = [
  { type: 'start.requested' },
  { type: 'stop.requested' },
  { type: 'pause.requested' },
  { type: 'resume.requested' },
  { type: 'plan.changed', plan: null },
  { type: 'plan.changed', plan: plan('eth0') },
  { type: 'plan.changed', plan: plan('eth1') },
  { type: 'tool.started' },
  { type: 'tool.ended', reason: 'It died.', at: 5 },
];

describe('every path', () => {
  const paths = getShortestPaths(toolRuns().machine, {
    input: { plan: plan('eth0') },
    events,
    serializeState: ({ value, context }) => `${String(value)} ${context.plan?.key ?? 'none'}`,
    limit: 10_000,
  });
  test('reaches all states', () => {
    expect(new Set(paths.map((path) => path.state.value))).toEqual(
      new Set(['stopped', 'starting', 'capturing', 'paused', 'failed']),
    );
  });
  test.each(paths.map((path) => [path.steps.map(({ event }) => event.type).join(', '), path] as const))(
    'keeps its promises: %s',
    (_, path) => {
      const { actor, runs, live, state } = started();
      const check = () => {
        // One tool while it is to run, none else, and always the one of the plan.
        expect(live()).toBe(state() === 'starting' || state() === 'capturing' ? 1 : 0);
        if (live() === 1) expect(runs.at(-1)?.plan).toEqual(actor.getSnapshot().context.plan);
        if (actor.getSnapshot().context.plan === null) expect(state()).toBe('stopped');
      };
      for (const { event } of path.steps) {
        if (String(event.type) === 'xstate.init') continue;
        actor.send(event as CaptureEvent);
        check();
      }
      // Whatever happened before, these three hold.
      for (const event of events) {
        actor.send(event);
        check();
      }
      actor.send({ type: 'stop.requested' });
      expect(state()).toBe('stopped');
      actor.send({ type: 'plan.changed', plan: plan('eth7') });
      expect(state()).toBe('starting');
      actor.send({ type: 'pause.requested' });
      expect([state(), live()]).toEqual(['paused', 0]);
    },
  );
});

test('a tool that dies is started again after 1, 2, 4 ... 60 seconds', () => {
  const { actor, clock, state } = started();
  actor.send({ type: 'start.requested' });
  for (const delayMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    actor.send({ type: 'tool.ended', reason: 'It died.', at: 5 });
    expect(actor.getSnapshot().context.reason).toBe('It died.');
    clock.increment(delayMs - 1);
    expect(state()).toBe('failed');
    clock.increment(1);
    expect(state()).toBe('starting');
  }
  actor.send({ type: 'tool.started' });
  expect(actor.getSnapshot().context.reason).toBeNull();
  clock.increment(60_000);
  actor.send({ type: 'tool.ended', reason: 'It died.', at: 5 });
  clock.increment(1000);
  expect(state()).toBe('starting');
});

test('the time a tool was down is a gap', () => {
  const { actor, emitted } = started();
  actor.send({ type: 'start.requested' });
  actor.send({ type: 'tool.ended', reason: 'It never ran.', at: 4 });
  expect(actor.getSnapshot().context.gaps).toBe(0);
  actor.send({ type: 'start.requested' });
  actor.send({ type: 'tool.started' });
  actor.send({ type: 'tool.ended', reason: 'It died.', at: 5 });
  expect(actor.getSnapshot().context).toMatchObject({ gaps: 1, lastGapAt: 5 });
  expect(emitted).toEqual([{ type: 'gap', gap: { at: 5, isInSession: false } }]);
});

test('gaps are counted and sessions reported in any state', () => {
  const { actor, emitted } = started();
  actor.send({ type: 'gap.found', gap: { at: 7, missingBytes: 3, isInSession: true } });
  actor.send({ type: 'session.captured', id: 's1' });
  expect(actor.getSnapshot().context).toMatchObject({ gaps: 1, lastGapAt: 7 });
  expect(emitted).toEqual([
    { type: 'gap', gap: { at: 7, missingBytes: 3, isInSession: true } },
    { type: 'session', id: 's1' },
  ]);
});

test('without an interface there is nothing to start', () => {
  const { actor, state } = started({ plan: null });
  actor.send({ type: 'start.requested' });
  expect(state()).toBe('stopped');
});
