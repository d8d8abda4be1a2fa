/**
 * ALL traffic between host and console (design section 7): every request and every event with the schema of its
 * payload. The preload bridge, the IPC handlers, the headless HTTP API and the renderer's client are derived from it:
 * adding an event is one entry here.
 * May import: zod, src/common.
 */
import { z } from 'zod';
import { sessionFile, sessionId, submissionStatus } from './session.ts';
import { settingKeys, settingsSchema, settingsShape } from './settings.ts';

const unixMs = z.number();
const count = z.number().int().nonnegative();

/** Which sessions are meant; every condition given must hold. */
export const sessionFilter = z.strictObject({
  status: z.array(submissionStatus).optional(),
  /** Device address, or the device's label (MSH-3). */
  device: z.string().max(256).optional(),
  /** First byte at or after, unix ms. */
  from: unixMs.optional(),
  /** First byte before, unix ms. */
  to: unixMs.optional(),
  /** MSH-9 as `ORU^R01`, or its first component. */
  messageType: z.string().max(64).optional(),
  hasError: z.boolean().optional(),
  /** Anywhere in id, counter, device, addresses, message type or last error. */
  text: z.string().max(256).optional(),
});
export type SessionFilter = z.infer<typeof sessionFilter>;

export const sessionSort = z.strictObject({
  by: z.enum([
    'startTime',
    'endTime',
    'sessionId',
    'device',
    'messageType',
    'submissionStatus',
    'submissionAttempts',
    'submittedAt',
    'savedAt',
  ]),
  descending: z.boolean().optional(),
});
export type SessionSort = z.infer<typeof sessionSort>;

/** One line of the sessions table: what the index knows, without message content. */
export const sessionSummary = z.object({
  sessionId,
  /** The counter shown to the operator (`sessionId` in the file). */
  counter: z.number(),
  startTime: unixMs,
  endTime: unixMs,
  deviceIP: z.string(),
  lisIP: z.string(),
  /** MSH-3 of the first message, else the device's address. */
  device: z.string(),
  /** MSH-9 of the first message, `ORU^R01`; empty when there is none. */
  messageType: z.string(),
  messageCount: count,
  isComplete: z.boolean(),
  hasGaps: z.boolean(),
  submissionStatus,
  submissionAttempts: count,
  submittedAt: unixMs.optional(),
  submissionError: z.string().optional(),
  /** Start of the latest attempt. */
  triedAt: unixMs.optional(),
  /** HTTP status of the latest attempt. */
  httpStatus: z.number().optional(),
  savedAt: unixMs,
  persistedUntil: unixMs,
  bytes: count,
});
export type SessionSummary = z.infer<typeof sessionSummary>;

const oneSession = z.strictObject({ sessionId });
/** One session, many, or all that a filter matches. */
const someSessions = z.union([
  oneSession,
  z.strictObject({ sessionIds: z.array(sessionId).max(100_000) }),
  z.strictObject({ filter: sessionFilter }),
]);
export type SomeSessions = z.infer<typeof someSessions>;
const nothing = z.strictObject({});

export const circuit = z.object({
  state: z.enum(['closed', 'open', 'halfOpen']),
  reason: z.string().optional(),
  cause: z
    .object({
      kind: z.enum(['endpoint', 'refused', 'unavailable', 'earlier']),
      httpStatus: z.number().optional(),
      code: z.string().optional(),
    })
    .optional(),
  since: unixMs.optional(),
});

/** What `status --json` holds (design section 8), and more for the console. */
export const status = z.object({
  pending: count,
  submitted: count,
  failed: count,
  ignored: count,
  quarantined: count,
  running: z.boolean(),
  circuit: circuit.optional(),
  /** Incomplete sessions that wait for their end; part of `pending`. */
  heldBack: count.optional(),
  /** First byte of the oldest session that is still pending. */
  oldestPendingAt: unixMs.optional(),
  lastAcceptedAt: unixMs.optional(),
  worker: z
    .object({
      state: z.enum(['idle', 'discovering', 'dispatching', 'stopping']),
      inFlight: count,
      queueSize: count,
      nextCycleAt: unixMs.optional(),
    })
    .optional(),
  /** What keeps the service from its work, in words: no endpoint, a disk that errs, a damaged settings file. */
  problems: z.array(z.object({ code: z.string(), message: z.string(), since: unixMs })).optional(),
  capture: z
    .object({
      state: z.enum(['stopped', 'starting', 'capturing', 'paused', 'failed']),
      interface: z.string().optional(),
      gaps: count,
      reason: z.string().optional(),
    })
    .optional(),
  version: z.string().optional(),
  startedAt: unixMs.optional(),
  /** Where sessions go, without query. */
  endpoint: z.string().optional(),
});
export type Status = z.infer<typeof status>;

/** Settings as they may be seen: a secret only as whether it is set. */
export const shownSettings = z.object({
  settings: settingsSchema.omit({ submissionAuthHeader: true }),
  /** Secrets that have a value. */
  secretsSet: z.array(z.string()),
  /** What `--set` or the environment overrides for this run. */
  overridden: z.array(z.enum(settingKeys)),
});
export type ShownSettings = z.infer<typeof shownSettings>;

/** A partial settings object without the defaults, so that only what is given changes. Values are checked by `changedSettings`. */
const settingsChange = z.partialRecord(z.enum(settingKeys), z.unknown());

export const requests = {
  /** Starts a cycle now, or one more when the running one ends. Answers at once. */
  triggerSubmissionNow: { params: nothing, result: z.object({ started: z.boolean() }) },
  /** Puts failed or ignored sessions back in the queue; `again` also those that were accepted. */
  retrySubmission: {
    params: z.union([
      oneSession.extend({ again: z.boolean().optional() }),
      z.strictObject({ sessionIds: z.array(sessionId).max(100_000), again: z.boolean().optional() }),
      z.strictObject({ filter: sessionFilter, again: z.boolean().optional() }),
    ]),
    result: z.object({ queued: count, unchanged: count }),
  },
  /** Puts every failed session back in the queue. */
  retryFailed: { params: nothing, result: z.object({ queued: count, unchanged: count }) },
  /** Takes pending or failed sessions out of delivery; they stay on disk. */
  ignoreSession: { params: someSessions, result: z.object({ ignored: count, unchanged: count }) },
  /** Puts ignored sessions back to `pending`, and those in the trash back into the folder. */
  restoreSession: { params: someSessions, result: z.object({ restored: count, unchanged: count }) },
  /** Moves sessions to the trash. */
  deleteSession: { params: someSessions, result: z.object({ deleted: count, unchanged: count }) },
  runCleanupNow: { params: z.strictObject({ dryRun: z.boolean().optional() }), result: z.object({ started: z.boolean() }) },
  getSessions: {
    params: z.strictObject({
      filter: sessionFilter.optional(),
      sort: sessionSort.optional(),
      offset: count.optional(),
      limit: z.number().int().min(0).max(1000).optional(),
    }),
    result: z.object({ total: count, sessions: z.array(sessionSummary) }),
  },
  getSession: { params: oneSession, result: z.object({ summary: sessionSummary, session: sessionFile }) },
  getSettings: { params: nothing, result: shownSettings },
  updateSettings: { params: settingsChange, result: shownSettings },
  getStatus: { params: nothing, result: status },
  startCapture: { params: nothing, result: z.object({ started: z.boolean() }) },
  stopCapture: { params: nothing, result: z.object({ stopped: z.boolean() }) },
  pauseCapture: { params: nothing, result: z.object({ paused: z.boolean() }) },
  resumeCapture: { params: nothing, result: z.object({ resumed: z.boolean() }) },
  getNetworkInterfaces: {
    params: nothing,
    result: z.object({
      interfaces: z.array(z.object({ name: z.string(), description: z.string().optional(), addresses: z.array(z.string()) })),
    }),
  },
} as const;

export const events = {
  onSubmissionProgress: z.object({ inFlight: count, queueSize: count, activeWorker: z.boolean() }),
  onSubmissionResult: z.object({
    sessionId,
    success: z.boolean(),
    submissionStatus,
    submissionAttempts: count,
    error: z.string().optional(),
    submittedAt: unixMs.optional(),
  }),
  onCleanupSummary: z.object({
    filesDeleted: count,
    bytesFreed: count,
    filesInTrash: count,
    startTime: unixMs,
    endTime: unixMs,
    dryRun: z.boolean(),
  }),
  /** A machine took a transition; `context` holds no message content and no secret. */
  onSnapshot: z.object({ machine: z.string(), id: z.string(), value: z.unknown(), context: z.record(z.string(), z.unknown()) }),
} as const;

export type RequestName = keyof typeof requests;
export type Params<Name extends RequestName> = z.infer<(typeof requests)[Name]['params']>;
export type Result<Name extends RequestName> = z.infer<(typeof requests)[Name]['result']>;
export type EventName = keyof typeof events;
export type EventPayload<Name extends EventName> = z.infer<(typeof events)[Name]>;

export const requestNames = Object.keys(requests) as RequestName[];
export const eventNames = Object.keys(events) as EventName[];

/** What a host offers a console: every request as an async function, and the events. */
export interface CourierApi {
  /** @throws CourierError when the service refuses; nothing changed then. */
  request<Name extends RequestName>(name: Name, params: Params<Name>): Promise<Result<Name>>;
  /** Calls `listener` for every event, the current state first; the returned function ends it. */
  subscribe(listener: (event: CourierEvent) => void): () => void;
}
export type CourierEvent = { [Name in EventName]: { name: Name; payload: EventPayload<Name> } }[EventName];

export const isSettingKey = (key: string): key is keyof typeof settingsShape => Object.hasOwn(settingsShape, key);
