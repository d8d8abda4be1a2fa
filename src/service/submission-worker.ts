/**
 * The background worker as the rest of the service sees it: a small class around the worker machine, which holds all
 * the rules. Here are its effects: a look at the store, one POST, one record.
 *   start -> cycles by timer, trigger or settings -> stop (drains, then clears)
 * May import: xstate, src/common, machines, src/service.
 */
import { type Actor, createActor, fromPromise, type InspectionEvent, waitFor } from 'xstate';
import type { Answer, AttemptRecord, Discovery, RecordResult, WithdrawnReason } from '../common/delivery.ts';
import { circuitReason, type Circuit } from '../common/outcome.ts';
import { sessionMachine, type SessionOutput } from '../../machines/session.ts';
import {
  type CycleEnd,
  type CycleTally,
  type DeliverySettings,
  isDrained,
  isUnderWay,
  progressOf,
  type WorkerContext,
  workerMachine,
} from '../../machines/worker.ts';
import type { Destination } from './delivery/destination.ts';
import type { Post } from './delivery/post-session.ts';

/** What the worker needs of the session store. */
export interface DeliveryStore {
  discover(): Promise<Discovery>;
  readForPost(
    id: string,
    performer: string,
  ): Promise<{ type: 'body'; body: Uint8Array } | { type: 'withdrawn'; reason: WithdrawnReason }>;
  record(record: AttemptRecord): Promise<RecordResult>;
}

export interface SubmissionWorkerDeps {
  store: DeliveryStore;
  /** The current endpoint with header and certificates, as one value; null while none is set. */
  destination: () => Destination | null;
  /** One POST; src/service/delivery has the real one. */
  post: (destination: Destination, post: Post) => Promise<Extract<Answer, { type: 'answered' }>>;
  settings: DeliverySettings;
  now: () => number;
  random: () => number;
  /** Timers of the machines; the system's unless a simulation brings its own. */
  clock?: NonNullable<Parameters<typeof createActor>[1]>['clock'];
  /** Watches every machine of the worker. */
  inspect?: (event: InspectionEvent) => void;
}

export interface SubmissionWorkerEvents {
  /** Anything about the worker changed; figures by `status()`. */
  changed: () => void;
  deliveryEnded: (output: SessionOutput) => void;
  deliveryBroken: (id: string, error: unknown) => void;
  cycleEnded: (end: CycleEnd, tally: CycleTally, isFollowed: boolean) => void;
  circuitChanged: (circuit: Circuit) => void;
}

export interface WorkerStatus {
  state: 'idle' | 'discovering' | 'dispatching' | 'stopping';
  inFlight: number;
  queueSize: number;
  heldBack: number;
  /** When the timer starts the next cycle, unix ms; missing during a cycle. */
  nextCycleAt?: number;
  circuit: Circuit;
  /** Attempts that could not be recorded, and wait for a disk that takes them. */
  unrecorded: number;
  discoveryError: unknown;
}

export class SubmissionWorker {
  readonly #deps: SubmissionWorkerDeps;
  readonly #actor: Actor<typeof workerMachine>;
  readonly #listeners = new Set<Partial<SubmissionWorkerEvents>>();
  /** One for each POST in flight, so that a stop can give up on its answer. */
  readonly #inFlight = new Set<AbortController>();
  #circuit: Circuit = { state: 'closed' };
  #nextCycleAt: number | null = null;
  /** XState calls an actor active before it was started. */
  #isStarted = false;
  #seen: { state: string; intervalMs: number } | null = null;

  constructor(deps: SubmissionWorkerDeps) {
    this.#deps = deps;
    const { store, inspect, clock } = deps;
    const logic = workerMachine.provide({
      actors: {
        session: sessionMachine.provide({
          actors: {
            postSession: fromPromise<Answer, { id: string }>(({ input, signal }) => this.#post(input.id, signal)),
            recordAttempt: fromPromise<RecordResult, AttemptRecord>(({ input }) => store.record(input)),
          },
        }),
        discoverSessions: fromPromise<Discovery, void>(() => store.discover()),
      },
      actions: {
        abortAttempts: () => {
          for (const attempt of this.#inFlight) attempt.abort();
        },
      },
    });
    this.#actor = createActor(logic, {
      input: { settings: deps.settings },
      ...(inspect === undefined ? {} : { inspect }),
      ...(clock === undefined ? {} : { clock }),
    });
    this.#actor.on('delivery.ended', ({ output }) => this.#tell('deliveryEnded', output));
    this.#actor.on('delivery.broken', ({ id, error }) => this.#tell('deliveryBroken', id, error));
    this.#actor.on('cycle.ended', ({ end, tally, isFollowed }) => this.#tell('cycleEnded', end, tally, isFollowed));
    this.#actor.subscribe((snapshot) => this.#see(snapshot.value, snapshot.context));
  }

  /** Arms the timer; the first cycle begins at once. */
  start(): void {
    this.#isStarted = true;
    this.#actor.start();
    this.triggerNow();
  }

  /**
   * Sends nothing new, waits for what is in flight (10 s at most) and for its records, then clears all timers.
   * Resolves when all that was answered is on disk, or could not be written.
   */
  async stop(): Promise<void> {
    if (!this.#isStarted || this.#actor.getSnapshot().status !== 'active') return;
    this.#actor.send({ type: 'stop.requested' });
    await waitFor(this.#actor, (snapshot) => snapshot.matches('stopping') && isDrained(snapshot.context));
    this.#actor.stop();
  }

  /** Starts a cycle now, or one more when the running one ends. `started` is false once the worker stops. */
  triggerNow(): { started: boolean } {
    this.#actor.send({ type: 'cycle.requested' });
    return { started: this.#actor.getSnapshot().value !== 'stopping' };
  }

  /** New settings: they hold for the next dispatch, the timer is re-armed, a changed destination starts a cycle. */
  applySettings(settings: DeliverySettings): void {
    this.#actor.send({ type: 'settings.changed', settings });
  }

  /** Lets a session that waits for its next attempt have it now. */
  hasten(id: string): void {
    // Asked for thousands of sessions at once, of which a few are under way.
    if (!isUnderWay(this.#actor.getSnapshot().context, id)) return;
    this.#actor.send({ type: 'retry.requested', id });
  }

  /** Calls back on what happens; the returned function ends it. */
  on(listeners: Partial<SubmissionWorkerEvents>): () => void {
    this.#listeners.add(listeners);
    return () => this.#listeners.delete(listeners);
  }

  status(): WorkerStatus {
    const { value, context } = this.#actor.getSnapshot();
    return {
      state: value,
      ...progressOf(context),
      heldBack: context.heldBack,
      ...(value === 'idle' && this.#nextCycleAt !== null ? { nextCycleAt: this.#nextCycleAt } : {}),
      circuit: this.#circuit,
      unrecorded: Object.keys(context.unrecorded).length,
      discoveryError: context.discoveryError,
    };
  }

  /** The machines, for those who watch them. */
  get actor(): Actor<typeof workerMachine> {
    return this.#actor;
  }

  async #post(id: string, signal: AbortSignal): Promise<Answer> {
    const { store, post, now, random } = this.#deps;
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener('abort', abort);
    this.#inFlight.add(attempt);
    try {
      for (;;) {
        const destination = this.#deps.destination();
        if (destination === null) return { type: 'withdrawn', reason: 'noEndpoint' };
        const read = await store.readForPost(id, destination.performer);
        if (read.type === 'withdrawn') return read;
        // New settings came while the file was read: the next POST uses them.
        if (this.#deps.destination() !== destination) continue;
        return await post(destination, { id, body: read.body, signal: attempt.signal, now, random });
      }
    } finally {
      this.#inFlight.delete(attempt);
      signal.removeEventListener('abort', abort);
    }
  }

  #see(state: string, context: WorkerContext): void {
    const { intervalMs } = context.settings;
    if (state === 'idle' && (this.#seen?.state !== 'idle' || this.#seen.intervalMs !== intervalMs))
      this.#nextCycleAt = this.#deps.now() + intervalMs;
    this.#seen = { state, intervalMs };
    if (context.circuit !== null && context.circuit.state !== this.#circuit.state) {
      const { state: circuitState, cause, since, tries } = context.circuit;
      this.#circuit = {
        state: circuitState,
        ...(cause === null ? {} : { cause, reason: circuitReason(cause) }),
        ...(since === null ? {} : { since }),
        ...(tries === 0 ? {} : { tries }),
      };
      this.#tell('circuitChanged', this.#circuit);
    }
    this.#tell('changed');
  }

  #tell<Name extends keyof SubmissionWorkerEvents>(name: Name, ...args: Parameters<SubmissionWorkerEvents[Name]>): void {
    for (const listener of this.#listeners) (listener[name] as ((...given: typeof args) => void) | undefined)?.(...args);
  }
}
