/**
 * The clean-up as the service runs it: the machine's effects over the session store, and its summary for the console.
 * May import: xstate, src/common, machines, src/service.
 */
import { type Actor, createActor, fromPromise, type InspectionEvent } from 'xstate';
import type { EventPayload } from '../../common/contract.ts';
import type { Settings } from '../../common/settings.ts';
import {
  type CleanupResult,
  type CleanupWork,
  type Expired,
  retentionMachine,
  type RetentionSettings,
} from '../../../machines/retention.ts';
import type { SessionStore } from '../store/session-store.ts';

export type CleanupSummary = EventPayload<'onCleanupSummary'>;

export interface RetentionDeps {
  store: Pick<SessionStore, 'expired' | 'moveToTrash' | 'purgeTrash' | 'listTrash' | 'scan'>;
  settings: Settings;
  now: () => number;
  onSummary: (summary: CleanupSummary) => void;
  onFailure: (error: unknown) => void;
  inspect?: (event: InspectionEvent) => void;
  clock?: NonNullable<Parameters<typeof createActor>[1]>['clock'];
}

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;

export class Retention {
  readonly #actor: Actor<typeof retentionMachine>;
  readonly #store: RetentionDeps['store'];
  readonly #now: () => number;
  #startedAt = 0;

  constructor({ store, settings, now, onSummary, onFailure, inspect, clock }: RetentionDeps) {
    this.#store = store;
    this.#now = now;
    const logic = retentionMachine.provide({
      actors: {
        findExpired: fromPromise<Expired, void>(() => this.#expired()),
        cleanUp: fromPromise<CleanupResult, CleanupWork>(({ input }) => cleanUp(store, input, now())),
        countExpired: fromPromise<CleanupResult, { trashMs: number }>(async ({ input: { trashMs } }) =>
          counted(store, { ...(await this.#expired()), trashMs }, now()),
        ),
      },
    });
    this.#actor = createActor(logic, {
      input: { settings: retentionSettings(settings) },
      ...(inspect === undefined ? {} : { inspect }),
      ...(clock === undefined ? {} : { clock }),
    });
    this.#actor.on('cleanup.ended', ({ result, isDryRun }) =>
      onSummary({ ...result, startTime: this.#startedAt, endTime: now(), dryRun: isDryRun }),
    );
    this.#actor.on('cleanup.failed', ({ error }) => onFailure(error));
  }

  start(): void {
    this.#actor.start();
  }

  /** Ends the timer; a clean-up under way ends with its current step. */
  stop(): void {
    this.#actor.stop();
  }

  /** Cleans up now. One that is under way already answers for both. */
  request({ isDryRun }: { isDryRun: boolean }): { started: boolean } {
    this.#actor.send({ type: 'cleanup.requested', isDryRun });
    return { started: this.#actor.getSnapshot().status === 'active' };
  }

  applySettings(settings: Settings): void {
    this.#actor.send({ type: 'settings.changed', settings: retentionSettings(settings) });
  }

  get actor(): Actor<typeof retentionMachine> {
    return this.#actor;
  }

  async #expired(): Promise<Expired> {
    this.#startedAt = this.#now();
    await this.#store.scan();
    const expired = await this.#store.expired(this.#now());
    return { ids: expired.map(({ id }) => id), bytes: expired.reduce((sum, { bytes }) => sum + bytes, 0) };
  }
}

function retentionSettings({ cleanupIntervalHours, trashDays, dryRunMode }: Settings): RetentionSettings {
  return { intervalMs: cleanupIntervalHours * hourMs, trashMs: trashDays * dayMs, isDryRun: dryRunMode };
}

/** What a clean-up would come to; moves nothing. */
async function counted(
  store: RetentionDeps['store'],
  { ids, bytes, trashMs }: CleanupWork,
  nowMs: number,
): Promise<CleanupResult> {
  const trash = await store.listTrash();
  const olderThan = nowMs - trashMs;
  return {
    filesDeleted: ids.length,
    bytesFreed: bytes,
    filesPurged: trash.filter(({ trashedAt }) => trashedAt < olderThan).length,
    filesInTrash: trash.length,
  };
}

/** Moves what expired to the trash and deletes old trash. */
async function cleanUp(store: RetentionDeps['store'], { ids, trashMs }: CleanupWork, nowMs: number): Promise<CleanupResult> {
  // What changed since it was listed stays: an operator may have put it back in the queue.
  const moved = await store.moveToTrash(ids, { onlyExpired: true });
  const { purged } = await store.purgeTrash({ olderThan: nowMs - trashMs });
  return {
    filesDeleted: moved.moved.length,
    bytesFreed: moved.bytes,
    filesPurged: purged,
    filesInTrash: (await store.listTrash()).length,
  };
}
