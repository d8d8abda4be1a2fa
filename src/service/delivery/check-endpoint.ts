/**
 * Tells an operator where the way to the endpoint ends, without sending a session: the name, the proxy, the connection,
 * the certificate, the credentials and the path, one after the other.
 *   name -> proxy -> connection -> certificate -> OPTIONS or HEAD -> credentials, path;  after a failure the rest is unknown
 * May import: node, got, src/common.
 */
import type { Response } from 'got';
import type { ConnectionTest } from '../../common/console.ts';
import { classOfStatus } from '../../common/outcome.ts';
import type { Destination } from './destination.ts';
import { faultOf, statusSentence } from './fault.ts';
import { redirectOrigin } from './redirect-origin.ts';
import { openWay, type WayStep } from './way.ts';

type Step = ConnectionTest['steps'][number];
type Finding = Pick<Step, 'result' | 'message'> & Partial<Pick<Step, 'httpStatus' | 'code'>>;

/** A test takes no longer than this, whatever the time limit of an attempt. */
const testMsMax = 30_000;

/**
 * Tries the way to the endpoint. `failed` says that sessions will not get through; `unknown` that only a first session
 * can show, because an endpoint that takes POST may know nothing else.
 */
export async function checkEndpoint(
  destination: Destination,
  { signal, now }: { signal: AbortSignal; now: () => number },
): Promise<ConnectionTest> {
  const at = now();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.min(destination.timeoutMs, testMsMax))]);
  const way = await openWay(destination.route(), limit, now);
  const steps = way.steps.map(stepOf);
  const hasFailed = steps.some(({ result }) => result === 'failed');
  steps.push(...(hasFailed ? notReached : await askEndpoint(destination, limit, now)));
  const failed = steps.find(({ result }) => result === 'failed');
  const open = steps.find(({ result }) => result === 'unknown');
  return {
    at,
    durationMs: Math.max(0, now() - at),
    result: failed !== undefined ? 'failed' : open !== undefined ? 'unknown' : 'ok',
    message: failed?.message ?? open?.message ?? 'The endpoint is reachable and does not refuse our credentials.',
    steps,
  };
}

const notReached: Step[] = (['credentials', 'path'] as const).map((step) => ({
  step,
  result: 'unknown',
  message: 'Not tried, because an earlier step failed.',
}));

function stepOf({ step, result, message, durationMs, error }: WayStep): Step {
  const fault = error === undefined ? undefined : faultOf(error, { isProxied: false, statusRules: {} });
  const reason = fault === undefined ? '' : `: ${fault.error}`;
  return {
    step,
    result,
    message: `${message}${reason}.`,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(fault?.code === undefined ? {} : { code: fault.code }),
  };
}

/** Asks with OPTIONS, and with HEAD where that is not known, and reads the status. */
async function askEndpoint(destination: Destination, signal: AbortSignal, now: () => number): Promise<Step[]> {
  const startedAt = now();
  let answer = await statusOf(destination, 'OPTIONS', signal);
  if (answer.httpStatus !== undefined && [404, 405, 501].includes(answer.httpStatus))
    answer = await statusOf(destination, 'HEAD', signal);
  const durationMs = Math.max(0, now() - startedAt);
  const findings: [Finding, Finding] =
    answer.httpStatus !== undefined
      ? [credentialsFinding(answer.httpStatus, destination.isAuthorized), pathFinding(answer)]
      : [
          { result: 'failed', code: answer.code, message: `The endpoint gave no answer: ${answer.words}.` },
          { result: 'unknown', message: 'Not tried, because an earlier step failed.' },
        ];
  return [
    { step: 'credentials', durationMs, ...findings[0] },
    { step: 'path', ...findings[1] },
  ];
}

function credentialsFinding(httpStatus: number, isAuthorized: boolean): Finding {
  const sentence = statusSentence(httpStatus);
  if (httpStatus === 407)
    return { result: 'failed', httpStatus, message: `The proxy wants a sign-in first (${sentence}); check submissionProxy.` };
  if (httpStatus === 401 || httpStatus === 403) {
    const what = isAuthorized ? 'refuses our credentials' : 'wants credentials, and none are set';
    return { result: 'failed', httpStatus, message: `The endpoint ${what} (${sentence}); check submissionAuthHeader.` };
  }
  if (!isAuthorized)
    return { result: 'skipped', httpStatus, message: 'No credentials are set, and the endpoint asked for none.' };
  if (classOfStatus(httpStatus) === 'accepted')
    return { result: 'ok', httpStatus, message: `The endpoint does not refuse our credentials (${sentence}).` };
  return { result: 'unknown', httpStatus, message: `The endpoint says nothing about our credentials (${sentence}).` };
}

function pathFinding({ httpStatus, elsewhere }: Heard): Finding {
  const sentence = statusSentence(httpStatus);
  if (classOfStatus(httpStatus) === 'accepted')
    return { result: 'ok', httpStatus, message: `The endpoint answers at this address (${sentence}).` };
  if (httpStatus >= 300 && httpStatus < 400)
    return {
      result: 'failed',
      httpStatus,
      message: `The endpoint points elsewhere (${sentence}${elsewhere === undefined ? '' : `, to ${elsewhere}`}), and redirects are never followed with patient data; check submissionEndpoint.`,
    };
  if (httpStatus === 410 || httpStatus === 421)
    return { result: 'failed', httpStatus, message: `This address is not served (${sentence}); check submissionEndpoint.` };
  if (httpStatus === 404 || httpStatus === 405 || httpStatus === 501)
    return {
      result: 'unknown',
      httpStatus,
      message: `The endpoint knows neither OPTIONS nor HEAD here (${sentence}); it may know POST alone, which the first session will show.`,
    };
  return {
    result: 'unknown',
    httpStatus,
    message: `The endpoint answers ${sentence}; the first session will show whether it takes POST.`,
  };
}

interface Heard {
  httpStatus: number;
  /** Origin that a 3xx answer points to. */
  elsewhere?: string | undefined;
}
interface Unheard {
  httpStatus?: undefined;
  code: string;
  words: string;
}

/** The status of a request without a body, or why there is none. */
function statusOf(destination: Destination, method: 'OPTIONS' | 'HEAD', signal: AbortSignal): Promise<Heard | Unheard> {
  return new Promise((resolve) => {
    const request = destination.open(method, {});
    const finish = (answer: Heard | Unheard) => {
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
      request.destroy();
    };
    const onAbort = () => finish({ code: 'ETIMEDOUT', words: 'the test took too long (ETIMEDOUT)' });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    request.once('response', ({ statusCode: httpStatus, headers }: Response) =>
      finish({ httpStatus, elsewhere: redirectOrigin(httpStatus, headers.location, destination.shownUrl) }),
    );
    request.on('error', (error) => {
      const { httpStatus, code = 'UNKNOWN', error: words = '' } = faultOf(error, destination);
      finish(httpStatus === undefined ? { code, words } : { httpStatus });
    });
    request.resume();
    if (method === 'OPTIONS') request.end();
  });
}
