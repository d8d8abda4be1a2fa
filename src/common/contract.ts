/**
 * ALL traffic between host and console (design section 7): every request and every event with the schema of its
 * payload. The preload bridge, the IPC handlers, the headless HTTP API and the renderer's client are derived from it:
 * adding an event is one entry here.
 * May import: zod, src/common.
 */
import { z } from 'zod';
import {
  activity,
  activitySpan,
  cause,
  connectionTest,
  device,
  facets,
  hostOptions,
  logLevel,
  logLine,
  patientAccess,
  retryJob,
  sessionState,
  settingsVersion,
  transition,
  underWay,
} from './console.ts';
import { sessionFile, sessionId, submissionStatus } from './session.ts';
import { settingKeys, settingsSchema } from './settings.ts';

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
  /**
   * Words that must all be found, in any order, without regard to case and diacritics: in id, counter, device, addresses,
   * message type or last error, or in the identifying fields of its messages (docs/api.md). May be patient data.
   */
  text: z.string().max(256).optional(),
  /** Stands now in one of these states. */
  state: z.array(sessionState).optional(),
  /** Stands under this cause (`getCauses`). */
  causeId: z.string().max(200).optional(),
  /** Accepted, but not at the first attempt. */
  afterRetries: z.boolean().optional(),
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
    'triedAt',
    'httpStatus',
    'messageCount',
    'bytes',
    'deviceIP',
    'lisIP',
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
  /** Where it stands now, in the operator's words; missing from a service that does not say. */
  state: sessionState.optional(),
  /** Start of the attempt that runs. */
  attemptStartedAt: unixMs.optional(),
  /** End of the wait (`backoffWait`), or the next cycle (`deferred`, `held`). */
  nextAttemptAt: unixMs.optional(),
  /** How long the latest attempt took. */
  durationMs: z.number().optional(),
  /** The cause it stands under. */
  causeId: z.string().optional(),
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
      /** Where a 3xx answer points: scheme, host and port, never more. */
      elsewhere: z.string().max(255).optional(),
    })
    .optional(),
  since: unixMs.optional(),
  /** Automatic tries since it opened. */
  tries: count.optional(),
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
      /** `submissionConcurrency`. */
      slots: count.optional(),
      /** Under way and waiting for a slot, saving the answer, waiting to try again. */
      ready: count.optional(),
      recording: count.optional(),
      delayed: count.optional(),
      /** When the first of the delayed ones tries again. */
      nextRetryAt: unixMs.optional(),
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
      /** Latest byte of any device, and when the latest gap was. */
      lastByteAt: unixMs.optional(),
      lastGapAt: unixMs.optional(),
      ports: z.array(z.number()).optional(),
      /** Devices heard in the last 24 hours. */
      devices: count.optional(),
    })
    .optional(),
  /** The service's clock when it said this: countdowns are computed against it. */
  now: unixMs.optional(),
  /** Name of the computer the service runs on. */
  host: z.string().optional(),
  /** The demo: what is shown is invented. */
  sampleData: z.boolean().optional(),
  /** Captured and ended since local midnight of the service. */
  today: z.object({ captured: count, accepted: count, failed: count, ignored: count }).optional(),
  /** A minute, over the last five: captured, written to disk, accepted. */
  rates: z.object({ captured: z.number(), saved: z.number(), accepted: z.number() }).optional(),
  disk: z
    .object({
      state: z.enum(['healthy', 'low', 'failing']),
      freeBytes: z.number().nonnegative(),
      lastWriteAt: unixMs.optional(),
    })
    .optional(),
  /** Causes that are open. */
  openCauses: count.optional(),
  /** When the latest interruption of delivery ended. */
  lastInterruptionEndedAt: unixMs.optional(),
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
  /** For those: by what. */
  overriddenBy: z.partialRecord(z.enum(settingKeys), z.enum(['set', 'environment'])).optional(),
});
export type ShownSettings = z.infer<typeof shownSettings>;

/** Accesses to patient fields that are written down at once: about 1 MB of the list of accesses. */
export const recordedAtOnceMax = 10_000;

/** Files of one import, and their bytes in all; what is larger is imported with the command line. */
export const importFilesMax = 100;
export const importBytesMax = 2 * 1024 ** 3;
/** What one `sendImportPiece` may carry. */
export const importPieceBytesMax = 1024 * 1024;

const importId = z.string().max(64);
/** What came of an import, as the command line's `import` tells it. */
export const importResult = z.object({
  /** One for each file, in the order given. */
  files: z.array(
    z.object({
      /** Whether it could be read to its end. */
      isRead: z.boolean(),
      /** Sessions that ended in this file; those the files end in count for the last one. */
      sessions: count,
      added: count,
      /** Imported before: nothing was written. */
      alreadyThere: count,
      /** Places where bytes are missing. */
      gaps: count,
      problems: z.array(
        z.object({
          kind: z.enum(['unrecognised', 'unsupported', 'truncated', 'corrupt', 'unreadable', 'nothingFound']),
          message: z.string(),
          /** Where in the file, in bytes. */
          offset: count.optional(),
        }),
      ),
    }),
  ),
  /** First bytes of the earliest and of the latest session found; missing when none was. */
  earliestAt: unixMs.optional(),
  latestAt: unixMs.optional(),
});
export type ImportResult = z.infer<typeof importResult>;

/** How far an import is. */
export const importStanding = z.object({
  importId,
  state: z.enum(['receiving', 'reading', 'ended', 'failed', 'dropped']),
  bytesTotal: count,
  bytesReceived: count,
  bytesRead: count,
  /** When it ended. */
  result: importResult.optional(),
  /** When it failed or was dropped: why, and what became of what had come; for the operator to read. */
  reason: z.string().optional(),
});
export type ImportStanding = z.infer<typeof importStanding>;

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
  /**
   * Begins to import capture files and HL7 text, in this order: a connection may go on in the next one. One at a time.
   * Their names are not asked for: they may hold patient data.
   */
  beginImport: {
    params: z.strictObject({
      files: z
        .array(
          z.strictObject({
            bytes: count,
            /** The file's own time, for messages and packets without one. */
            modifiedAt: unixMs.min(0).max(8.64e15).optional(),
          }),
        )
        .min(1)
        .max(importFilesMax),
    }),
    result: z.object({ importId }),
  },
  /** The next piece: of the first file that is not whole yet (`file` counts from 0), where the last one ended. */
  sendImportPiece: {
    params: z.strictObject({
      importId,
      file: count,
      offset: count,
      /** Base64, at most `importPieceBytesMax` bytes. */
      data: z
        .string()
        .min(1)
        .max(Math.ceil(importPieceBytesMax / 3) * 4),
    }),
    result: z.object({ bytesReceived: count }),
  },
  /** All pieces were sent: reads the files, and answers when that is done. */
  endImport: { params: z.strictObject({ importId }), result: importResult },
  /** Ends an import; sessions that were read until then stay. */
  cancelImport: { params: z.strictObject({ importId }), result: z.object({ cancelled: z.boolean() }) },
  /** The import that runs, or the last one since the service started. */
  getImport: { params: nothing, result: z.object({ import: importStanding.optional() }) },
  /** Outcomes and attempt times for the Overview. */
  getActivity: { params: z.strictObject({ span: activitySpan }), result: activity },
  /** Every device heard of, the one heard last first. */
  getDevices: { params: nothing, result: z.object({ devices: z.array(device) }) },
  /** Values to filter by, the most frequent first, at most 200 each. */
  getFacets: { params: nothing, result: facets },
  /** Causes that are open or muted, and those resolved in the last 7 days. */
  getCauses: { params: nothing, result: z.object({ causes: z.array(cause) }) },
  setCauseNote: {
    params: z.strictObject({ causeId: z.string().max(200), note: z.string().max(500) }),
    result: z.object({ cause }),
  },
  muteCause: {
    params: z.strictObject({ causeId: z.string().max(200), muted: z.boolean() }),
    result: z.object({ cause }),
  },
  /** Starts a bulk retry that ramps up; refused with `ERR_STATE_CONFLICT` while another one runs for the same cause. */
  startRetryJob: {
    params: z.union([
      z.strictObject({ causeId: z.string().max(200) }),
      z.strictObject({ sessionIds: z.array(sessionId).max(100_000), again: z.boolean().optional() }),
      z.strictObject({ filter: sessionFilter, again: z.boolean().optional() }),
    ]),
    result: z.object({ job: retryJob }),
  },
  /** Ends a bulk retry: what is under way ends by itself, the rest stays as it was. */
  cancelRetryJob: { params: z.strictObject({ jobId: z.string().max(200) }), result: z.object({ job: retryJob }) },
  /** The running ones and the last ten that ended. */
  getRetryJobs: { params: nothing, result: z.object({ jobs: z.array(retryJob) }) },
  /** The last transitions (at most 200, the latest first), of one machine or session if given. */
  getTransitions: {
    params: z.strictObject({ machine: z.string().max(64).optional(), id: z.string().max(128).optional() }),
    result: z.object({ transitions: z.array(transition) }),
  },
  /** Recent lines, the latest first; `level` is the least severe to be returned. */
  getLog: {
    params: z.strictObject({
      level: logLevel.optional(),
      text: z.string().max(256).optional(),
      limit: z.number().int().min(1).max(2000).optional(),
    }),
    result: z.object({ lines: z.array(logLine) }),
  },
  /** Tries the endpoint with the settings as they are, `change` applied, without sending a session. */
  testConnection: { params: z.strictObject({ change: settingsChange.optional() }), result: connectionTest },
  /** The last ten different versions, the latest first. */
  getSettingsVersions: { params: nothing, result: z.object({ versions: z.array(settingsVersion) }) },
  /** Brings an earlier version back; secrets stay as they are. */
  restoreSettingsVersion: { params: z.strictObject({ version: count }), result: shownSettings },
  /**
   * Writes down that patient fields are about to be shown, copied or exported, of one session or of many at once, all or
   * none; the console waits for the answer.
   */
  recordPatientAccess: {
    params: z.union([
      z.strictObject({ sessionId, action: patientAccess.shape.action }),
      z.strictObject({ sessionIds: z.array(sessionId).max(recordedAtOnceMax), action: patientAccess.shape.action }),
    ]),
    /** `missing`: of many, those that are not here any more. Nothing is written down of them, and nothing may be shown. */
    result: z.object({ recorded: z.boolean(), missing: z.array(sessionId).optional() }),
  },
  /** The latest first, at most 200. */
  getPatientAccess: {
    params: z.strictObject({ sessionId: sessionId.optional() }),
    result: z.object({ entries: z.array(patientAccess) }),
  },
  getHostOptions: { params: nothing, result: hostOptions },
  setHostOptions: { params: z.strictObject({ launchAtLogin: z.boolean() }), result: hostOptions },
  /** Asks the operator for a file by the host's own dialog; `path` is missing when cancelled or not possible. */
  chooseFile: {
    params: z.strictObject({ purpose: z.enum(['certificate', 'key']) }),
    result: z.object({ path: z.string().optional() }),
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
    /** Sessions moved to the trash, and their bytes; in a dry run, that would be. */
    filesDeleted: count,
    bytesFreed: count,
    /** Deleted for good because they were in the trash for longer than `trashDays`. */
    filesPurged: count.optional(),
    filesInTrash: count,
    startTime: unixMs,
    endTime: unixMs,
    dryRun: z.boolean(),
  }),
  /** A machine took a transition; `context` holds no message content and no secret. */
  onSnapshot: z.object({ machine: z.string(), id: z.string(), value: z.unknown(), context: z.record(z.string(), z.unknown()) }),
  /** The status when it changed, at most 4 a second, and every 5 seconds as a sign of life. */
  onStatus: status,
  /** Sessions that are new, changed or gone (deleted), coalesced: at most 20 a second. */
  onSessionsChanged: z.object({
    added: z.array(sessionSummary),
    changed: z.array(sessionSummary),
    removed: z.array(sessionId),
  }),
  /** Transitions since the last event, at most 20 events a second; `dropped` could not be kept. */
  onTransitions: z.object({ transitions: z.array(transition), dropped: count }),
  /** Replaces what was known of sessions under way; at most 20 a second, the last one of a burst always arrives. */
  onUnderWay: underWay,
  /** Causes that began, changed or ended. */
  onCauses: z.object({ causes: z.array(cause) }),
  onRetryJob: retryJob,
  onLog: z.object({ lines: z.array(logLine) }),
  onSettings: shownSettings,
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
