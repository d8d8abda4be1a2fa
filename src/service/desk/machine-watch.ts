/**
 * Watches every machine through XState's inspection: sessions under way, transitions, snapshots.
 *   inspect -> lanes, rings, what changed since the last look -> (feed.ts) events
 * It hears some fifty inspection events for each delivery, so all but two types are dropped at once, and nothing is made up
 * for showing here. An ended session is forgotten at once but for the last eight.
 * May import: xstate, src/common, machines.
 */
import type { InspectionEvent } from 'xstate';
import type { LaneSession, SessionState, Transition } from '../../common/console.ts';
import { answerWords, type SeenSession, transitionDetail } from './transition-detail.ts';
import { Ring } from './ring.ts';

const commonRingSize = 1_000;
const ownRingSize = 200;
const endedShown = 8;
const listMax = 200;
/** Of session machines, waiting to be told; the others are counted. */
const untoldSessionsMax = 200;
/** How often a second sessions end is measured over this time. */
const paceMs = 5_000;
const endStates: ReadonlySet<string> = new Set(['submitted', 'failed', 'deferred']);

/** A session under way. */
export interface Lane extends LaneSession {
  /** False until the store said what its counter is. */
  isCounterKnown: boolean;
  attemptStartedAt?: number;
  durationMs?: number;
  transitions: Ring<Transition>;
  snapshot: SeenSnapshot;
}

/** The part of a machine's snapshot that is looked at. */
interface SeenSnapshot {
  value: unknown;
  context: unknown;
  status: string;
  machine: { id: string; implementations: { delays: Readonly<Record<string, unknown>> } };
}
export interface SeenMachine {
  machine: string;
  id: string;
  snapshot: SeenSnapshot;
}

export interface MachineWatchOptions {
  now: () => number;
  /** `submissionTimeoutSeconds` in ms. */
  attemptLimitMs: () => number;
  /** Whether anybody is told of it; when not, nothing is put by for telling. */
  isHeard: () => boolean;
  /** Something that is shown changed. */
  onChange: () => void;
  /** An attempt was answered, or given up. */
  onAttempt: (startedAt: number, durationMs: number) => void;
}

export class MachineWatch {
  readonly lanes = new Map<string, Lane>();
  /** The last that ended, the latest first. */
  readonly ended: Lane[] = [];
  readonly #options: MachineWatchOptions;
  readonly #longLived = new Map<string, { seen: SeenMachine; value: string }>();
  readonly #common = new Ring<Transition>(commonRingSize);
  #untold: { transitions: Transition[]; sessions: number; dropped: number } = { transitions: [], sessions: 0, dropped: 0 };
  readonly #touchedSessions = new Set<string>();
  readonly #touchedMachines = new Set<string>();
  #endTimes: number[] = [];

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  /** For `createActor`'s `inspect`. */
  inspect(event: InspectionEvent): void {
    if (event.type !== '@xstate.microstep' && event.type !== '@xstate.snapshot') return;
    const snapshot = event.snapshot as unknown as SeenSnapshot;
    // Promises and callbacks are actors too, but no charts.
    if (snapshot.machine === undefined) return;
    const { id: machine } = snapshot.machine;
    if (machine === 'session') this.#seeSession(snapshot, event.event.type);
    else this.#seeLongLived({ machine, id: machine, snapshot }, event.event.type);
  }

  /** Transitions since the last call, in the order taken. */
  takeTransitions(): { transitions: Transition[]; dropped: number } {
    const { transitions, dropped } = this.#untold;
    this.#untold = { transitions: [], sessions: 0, dropped: 0 };
    return { transitions, dropped };
  }

  /** Sessions whose state changed since the last call, ended ones included. */
  takeTouchedSessions(): string[] {
    const ids = [...this.#touchedSessions];
    this.#touchedSessions.clear();
    return ids;
  }

  /** Machines that live as long as the service and took an event since the last call. */
  takeTouchedMachines(): SeenMachine[] {
    const seen = [...this.#touchedMachines].flatMap((id) => this.#longLived.get(id)?.seen ?? []);
    this.#touchedMachines.clear();
    return seen;
  }

  get longLived(): SeenMachine[] {
    return [...this.#longLived.values()].map(({ seen }) => seen);
  }

  /** The latest first, at most 200. @param id of a session: its own ring while it is under way. */
  transitions({ machine, id }: { machine?: string | undefined; id?: string | undefined }): Transition[] {
    const own = id === undefined ? undefined : this.lanes.get(id);
    const ring = own?.transitions ?? this.#common;
    return ring.latest(
      listMax,
      (transition) => (machine === undefined || transition.machine === machine) && (id === undefined || transition.id === id),
    );
  }

  endedPerSecond(): number {
    const from = this.#options.now() - paceMs;
    const first = this.#endTimes.findIndex((at) => at > from);
    this.#endTimes = first === -1 ? [] : this.#endTimes.slice(first);
    return (this.#endTimes.length * 1000) / paceMs;
  }

  /** The counter that an operator knows a session by. */
  setCounter(id: string, counter: number): void {
    for (const lane of [this.lanes.get(id), ...this.ended.filter(({ sessionId }) => sessionId === id)]) {
      if (lane === undefined || lane.isCounterKnown) continue;
      lane.counter = counter;
      lane.isCounterKnown = true;
      for (const transition of lane.transitions.latest(ownRingSize)) transition.counter = counter;
    }
  }

  #seeSession(snapshot: SeenSnapshot, event: string): void {
    const context = snapshot.context as SeenSession;
    const { id } = context;
    let lane = this.lanes.get(id);
    if (snapshot.status !== 'active' && snapshot.status !== 'done') {
      // It broke: the worker tells of it, the lane is free.
      if (this.lanes.delete(id)) this.#touch(id);
      return;
    }
    if (lane === undefined) {
      // The last word of one that has ended already comes once more, after its parent let go of it.
      if (snapshot.status === 'done') return;
      lane = laneOf(snapshot, context, this.#options.now());
      this.lanes.set(id, lane);
      this.#touch(id);
      return;
    }
    const before = lane.snapshot.value as string;
    lane.snapshot = snapshot;
    const to = snapshot.value as string;
    if (to === before) return;
    const at = this.#options.now();
    const waitMs = to === 'backoffWait' ? waitOf(snapshot) : undefined;
    this.#enter(lane, { to, at, waitMs, context });
    this.#note(lane, { from: before, to, event, waitMs, context, at });
    if (endStates.has(to)) this.#end(lane, at);
    this.#touch(id);
  }

  #enter(
    lane: Lane,
    { to, at, waitMs, context }: { to: string; at: number; waitMs: number | undefined; context: SeenSession },
  ): void {
    // `deferred` is a state of the session, as the others are of its machine.
    lane.state = to as SessionState;
    lane.since = at;
    delete lane.until;
    const words = answerWords(context.answer?.outcome);
    if (words !== undefined) lane.reason = words;
    if (context.answer?.outcome.httpStatus !== undefined) lane.httpStatus = context.answer.outcome.httpStatus;
    const isOver = to === 'recording' || endStates.has(to);
    lane.attempt = Math.max(1, isOver ? context.attempts : context.attempts + 1);
    if (to === 'attempt') {
      lane.attemptStartedAt = at;
      lane.until = at + this.#options.attemptLimitMs();
    } else delete lane.attemptStartedAt;
    if (to === 'backoffWait' && waitMs !== undefined) lane.until = at + waitMs;
    if (to === 'recording' && context.answer !== null) {
      lane.durationMs = context.answer.durationMs;
      this.#options.onAttempt(context.answer.startedAt, context.answer.durationMs);
    }
  }

  #note(
    lane: Lane,
    step: { from: string; to: string; event: string; waitMs: number | undefined; context: SeenSession; at: number },
  ): void {
    const detail = transitionDetail({ ...step, machine: 'session' });
    const transition: Transition = {
      at: step.at,
      machine: 'session',
      id: lane.sessionId,
      ...(lane.isCounterKnown ? { counter: lane.counter } : {}),
      from: step.from,
      to: step.to,
      event: step.event,
      ...(detail === undefined ? {} : { detail }),
    };
    lane.transitions.push(transition);
    this.#common.push(transition);
    if (!this.#options.isHeard()) return;
    if (this.#untold.sessions >= untoldSessionsMax) this.#untold.dropped += 1;
    else {
      this.#untold.sessions += 1;
      this.#untold.transitions.push(transition);
    }
  }

  #end(lane: Lane, at: number): void {
    this.lanes.delete(lane.sessionId);
    this.ended.unshift(lane);
    if (this.ended.length > endedShown) this.ended.pop();
    this.#endTimes.push(at);
    // Kept short also while nobody asks.
    if (this.#endTimes.length > 50_000) this.endedPerSecond();
  }

  #seeLongLived(seen: SeenMachine, event: string): void {
    const { machine, snapshot } = seen;
    const known = this.#longLived.get(machine);
    const to = stateName(snapshot.value);
    if (this.#options.isHeard()) {
      this.#touchedMachines.add(machine);
      this.#options.onChange();
    }
    if (known === undefined) {
      this.#longLived.set(machine, { seen, value: to });
      return;
    }
    known.seen = seen;
    if (known.value === to) return;
    const detail = transitionDetail({ machine, from: known.value, to, event, context: snapshot.context });
    const at = this.#options.now();
    const transition = { at, machine, id: machine, from: known.value, to, event, ...(detail === undefined ? {} : { detail }) };
    known.value = to;
    this.#common.push(transition);
    if (!this.#options.isHeard()) return;
    if (this.#untold.transitions.length < commonRingSize) this.#untold.transitions.push(transition);
    else this.#untold.dropped += 1;
  }

  #touch(id: string): void {
    if (!this.#options.isHeard()) return;
    this.#touchedSessions.add(id);
    this.#options.onChange();
  }
}

/** Nested states joined by a dot. */
export function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, inner]) => {
      const rest = stateName(inner);
      return rest === '' ? name : `${name}.${rest}`;
    })
    .join(', ');
}

function laneOf(snapshot: SeenSnapshot, context: SeenSession, at: number): Lane {
  return {
    sessionId: context.id,
    counter: 0,
    isCounterKnown: false,
    state: snapshot.value as SessionState,
    since: at,
    attempt: 1,
    transitions: new Ring(ownRingSize),
    snapshot,
  };
}

/** How long the machine will wait, by its own named delay. */
function waitOf({ machine, context }: SeenSnapshot): number | undefined {
  const delay = machine.implementations.delays['retryDelay'];
  const ms: unknown = typeof delay === 'function' ? delay({ context }) : undefined;
  return typeof ms === 'number' ? ms : undefined;
}
