/**
 * What consoles hear of machines and sessions, at most 20 times a second and only while one listens.
 *   store changes, lanes, machines -> (50 ms) -> onSnapshot, onUnderWay, onTransitions, onSessionsChanged
 * A session that changed twice in between is told of once, as it is now.
 * May import: src/common, src/service.
 */
import type { UnderWay } from '../../common/console.ts';
import type { EventPayload, SessionSummary } from '../../common/contract.ts';
import type { EventHub, Timers } from '../event-hub.ts';
import type { StoreChange } from '../store/session-store.ts';
import type { DeskStore, DeskWorker } from './desk-needs.ts';
import { type Lane, type MachineWatch, type SeenMachine } from './machine-watch.ts';
import { Pace } from './pace.ts';
import { decorated, type StandingView } from './session-standing.ts';
import { shownContext } from './shown-context.ts';

const paceMs = 50;
/** Sessions that one event tells of at most; the others come with the next. */
const sessionsPerEvent = 500;
/** How many pending sessions are told of again when all of them stand differently: what a console may have in view. */
const pendingTold = 500;
const lanesShownMax = 200;
const underWayPerSlot = 4;

export interface FeedOptions {
  hub: Pick<EventHub, 'isHeard' | 'tell'>;
  timers: Timers;
  store: Pick<DeskStore, 'getSessions'>;
  worker: () => Pick<DeskWorker, 'status'>;
  watch: MachineWatch;
  view: StandingView;
  /** `submissionConcurrency`. */
  slots: () => number;
  now: () => number;
  /** The store could not be asked; the next change asks again. */
  onError: (error: unknown) => void;
}

export class ChangeFeed {
  readonly #options: FeedOptions;
  readonly #pace: Pace;
  readonly #changed = new Map<string, { summary: SessionSummary; isNew: boolean }>();
  readonly #removed = new Set<string>();
  #isPendingStale = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#pace = new Pace(options.timers, paceMs, () => this.#flush());
  }

  /** Something that the watch knows changed. */
  request(): void {
    if (this.#options.hub.isHeard) this.#pace.request();
  }

  storeChanged({ added, changed, removed }: StoreChange): void {
    if (!this.#options.hub.isHeard) return;
    for (const summary of added) this.#put(summary, true);
    for (const summary of changed) this.#put(summary, false);
    for (const id of removed) {
      this.#changed.delete(id);
      this.#removed.add(id);
    }
    this.#pace.request();
  }

  /** Everything that is pending stands differently now: the circuit, or the time of the next cycle. */
  pendingChanged(): void {
    if (!this.#options.hub.isHeard) return;
    this.#isPendingStale = true;
    this.#pace.request();
  }

  close(): Promise<void> {
    return this.#pace.close();
  }

  snapshotEvent({ machine, id, snapshot }: SeenMachine): EventPayload<'onSnapshot'> {
    return { machine, id, value: snapshot.value, context: shownContext(snapshot.context) };
  }

  /** The whole picture. Sessions whose counter is not known yet come a moment later. */
  underWay(): UnderWay {
    const { watch, worker, slots, now } = this.#options;
    const { inFlight, queueSize } = worker().status();
    const known = [...watch.lanes.values()].filter(({ isCounterKnown }) => isCounterKnown);
    return {
      at: now(),
      sessions: known.slice(0, lanesShownMax).map(shownLane),
      ended: watch.ended.filter(({ isCounterKnown }) => isCounterKnown).map(shownLane),
      endedPerSecond: watch.endedPerSecond(),
      slots: slots(),
      underWayMax: slots() * underWayPerSlot,
      queueSize: Math.max(0, queueSize + inFlight - watch.lanes.size),
    };
  }

  #put(summary: SessionSummary, isNew: boolean): void {
    const before = this.#changed.get(summary.sessionId);
    this.#changed.set(summary.sessionId, { summary, isNew: isNew || before?.isNew === true });
    this.#removed.delete(summary.sessionId);
  }

  async #flush(): Promise<void> {
    const { hub, watch } = this.#options;
    if (!hub.isHeard) {
      this.#forget();
      return;
    }
    const touched = watch.takeTouchedSessions();
    const machines = watch.takeTouchedMachines();
    try {
      await this.#lookUp(touched);
    } catch (error) {
      this.#options.onError(error);
    }
    for (const seen of machines) hub.tell('onSnapshot', this.snapshotEvent(seen));
    this.#tellSessionSnapshots(touched);
    hub.tell('onUnderWay', this.underWay());
    const { transitions, dropped } = watch.takeTransitions();
    if (transitions.length > 0 || dropped > 0) hub.tell('onTransitions', { transitions, dropped });
    this.#tellSessions();
  }

  /** What only the store knows of sessions whose machine moved. */
  async #lookUp(touched: readonly string[]): Promise<void> {
    const { store, watch } = this.#options;
    for (const { summary } of this.#changed.values()) watch.setCounter(summary.sessionId, summary.counter);
    const unknown = touched.filter((id) => !this.#changed.has(id));
    if (unknown.length > 0) this.#take((await store.getSessions({ ids: unknown, limit: unknown.length })).sessions);
    if (!this.#isPendingStale) return;
    this.#isPendingStale = false;
    this.#take((await store.getSessions({ filter: { status: ['pending'] }, limit: pendingTold })).sessions);
  }

  /** What changed on disk while the store was asked is newer. */
  #take(sessions: readonly SessionSummary[]): void {
    for (const summary of sessions) {
      this.#options.watch.setCounter(summary.sessionId, summary.counter);
      if (!this.#changed.has(summary.sessionId) && !this.#removed.has(summary.sessionId)) this.#put(summary, false);
    }
  }

  #tellSessionSnapshots(touched: readonly string[]): void {
    const { hub, watch } = this.#options;
    const ended = new Map(watch.ended.map((lane) => [lane.sessionId, lane]));
    for (const id of touched) {
      const lane = watch.lanes.get(id) ?? ended.get(id);
      if (lane !== undefined) hub.tell('onSnapshot', this.snapshotEvent({ machine: 'session', id, snapshot: lane.snapshot }));
    }
  }

  #tellSessions(): void {
    if (this.#changed.size + this.#removed.size === 0) return;
    const added: SessionSummary[] = [];
    const changed: SessionSummary[] = [];
    for (const [id, { summary, isNew }] of this.#changed) {
      if (added.length + changed.length === sessionsPerEvent) break;
      (isNew ? added : changed).push(summary);
      this.#changed.delete(id);
    }
    const removed = [...this.#removed];
    this.#removed.clear();
    const { hub, view } = this.#options;
    hub.tell('onSessionsChanged', { added: decorated(added, view), changed: decorated(changed, view), removed });
    if (this.#changed.size > 0) this.#pace.request();
  }

  #forget(): void {
    this.#changed.clear();
    this.#removed.clear();
    this.#isPendingStale = false;
    this.#options.watch.takeTouchedSessions();
    this.#options.watch.takeTouchedMachines();
    this.#options.watch.takeTransitions();
  }
}

function shownLane(lane: Lane): UnderWay['sessions'][number] {
  const { sessionId, counter, state, since, until, attempt, httpStatus, reason } = lane;
  return {
    sessionId,
    counter,
    state,
    since,
    attempt,
    ...(until === undefined ? {} : { until }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(reason === undefined ? {} : { reason: reason.slice(0, 120) }),
  };
}
