/**
 * How it stands, said first of all on Overview: an alarm when nothing is sent or nothing can be saved, a note when something
 * else needs the operator, neither when results flow. The first that fits, the worst first.
 * May import: src/common.
 */
import type { Cause } from '../../common/console.ts';
import type { Status } from '../../common/contract.ts';
import { bytes, count, counted } from './format.ts';
import { isCaptureStopped, noEndpoint, unusableEndpoint } from './lights.ts';
import { alarmOf, causeText, type Alarm, type Remedy } from './reasons.ts';
import type { Glyph, Tone } from './words.ts';

export interface AlarmSaid extends Pick<Alarm, 'headline' | 'answer' | 'steps' | 'remedies'> {
  /** What is not lost. */
  safe: string;
  /** When it began, unix ms. */
  since?: number;
  /** What comes by itself. */
  next: string;
}
export interface NoteSaid {
  glyph: Glyph;
  tone: Tone;
  headline: string;
  sentence: string;
  remedies: Remedy[];
  /** Capture rests because somebody wanted it to: a button ends that. */
  capture?: 'resume' | 'start';
}
export type Standing = { kind: 'alarm'; alarm: AlarmSaid } | { kind: 'note'; note: NoteSaid } | { kind: 'flowing' };

/** The host alone: an address may hold more than its reader should see. */
export const hostOf = (endpoint: string): string => (URL.canParse(endpoint) ? new URL(endpoint).host : endpoint);

const safeOnDisk =
  'Captured results are safe on disk and will be sent by themselves once it works again. Nothing is lost, nothing needs to be re-run.';
const notRecorded = 'What passes meanwhile is not recorded.';

/**
 * @param causes those that are open.
 * @param now the service's clock, unix ms.
 */
export function standingOf(
  status: Status,
  { causes, timeoutSeconds, now }: { causes: readonly Cause[]; timeoutSeconds: number; now: number },
): Standing {
  const alarm = alarmSaid(status, timeoutSeconds);
  if (alarm !== null) return { kind: 'alarm', alarm };
  const note = noteSaid(status, causes, now);
  return note === null ? { kind: 'flowing' } : { kind: 'note', note };
}

/** What stands although no cause is open, in a sentence: an endpoint that is not set, say; null when results flow. */
export function standingHeadline(status: Status, now: number): string | null {
  const standing = standingOf(status, { causes: [], timeoutSeconds: 0, now });
  if (standing.kind === 'flowing') return null;
  if (standing.kind === 'alarm') return `${standing.alarm.headline}.`;
  const { headline, sentence, remedies } = standing.note;
  // That one leads to Attention, which is where this is said.
  return remedies.includes('seeAttention') ? sentence : `${headline}.`;
}

function alarmSaid(status: Status, timeoutSeconds: number): AlarmSaid | null {
  const problems = status.problems ?? [];
  const unread = problems.find(({ code }) => code === 'store.readFailed');
  const unsaved = problems.find(({ code }) => code === 'store.writeFailed');
  if (unread !== undefined)
    return {
      headline: 'Results cannot be read from the disk, so nothing is sent',
      answer: unread.message,
      safe: 'Nothing was deleted.',
      steps: ['Look at the disk, and at who may read the folder of sessions.'],
      remedies: ['openStorage'],
      since: unread.since,
      next: 'Next automatic try',
    };
  if (unsaved !== undefined || status.disk?.state === 'failing')
    return {
      headline: `Results cannot be saved${status.disk === undefined ? '' : `: ${bytes(status.disk.freeBytes)} free`}`,
      answer: unsaved?.message ?? '',
      safe: 'What is on disk is safe. New results wait in memory until they can be written: do not end the service before. What cannot be recorded is not sent.',
      steps: ['Free space on the disk, or look whether it fails. Writing is tried again every cycle.'],
      remedies: ['openStorage'],
      ...(unsaved === undefined ? {} : { since: unsaved.since }),
      next: 'Next automatic try',
    };
  const unusable = unusableEndpoint(status);
  if (unusable !== null)
    return {
      headline: 'Nothing is sent: the endpoint cannot be used as it is set',
      answer: unusable,
      safe: safeOnDisk,
      steps: ['Correct it in Settings, Endpoint. It takes effect at once.'],
      remedies: ['openEndpoint', 'testConnection'],
      next: 'Next automatic try',
    };
  if (noEndpoint(status) || status.circuit?.state !== 'open') return null;
  return {
    ...alarmOf(status.circuit, hostOf(status.endpoint ?? ''), timeoutSeconds),
    safe: safeOnDisk,
    ...(status.circuit.since === undefined ? {} : { since: status.circuit.since }),
    next: 'Next automatic try, one session',
  };
}

/** What becomes of results while nothing is sent: as capture stands. */
const keptWhile: Record<NonNullable<Status['capture']>['state'], string> = {
  capturing: 'Results are captured and kept; nothing is sent.',
  starting: 'Capture is starting. Results are kept; nothing is sent.',
  paused: `Capture is paused: what passes is not recorded. What is here is kept; nothing is sent.`,
  failed: `Capture has failed: what passes is not recorded. What is here is kept; nothing is sent.`,
  stopped: 'Capture is off. Results that are imported are kept; nothing is sent.',
};

function noteSaid(status: Status, causes: readonly Cause[], now: number): NoteSaid | null {
  const { capture, disk } = status;
  if (noEndpoint(status)) {
    const held = status.pending === 0 ? '' : ` ${count(status.pending)} held, safe on disk.`;
    return {
      glyph: 'slash',
      tone: 'off',
      headline: status.pending === 0 ? 'No endpoint yet' : 'Nothing is sent: no endpoint set',
      sentence: `${keptWhile[capture?.state ?? 'stopped']}${held}`,
      remedies: capture?.state === 'capturing' ? ['setEndpoint'] : ['setEndpoint', 'openCapture'],
    };
  }
  if (capture?.state === 'failed')
    return {
      glyph: 'bar',
      tone: 'fail',
      headline: 'Capture has failed; what is on disk is still sent',
      sentence: `${capture.reason ?? 'The capture tool ended.'} ${notRecorded} It is started again by itself.`,
      remedies: ['openCapture'],
    };
  if (capture?.state === 'paused')
    return {
      glyph: 'pause',
      tone: 'retry',
      headline: 'Capture is paused',
      sentence: `Devices go on sending; what passes meanwhile is not recorded. What is on disk is still sent.`,
      remedies: [],
      capture: 'resume',
    };
  if (isCaptureStopped(status))
    return {
      glyph: 'slash',
      tone: 'retry',
      headline: 'Capture is stopped',
      sentence: 'Devices go on sending; what passes meanwhile is not recorded. What is on disk is still sent.',
      remedies: [],
      capture: 'start',
    };
  if (status.circuit?.state === 'halfOpen') {
    const others = status.pending - 1;
    return {
      glyph: 'half',
      tone: 'retry',
      headline: 'Testing with one session',
      sentence: `The endpoint is tried with one session.${others > 0 ? ` Accepted: the other ${count(others)} follow by themselves.` : ''}`,
      remedies: [],
    };
  }
  if (disk?.state === 'low')
    return {
      glyph: 'warning',
      tone: 'retry',
      headline: `The disk is nearly full: ${bytes(disk.freeBytes)} free`,
      sentence:
        'Results are still saved and sent. Less than 2 GB, or 2 % of the disk, is free; when nothing is, nothing can be saved.',
      remedies: ['openStorage'],
    };
  return openSaid(status, causes, now);
}

function openSaid(status: Status, causes: readonly Cause[], now: number): NoteSaid | null {
  const problem = (status.problems ?? [])[0];
  const size = Math.max(causes.length, problem === undefined ? 0 : 1);
  if (size === 0) return null;
  const largest = causes.toSorted((a, b) => b.count - a.count);
  const titles = largest.slice(0, 2).map((cause) => {
    const { title } = causeText(cause, now);
    return cause.count === 0 ? title : `${title} (${count(cause.count)})`;
  });
  const more = causes.length - titles.length;
  const sentence = problem?.message ?? `${titles.join('. ')}.${more > 0 ? ` ${count(more)} more.` : ''}`;
  return {
    glyph: 'warning',
    tone: 'retry',
    headline: `Results are flowing, ${size === 1 ? 'one thing needs you' : `${counted(size, 'thing')} need you`}`,
    sentence,
    remedies: ['seeAttention'],
  };
}
