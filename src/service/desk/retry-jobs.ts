/**
 * Bulk retries: each a machine (machines/retry-job.ts) over the store and the worker, and the list of them.
 *   start -> changeStatus + triggerNow -> deliveries end -> next step ... -> done | cancelled | stopped
 * Not resumed after a restart: what was not started keeps its status.
 * May import: xstate, src/common, machines, src/service.
 */
import { type Actor, createActor, fromPromise } from 'xstate';
import type { RetryJob, SessionState } from '../../common/console.ts';
import { CourierError } from '../../common/errors.ts';
import { type Recurrence, retryFigures, retryJobMachine, type RetryReport, type TakenBack } from '../../../machines/retry-job.ts';
import type { SessionOutput } from '../../../machines/session.ts';
import type { DeskStore } from './desk-needs.ts';

const endedKept = 10;
const takenBackReason = 'the retry ended before it was sent';
/** Reasons for which a delivery is not this job's any more; for the others the next cycle tries again. */
const goneReasons: ReadonlySet<string | null> = new Set(['deleted', 'ignored', 'submitted', 'failed']);

export interface RetryJobsOptions {
  now: () => number;
  store: Pick<DeskStore, 'changeStatus'>;
  triggerNow: () => void;
  /** State of a session's machine; undefined while it has none. */
  stateOf: (id: string) => SessionState | undefined;
  onChange: (job: RetryJob) => void;
}

export interface RetryWish {
  ids: readonly string[];
  /** Also those that were accepted. */
  again?: boolean;
  causeId?: string;
  /** What ends the job when it comes back; missing: any failure. */
  recurrence?: Recurrence;
}

interface Running {
  actor: Actor<typeof retryJobMachine>;
  head: Pick<RetryJob, 'id' | 'causeId' | 'startedAt'>;
  endedAt: number | null;
}

export class RetryJobs {
  readonly #options: RetryJobsOptions;
  readonly #running = new Map<string, Running>();
  readonly #ended: RetryJob[] = [];
  #lastNumber = 0;

  constructor(options: RetryJobsOptions) {
    this.#options = options;
  }

  /** @throws CourierError `ERR_STATE_CONFLICT` while another one runs for the same cause. */
  start({ ids, again = false, causeId, recurrence }: RetryWish): RetryJob {
    this.assertFree(causeId);
    const { store, triggerNow, now } = this.#options;
    this.#lastNumber += 1;
    const head = { id: `retry-${now()}-${this.#lastNumber}`, ...(causeId === undefined ? {} : { causeId }), startedAt: now() };
    const logic = retryJobMachine.provide({
      actors: {
        startSessions: fromPromise<string[], { ids: readonly string[] }>(async ({ input }) => {
          const { changed } = await store.changeStatus(input.ids, 'retried', { again });
          if (changed.length > 0) triggerNow();
          return changed;
        }),
        takeBackUnsent: fromPromise<TakenBack, { ids: readonly string[] }>(({ input }) => this.#takeBack(input.ids)),
      },
    });
    const actor = createActor(logic, { input: { ids, recurrence: recurrence ?? null } });
    const running: Running = { actor, head, endedAt: null };
    this.#running.set(head.id, running);
    actor.subscribe(() => this.#see(running));
    actor.start();
    return this.#shown(running);
  }

  /** @throws CourierError `ERR_STATE_CONFLICT` while a job runs for this cause. */
  assertFree(causeId: string | undefined): void {
    if (causeId === undefined) return;
    for (const { head, endedAt } of this.#running.values())
      if (head.causeId === causeId && endedAt === null)
        throw new CourierError('ERR_STATE_CONFLICT', 'A retry runs for this cause already; wait for its end, or cancel it.');
  }

  /** @throws CourierError `ERR_ARGUMENT_INVALID` for a job that is not known. One that has ended is answered as it is. */
  cancel(id: string): RetryJob {
    const running = this.#running.get(id);
    if (running !== undefined) {
      running.actor.send({ type: 'cancel.requested' });
      return this.#shown(running);
    }
    const ended = this.#ended.find((job) => job.id === id);
    if (ended === undefined) throw new CourierError('ERR_ARGUMENT_INVALID', 'There is no retry of that id any more.');
    return ended;
  }

  /** Running ones, then the last ten that ended, the latest first. */
  get all(): RetryJob[] {
    return [...this.running, ...this.#ended];
  }

  get running(): RetryJob[] {
    return [...this.#running.values()].map((running) => this.#shown(running));
  }

  /** A delivery ended; jobs to which its session does not belong take no notice. */
  deliveryEnded(output: SessionOutput): void {
    if (this.#running.size === 0) return;
    const report = reportOf(output);
    for (const { actor } of this.#running.values()) actor.send(report);
  }

  close(): void {
    for (const { actor } of this.#running.values()) actor.stop();
    this.#running.clear();
  }

  async #takeBack(ids: readonly string[]): Promise<TakenBack> {
    const { store, stateOf } = this.#options;
    const unsent = ids.filter((id) => (stateOf(id) ?? 'ready') === 'ready');
    // One that waits after an attempt is `ready` too: its file says that it was tried, and the store leaves it alone.
    const { changed } = await store.changeStatus(unsent, 'takenBack', { reason: takenBackReason });
    const takenBack = new Set(changed);
    return { takenBack: changed, underWay: ids.filter((id) => !takenBack.has(id) && stateOf(id) !== undefined) };
  }

  #see(running: Running): void {
    const snapshot = running.actor.getSnapshot();
    if (!snapshot.matches('running')) running.endedAt ??= this.#options.now();
    const job = this.#shown(running);
    if (snapshot.status === 'done' && this.#running.delete(job.id)) {
      this.#ended.unshift(job);
      if (this.#ended.length > endedKept) this.#ended.pop();
    }
    this.#options.onChange(job);
  }

  #shown({ actor, head, endedAt }: Running): RetryJob {
    const { value, context } = actor.getSnapshot();
    const isOver = endedAt !== null;
    return {
      ...head,
      state: !isOver ? 'running' : value === 'done' ? 'done' : context.stoppedBy === null ? 'cancelled' : 'stopped',
      ...retryFigures(context),
      ...(isOver ? { endedAt } : {}),
      ...(context.stoppedBy === null ? {} : { stoppedBy: context.stoppedBy }),
    };
  }
}

function reportOf({ id, verdict, withdrawn, unrecorded, outcome }: SessionOutput): RetryReport {
  if (goneReasons.has(withdrawn)) return { type: 'session.withdrawn', id };
  // What is not on disk yet is told of again once it is.
  if (unrecorded !== null || verdict === 'deferred') return { type: 'session.deferred', id };
  if (verdict === 'submitted') return { type: 'session.accepted', id };
  const { httpStatus, code } = outcome ?? {};
  return {
    type: 'session.failed',
    id,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(code === undefined ? {} : { code }),
  };
}
