/**
 * Walks a machine along paths that `xstate/graph` finds, and tells which of the transitions written in its chart were
 * taken: a chart with a transition that no path takes has dead wood in it, or a test has a hole.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, createActor, SimulatedClock } from 'xstate';
import { getShortestPaths, type TraversalOptions } from 'xstate/graph';

/** A transition as its chart names it: where from, by what, which of several, where to. */
const nameOf = (source: string, eventType: string, index: number, targets: readonly string[]) =>
  `${source} --${eventType}[${index}]--> ${targets.join(',') || '(stays)'}`;

/** Every transition that the chart writes down, `after` and `always` included, with its name. */
function namedTransitions(machine: AnyStateMachine): Map<object, string> {
  const names = new Map<object, string>();
  const visit = (node: AnyStateMachine['root']) => {
    for (const [eventType, transitions] of [...node.transitions, ['always', node.always ?? []] as const]) {
      transitions.forEach((transition, index) =>
        names.set(
          transition,
          nameOf(
            node.id,
            eventType,
            index,
            (transition.target ?? []).map(({ id }) => id),
          ),
        ),
      );
    }
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine.root);
  return names;
}

/** The names of all transitions of a chart, sorted. */
export function writtenTransitions(machine: AnyStateMachine): string[] {
  return [...namedTransitions(machine).values()].sort();
}

export interface Walk<Snapshot extends AnyMachineSnapshot> {
  /** Every transition taken, by the names of `writtenTransitions`. */
  taken: Set<string>;
  paths: { events: EventObject[]; snapshots: Snapshot[] }[];
}

/**
 * Every shortest path to every reachable state, each extended by every event that state can meet.
 * Nothing is executed: effects are the events' to tell.
 */
export function walk<Machine extends AnyStateMachine>(
  machine: Machine,
  options: {
    input?: unknown;
    /** What can happen in this state. */
    events: (snapshot: AnyMachineSnapshot) => readonly EventObject[];
    /** What makes two states the same. */
    key: (snapshot: AnyMachineSnapshot) => string;
    limit?: number;
  },
): Walk<AnyMachineSnapshot> {
  const taken = new Set<string>();
  const traversal = {
    events: options.events,
    serializeState: options.key,
    limit: options.limit ?? 50_000,
    ...(options.input === undefined ? {} : { input: options.input }),
  } as unknown as TraversalOptions<never, never, never>;
  const found = getShortestPaths(machine as never, traversal) as unknown as {
    state: AnyMachineSnapshot;
    steps: { state: AnyMachineSnapshot; event: EventObject }[];
  }[];
  const paths = found.flatMap(({ state, steps }) => {
    const events = steps.map(({ event }) => event).filter(({ type }) => type !== 'xstate.init');
    const following = state.status === 'active' ? options.events(state) : [];
    return following.length === 0 ? [[...events]] : following.map((event) => [...events, event]);
  });
  return { taken, paths: paths.map((events) => ({ events, snapshots: replay(machine, options.input, events, taken) })) };
}

/** Runs the events through a real actor whose children are never started, and notes the transitions taken. */
function replay(
  machine: AnyStateMachine,
  input: unknown,
  events: readonly EventObject[],
  taken: Set<string>,
): AnyMachineSnapshot[] {
  const names = namedTransitions(machine);
  const actor = createActor(machine, {
    input,
    clock: new SimulatedClock(),
    inspect: (event) => {
      if (event.type !== '@xstate.microstep') return;
      for (const transition of event._transitions) {
        const name = names.get(transition);
        if (name !== undefined) taken.add(name);
      }
    },
  }).start();
  const snapshots = [actor.getSnapshot() as AnyMachineSnapshot];
  for (const event of events) {
    actor.send(event);
    snapshots.push(actor.getSnapshot() as AnyMachineSnapshot);
  }
  actor.stop();
  return snapshots;
}
