/**
 * The service's own sentences about causes, for the console's detail and for a notification of the desktop. Without patient
 * data, and without anything an endpoint said but its status and code.
 * May import: src/common, machines, src/service/delivery.
 */
import type { Cause } from '../../common/console.ts';
import type { SentSince } from '../../../machines/interruption.ts';
import { statusSentence } from '../delivery/fault.ts';
import { networkErrorWords } from '../delivery/network-error.ts';
import type { CauseKey } from '../store/session-cause.ts';

/** What a person is told of once at the start of a cause, and once at its end. */
export interface Notice {
  causeId: string;
  turn: 'began' | 'ended';
  title: string;
  body: string;
}

/** One sentence on a cause that says nothing about itself; undefined where whoever opens it knows better. */
export function causeMessage({ kind, httpStatus, code }: CauseKey): string | undefined {
  const answer = `${httpStatus === undefined ? 'no status is known' : statusSentence(httpStatus)}${code === undefined ? '' : `, ${code}`}`;
  switch (kind) {
    case 'refused':
      return `The endpoint refuses these sessions (${answer}).`;
    case 'usedUp':
      return `All attempts were used up without success (${answer}).`;
    case 'unheard':
      return `No answer came: ${networkErrorWords(code ?? '')}.`;
    case 'damaged':
      return 'Parts of these sessions were lost while they were captured, so they are not sent.';
    case 'unreadable':
      return 'Files that cannot be read as sessions are in quarantine; nothing was deleted.';
    case 'quiet':
      return 'The device has been silent for longer than usual.';
    case 'circuit':
    case 'endpoint':
    case 'capture':
    case 'disk':
    case 'settings':
      return undefined;
  }
}

const titles: Record<Cause['kind'], { began: string; ended: string }> = {
  circuit: { began: 'Delivery stopped', ended: 'Delivering again' },
  endpoint: { began: 'Nothing is sent', ended: 'The endpoint is in order' },
  refused: { began: 'The endpoint refuses sessions', ended: 'No refused sessions any more' },
  usedUp: { began: 'Sessions failed after all attempts', ended: 'No failed sessions any more' },
  unheard: { began: 'The endpoint gave no answer', ended: 'The endpoint answers again' },
  damaged: { began: 'A session was damaged while it was captured', ended: 'No damaged sessions any more' },
  unreadable: { began: 'A file could not be read', ended: 'The quarantine is empty' },
  quiet: { began: 'A device is silent', ended: 'A device talks again' },
  capture: { began: 'Capture is disturbed', ended: 'Capturing again' },
  disk: { began: 'The disk needs you', ended: 'The disk is well again' },
  settings: { began: 'The settings need you', ended: 'The settings are in order' },
};

/** @param since for the end of an interruption: what came of deliveries since. */
export function noticeOf(cause: Cause, turn: Notice['turn'], since?: SentSince): Notice {
  const parts = turn === 'began' ? beginning(cause) : ending(cause, since);
  return { causeId: cause.id, turn, title: titles[cause.kind][turn], body: parts.filter((part) => part !== undefined).join(' ') };
}

function beginning({ kind, message, count, devices }: Cause): (string | undefined)[] {
  if (kind === 'circuit') return [sentence(message), `${count} held, nothing lost.`];
  // How many are held is not counted yet where the service starts with it.
  if (kind === 'endpoint') return [sentence(message), 'What is captured is kept, nothing is lost.'];
  return [kind === 'quiet' ? `${devices[0] ?? 'A device'}:` : undefined, sentence(message)];
}

function ending({ kind, firstAt, endedAt, devices }: Cause, since: SentSince | undefined): (string | undefined)[] {
  const after = `After ${duration((endedAt ?? firstAt) - firstAt)}.`;
  return [kind === 'quiet' ? `${devices[0] ?? 'A device'}.` : undefined, after, since === undefined ? undefined : figures(since)];
}

/** `52 sent, 0 failed.` */
function figures({ sent, failed, isUnderWay }: SentSince): string {
  return `${sent.toLocaleString('en')} sent${isUnderWay ? ' so far' : ''}, ${failed.toLocaleString('en')} failed.`;
}

/** With a capital and a full stop. */
function sentence(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // The name of a setting stays as it is.
  const begun = /^\S*[A-Z]/.test(text) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return `${begun}${/[.?!]$/.test(text) ? '' : '.'}`;
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
