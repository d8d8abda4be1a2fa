/**
 * One import from a console: its files come in pieces, are read, and are removed again, however it ends.
 *   receiving -> reading -> removing -> ended;  receiving | reading -> removing (cancelled, forgotten, failed)
 * WHAT happens is here, HOW in src/service/imports. May import: xstate, src/common.
 */
import { assign, setup } from 'xstate';
import type { ImportResult } from '../src/common/contract.ts';
import { provided } from './provided.ts';

/** One that nobody goes on with for so long is dropped: its console is gone. */
export const importSilenceMs = 10 * 60_000;

export type ImportOutcome =
  | { type: 'read'; result: ImportResult }
  | { type: 'failed'; error: unknown }
  | { type: 'cancelled' }
  /** Nobody went on with it. */
  | { type: 'forgotten' };

export const importMachine = setup({
  types: {} as {
    context: { outcome: ImportOutcome | null };
    events:
      | { type: 'piece.received' }
      | { type: 'files.completed' }
      /** A piece could not be written. */
      | { type: 'piece.lost'; error: unknown }
      | { type: 'import.cancelled' };
  },
  actors: {
    /** Reads the files in their order; leaving the state ends the work. */
    readFiles: provided<ImportResult, void>('readFiles'),
    removeFiles: provided<void, void>('removeFiles'),
  },
  actions: {
    settle: assign((_, params: { outcome: ImportOutcome }) => ({ outcome: params.outcome })),
  },
  delays: { silenceLimit: importSilenceMs },
}).createMachine({
  id: 'import',
  context: { outcome: null },
  initial: 'receiving',
  states: {
    receiving: {
      after: {
        silenceLimit: { target: 'removing', actions: { type: 'settle', params: { outcome: { type: 'forgotten' } } } },
      },
      on: {
        // The limit counts from the latest piece.
        'piece.received': { target: 'receiving', reenter: true },
        'files.completed': 'reading',
        'piece.lost': {
          target: 'removing',
          actions: { type: 'settle', params: ({ event }) => ({ outcome: { type: 'failed', error: event.error } }) },
        },
        'import.cancelled': {
          target: 'removing',
          actions: { type: 'settle', params: { outcome: { type: 'cancelled' } } },
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
          actions: { type: 'settle', params: ({ event }) => ({ outcome: { type: 'failed', error: event.error } }) },
        },
      },
      on: {
        'import.cancelled': {
          target: 'removing',
          actions: { type: 'settle', params: { outcome: { type: 'cancelled' } } },
        },
      },
    },
    removing: {
      // What could not be removed is swept before the next import, and at the next start.
      invoke: { src: 'removeFiles', onDone: 'ended', onError: 'ended' },
    },
    ended: { type: 'final' },
  },
});
