/**
 * A small world around the worker machine for unit and model tests: sessions in memory, an endpoint that answers from a
 * script, a simulated clock. It keeps the invariants of design section 6 while it runs and says which one broke.
 */
import { SimulatedClock, type Actor, createActor, fromPromise } from 'xstate';
import type { Answer, AttemptRecord, Discovery, QueueEntry, RecordResult } from '../../src/common/delivery.ts';
import type { Outcome } from '../../src/common/outcome.ts';
import type { SubmissionStatus } from '../../src/common/session.ts';
import { orderQueue } from '../../machines/queue-order.ts';
import { secondChances } from '../../machines/second-chance.ts';
import { sessionMachine } from '../../machines/session.ts';
import { type CycleEnd, type DeliverySettings, type WorkerEmitted, workerMachine } from '../../machines/worker.ts';

export const accepted: Outcome = { kind: 'accepted', httpStatus: 201 };
export const busy: Outcome = { kind: 'later', httpStatus: 503, error: 'HTTP 503 Service Unavailable' };
export const broken: Outcome = { kind: 'later', httpStatus: 500, error: 'HTTP 500 Internal Server Error' };
export const refused: Outcome = { kind: 'refused', httpStatus: 400, error: 'HTTP 400 Bad Request' };
export const unauthorized: Outcome = { kind: 'endpoint', httpStatus: 401, error: 'HTTP 401 Unauthorized' };
export const unheard: Outcome = { kind: 'unheard', code: 'ECONNREFUSED', error: 'connection refused (ECONNREFUSED)' };

interface WorldSession {
  entry: QueueEntry;
  status: SubmissionStatus;
  attempts: number;
  submittedAt?: number;
  deliveryStartedAt?: number;
  last?: Outcome;
  setBack: { usedUp: number; refused: number };
}

export interface WorldOptions {
  settings?: Partial<DeliverySettings>;
  /** What the endpoint says to attempt number `attempt` (over all cycles) of a session. */
  answer?: (id: string, attempt: number, nowMs: number) => Outcome | 'never';
  /** How long an answer takes, ms. */
  answerMs?: number;
  /** Whether the disk takes this record. */
  disk?: (record: AttemptRecord) => boolean;
}

export const settings: DeliverySettings = { concurrency: 2, attemptsMax: 3, intervalMs: 300_000, jitter: 0, destination: 'lab' };

export class World {
  readonly clock = new SimulatedClock();
  readonly posts: { id: string; at: number; circuit: string }[] = [];
  readonly sessions = new Map<string, WorldSession>();
  readonly emitted: WorkerEmitted[] = [];
  readonly broken: string[] = [];
  readonly worker: Actor<typeof workerMachine>;
  options: WorldOptions;
  discoveries = 0;
  inFlightMax = 0;
  #inFlight = new Set<string>();
  #abort = new Set<() => void>();

  constructor(options: WorldOptions = {}) {
    this.options = options;
    const logic = workerMachine.provide({
      actors: {
        session: sessionMachine.provide({
          actors: {
            postSession: fromPromise<Answer, { id: string }>(({ input, signal }) => this.#post(input.id, signal)),
            recordAttempt: fromPromise<RecordResult, AttemptRecord>(async ({ input }) => this.#record(input)),
          },
        }),
        discoverSessions: fromPromise<Discovery, void>(async () => this.#discover()),
      },
      actions: { abortAttempts: () => this.#abort.forEach((abort) => abort()) },
    });
    this.worker = createActor(logic, { clock: this.clock, input: { settings: { ...settings, ...options.settings } } });
    for (const type of ['delivery.ended', 'delivery.broken', 'cycle.ended'] as const)
      this.worker.on(type, (event) => this.emitted.push(event));
    this.clock.set(1_000_000);
    this.worker.start();
  }

  /** Puts sessions on the disk, in the order of their first byte. */
  add(...ids: string[]): this {
    for (const id of ids) {
      const entry = { id, startTime: this.sessions.size, bytes: 8192 };
      this.sessions.set(id, { entry, status: 'pending', attempts: 0, setBack: { usedUp: 0, refused: 0 } });
    }
    return this;
  }

  get state(): string {
    return this.worker.getSnapshot().value;
  }
  get circuit(): string | undefined {
    return this.worker.getSnapshot().context.circuit?.state;
  }
  get ends(): CycleEnd[] {
    return this.emitted.flatMap((event) => (event.type === 'cycle.ended' ? [event.end] : []));
  }
  withStatus(status: SubmissionStatus): string[] {
    return [...this.sessions.values()].filter((session) => session.status === status).map(({ entry }) => entry.id);
  }
  postsOf(id: string): number {
    return this.posts.filter((post) => post.id === id).length;
  }

  /** Lets promises settle; no time passes. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  }
  /** Lets time pass in steps, promises settling in between. */
  async pass(ms: number, stepMs = 250): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.increment(Math.min(left, stepMs));
      await this.settle();
    }
  }
  /** Runs a cycle now, until the worker rests again; at most two hours pass. */
  async cycle(): Promise<void> {
    this.worker.send({ type: 'cycle.requested' });
    await this.rest();
  }
  async rest(): Promise<void> {
    await this.settle();
    for (let second = 0; second < 7200 && this.state !== 'idle'; second++) await this.pass(500, 250);
  }

  #discover(): Discovery {
    this.discoveries++;
    const all = [...this.sessions.values()];
    const lastAcceptedAt = this.#lastAcceptedAt();
    const since = all.filter(({ entry }) => (entry.triedAt ?? -1) > lastAcceptedAt);
    const pending = all.filter(({ status }) => status === 'pending').map(({ entry }) => ({ ...entry }));
    const refusedSince = since.filter(({ last }) => last?.kind === 'refused').length;
    return { ...orderQueue(pending, lastAcceptedAt), lastAcceptedAt, triedSince: since.length, refusedSince, heldBack: 0 };
  }

  #lastAcceptedAt(): number {
    return Math.max(0, ...[...this.sessions.values()].map(({ submittedAt }) => submittedAt ?? 0));
  }

  async #post(id: string, signal: AbortSignal): Promise<Answer> {
    const session = this.sessions.get(id);
    if (session === undefined) return { type: 'withdrawn', reason: 'deleted' };
    if (session.status === 'ignored') return { type: 'withdrawn', reason: 'ignored' };
    const circuit = this.circuit ?? 'asked';
    const startedAt = this.clock.now();
    this.#check(!this.#inFlight.has(id), `${id} is in flight twice`);
    this.#check(circuit === 'closed' || circuit === 'halfOpen', `${id} was sent while the circuit was ${circuit}`);
    this.#check(circuit !== 'halfOpen' || this.#inFlight.size === 0, `${id} was sent beside a probe`);
    this.#inFlight.add(id);
    this.inFlightMax = Math.max(this.inFlightMax, this.#inFlight.size);
    this.#check(
      this.#inFlight.size <= this.worker.getSnapshot().context.settings.concurrency,
      `${this.#inFlight.size} requests are in flight at concurrency ${this.worker.getSnapshot().context.settings.concurrency}`,
    );
    this.posts.push({ id, at: startedAt, circuit });
    const outcome = this.options.answer?.(id, session.attempts + 1, startedAt) ?? accepted;
    const answer = (said: Outcome): Answer => {
      this.#inFlight.delete(id);
      return { type: 'answered', outcome: said, startedAt, durationMs: this.clock.now() - startedAt, chance: 0.5 };
    };
    if (outcome !== 'never' && this.options.answerMs === undefined) return answer(outcome);
    return await new Promise<Answer>((resolve) => {
      const abort = () => resolve(answer({ kind: 'unheard', code: 'ABORTED', error: 'stopped before the answer came' }));
      signal.addEventListener('abort', abort);
      this.#abort.add(abort);
      if (outcome !== 'never') this.clock.setTimeout(() => resolve(answer(outcome)), this.options.answerMs ?? 0);
    });
  }

  #record(record: AttemptRecord): RecordResult {
    const session = this.sessions.get(record.id);
    if (session === undefined) return { type: 'deleted' };
    if (this.options.disk?.(record) === false) throw new Error('ENOSPC: no space left on device');
    let setBack = 0;
    if (record.submissionStatus === 'submitted') {
      const before = this.#lastAcceptedAt();
      // Not `>`: on this clock no time passes between an acceptance and the cycle that follows it.
      const ledger = [...this.sessions.values()].filter(
        ({ status, deliveryStartedAt }) => status === 'failed' && (deliveryStartedAt ?? 0) >= before,
      );
      const chances = secondChances(
        ledger.map(({ entry, last, setBack: counts }) => {
          const cause = last?.kind === 'refused' ? ('refused' as const) : ('usedUp' as const);
          return { id: entry.id, cause, setBackBefore: counts[cause] };
        }),
      );
      for (const { id, cause } of chances) {
        const failed = this.sessions.get(id) as WorldSession;
        failed.status = 'pending';
        failed.setBack[cause]++;
        setBack++;
      }
      session.submittedAt = this.clock.now();
    }
    session.status = record.submissionStatus;
    session.attempts++;
    session.last = record.outcome;
    session.entry.triedAt = record.startedAt;
    session.deliveryStartedAt = record.deliveryStartedAt;
    return {
      type: 'recorded',
      recorded: { id: record.id, submissionStatus: session.status, submissionAttempts: session.attempts, setBack },
    };
  }

  #check(holds: boolean, what: string): void {
    if (!holds) this.broken.push(what);
  }
}
