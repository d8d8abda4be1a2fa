/**
 * The live capture: a capture tool runs beside the service, and is started again when it dies (design section 9).
 *   stopped -> starting -> capturing -> failed -> starting;  starting | capturing | failed -> paused -> starting
 * Stopped and paused, nothing is recorded: no tool runs. WHAT happens is here, HOW in src/service/capture.
 * May import: xstate, src/common.
 */
import { assign, emit, fromCallback, setup, spawnChild, stopChild } from 'xstate';

/** The first wait before a restart; each further one is twice as long. */
const firstDelayMs = 1000;
const delayMsMax = 60_000;
/** A tool that ran this long was well: the next failure counts as the first. */
const stableMs = 60_000;

/** What to capture. A plan that differs from the one before needs another run of the tool. */
export interface CapturePlan {
  interface: string;
  /** Everything that tells how to capture, as one text: two plans are the same when it is. */
  key: string;
}

export interface FoundGap {
  /** Unix ms. */
  at: number;
  missingBytes?: number;
  /** Whether it is recorded in a session; the others are known here only. */
  isInSession: boolean;
}

export type CaptureEvent =
  | { type: 'start.requested' }
  | { type: 'stop.requested' }
  | { type: 'pause.requested' }
  | { type: 'resume.requested' }
  /** Null: nothing is to be captured. */
  | { type: 'plan.changed'; plan: CapturePlan | null }
  | { type: 'tool.started' }
  /** Why, in a sentence for the operator; and when, unix ms. */
  | { type: 'tool.ended'; reason: string; at: number }
  | { type: 'gap.found'; gap: FoundGap }
  | { type: 'session.captured'; id: string };

export type CaptureEmitted = { type: 'gap'; gap: FoundGap } | { type: 'session'; id: string };

export interface CaptureContext {
  plan: CapturePlan | null;
  /** Since the service started. */
  gaps: number;
  lastGapAt: number | null;
  /** Why it is not capturing; null when it is, or is not meant to. */
  reason: string | null;
  failuresInRow: number;
}

export const captureMachine = setup({
  types: {} as {
    input: { plan: CapturePlan | null };
    context: CaptureContext;
    events: CaptureEvent;
    emitted: CaptureEmitted;
  },
  actors: {
    /** Runs the tool; sends `tool.started`, `gap.found` and `session.captured`, and `tool.ended` when it died. */
    captureTool: fromCallback<{ type: 'none' }, { plan: CapturePlan }>(() => {
      throw new Error('actor "captureTool" was not provided');
    }),
  },
  guards: {
    hasPlan: ({ context }) => context.plan !== null,
    isPlan: (_, params: { plan: CapturePlan | null }) => params.plan !== null,
    planDiffers: ({ context }, params: { plan: CapturePlan | null }) =>
      params.plan !== null && params.plan.key !== context.plan?.key,
  },
  actions: {
    applyPlan: assign((_, params: { plan: CapturePlan | null }) => params),
    // Never without a plan: every way to `starting` is guarded.
    startTool: spawnChild('captureTool', { id: 'tool', input: ({ context }) => ({ plan: context.plan as CapturePlan }) }),
    stopTool: stopChild('tool'),
    countGap: assign(({ context }, params: { at: number }) => ({ gaps: context.gaps + 1, lastGapAt: params.at })),
    reportGap: emit((_, params: { gap: FoundGap }) => ({ type: 'gap' as const, gap: params.gap })),
    reportSession: emit((_, params: { id: string }) => ({ type: 'session' as const, id: params.id })),
    countFailure: assign(({ context }, params: { reason: string }) => ({
      reason: params.reason,
      failuresInRow: context.failuresInRow + 1,
    })),
    forgetReason: assign({ reason: null }),
    forgetFailures: assign({ failuresInRow: 0, reason: null }),
  },
  delays: {
    /** 1 s, 2 s, 4 s ... 60 s. */
    retryDelay: ({ context }) => Math.min(firstDelayMs * 2 ** (context.failuresInRow - 1), delayMsMax),
    stableInterval: stableMs,
  },
}).createMachine({
  id: 'capture',
  context: ({ input }) => ({ plan: input.plan, gaps: 0, lastGapAt: null, reason: null, failuresInRow: 0 }),
  initial: 'stopped',
  on: {
    // What was captured before a stop may end after it.
    'session.captured': { actions: { type: 'reportSession', params: ({ event }) => event } },
    'gap.found': {
      actions: [
        { type: 'countGap', params: ({ event }) => ({ at: event.gap.at }) },
        { type: 'reportGap', params: ({ event }) => event },
      ],
    },
  },
  states: {
    stopped: {
      entry: ['stopTool', 'forgetFailures'],
      on: {
        'start.requested': { guard: 'hasPlan', target: 'starting' },
        'plan.changed': [
          {
            guard: { type: 'planDiffers', params: ({ event }) => event },
            target: 'starting',
            actions: { type: 'applyPlan', params: ({ event }) => event },
          },
          { actions: { type: 'applyPlan', params: ({ event }) => event } },
        ],
      },
    },
    starting: {
      entry: ['stopTool', 'startTool'],
      on: {
        'tool.started': { target: 'capturing', actions: 'forgetReason' },
        'tool.ended': { target: 'failed', actions: { type: 'countFailure', params: ({ event }) => event } },
        'pause.requested': 'paused',
        'stop.requested': 'stopped',
        'plan.changed': [
          {
            guard: { type: 'planDiffers', params: ({ event }) => event },
            target: 'starting',
            reenter: true,
            actions: [{ type: 'applyPlan', params: ({ event }) => event }, 'forgetFailures'],
          },
          { guard: { type: 'isPlan', params: ({ event }) => event } },
          { target: 'stopped', actions: { type: 'applyPlan', params: ({ event }) => event } },
        ],
      },
    },
    capturing: {
      after: { stableInterval: { actions: 'forgetFailures' } },
      on: {
        'tool.ended': {
          target: 'failed',
          // Until it runs again, nothing is seen: a gap, also when no session is open.
          actions: [
            { type: 'countFailure', params: ({ event }) => event },
            { type: 'countGap', params: ({ event }) => event },
            { type: 'reportGap', params: ({ event }) => ({ gap: { at: event.at, isInSession: false } }) },
          ],
        },
        'pause.requested': 'paused',
        'stop.requested': 'stopped',
        'plan.changed': [
          {
            guard: { type: 'planDiffers', params: ({ event }) => event },
            target: 'starting',
            actions: [{ type: 'applyPlan', params: ({ event }) => event }, 'forgetFailures'],
          },
          { guard: { type: 'isPlan', params: ({ event }) => event } },
          { target: 'stopped', actions: { type: 'applyPlan', params: ({ event }) => event } },
        ],
      },
    },
    paused: {
      entry: ['stopTool', 'forgetFailures'],
      on: {
        'resume.requested': 'starting',
        'start.requested': 'starting',
        'stop.requested': 'stopped',
        'plan.changed': [
          {
            guard: { type: 'isPlan', params: ({ event }) => event },
            actions: { type: 'applyPlan', params: ({ event }) => event },
          },
          { target: 'stopped', actions: { type: 'applyPlan', params: ({ event }) => event } },
        ],
      },
    },
    failed: {
      entry: 'stopTool',
      after: { retryDelay: 'starting' },
      on: {
        // An operator who has put it right does not want to wait.
        'start.requested': 'starting',
        'pause.requested': 'paused',
        'stop.requested': 'stopped',
        'plan.changed': [
          {
            guard: { type: 'planDiffers', params: ({ event }) => event },
            target: 'starting',
            actions: [{ type: 'applyPlan', params: ({ event }) => event }, 'forgetFailures'],
          },
          { guard: { type: 'isPlan', params: ({ event }) => event } },
          { target: 'stopped', actions: { type: 'applyPlan', params: ({ event }) => event } },
        ],
      },
    },
  },
});

export type CaptureState = 'stopped' | 'starting' | 'capturing' | 'paused' | 'failed';
