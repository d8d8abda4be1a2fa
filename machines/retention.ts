/**
 * The clean-up of the disk (design section 10): what is delivered and past its time goes to the trash, old trash goes.
 *   idle -> scanning -> purging -> idle
 * Clean-ups that overlap collapse into one. WHAT happens is here, HOW in src/service/retention.
 * May import: xstate, src/common.
 */
import { assign, emit, setup } from 'xstate';
import { provided } from './provided.ts';

/** After a start the disk is looked at soon: a workstation that is switched off every night would else never clean up. */
const firstDelayMs = 60_000;

export interface RetentionSettings {
  /** Time between clean-ups. */
  intervalMs: number;
  /** Trash older than this is deleted for good. */
  trashMs: number;
  /** Reports, and moves nothing. */
  isDryRun: boolean;
}

/** What a clean-up may take. */
export interface Expired {
  ids: string[];
  bytes: number;
}
export interface CleanupWork extends Expired {
  trashMs: number;
  isDryRun: boolean;
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
      hasRun: boolean;
      isDryRun: boolean;
      /** A real clean-up that was asked for while a dry run was under way: the one request that may not collapse. */
      isRealWanted: boolean;
    };
    events: { type: 'cleanup.requested'; isDryRun: boolean } | { type: 'settings.changed'; settings: RetentionSettings };
    emitted: RetentionEmitted;
  },
  actors: {
    findExpired: provided<Expired, void>('findExpired'),
    cleanUp: provided<CleanupResult, CleanupWork>('cleanUp'),
  },
  guards: {
    isRealWanted: ({ context }) => context.isRealWanted,
    asksForMore: ({ context }, params: { isDryRun: boolean }) => context.isDryRun && !params.isDryRun,
    intervalDiffers: ({ context }, params: { settings: RetentionSettings }) =>
      params.settings.intervalMs !== context.settings.intervalMs,
  },
  actions: {
    applySettings: assign((_, params: { settings: RetentionSettings }) => params),
    begin: assign((_, params: { isDryRun: boolean }) => ({ isDryRun: params.isDryRun, isRealWanted: false, hasRun: true })),
    beginAsSet: assign(({ context }) => ({ isDryRun: context.settings.isDryRun, isRealWanted: false, hasRun: true })),
    wantReal: assign({ isRealWanted: true }),
    announceEnd: emit(({ context }, params: { result: CleanupResult }) => ({
      type: 'cleanup.ended' as const,
      result: params.result,
      isDryRun: context.isDryRun,
    })),
    announceFailure: emit((_, params: { error: unknown }) => ({ type: 'cleanup.failed' as const, error: params.error })),
  },
  delays: {
    cleanupDelay: ({ context }) =>
      context.hasRun ? context.settings.intervalMs : Math.min(firstDelayMs, context.settings.intervalMs),
  },
}).createMachine({
  id: 'retention',
  context: ({ input }) => ({ settings: input.settings, hasRun: false, isDryRun: false, isRealWanted: false }),
  initial: 'idle',
  on: {
    'settings.changed': { actions: { type: 'applySettings', params: ({ event }) => event } },
    'cleanup.requested': {
      guard: { type: 'asksForMore', params: ({ event }) => event },
      actions: 'wantReal',
    },
  },
  states: {
    idle: {
      always: { guard: 'isRealWanted', target: 'scanning', actions: { type: 'begin', params: { isDryRun: false } } },
      after: { cleanupDelay: { target: 'scanning', actions: 'beginAsSet' } },
      on: {
        'cleanup.requested': { target: 'scanning', actions: { type: 'begin', params: ({ event }) => event } },
        'settings.changed': [
          {
            guard: { type: 'intervalDiffers', params: ({ event }) => event },
            target: 'idle',
            // A running timer keeps its old delay until the state is entered again.
            reenter: true,
            actions: { type: 'applySettings', params: ({ event }) => event },
          },
          { actions: { type: 'applySettings', params: ({ event }) => event } },
        ],
      },
    },
    scanning: {
      invoke: {
        src: 'findExpired',
        onDone: 'purging',
        onError: { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
      },
    },
    purging: {
      invoke: {
        src: 'cleanUp',
        input: ({ context, event }) => ({
          ...(event as unknown as { output: Expired }).output,
          trashMs: context.settings.trashMs,
          isDryRun: context.isDryRun,
        }),
        onDone: { target: 'idle', actions: { type: 'announceEnd', params: ({ event }) => ({ result: event.output }) } },
        onError: { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
      },
    },
  },
});
