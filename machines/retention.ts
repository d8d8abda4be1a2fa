/**
 * The clean-up of the disk (design section 10): what is delivered and past its time goes to the trash, old trash goes.
 *   idle -> scanning -> purging -> idle;  a dry run ends after scanning
 * Clean-ups that overlap collapse into one, but a real one is never lost to a dry run: it follows.
 * WHAT happens is here, HOW in src/service/retention. May import: xstate, src/common.
 */
import { assign, type DoneActorEvent, emit, enqueueActions, type ErrorActorEvent, setup, stopChild } from 'xstate';
import { provided } from './provided.ts';

/** After a start the disk is looked at soon: a workstation that is switched off every night would else never clean up. */
const firstDelayMs = 60_000;

export interface RetentionSettings {
  /** Time between clean-ups. */
  intervalMs: number;
  /** Trash older than this is deleted for good. */
  trashMs: number;
  /** The timer's clean-ups report, and move nothing. */
  isDryRun: boolean;
}

/** What is scanned for: to clean up, to tell what that would come to, or both, one after the other. */
export type RetentionRun = 'cleanup' | 'dryRun' | 'dryRunThenCleanup';

/** What a clean-up may take. */
export interface Expired {
  ids: string[];
  bytes: number;
}
export interface CleanupWork extends Expired {
  trashMs: number;
}
/** What it came to. */
export interface CleanupResult {
  filesDeleted: number;
  bytesFreed: number;
  filesPurged: number;
  filesInTrash: number;
}

export type RetentionEmitted =
  | { type: 'cleanup.ended'; result: CleanupResult; isDryRun: boolean }
  | { type: 'cleanup.failed'; error: unknown };

export const retentionMachine = setup({
  types: {} as {
    input: { settings: RetentionSettings };
    context: {
      settings: RetentionSettings;
      /** Until the next clean-up by itself. */
      waitMs: number;
      run: RetentionRun;
    };
    events:
      | { type: 'cleanup.requested'; isDryRun: boolean }
      | { type: 'settings.changed'; settings: RetentionSettings }
      | DoneActorEvent<Expired, 'find'>
      | ErrorActorEvent<unknown, 'find'>
      | DoneActorEvent<CleanupResult, 'count'>
      | ErrorActorEvent<unknown, 'count'>;
    emitted: RetentionEmitted;
  },
  actors: {
    findExpired: provided<Expired, void>('findExpired'),
    cleanUp: provided<CleanupResult, CleanupWork>('cleanUp'),
    /** What a clean-up would come to. */
    countExpired: provided<CleanupResult, { trashMs: number }>('countExpired'),
  },
  guards: {
    asksForMore: ({ context }, params: { isDryRun: boolean }) => context.run !== 'cleanup' && !params.isDryRun,
    isCleanupOwed: ({ context }) => context.run === 'dryRunThenCleanup',
    // The first minute stays a minute.
    changesWait: ({ context: { settings, waitMs } }, params: { settings: RetentionSettings }) =>
      params.settings.intervalMs !== settings.intervalMs && waitMs === settings.intervalMs,
  },
  actions: {
    applySettings: assign((_, params: { settings: RetentionSettings }) => ({ settings: params.settings })),
    begin: assign((_, params: { isDryRun: boolean }) => ({ run: params.isDryRun ? 'dryRun' : 'cleanup' })),
    beginAsSet: assign(({ context }) => ({ run: context.settings.isDryRun ? 'dryRun' : 'cleanup' })),
    oweCleanup: assign({ run: 'dryRunThenCleanup' }),
    // Which of the two depends on the run, and what an invocation does may not.
    startScan: enqueueActions(({ context, enqueue }) => {
      if (context.run === 'cleanup') enqueue.spawnChild('findExpired', { id: 'find' });
      else enqueue.spawnChild('countExpired', { id: 'count', input: { trashMs: context.settings.trashMs } });
    }),
    waitInterval: assign(({ context }) => ({ waitMs: context.settings.intervalMs })),
    announceEnd: emit((_, params: { result: CleanupResult; isDryRun: boolean }) => ({
      type: 'cleanup.ended' as const,
      ...params,
    })),
    announceFailure: emit((_, params: { error: unknown }) => ({ type: 'cleanup.failed' as const, error: params.error })),
  },
  delays: { cleanupDelay: ({ context }) => context.waitMs },
}).createMachine({
  id: 'retention',
  context: ({ input: { settings } }) => ({ settings, waitMs: Math.min(firstDelayMs, settings.intervalMs), run: 'cleanup' }),
  initial: 'idle',
  on: { 'settings.changed': { actions: { type: 'applySettings', params: ({ event }) => event } } },
  states: {
    idle: {
      after: { cleanupDelay: { target: 'scanning', actions: 'beginAsSet' } },
      on: {
        'cleanup.requested': { target: 'scanning', actions: { type: 'begin', params: ({ event }) => event } },
        'settings.changed': [
          {
            guard: { type: 'changesWait', params: ({ event }) => event },
            target: 'idle',
            // A running timer keeps its old delay until the state is entered again.
            reenter: true,
            actions: [{ type: 'applySettings', params: ({ event }) => event }, 'waitInterval'],
          },
          { actions: { type: 'applySettings', params: ({ event }) => event } },
        ],
      },
    },
    scanning: {
      entry: 'startScan',
      exit: ['waitInterval', stopChild('find'), stopChild('count')],
      on: {
        'xstate.done.actor.find': 'purging',
        'xstate.error.actor.find': { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
        'xstate.done.actor.count': [
          {
            guard: 'isCleanupOwed',
            target: 'scanning',
            reenter: true,
            actions: [
              { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: true }) },
              { type: 'begin', params: { isDryRun: false } },
            ],
          },
          {
            target: 'idle',
            actions: { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: true }) },
          },
        ],
        'xstate.error.actor.count': [
          {
            guard: 'isCleanupOwed',
            target: 'scanning',
            reenter: true,
            actions: [
              { type: 'announceFailure', params: ({ event }) => event },
              { type: 'begin', params: { isDryRun: false } },
            ],
          },
          { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
        ],
        'cleanup.requested': {
          guard: { type: 'asksForMore', params: ({ event }) => event },
          actions: 'oweCleanup',
        },
      },
    },
    purging: {
      invoke: {
        src: 'cleanUp',
        input: ({ context, event }) => ({
          ...(event as unknown as { output: Expired }).output,
          trashMs: context.settings.trashMs,
        }),
        onDone: {
          target: 'idle',
          actions: { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: false }) },
        },
        onError: { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
      },
    },
  },
});
