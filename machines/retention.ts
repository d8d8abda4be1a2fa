/**
 * The clean-up of the disk (design section 10): what is delivered and past its time goes to the trash, old trash goes.
 *   fresh | idle -> scanning -> purging -> idle;  a dry run: fresh | idle -> counting [-> owing -> scanning] -> idle
 * Clean-ups that overlap collapse into one, but a real one is never lost to a dry run: it is owed.
 * WHAT happens is here, HOW in src/service/retention. May import: xstate, src/common.
 */
import { assign, type DoneActorEvent, emit, type ErrorActorEvent, setup, spawnChild, stopChild } from 'xstate';
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
    context: { settings: RetentionSettings };
    events:
      | { type: 'cleanup.requested'; isDryRun: boolean }
      | { type: 'settings.changed'; settings: RetentionSettings }
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
    isDryRun: (_, params: { isDryRun: boolean }) => params.isDryRun,
    isReal: (_, params: { isDryRun: boolean }) => !params.isDryRun,
    isSetToDryRun: ({ context }) => context.settings.isDryRun,
    intervalDiffers: ({ context }, params: { settings: RetentionSettings }) =>
      params.settings.intervalMs !== context.settings.intervalMs,
  },
  actions: {
    applySettings: assign((_, params: { settings: RetentionSettings }) => ({ settings: params.settings })),
    // Not invoked by a state, because it goes on from `counting` to `owing`.
    startCount: spawnChild('countExpired', {
      id: 'count',
      input: ({ context }) => ({ trashMs: context.settings.trashMs }),
    }),
    stopCount: stopChild('count'),
    announceEnd: emit((_, params: { result: CleanupResult; isDryRun: boolean }) => ({
      type: 'cleanup.ended' as const,
      ...params,
    })),
    announceFailure: emit((_, params: { error: unknown }) => ({ type: 'cleanup.failed' as const, error: params.error })),
  },
  delays: {
    firstDelay: firstDelayMs,
    cleanupDelay: ({ context }) => context.settings.intervalMs,
  },
}).createMachine({
  id: 'retention',
  context: ({ input }) => ({ settings: input.settings }),
  initial: 'fresh',
  on: { 'settings.changed': { actions: { type: 'applySettings', params: ({ event }) => event } } },
  states: {
    fresh: {
      after: { firstDelay: [{ guard: 'isSetToDryRun', target: 'counting' }, { target: 'scanning' }] },
      on: {
        'cleanup.requested': [
          { guard: { type: 'isDryRun', params: ({ event }) => event }, target: 'counting' },
          { target: 'scanning' },
        ],
      },
    },
    idle: {
      after: { cleanupDelay: [{ guard: 'isSetToDryRun', target: 'counting' }, { target: 'scanning' }] },
      on: {
        'cleanup.requested': [
          { guard: { type: 'isDryRun', params: ({ event }) => event }, target: 'counting' },
          { target: 'scanning' },
        ],
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
        }),
        onDone: {
          target: 'idle',
          actions: { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: false }) },
        },
        onError: { target: 'idle', actions: { type: 'announceFailure', params: ({ event }) => event } },
      },
    },
    counting: {
      entry: 'startCount',
      on: {
        'xstate.done.actor.count': {
          target: 'idle',
          actions: ['stopCount', { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: true }) }],
        },
        'xstate.error.actor.count': {
          target: 'idle',
          actions: ['stopCount', { type: 'announceFailure', params: ({ event }) => event }],
        },
        'cleanup.requested': { guard: { type: 'isReal', params: ({ event }) => event }, target: 'owing' },
      },
    },
    owing: {
      on: {
        'xstate.done.actor.count': {
          target: 'scanning',
          actions: ['stopCount', { type: 'announceEnd', params: ({ event }) => ({ result: event.output, isDryRun: true }) }],
        },
        'xstate.error.actor.count': {
          target: 'scanning',
          actions: ['stopCount', { type: 'announceFailure', params: ({ event }) => event }],
        },
      },
    },
  },
});
