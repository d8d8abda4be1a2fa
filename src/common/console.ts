/**
 * What the console asks for beyond the names integrators know (design section 7): the schemas of its answers. The
 * service counts, groups and measures; the console only shows. Exact semantics: docs/console-contract.md.
 *   src/common/contract.ts -> requests and events built from these
 * May import: zod, src/common.
 */
import { z } from 'zod';
import { sessionId } from './session.ts';
import { settingKeys } from './settings.ts';

const unixMs = z.number();
const durationMs = z.number().nonnegative();
const count = z.number().int().nonnegative();

/**
 * Where a session stands as the operator reads it: the state of its machine while it is under way, else what its file
 * and the circuit say. `held` is pending while the circuit is open, `incomplete` pending while its capture lives.
 */
export const sessionState = z.enum([
  'ready',
  'attempt',
  'recording',
  'backoffWait',
  'submitted',
  'failed',
  'deferred',
  'ignored',
  'held',
  'incomplete',
]);
export type SessionState = z.infer<typeof sessionState>;

/** A device as the service heard it; one entry for each pair of label and address. */
export const device = z.object({
  /** MSH-3 of its latest message, else its address. */
  label: z.string(),
  /** MSH-4 of its latest message. */
  facility: z.string().optional(),
  address: z.string(),
  /** Last byte of its latest session. */
  lastSeenAt: unixMs.optional(),
  /** Median time between its sessions; missing under 5 sessions. */
  usualGapMs: durationMs.optional(),
  /** `quiet`: silent for longer than twice its usual gap. `new`: too few sessions to say. */
  state: z.enum(['talking', 'quiet', 'new']),
  /** Sessions in each of the last 30 spans of two minutes, the oldest first. */
  lastHour: z.array(count).max(60),
  today: count,
});
export type Device = z.infer<typeof device>;

export const activitySpan = z.enum(['1h', '24h', '7d']);
export type ActivitySpan = z.infer<typeof activitySpan>;

/** Throughput, outcomes and attempt times over a span that ends now. */
export const activity = z.object({
  span: activitySpan,
  bucketMs: durationMs,
  /** Start of the first bucket. */
  from: unixMs,
  /** One entry a bucket, the oldest first; `held` is how many waited for the endpoint at the bucket's end. */
  buckets: z.array(z.object({ captured: count, accepted: count, failed: count, ignored: count, held: count })).max(400),
  totals: z.object({ captured: count, accepted: count, failed: count, ignored: count }),
  attempts: z.object({
    count,
    p50Ms: durationMs.optional(),
    p95Ms: durationMs.optional(),
    p99Ms: durationMs.optional(),
    /** Attempts by duration, bounds growing by a constant factor. */
    histogram: z.array(z.object({ fromMs: durationMs, toMs: durationMs, count })).max(100),
    /** `submissionTimeoutSeconds` in ms. */
    limitMs: durationMs,
  }),
});
export type Activity = z.infer<typeof activity>;

const causeId = z.string().min(1).max(200);

/** Why something needs a person: one entry however many sessions and attempts it took. */
export const cause = z.object({
  id: causeId,
  kind: z.enum([
    'circuit',
    'endpoint',
    'refused',
    'usedUp',
    'unheard',
    'damaged',
    'unreadable',
    'quiet',
    'capture',
    'disk',
    'settings',
  ]),
  state: z.enum(['open', 'resolved', 'muted']),
  httpStatus: z.number().int().optional(),
  /** A network error's code, or the machine-readable code of the endpoint's answer (never its free text). */
  code: z.string().max(64).optional(),
  /** One sentence by the service; no patient data. */
  message: z.string().optional(),
  /** Sessions that stand under this cause now; for a resolved one, how many it had at most. */
  count,
  /** Labels of devices concerned, at most ten. */
  devices: z.array(z.string()),
  firstAt: unixMs,
  lastAt: unixMs,
  endedAt: unixMs.optional(),
  lastRetriedAt: unixMs.optional(),
  /** When the service tries again by itself. */
  nextTryAt: unixMs.optional(),
  note: z.string().optional(),
  /** What may be done with all its sessions at once. */
  may: z.object({ retry: z.boolean(), ignore: z.boolean() }),
});
export type Cause = z.infer<typeof cause>;

/** A bulk retry: starts with one session, doubles while they are accepted, stops when the old cause comes back. */
export const retryJob = z.object({
  id: z.string(),
  causeId: causeId.optional(),
  state: z.enum(['running', 'done', 'cancelled', 'stopped']),
  /** Asked for: the five that follow add up to it. */
  total: count,
  accepted: count,
  sending: count,
  failed: count,
  /** Not started yet; when the job has ended: left as they were. */
  toGo: count,
  /** Not the job's any more: set back by themselves, or changed by somebody else, since it began. */
  withdrawn: count.optional(),
  /** How many may be under way at this step of the ramp. */
  ramp: count,
  startedAt: unixMs,
  endedAt: unixMs.optional(),
  /** What came back, when `stopped`. */
  stoppedBy: z.object({ httpStatus: z.number().int().optional(), code: z.string().optional() }).optional(),
});
export type RetryJob = z.infer<typeof retryJob>;

export const logLevel = z.enum(['error', 'warn', 'info', 'debug']);
export type LogLevel = z.infer<typeof logLevel>;

/** One line of the log, without patient data and secrets. */
export const logLine = z.object({
  /** Grows by one a line, from 1 at the service's start. */
  seq: count,
  at: unixMs,
  level: logLevel,
  message: z.string(),
  /** Which room spoke: `delivery`, `store`, `capture`, ... */
  room: z.string().optional(),
  sessionId: sessionId.optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
export type LogLine = z.infer<typeof logLine>;

/** Whether a line holds a text, in whatever case: in its message, the session it is about, its room or its details. */
export function lineHolds(line: LogLine, text: string): boolean {
  const part = text.toLowerCase();
  const facts = Object.entries(line.details ?? {}).map(([name, value]) => `${name} ${value}`);
  return [line.message, line.room ?? '', line.sessionId ?? '', ...facts].some((fact) => fact.toLowerCase().includes(part));
}

/** A transition a machine took. */
export const transition = z.object({
  at: unixMs,
  machine: z.string(),
  id: z.string(),
  /** The counter shown to the operator, for a session. */
  counter: z.number().optional(),
  /** State before and after, nested ones joined by a dot. */
  from: z.string(),
  to: z.string(),
  /** The event's type: `retry.requested`, `xstate.after.cycleInterval.worker.idle`. */
  event: z.string(),
  /** A few words on it: `found 61`, `503, 2.1 s`; no patient data. */
  detail: z.string().max(120).optional(),
});
export type Transition = z.infer<typeof transition>;

/** A session under way, for the lanes. */
const laneSession = z.object({
  sessionId,
  counter: z.number(),
  state: sessionState,
  /** When it entered the state. */
  since: unixMs,
  /** `backoffWait`: when the wait is over. `attempt`: when the time limit strikes. */
  until: unixMs.optional(),
  /** Number of the attempt that runs or comes next, from 1. */
  attempt: count,
  httpStatus: z.number().optional(),
  /** Why it waits or how it ended: a status, `no answer`. */
  reason: z.string().max(120).optional(),
});
export type LaneSession = z.infer<typeof laneSession>;

/** All sessions under way, and the last that ended: the whole picture at one moment. */
export const underWay = z.object({
  at: unixMs,
  sessions: z.array(laneSession).max(200),
  /** The last that ended, the latest first, at most 8. */
  ended: z.array(laneSession).max(20),
  endedPerSecond: z.number().nonnegative(),
  /** `submissionConcurrency`, and how many may be under way. */
  slots: count,
  underWayMax: count,
  /** Not under way yet. */
  queueSize: count,
});
export type UnderWay = z.infer<typeof underWay>;

export const connectionStep = z.object({
  step: z.enum(['name', 'proxy', 'connection', 'certificate', 'credentials', 'path']),
  result: z.enum(['ok', 'failed', 'skipped', 'unknown']),
  durationMs: durationMs.optional(),
  httpStatus: z.number().int().optional(),
  code: z.string().optional(),
  /** One sentence: what was found; an address without its query. */
  message: z.string(),
});
/** What *Test connection* found; no session was sent. */
export const connectionTest = z.object({
  at: unixMs,
  durationMs,
  result: z.enum(['ok', 'failed', 'unknown']),
  message: z.string(),
  steps: z.array(connectionStep),
});
export type ConnectionTest = z.infer<typeof connectionTest>;

/** An earlier state of the settings: what changed, not the secrets. */
export const settingsVersion = z.object({
  version: count,
  at: unixMs,
  changed: z.array(z.enum(settingKeys)),
});
export type SettingsVersion = z.infer<typeof settingsVersion>;

/** Somebody looked at patient fields, or took them along. */
export const patientAccess = z.object({
  at: unixMs,
  sessionId,
  counter: z.number(),
  action: z.enum(['shown', 'copied', 'exported']),
});
export type PatientAccess = z.infer<typeof patientAccess>;

/** What the host can do beside the service. */
export const hostOptions = z.object({
  kind: z.enum(['desktop', 'headless']),
  /** Missing where the host cannot. */
  launchAtLogin: z.boolean().optional(),
  canChooseFile: z.boolean(),
  /** Where the Authorization value is kept; `none` when the keychain is missing and it lasts for this run only. */
  secretStorage: z.enum(['keychain', 'file', 'environment', 'none']),
});
export type HostOptions = z.infer<typeof hostOptions>;

/** A value of a filter and how many sessions have it. */
const facet = z.object({ value: z.string(), count });
export const facets = z.object({ devices: z.array(facet), messageTypes: z.array(facet) });
export type Facets = z.infer<typeof facets>;
