/**
 * What the index keeps of a session instead of its content: enough to order, list, filter and judge it.
 *   SessionFile + FileFacts -> SessionDigest -> SessionSummary | QueueEntry | FailedSession
 * Numbers stand for "missing" too (0, or -1 where 0 is a value), so that 100,000 digests share one small shape.
 * May import: src/common.
 */
import type { SessionSummary } from '../../common/contract.ts';
import type { FailedSession, QueueEntry } from '../../common/delivery.ts';
import type { OutcomeClass } from '../../common/outcome.ts';
import { isAttemptEntry, type HistoryEntry, type SessionFile, type SubmissionStatus } from '../../common/session.ts';
import type { FileFacts, FileState } from './file-system.ts';
import { folded, searchTextOf } from './search-text.ts';
import { causeKeyOf } from './session-cause.ts';

/** An incomplete session is held back for so long after its last write, in case its capture still lives. */
export const heldBackMs = 10 * 60_000;
/** No setting allows more attempts within one delivery. */
const attemptsMaxMax = 10;

export interface SessionDigest {
  id: string;
  counter: number;
  startTime: number;
  endTime: number;
  deviceIP: string;
  lisIP: string;
  device: string;
  messageType: string;
  messageCount: number;
  /** What a search looks in, folded (search-text.ts): what is this session's own, what others have too. Patient data. */
  ownText: string;
  sharedText: string;
  /** While both are empty: the state of the file that has the same messages. Null once they are there. */
  textOf: FileState | null;
  isComplete: boolean;
  hasGaps: boolean;
  submissionStatus: SubmissionStatus;
  submissionAttempts: number;
  /** 0: never accepted. */
  submittedAt: number;
  /** Empty: none. */
  submissionError: string;
  savedAt: number;
  persistedUntil: number;
  /** Start of the latest attempt; 0: never tried. */
  triedAt: number;
  /** Of the latest attempt; empty: never tried. */
  outcome: OutcomeClass | '';
  /** Of the latest attempt; 0: none. */
  httpStatus: number;
  /** Of the latest attempt; -1: never tried. */
  durationMs: number;
  /** 0: the file does not say. */
  deliveryStartedAt: number;
  /** Starts of the attempts that may belong to the latest delivery, the latest first; only where the file does not say. */
  trailingStarts: readonly number[] | null;
  /** How often it was set back after its attempts were used up, or after it was refused. */
  setBackUsedUp: number;
  setBackRefused: number;
  /** State of the file it was made from. */
  bytes: number;
  ino: number;
  ctimeMs: number;
  mtimeMs: number;
}

/** State of a session's file as the index knows it. */
export type KnownFile = FileState & { id: string };

/** Makes strings that many sessions share one string; see `SessionIndex`. */
export type Share = (text: string) => string;
const asItIs: Share = (text) => text;

export function digestOf(session: SessionFile, facts: FileFacts, share: Share = asItIs): SessionDigest {
  const header = headerFields(session.messages[0]);
  const { device, messageType } = header;
  const { identifiers, codes } = searchTextOf(session.messages);
  return digestWith(session, facts, share, header, {
    // Joined, not concatenated: a text of its own, without the parts it came from.
    ownText: [folded(session.id), session.sessionId, identifiers].join('\n'),
    sharedText: share(folded([device, session.deviceIP, session.lisIP, messageType].join('\n')) + codes),
    textOf: null,
  });
}

/**
 * The digest of a session whose standing alone is different from that of a file that was read: what a search looks in is
 * the largest part of a digest, and whoever knows that file has it already.
 */
export function digestOfChange(session: SessionFile, facts: FileFacts, { ino, size, ctimeMs }: FileState): SessionDigest {
  const texts = { ownText: '', sharedText: '', textOf: { ino, size, ctimeMs } };
  return digestWith(session, facts, asItIs, headerFields(session.messages[0]), texts);
}

function digestWith(
  session: SessionFile,
  facts: FileFacts,
  share: Share,
  { device, messageType }: ReturnType<typeof headerFields>,
  { ownText, sharedText, textOf }: Pick<SessionDigest, 'ownText' | 'sharedText' | 'textOf'>,
): SessionDigest {
  const history = session.submissionHistory;
  const attempt = history.findLast(isAttemptEntry);
  const deliveryStartedAt = session._delivery_started_at ?? 0;
  const isUntold = deliveryStartedAt === 0 && session.submissionStatus === 'failed';
  return {
    id: session.id,
    counter: session.sessionId,
    startTime: session.startTime,
    endTime: session.endTime,
    deviceIP: share(session.deviceIP),
    lisIP: share(session.lisIP),
    device: share(device || session.deviceIP),
    messageType: share(messageType),
    messageCount: session.messages.length,
    ownText,
    sharedText,
    textOf,
    isComplete: session.isComplete,
    hasGaps: (session.captureGaps?.length ?? 0) > 0,
    submissionStatus: session.submissionStatus,
    submissionAttempts: session.submissionAttempts,
    submittedAt: session.submittedAt ?? 0,
    submissionError: share(session.submissionError ?? ''),
    savedAt: session._saved_at,
    persistedUntil: session.persistedUntil,
    triedAt: attempt?.startedAt ?? 0,
    outcome: attempt?.outcome ?? '',
    httpStatus: attempt?.httpStatus ?? 0,
    durationMs: attempt?.durationMs ?? -1,
    deliveryStartedAt,
    trailingStarts: isUntold ? trailingStarts(history) : null,
    ...setBacks(history),
    bytes: facts.size,
    ino: facts.ino,
    ctimeMs: facts.ctimeMs,
    mtimeMs: facts.mtimeMs,
  };
}

export function summaryOf(digest: SessionDigest): SessionSummary {
  const { id, counter, startTime, endTime, deviceIP, lisIP, device, messageType, messageCount, isComplete, hasGaps } = digest;
  const { submissionStatus, submissionAttempts, savedAt, persistedUntil, bytes } = digest;
  const cause = causeKeyOf(digest);
  return {
    sessionId: id,
    counter,
    startTime,
    endTime,
    deviceIP,
    lisIP,
    device,
    messageType,
    messageCount,
    isComplete,
    hasGaps,
    submissionStatus,
    submissionAttempts,
    ...(digest.submittedAt === 0 ? {} : { submittedAt: digest.submittedAt }),
    ...(digest.submissionError === '' ? {} : { submissionError: digest.submissionError }),
    ...(digest.triedAt === 0 ? {} : { triedAt: digest.triedAt }),
    ...(digest.httpStatus === 0 ? {} : { httpStatus: digest.httpStatus }),
    savedAt,
    persistedUntil,
    bytes,
    ...(digest.durationMs === -1 ? {} : { durationMs: digest.durationMs }),
    // Whether that cause is open is not known here: the desk takes it out again when it is not.
    ...(cause === null ? {} : { causeId: cause.id }),
  };
}

export function queueEntryOf({ id, startTime, bytes, triedAt }: SessionDigest): QueueEntry {
  return triedAt === 0 ? { id, startTime, bytes } : { id, startTime, bytes, triedAt };
}

/** Whether a session is pending but must wait for its end: incomplete, and written less than ten minutes ago. */
export function isHeldBack({ submissionStatus, isComplete, savedAt, mtimeMs }: SessionDigest, now: number): boolean {
  if (submissionStatus !== 'pending' || isComplete) return false;
  // A time in the future is a clock that jumped: the file's own time is asked then, and not trusted beyond ten minutes.
  const writtenAt = savedAt <= now ? savedAt : mtimeMs;
  return Math.abs(now - writtenAt) < heldBackMs;
}

/** A failed session as the next acceptance may want it, and when the delivery began in which it failed. */
export interface LedgerEntry extends FailedSession {
  deliveryStartedAt: number;
}

/**
 * @param attemptsMax `submissionMaxRetries`: how many attempts a delivery may have had where the file does not say.
 * @returns null for a session that is not failed by the endpoint's word.
 */
export function ledgerEntryOf(digest: SessionDigest, attemptsMax: number): LedgerEntry | null {
  if (digest.submissionStatus !== 'failed') return null;
  const starts = digest.trailingStarts?.slice(0, attemptsMax);
  const deliveryStartedAt = starts === undefined ? digest.deliveryStartedAt : (starts.at(-1) ?? 0);
  switch (digest.outcome) {
    case 'refused':
      return { id: digest.id, cause: 'refused', setBackBefore: digest.setBackRefused, deliveryStartedAt };
    case 'later':
    case 'unheard':
      return { id: digest.id, cause: 'usedUp', setBackBefore: digest.setBackUsedUp, deliveryStartedAt };
    default:
      return null;
  }
}

/** MSH-3 and MSH-9 (as `ORU^R01`) of a message; both empty when it does not begin with MSH. */
export function headerFields(message: string | undefined): { device: string; messageType: string } {
  if (message === undefined || !message.startsWith('MSH')) return { device: '', messageType: '' };
  const end = message.search(/[\r\n]/);
  const fields = (end === -1 ? message : message.slice(0, end)).split(message.charAt(3) || '|', 10);
  const separator = fields[1]?.charAt(0) || '^';
  return {
    device: (fields[2] ?? '').slice(0, 256),
    messageType: (fields[8] ?? '').split(separator, 2).join('^').slice(0, 64),
  };
}

function trailingStarts(history: readonly HistoryEntry[]): number[] {
  const starts: number[] = [];
  for (const entry of history.toReversed()) {
    // An answer about the address ended the delivery, and so did whatever somebody did to the session.
    if (!isAttemptEntry(entry) || entry.outcome === 'endpoint' || starts.length === attemptsMaxMax) break;
    starts.push(entry.startedAt);
  }
  return starts;
}

function setBacks(history: readonly HistoryEntry[]): Pick<SessionDigest, 'setBackUsedUp' | 'setBackRefused'> {
  let [setBackUsedUp, setBackRefused] = [0, 0];
  let before: OutcomeClass | undefined;
  for (const entry of history) {
    if (isAttemptEntry(entry)) before = entry.outcome;
    else if (entry.outcome === 'requeued' && before === 'refused') setBackRefused += 1;
    else if (entry.outcome === 'requeued' && (before === 'later' || before === 'unheard')) setBackUsedUp += 1;
  }
  return { setBackUsedUp, setBackRefused };
}
