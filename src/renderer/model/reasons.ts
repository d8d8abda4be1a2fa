/**
 * What happened, what is safe, what to do: the texts for an endpoint that takes nothing and for every cause on Attention
 * (design brief, section 6). Chosen by status and machine-readable code, never by the endpoint's own words.
 * May import: src/common.
 */
import type { Cause } from '../../common/console.ts';
import type { Status } from '../../common/contract.ts';
import { countdown, counted } from './format.ts';
import { statusText, type Glyph, type Tone } from './words.ts';

/** What a button beside an alarm does. */
export type Remedy =
  | 'changeAuthorization'
  | 'changeUrl'
  | 'changeProxy'
  | 'chooseCaFile'
  | 'testConnection'
  | 'setEndpoint'
  | 'openEndpoint'
  | 'openStorage'
  | 'openCapture'
  | 'seeAttention';
export interface Alarm {
  headline: string;
  /** What the endpoint said, as a sentence; empty when it said nothing. */
  answer: string;
  steps: string[];
  remedies: Remedy[];
  /** What the broken station shows in place of its figure. */
  figure: string;
  figureUnit: string;
}

/** In words, what the network says of an attempt that nobody heard. */
const networkWords: Record<string, string> = {
  ECONNREFUSED: 'The connection is refused',
  ECONNRESET: 'The connection is reset before the answer',
  ECONNABORTED: 'The connection is dropped before the answer',
  EPIPE: 'The connection is closed before the answer',
  EPROTO: 'No encrypted connection comes about',
  EHOSTUNREACH: 'There is no way to the host',
  EHOSTDOWN: 'The host is down',
  ENETUNREACH: 'There is no way to the network',
  ENETDOWN: 'The network is down',
  EADDRNOTAVAIL: 'This computer has no address to connect from',
  ERR_ANSWER_CUT_SHORT: 'The answer is cut short',
};
/** Why a certificate is not trusted: the first that fits. */
const certificateWords: readonly [RegExp, string][] = [
  [/HAS_EXPIRED/, 'it has expired'],
  [/NOT_YET_VALID/, 'it is not valid yet; is the clock right?'],
  [/ALTNAME/, 'it is for another name'],
  [/REVOKED/, 'it was revoked'],
  [/DEPTH_ZERO_SELF_SIGNED/, 'it is self-signed'],
  [/SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/, 'its issuer is unknown here'],
];
const nameCodes = /^(ENOTFOUND|EAI_AGAIN|ENODATA)$/;
const timeoutCodes = /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_.*TIMEOUT|TIMEOUT)$/i;
const tlsCodes = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/i;

export type Kind =
  | 'credentials'
  | 'signIn'
  | 'address'
  | 'redirect'
  | 'name'
  | 'nobody'
  | 'timeout'
  | 'certificate'
  | 'clientCertificate'
  | 'noTls'
  | 'proxy'
  | 'busy'
  | 'refusals'
  | 'earlier';

/** The row of the table in the design brief that fits. */
export function kindOf(cause: { kind?: string | undefined; httpStatus?: number | undefined; code?: string | undefined }): Kind {
  const { httpStatus: status, code = '' } = cause;
  if (cause.kind === 'refused') return 'refusals';
  if (cause.kind === 'earlier') return 'earlier';
  if (status === 401 || status === 403) return 'credentials';
  if (status === 407 || status === 511) return 'signIn';
  if (status !== undefined && status >= 300 && status < 400) return 'redirect';
  if (status !== undefined && [404, 405, 410, 421, 501].includes(status)) return 'address';
  if (status !== undefined) return 'busy';
  if (nameCodes.test(code)) return 'name';
  if (timeoutCodes.test(code)) return 'timeout';
  if (code === 'ERR_PROXY_TUNNEL') return 'proxy';
  if (/^ERR_SSL_.*WRONG_VERSION_NUMBER/.test(code)) return 'noTls';
  if (/^ERR_SSL_.*CERTIFICATE/.test(code)) return 'clientCertificate';
  if (tlsCodes.test(code)) return 'certificate';
  return code === '' ? 'busy' : 'nobody';
}

/** The alarm of the Overview for an open circuit. `host` is where sessions go. */
export function alarmOf(circuit: NonNullable<Status['circuit']>, host: string, timeoutSeconds: number): Alarm {
  const { httpStatus, code, elsewhere } = circuit.cause ?? {};
  const stopped = (what: string) => `Delivery has stopped: ${what}`;
  const answer = httpStatus === undefined ? '' : `It answered ${statusText(httpStatus)}.`;
  const figures = {
    figure: httpStatus === undefined ? 'No answer' : String(httpStatus),
    figureUnit: httpStatus === undefined ? '' : statusText(httpStatus).replace(/^\d+ ?/, ''),
  };
  const base = { answer, ...figures };
  switch (kindOf({ kind: circuit.cause?.kind, httpStatus, code })) {
    case 'credentials':
      return {
        ...base,
        headline: stopped('the endpoint refuses our credentials'),
        steps: [
          `Ask whoever runs ${host} whether the password or token was changed.`,
          'Enter the new value in Settings, Authorization. It takes effect with the next attempt.',
        ],
        remedies: ['changeAuthorization', 'testConnection'],
      };
    case 'signIn':
      return {
        ...base,
        headline: stopped(httpStatus === 407 ? 'the proxy wants a sign-in first' : 'the network wants a sign-in first'),
        steps: ['Check the proxy in Settings, or ask network support.'],
        remedies: ['changeProxy', 'testConnection'],
      };
    case 'address':
      return {
        ...base,
        headline: stopped('the endpoint does not know this address'),
        steps: ['Compare the URL letter by letter with the one you were given.'],
        remedies: ['changeUrl', 'testConnection'],
      };
    case 'redirect':
      return {
        ...base,
        headline: stopped('the endpoint points elsewhere'),
        steps:
          elsewhere === undefined
            ? [`Redirects are never followed with patient data. Ask whoever runs ${host} for the new URL and enter it.`]
            : [
                `Redirects are never followed with patient data. Enter the new URL: it begins with ${elsewhere} (its path and query are not shown).`,
                ...(new URL(elsewhere).host === host ? [] : [`Ask whoever runs ${host} first whether that is theirs.`]),
              ],
        remedies: ['changeUrl', 'testConnection'],
      };
    case 'name':
      return {
        ...base,
        figure: 'Not known',
        headline: stopped(`the name ${host} is not known`),
        steps: ["Check the URL and this computer's network."],
        remedies: ['testConnection', 'changeUrl'],
      };
    case 'timeout':
      return {
        ...base,
        headline: stopped(`no answer within ${counted(timeoutSeconds, 'second')}, five times in a row`),
        steps: [
          'Busy or blocked: ask whoever runs it.',
          'Some may have arrived: they go again with the same key, so that the endpoint can keep one copy.',
        ],
        remedies: ['testConnection'],
      };
    case 'certificate': {
      const why = certificateWords.find(([pattern]) => pattern.test(code ?? ''))?.[1];
      return {
        ...base,
        figure: 'Not trusted',
        headline: stopped(`the certificate is not trusted${why === undefined ? '' : ` (${why})`}`),
        answer: code === undefined ? '' : `The code is ${code}.`,
        steps: ["Add the hospital's CA file in Settings, or tell whoever runs it."],
        remedies: ['chooseCaFile', 'testConnection'],
      };
    }
    case 'clientCertificate':
      return {
        ...base,
        figure: 'Not let in',
        headline: stopped('the endpoint does not take our client certificate, or wants one'),
        answer: code === undefined ? '' : `The code is ${code}.`,
        steps: [`Ask whoever runs ${host} which certificate it expects.`, 'Enter its files in Settings, Endpoint.'],
        remedies: ['openEndpoint', 'testConnection'],
      };
    case 'noTls':
      return {
        ...base,
        figure: 'No TLS',
        headline: stopped(`${host} does not speak TLS`),
        answer: '',
        steps: ['Compare the URL letter by letter with the one you were given: a plain http address, or another port?'],
        remedies: ['changeUrl', 'testConnection'],
      };
    case 'proxy':
      return {
        ...base,
        figure: 'No way',
        headline: stopped('the proxy does not connect us to the endpoint'),
        answer: '',
        steps: ['Check the proxy in Settings, or ask network support.'],
        remedies: ['changeProxy', 'testConnection'],
      };
    case 'nobody':
      return {
        ...base,
        headline: stopped(`nobody answers at ${host}`),
        answer: code === undefined ? '' : `${networkWords[code] ?? 'The network gives no answer'} (${code}).`,
        steps: ['Is the endpoint running? Is there a firewall between?'],
        remedies: ['testConnection'],
      };
    case 'refusals':
      return {
        ...base,
        headline: stopped('the endpoint refuses everything'),
        steps: [
          'A change at the endpoint is likely. What failed in this run comes back by itself once the endpoint accepts again.',
        ],
        remedies: ['testConnection'],
      };
    case 'earlier':
      return {
        ...base,
        figure: 'Not tried',
        headline: stopped('the endpoint took nothing lately'),
        steps: ['The next cycle tests with one session; accepted, the others follow.'],
        remedies: ['testConnection'],
      };
    case 'busy':
      return {
        ...base,
        headline: stopped('the endpoint says it is busy'),
        steps: [
          'Usually passes. Tried again by itself.',
          'What gave up in this time is set back by itself once it accepts again.',
        ],
        remedies: ['testConnection'],
      };
  }
}

export interface CauseText {
  title: string;
  tag: string;
  glyph: Glyph;
  tone: Tone;
  /** One line for the list. */
  line: string;
  said: string;
  means: string;
  todo: string;
}

/** What else is known while a cause stands. */
export interface Around {
  /** Delivery is stopped: no other session is accepted either, and the next cycle tries one alone. */
  isStopped?: boolean;
  /** When any session was accepted last, unix ms. */
  lastAcceptedAt?: number | undefined;
}

/** A cause in words. */
export function causeText(cause: Cause, now: number, { isStopped = false, lastAcceptedAt = 0 }: Around = {}): CauseText {
  const status = cause.httpStatus === undefined ? null : statusText(cause.httpStatus);
  const answered = status === null ? (cause.message ?? '') : `It answered ${status}.`;
  const nextTry = isStopped
    ? 'once the endpoint accepts again'
    : `in the next cycle${cause.nextTryAt === undefined ? '' : `, ${countdown(cause.nextTryAt - now)}`}`;
  switch (cause.kind) {
    case 'circuit':
      return {
        title: 'Delivery has stopped',
        tag: status !== null ? String(cause.httpStatus) : cause.code === undefined ? 'Stopped' : unheardTag(cause),
        glyph: 'bar',
        tone: 'fail',
        line: `${counted(cause.count, 'session')} held, nothing lost`,
        said: status === null && cause.code !== undefined ? `${unheardTitle(cause)}.` : capitalised(answered),
        means:
          'The endpoint takes nothing at the moment. Captured results are safe on disk and are sent by themselves once it accepts again.',
        todo: 'See Overview: it says what to do. The next cycle tests with one session.',
      };
    case 'endpoint':
      return {
        title: 'The endpoint cannot be used',
        tag: 'Endpoint',
        glyph: 'bar',
        tone: 'fail',
        line: `${counted(cause.count, 'session')} held, nothing lost`,
        said: cause.message ?? 'It cannot be used as it is set.',
        means: 'Nothing is sent. Captured results are safe on disk and are sent by themselves once it works again.',
        todo: 'Correct it in Settings, Endpoint. It takes effect at once.',
      };
    case 'refused':
      return {
        title: 'The endpoint refuses these sessions',
        tag: String(cause.httpStatus ?? 'Refused'),
        glyph: 'cross',
        tone: 'fail',
        line: 'Not tried again by itself',
        said: isStopped ? answered : `${answered} Other sessions are accepted.`,
        means:
          'The endpoint read these sessions and turned them down. Trying again changes nothing until something changes at the endpoint.',
        todo: 'Send the list to whoever runs the endpoint. When they say it is fixed, retry. A retry starts with one session and only goes on while it is accepted.',
      };
    case 'usedUp':
      return {
        title: 'Gave up after all attempts',
        tag: String(cause.httpStatus ?? cause.code ?? 'Busy'),
        glyph: 'cross',
        tone: 'fail',
        said: isStopped ? answered : `${answered} That usually passes, but not for these.`,
        means: 'The endpoint said each time that it could not take these sessions now. Their attempts are used up.',
        ...afterAllAttempts(isStopped, lastAcceptedAt > cause.lastAt),
      };
    case 'unheard':
      return {
        title: unheardTitle(cause),
        tag: unheardTag(cause),
        glyph: 'chevrons',
        tone: 'next',
        line: `Sent again ${nextTry}`,
        said: cause.message ?? 'Nobody heard these sessions, or nobody knows whether somebody did.',
        means:
          'There was no answer. They may or may not have arrived: they go again under the same key, so that the endpoint can keep one copy.',
        todo: `Nothing: they are sent again ${nextTry}.`,
      };
    case 'damaged':
      return {
        title: 'Damaged while capturing',
        tag: 'Capture gap',
        glyph: 'warning',
        tone: 'retry',
        line: 'Kept and not sent: ask the device to send again',
        said: 'Parts of these sessions were lost on the network before they could be recorded.',
        means: 'What was recorded is kept and shown, but it is not a whole message, so it is not sent.',
        todo: 'Let the device send the results again. If it happens often, look at the capture interface and its load.',
      };
    case 'unreadable':
      return {
        title: cause.count === 1 ? 'A file could not be read' : 'Files could not be read',
        tag: 'Quarantine',
        glyph: 'warning',
        tone: 'retry',
        line: 'Moved aside, nothing deleted',
        said: cause.message ?? 'A file in the sessions folder is no session.',
        means: 'The file was moved to the quarantine folder beside the sessions, with the reason beside it. Nothing was deleted.',
        todo: 'Look at the reason. When the file is repaired, put it back into the sessions folder.',
      };
    case 'quiet':
      return {
        title: `Device ${cause.devices[0] ?? ''} ${cause.state === 'resolved' ? 'was' : 'is'} silent`,
        tag: 'Quiet',
        glyph: 'warning',
        tone: 'retry',
        line: 'Longer than its usual gap',
        said: cause.message ?? 'It has sent nothing for longer than usual.',
        means: 'The device is idle, switched off, or its network changed.',
        todo: 'Look at the device. The entry ends by itself when it talks again.',
      };
    case 'capture':
      return {
        title: 'Capture has a problem',
        tag: 'Capture',
        glyph: 'warning',
        tone: 'fail',
        line: cause.message ?? 'The capture tool ended or lost packets',
        said: cause.message ?? 'The capture tool ended, or packets were lost.',
        means: 'What passed meanwhile was not recorded.',
        todo: 'Look at Settings, Capture. The tool is started again by itself.',
      };
    case 'disk':
      return {
        title: 'The disk needs you',
        tag: 'Disk',
        glyph: 'bar',
        tone: 'fail',
        line: cause.message ?? 'Tried again every cycle',
        said: cause.message ?? 'A write to the disk failed.',
        means:
          'What is on disk is safe. While it cannot be written to, new results wait in memory, and what cannot be recorded is not sent.',
        todo: 'Free space on the disk, or clean up now. Writing is tried again every cycle.',
      };
    case 'settings':
      return {
        title: 'Settings need a look',
        tag: 'Settings',
        glyph: 'warning',
        tone: 'retry',
        line: cause.message ?? 'The values in use stay',
        said: cause.message ?? 'The settings file could not be read.',
        means: 'HL7 Courier goes on with the values it has. Nothing is lost.',
        todo: 'Do what the sentence above asks for, or look at Settings and save them.',
      };
  }
}
/** What becomes of them (design section 6, "Second chance"): none that failed while others were accepted gets one. */
function afterAllAttempts(isStopped: boolean, isPassed: boolean): Pick<CauseText, 'line' | 'todo'> {
  if (isStopped)
    return {
      line: 'Set back by itself once the endpoint accepts again',
      todo: 'Nothing while delivery is stopped: they are set back by themselves once the endpoint accepts again.',
    };
  if (isPassed)
    return {
      line: 'Not tried again by itself',
      todo: 'Others were accepted since, so these stay as they are: look at them, then retry or ignore. If it happens to the same ones again, tell whoever runs the endpoint.',
    };
  return {
    line: 'Set back by itself when others are accepted',
    todo: 'If the endpoint is well again, retry. If it happens to the same sessions again, tell whoever runs it.',
  };
}
const capitalised = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
const unheardTag = (cause: Cause): string => (kindOf(cause) === 'timeout' ? 'Timed out' : (cause.code ?? 'No answer'));
function unheardTitle(cause: Cause): string {
  switch (kindOf(cause)) {
    case 'timeout':
      return 'No answer in time';
    case 'name':
      return "The endpoint's name is not known";
    case 'certificate':
      return 'The certificate is not trusted';
    case 'clientCertificate':
      return 'The endpoint wants another client certificate';
    case 'noTls':
      return 'The endpoint does not speak TLS';
    case 'proxy':
      return 'The proxy does not connect us';
    default:
      return 'Endpoint did not answer';
  }
}
