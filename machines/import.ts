/**
 * Imports from a console, one after the other: the files of one come in pieces, are read, and are removed again, however
 * it ends. The machine lives as long as the service.
 *   idle -> preparing -> receiving -> reading -> removing -> idle;  any of them -> closing -> closed
 * WHAT happens is here, HOW in src/service/imports. May import: xstate, src/common.
 */
import { assign, emit, setup } from 'xstate';
import type { ImportResult } from '../src/common/contract.ts';
import { provided } from './provided.ts';

/** One that nobody goes on with for so long is dropped: its console is gone. */
export const importSilenceMs = 10 * 60_000;

export type ImportOutcome =
  | { type: 'read'; result: ImportResult }
  /** `isPartlyRead`: sessions of it may have been kept; else nothing of it was read. */
  | { type: 'failed'; error: unknown; isPartlyRead: boolean }
  | { type: 'cancelled'; isPartlyRead: boolean }
  /** The service ended meanwhile. */
  | { type: 'stopped'; isPartlyRead: boolean }
  /** Nobody went on with it. */
  | { type: 'forgotten'; isPartlyRead: false };

export const importMachine = setup({
  types: {} as {
    /** How the latest import ended; null while one is under way, and before the first. */
    context: { outcome: ImportOutcome | null };
    events:
      | { type: 'import.announced' }
      | { type: 'piece.received' }
      | { type: 'files.completed' }
      /** A piece could not be written. */
      | { type: 'piece.lost'; error: unknown }
      | { type: 'import.cancelled' }
      | { type: 'stop.requested' };
    emitted: { type: 'import.ended'; outcome: ImportOutcome };
  },
  actors: {
    /** Makes room for the files. */
    prepareFolder: provided<void, void>('prepareFolder'),
    /** Reads the files in their order; leaving the state ends the work. */
    readFiles: provided<ImportResult, void>('readFiles'),
    /** Waits for what still holds a file open, too. */
    removeFiles: provided<void, void>('removeFiles'),
  },
  actions: {
    beginAnew: assign({ outcome: null }),
    settle: assign((_, params: { outcome: ImportOutcome }) => params),
    announceEnd: emit(({ context }) => ({
      type: 'import.ended' as const,
      // Settled on every way out of `preparing`, `receiving` and `reading`.
      outcome: context.outcome as ImportOutcome,
    })),
  },
  delays: { silenceLimit: importSilenceMs },
}).createMachine({
  id: 'import',
  context: { outcome: null },
  initial: 'idle',
  states: {
    idle: {
      on: {
        'import.announced': { target: 'preparing', actions: 'beginAnew' },
        'stop.requested': 'closed',
      },
    },
    preparing: {
      invoke: {
        src: 'prepareFolder',
        onDone: 'receiving',
        onError: {
          target: 'removing',
          actions: {
            type: 'settle',
            params: ({ event }) => ({ outcome: { type: 'failed', error: event.error, isPartlyRead: false } }),
          },
        },
      },
      on: {
        'stop.requested': {
          target: 'closing',
          actions: { type: 'settle', params: { outcome: { type: 'stopped', isPartlyRead: false } } },
        },
      },
    },
    receiving: {
      after: {
        silenceLimit: {
          target: 'removing',
          actions: { type: 'settle', params: { outcome: { type: 'forgotten', isPartlyRead: false } } },
        },
      },
      on: {
        // The limit counts from the latest piece.
        'piece.received': { target: 'receiving', reenter: true },
        'files.completed': 'reading',
        'piece.lost': {
          target: 'removing',
          actions: {
            type: 'settle',
            params: ({ event }) => ({ outcome: { type: 'failed', error: event.error, isPartlyRead: false } }),
          },
        },
        'import.cancelled': {
          target: 'removing',
          actions: { type: 'settle', params: { outcome: { type: 'cancelled', isPartlyRead: false } } },
        },
        'stop.requested': {
          target: 'closing',
          actions: { type: 'settle', params: { outcome: { type: 'stopped', isPartlyRead: false } } },
        },
      },
    },
    reading: {
      invoke: {
        src: 'readFiles',
        onDone: {
          target: 'removing',
          actions: { type: 'settle', params: ({ event }) => ({ outcome: { type: 'read', result: event.output } }) },
        },
        onError: {
          target: 'removing',
          actions: {
            type: 'settle',
            params: ({ event }) => ({ outcome: { type: 'failed', error: event.error, isPartlyRead: true } }),
          },
        },
      },
      on: {
        'import.cancelled': {
          target: 'removing',
          actions: { type: 'settle', params: { outcome: { type: 'cancelled', isPartlyRead: true } } },
        },
        'stop.requested': {
          target: 'closing',
          actions: { type: 'settle', params: { outcome: { type: 'stopped', isPartlyRead: true } } },
        },
      },
    },
    removing: {
      // What could not be removed is swept before the next import, and at the next start.
      invoke: {
        src: 'removeFiles',
        onDone: { target: 'idle', actions: 'announceEnd' },
        onError: { target: 'idle', actions: 'announceEnd' },
      },
      // How it ended is settled already.
      on: { 'stop.requested': 'closing' },
    },
    /** The service ends: the files go, and no other import begins. */
    closing: {
      invoke: {
        src: 'removeFiles',
        onDone: { target: 'closed', actions: 'announceEnd' },
        onError: { target: 'closed', actions: 'announceEnd' },
      },
    },
    closed: { type: 'final' },
  },
});
