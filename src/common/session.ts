/**
 * The session file (design section 4): its schema in the form that is written, and the types every process shares.
 * The two older spellings are turned into this form by src/service/store before the schema sees them.
 * May import: zod.
 */
import { z } from 'zod';
import { outcomeClass } from './outcome.ts';

const windowsDeviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;

/** An id that is a safe file name on every system: `^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`, no Windows device name. */
export const sessionId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'must be 1-128 letters, digits, "_" or "-", and begin with a letter or digit')
  .refine((id) => !windowsDeviceName.test(id), 'must not be a Windows device name');

/** Where a session stands on disk; missing counts as `pending`. */
export const submissionStatus = z.enum(['pending', 'submitted', 'failed', 'ignored']);
export type SubmissionStatus = z.infer<typeof submissionStatus>;

const unixMs = z.number().nonnegative();

export const attemptEntry = z.looseObject({
  attempt: z.number().int().positive(),
  startedAt: unixMs,
  durationMs: z.number().nonnegative(),
  outcome: outcomeClass,
  httpStatus: z.number().int().optional(),
  error: z.string().optional(),
});
export const changeEntry = z.looseObject({
  at: unixMs,
  outcome: z.enum(['requeued', 'retried', 'ignored', 'restored']),
  reason: z.string().optional(),
});
/** One line of the audit trail: an attempt, or what an operator or the circuit did. */
export const historyEntry = z.union([attemptEntry, changeEntry]);
export type AttemptEntry = z.infer<typeof attemptEntry>;
export type ChangeEntry = z.infer<typeof changeEntry>;
export type HistoryEntry = z.infer<typeof historyEntry>;

export function isAttemptEntry(entry: HistoryEntry): entry is AttemptEntry {
  return 'attempt' in entry;
}

/** One piece of the exchange, in the order it passed on the wire. */
export const sessionElement = z.looseObject({
  id: z.union([z.string(), z.number()]),
  timestamp: unixMs,
  direction: z.enum(['device-to-pc', 'pc-to-device']),
  type: z.enum(['start', 'message', 'ack', 'fragment', 'end']),
  /** Payload without framing bytes, as hexadecimal digits. */
  hexData: z.string(),
  content: z.string().optional(),
  decodedMessage: z.string().optional(),
});
export type SessionElement = z.infer<typeof sessionElement>;

/** A hole in what was captured: when, and how many bytes if known. */
export const captureGap = z.looseObject({ timestamp: unixMs, missingBytes: z.number().int().nonnegative().optional() });

export const sessionFile = z.looseObject({
  _version: z.literal(1),
  _saved_at: unixMs,
  id: sessionId,
  sessionId: z.number(),
  startTime: unixMs,
  endTime: unixMs,
  deviceIP: z.string(),
  lisIP: z.string(),
  elements: z.array(sessionElement),
  messages: z.array(z.string()),
  isComplete: z.boolean(),
  persistedUntil: unixMs,
  submissionStatus: submissionStatus.default('pending'),
  submissionAttempts: z.number().int().nonnegative().default(0),
  submittedAt: unixMs.optional(),
  submissionError: z.string().optional(),
  submissionHistory: z.array(historyEntry).default([]),
  captureGaps: z.array(captureGap).optional(),
  /** When the latest delivery began, unix ms: tells which attempts of the history belong to it (docs/file-formats.md). */
  _delivery_started_at: unixMs.optional(),
});
export type SessionFile = z.infer<typeof sessionFile>;
