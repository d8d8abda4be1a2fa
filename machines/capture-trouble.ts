/**
 * Whether the live capture needs a person: it failed, or lost bytes a moment ago.
 *   unsure -> well | losing;  well -> losing -> well;  well | losing -> unsure
 * A loss is over when nothing more was lost for a minute, and capture is known to work or was ended by an operator. While it
 * starts again nobody knows yet. WHAT happens is here, HOW in src/service/desk. May import: xstate.
 */
import { assign, emit, setup } from 'xstate';

const lossOverMs = 60_000;

/** Unix ms: when the latest gap was, 0 for none; and when this was said. */
interface Heard {
  lastGapAt: number;
  at: number;
}
export type CaptureTroubleEvent =
  | ({ type: 'capture.failed'; reason: string } & Heard)
  | ({ type: 'bytes.lost' } & Heard)
  /** It captures, or was stopped or paused: not on its way to something else. */
  | ({ type: 'capture.settled' } & Heard);

export const captureTroubleMachine = setup({
  types: {} as {
    context: Heard;
    events: CaptureTroubleEvent;
    emitted: { type: 'trouble.occurred'; message: string; at: number } | { type: 'trouble.ended' };
  },
  guards: {
    isLossOver: (_, { lastGapAt, at }: Heard) => at - lastGapAt >= lossOverMs,
  },
  actions: {
    note: assign((_, { lastGapAt, at }: Heard) => ({ lastGapAt, at })),
    tellFailure: emit((_, { reason, at }: { reason: string; at: number }) => ({
      type: 'trouble.occurred' as const,
      message: reason,
      at,
    })),
    tellLoss: emit((_, { lastGapAt }: Heard) => ({
      type: 'trouble.occurred' as const,
      message: 'Packets were lost; what they carried was not captured.',
      at: lastGapAt,
    })),
    tellEnd: emit({ type: 'trouble.ended' as const }),
  },
  delays: { lossOver: ({ context: { lastGapAt, at } }) => lastGapAt + lossOverMs - at },
}).createMachine({
  id: 'captureTrouble',
  context: { lastGapAt: 0, at: 0 },
  initial: 'unsure',
  on: {
    'capture.failed': {
      target: '.unsure',
      actions: [
        { type: 'note', params: ({ event }) => event },
        { type: 'tellFailure', params: ({ event }) => event },
      ],
    },
    // Where one is known already, the minute counts from the latest.
    'bytes.lost': {
      target: '.losing',
      actions: [
        { type: 'note', params: ({ event }) => event },
        { type: 'tellLoss', params: ({ event }) => event },
      ],
    },
  },
  states: {
    unsure: {
      on: {
        // Whether it is over can be said when capture is settled, not before.
        'bytes.lost': {
          actions: [
            { type: 'note', params: ({ event }) => event },
            { type: 'tellLoss', params: ({ event }) => event },
          ],
        },
        'capture.settled': [
          { guard: { type: 'isLossOver', params: ({ event }) => event }, target: 'well' },
          { target: 'losing', actions: { type: 'note', params: ({ event }) => event } },
        ],
      },
    },
    losing: { after: { lossOver: 'well' } },
    well: { entry: 'tellEnd' },
  },
});
