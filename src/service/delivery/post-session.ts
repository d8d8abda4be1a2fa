/**
 * One attempt: one POST, and what came of it as a value. The session machine owns retries, waits and verdicts.
 *   open -> send -> status and headers -> first 64 KB of the answer -> outcome; timeout, abort and faults end it earlier
 * May import: node, got, src/common.
 */
import type { Response } from 'got';
import type { Answer } from '../../common/delivery.ts';
import { classOfStatus, type Outcome } from '../../common/outcome.ts';
import type { Destination } from './destination.ts';
import { faultOf, statusSentence } from './fault.ts';
import { unheard } from './network-error.ts';
import { isProblemDocument, problemCode } from './problem-code.ts';
import { redirectOrigin } from './redirect-origin.ts';
import { retryAfterMs } from './retry-after.ts';

/** Of an answer's body no more than this is read: the status decides (design section 6). */
export const answerBytesMax = 65_536;

export interface Post {
  /** The session's id, sent as `Idempotency-Key`. */
  id: string;
  /** The request body as UTF-8 JSON. */
  body: Uint8Array;
  /** Aborting it ends the attempt as `unheard`. */
  signal: AbortSignal;
  /** Current time, unix ms. */
  now: () => number;
  /** A number in [0, 1). */
  random: () => number;
}

/** Posts one session. Every fault of the network or the endpoint comes back as an outcome; a rejection is a bug. */
export async function postBody(destination: Destination, post: Post): Promise<Extract<Answer, { type: 'answered' }>> {
  const startedAt = post.now();
  const outcome = await attempt(destination, post);
  return { type: 'answered', outcome, startedAt, durationMs: Math.max(0, post.now() - startedAt), chance: post.random() };
}

function attempt(destination: Destination, { id, body, signal, now }: Post): Promise<Outcome> {
  if (signal.aborted) return Promise.resolve(unheard('ABORTED'));
  return new Promise((resolve) => {
    // The body is written to the stream: as an option, got would copy it for every request.
    const request = destination.open('POST', {
      'content-type': 'application/json',
      'content-length': String(body.byteLength),
      'idempotency-key': id,
    });
    let hasStatus = false;

    const finish = (outcome: Outcome) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(outcome); // A promise keeps its first outcome: what the stream reports after this changes nothing.
      request.destroy();
    };
    const onAbort = () => finish(unheard('ABORTED'));
    const timer = setTimeout(
      () => finish(unheard('ETIMEDOUT', `no answer within ${destination.timeoutMs / 1000} s`)),
      destination.timeoutMs,
    );
    signal.addEventListener('abort', onAbort);

    request.on('error', (error) => finish(hasStatus ? unheard('ERR_ANSWER_CUT_SHORT') : faultOf(error, destination)));
    request.once('response', (response: Response) => {
      hasStatus = true;
      const isRead = isProblemDocument(response.headers['content-type']);
      const chunks: Uint8Array[] = [];
      let bytesRead = 0;
      request.on('data', (chunk: Uint8Array) => {
        bytesRead += chunk.byteLength;
        // A problem document this large is not read either.
        if (bytesRead > answerBytesMax) finish(outcomeOf(response, '', destination, now()));
        else if (isRead) chunks.push(chunk);
      });
      request.once('end', () => finish(outcomeOf(response, Buffer.concat(chunks).toString('utf8'), destination, now())));
    });
    request.end(body);
  });
}

/** What the status and the headers of an answer mean, with the code of a problem document if there is one. */
function outcomeOf(response: Response, problem: string, destination: Destination, now: number): Outcome {
  const { statusCode: httpStatus, headers } = response;
  const kind = classOfStatus(httpStatus, destination.statusRules);
  if (kind === 'accepted') return { kind, httpStatus };
  const code = problem === '' ? undefined : problemCode(problem);
  const elsewhere = redirectOrigin(httpStatus, headers.location, destination.shownUrl);
  const waitMs = kind === 'later' ? retryAfterMs(headers['retry-after'], now) : undefined;
  return {
    kind,
    httpStatus,
    ...(code === undefined ? {} : { code }),
    error: statusSentence(httpStatus) + (code === undefined ? '' : ` (${code})`),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
  };
}
