/**
 * The states of sessions and machines in words (design brief, section 4): icon, tone, word, and what it means.
 * May import: src/common.
 */
import type { Device, RetryJob, SessionState } from '../../common/console.ts';
import type { SessionSummary } from '../../common/contract.ts';
import { count, countdown } from './format.ts';

export type Tone = 'ok' | 'move' | 'record' | 'wait' | 'retry' | 'next' | 'fail' | 'off';
export type Glyph =
  | 'tick'
  | 'arrow'
  | 'dots'
  | 'save'
  | 'clock'
  | 'cross'
  | 'bar'
  | 'chevrons'
  | 'slash'
  | 'pause'
  | 'dashed'
  | 'half'
  | 'warning';
export interface Word {
  glyph: Glyph;
  tone: Tone;
  word: string;
}

export const stateWords: Record<SessionState, Word> = {
  ready: { glyph: 'dots', tone: 'wait', word: 'Waiting' },
  attempt: { glyph: 'arrow', tone: 'move', word: 'Sending' },
  recording: { glyph: 'save', tone: 'record', word: 'Saving' },
  backoffWait: { glyph: 'clock', tone: 'retry', word: 'Retry wait' },
  submitted: { glyph: 'tick', tone: 'ok', word: 'Accepted' },
  failed: { glyph: 'cross', tone: 'fail', word: 'Failed' },
  deferred: { glyph: 'chevrons', tone: 'next', word: 'Next cycle' },
  ignored: { glyph: 'slash', tone: 'off', word: 'Ignored' },
  held: { glyph: 'pause', tone: 'retry', word: 'Held' },
  incomplete: { glyph: 'dashed', tone: 'wait', word: 'Receiving' },
};

/** How a device stands against its usual gap. */
export const deviceWords: Record<Device['state'], Word> = {
  talking: { glyph: 'tick', tone: 'ok', word: 'Talking' },
  quiet: { glyph: 'warning', tone: 'retry', word: 'Quieter than usual' },
  new: { glyph: 'dots', tone: 'wait', word: 'New' },
};
/** How all devices stand; of one that is new nobody knows whether it is quiet. */
export function rhythmOf(devices: readonly Pick<Device, 'state'>[]): string {
  const of = (wanted: Device['state']) => devices.filter(({ state }) => state === wanted).length;
  if (of('quiet') > 0) return `${count(of('quiet'))} quieter than usual`;
  if (of('talking') === 0) return devices.length === 0 ? '' : 'Their rhythm is not known yet';
  return of('new') === 0 ? 'All within their usual rhythm' : `All within their usual rhythm, but ${count(of('new'))} new`;
}
/** How the console stands to its service. */
export const connectionWords: Record<'live' | 'connecting' | 'stale', Word> = {
  live: { glyph: 'tick', tone: 'ok', word: 'Live' },
  connecting: { glyph: 'dots', tone: 'wait', word: 'Connecting' },
  stale: { glyph: 'warning', tone: 'retry', word: 'Stale' },
};
/** How a bulk retry ended. */
export const retryEndWords: Record<Exclude<RetryJob['state'], 'running'>, string> = {
  done: 'Retried',
  cancelled: 'Retry cancelled',
  stopped: 'Retry stopped',
};

/** The state a row shows; from the file's status when the service does not say. */
export function stateOf(summary: SessionSummary): SessionState {
  if (summary.state !== undefined) return summary.state;
  if (summary.submissionStatus !== 'pending') return summary.submissionStatus;
  return summary.submissionAttempts > 0 ? 'deferred' : 'ready';
}
/** The word with its countdown where there is one: `Retry in 0:04`. */
export function wordOf(summary: SessionSummary, now: number): Word {
  const state = stateOf(summary);
  const word = stateWords[state];
  if (state !== 'backoffWait' || summary.nextAttemptAt === undefined) return word;
  return { ...word, word: `Retry in ${countdown(summary.nextAttemptAt - now)}` };
}

/** The words that the service writes too (Node's), so that one answer has one name. */
export const statusTexts: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Entity',
  425: 'Too Early',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  511: 'Network Authentication Required',
};
/** `422 Unprocessable Entity` */
export const statusText = (httpStatus: number): string =>
  statusTexts[httpStatus] === undefined ? String(httpStatus) : `${httpStatus} ${statusTexts[httpStatus]}`;

interface MachineWord {
  name: string;
  states: Record<string, { word: string; tone: Tone; glyph: Glyph; meaning: string }>;
}
const resting = (word: string, meaning: string) => ({ word, tone: 'off' as const, glyph: 'dashed' as const, meaning });
const moving = (word: string, meaning: string) => ({ word, tone: 'move' as const, glyph: 'arrow' as const, meaning });
const healthy = (word: string, meaning: string) => ({ word, tone: 'ok' as const, glyph: 'tick' as const, meaning });
const warned = (word: string, meaning: string) => ({ word, tone: 'retry' as const, glyph: 'pause' as const, meaning });
const broken = (word: string, meaning: string) => ({ word, tone: 'fail' as const, glyph: 'bar' as const, meaning });

/** The machines as an operator knows them; a state that is not here is shown by its own name. */
export const machineWords: Record<string, MachineWord> = {
  capture: {
    name: 'Capture',
    states: {
      stopped: resting('Stopped', 'Nothing is recorded. Choose a network interface, or start it in Settings.'),
      starting: moving('Starting', 'The capture tool is being started.'),
      capturing: healthy('Capturing', 'Everything that passes on the chosen ports is recorded.'),
      paused: warned('Paused', 'Devices go on sending; what passes meanwhile is not recorded.'),
      failed: broken('Failed', 'The capture tool ended or could not start. It is started again by itself.'),
    },
  },
  worker: {
    name: 'Worker',
    states: {
      idle: resting('Idle', 'Waits for the next cycle.'),
      discovering: moving('Discovering', 'Looks for sessions that are to be sent.'),
      dispatching: moving('Sending out', 'Hands sessions to the free slots until none is left.'),
      stopping: warned('Stopping', 'Lets what is on its way end, starts nothing new.'),
    },
  },
  endpoint: {
    name: 'Endpoint',
    states: {
      closed: healthy('Accepting', 'Sessions are sent.'),
      open: broken('Stopped', 'Nothing is sent until the next cycle tests with one session.'),
      halfOpen: {
        word: 'Testing with one',
        tone: 'retry',
        glyph: 'half',
        meaning: 'One session is sent. Accepted: the others follow.',
      },
    },
  },
  retention: {
    name: 'Clean-up',
    states: {
      idle: resting('Resting', 'Waits for the next clean-up.'),
      scanning: moving('Scanning', 'Looks for sessions past their time.'),
      purging: moving('Purging', 'Moves sessions past their time to the trash.'),
    },
  },
  session: {
    name: 'Session',
    states: {
      ready: { ...stateWords.ready, meaning: 'Waits for a free slot.' },
      attempt: { ...stateWords.attempt, meaning: 'Its request is on the way; only this holds a slot.' },
      recording: { ...stateWords.recording, meaning: 'The answer is being saved to disk.' },
      backoffWait: { ...stateWords.backoffWait, meaning: 'Waits before it is tried again.' },
      submitted: { ...stateWords.submitted, meaning: 'The endpoint has it.' },
      failed: { ...stateWords.failed, meaning: 'Refused, or its attempts are used up.' },
      deferred: { ...stateWords.deferred, meaning: 'Still to be sent: the next cycle tries again.' },
    },
  },
};
/** `recovering.lastTry` to `Recovering, last try`. */
export const humanised = (name: string): string => {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[._]/g, ', ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
export const machineName = (machine: string): string => machineWords[machine]?.name ?? humanised(machine);
export const machineStateWord = (machine: string, state: string): string =>
  machineWords[machine]?.states[state]?.word ?? humanised(state);

const eventWords: Record<string, string> = {
  'slot.granted': 'slot granted',
  'retry.requested': 'retry requested',
  'stop.requested': 'stop',
  'cycle.requested': 'trigger',
  'submission.triggered': 'trigger',
  'cycle.started': 'next cycle',
  'delivery.accepted': 'accepted',
  'delivery.refused': 'refused',
  'delivery.exhausted': 'gave up',
  'delivery.misaddressed': 'wrong address',
  'destination.changed': 'new destination',
  'settings.changed': 'settings changed',
  'circuit.changed': 'circuit changed',
};
/** An event's type in words: `xstate.after.cycleInterval.worker.idle` is `after cycle interval`. */
export function eventWord(event: string): string {
  const known = eventWords[event];
  if (known !== undefined) return known;
  const after = /^xstate\.after\.([^.]+)/.exec(event)?.[1];
  if (after !== undefined) return /^\d+$/.test(after) ? `after ${Number(after) / 1000} s` : humanised(after).toLowerCase();
  const done = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(event);
  // An invoked actor without a name of its own is named after its state: `0.worker.discovering`.
  if (done !== null)
    return `${humanised((done[2] ?? '').split('.').at(-1) ?? '').toLowerCase()} ${done[1] === 'error' ? 'failed' : 'done'}`;
  return event === '' ? 'at once' : humanised(event).toLowerCase().replaceAll(', ', ' ');
}
