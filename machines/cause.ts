/**
 * Why something needs a person, from its first occurrence to its end (docs/console-contract.md, "Causes").
 *   standing (open <-> muted) -> resolved (heard | silenced) -> standing
 * One that comes back within an hour is the same entry, and stays muted if it was. What opens and ends a cause is decided
 * by the service. May import: xstate.
 */
import { assign, setup } from 'xstate';

/** A cause that comes back within this time is the same entry, opened again. */
export const sameEntryMs = 60 * 60_000;

export interface CauseContext {
  /** Unix ms, as all times here. */
  firstAt: number;
  lastAt: number;
  endedAt: number | null;
  /** Empty: none. */
  note: string;
}
export type CauseEvent =
  | { type: 'cause.recurred'; at: number }
  | { type: 'cause.ended'; at: number }
  | { type: 'mute.requested' }
  | { type: 'unmute.requested' }
  | { type: 'note.changed'; note: string };

export const causeMachine = setup({
  types: {} as { input: { at: number }; context: CauseContext; events: CauseEvent },
  guards: {
    isSameEntry: ({ context }, params: { at: number }) => params.at - (context.endedAt as number) <= sameEntryMs,
  },
  actions: {
    keepTime: assign(({ context }, params: { at: number }) => ({ lastAt: Math.max(context.lastAt, params.at) })),
    keepEnd: assign((_, params: { at: number }) => ({ endedAt: params.at })),
    openAgain: assign(({ context }, params: { at: number }) => ({ lastAt: Math.max(context.lastAt, params.at), endedAt: null })),
    beginAnew: assign((_, { at }: { at: number }) => ({ firstAt: at, lastAt: at, endedAt: null, note: '' })),
    keepNote: assign((_, params: { note: string }) => ({ note: params.note })),
  },
}).createMachine({
  id: 'cause',
  context: ({ input: { at } }) => ({ firstAt: at, lastAt: at, endedAt: null, note: '' }),
  initial: 'standing',
  on: { 'note.changed': { actions: { type: 'keepNote', params: ({ event }) => event } } },
  states: {
    standing: {
      initial: 'open',
      on: { 'cause.recurred': { actions: { type: 'keepTime', params: ({ event }) => event } } },
      states: {
        open: {
          on: {
            'mute.requested': 'muted',
            'cause.ended': { target: '#cause.resolved.heard', actions: { type: 'keepEnd', params: ({ event }) => event } },
          },
        },
        muted: {
          on: {
            'unmute.requested': 'open',
            'cause.ended': { target: '#cause.resolved.silenced', actions: { type: 'keepEnd', params: ({ event }) => event } },
          },
        },
      },
    },
    resolved: {
      initial: 'heard',
      states: {
        heard: {
          on: {
            'cause.recurred': {
              guard: { type: 'isSameEntry', params: ({ event }) => event },
              target: '#cause.standing.open',
              actions: { type: 'openAgain', params: ({ event }) => event },
            },
          },
        },
        silenced: {
          on: {
            'cause.recurred': {
              guard: { type: 'isSameEntry', params: ({ event }) => event },
              target: '#cause.standing.muted',
              actions: { type: 'openAgain', params: ({ event }) => event },
            },
          },
        },
      },
      on: {
        'cause.recurred': { target: 'standing', actions: { type: 'beginAnew', params: ({ event }) => event } },
      },
    },
  },
});
