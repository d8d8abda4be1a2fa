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
  #startedAt = 0;

  constructor({ store, settings, now, onSummary, onFailure, inspect, clock }: RetentionDeps) {
    const logic = retentionMachine.provide({
      actors: {
        findExpired: fromPromise<Expired, void>(async () => {
          this.#startedAt = now();
          await store.scan();
          const expired = await store.expired(now());
          return { ids: expired.map(({ id }) => id), bytes: expired.reduce((sum, { bytes }) => sum + bytes, 0) };
        }),
        cleanUp: fromPromise<CleanupResult, CleanupWork>(({ input }) => cleanUp(store, input, now())),
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
}

function retentionSettings({ cleanupIntervalHours, trashDays, dryRunMode }: Settings): RetentionSettings {
  return { intervalMs: cleanupIntervalHours * hourMs, trashMs: trashDays * dayMs, isDryRun: dryRunMode };
}

/** Moves what expired to the trash and deletes old trash; a dry run counts only. */
async function cleanUp(
  store: RetentionDeps['store'],
  { ids, bytes, trashMs, isDryRun }: CleanupWork,
  nowMs: number,
): Promise<CleanupResult> {
  const olderThan = nowMs - trashMs;
  if (isDryRun) {
    const trash = await store.listTrash();
    return {
      filesDeleted: ids.length,
      bytesFreed: bytes,
      filesPurged: trash.filter(({ trashedAt }) => trashedAt < olderThan).length,
      filesInTrash: trash.length,
    };
  }
  // What changed since it was listed stays: an operator may have put it back in the queue.
  const moved = await store.moveToTrash(ids, { onlyExpired: true });
  const { purged } = await store.purgeTrash({ olderThan });
  return {
    filesDeleted: moved.moved.length,
    bytesFreed: moved.bytes,
    filesPurged: purged,
    filesInTrash: (await store.listTrash()).length,
  };
}
