/**
 * What an attempt can come to: the table of design section 6 as code, and the words an operator reads for it.
 *   HTTP status -> outcome class -> (machines/session.ts) verdict
 * May import: zod.
 */
import { z } from 'zod';

/** The classes an HTTP answer can have; `submissionStatusRules` moves single status codes between them. */
export const answerClass = z.enum(['accepted', 'later', 'refused', 'endpoint']);
/** An answer's class, or `unheard`: nobody heard the attempt, or nobody knows. */
export const outcomeClass = z.enum([...answerClass.options, 'unheard']);

export type AnswerClass = z.infer<typeof answerClass>;
export type OutcomeClass = z.infer<typeof outcomeClass>;
/** HTTP status code to class, as an integrator overrides it. */
export type StatusRules = Readonly<Record<string, AnswerClass>>;

/** What one attempt came to. Serialisable; holds no secret and no patient data. */
export interface Outcome {
  kind: OutcomeClass;
  /** Status of the answer; missing when there was none. */
  httpStatus?: number;
  /** Machine-readable cause: a network error's code, or the code of an `application/problem+json` answer. */
  code?: string;
  /** One sentence for the operator; missing when accepted. */
  error?: string;
  /** How long the endpoint asked us to wait (Retry-After, RFC 9110 section 10.2.3), in ms, capped at ten minutes. */
  retryAfterMs?: number;
  /** Where a 3xx answer points: scheme, host and port (`Location`, RFC 9110 section 10.2.2); missing when it does not say. */
  elsewhere?: string;
}

const laterStatuses = new Set([408, 409, 425, 429]);
const endpointStatuses = new Set([401, 403, 404, 405, 407, 410, 421, 501, 511]);

/**
 * The class of an HTTP status code (100-599) by the table of design section 6.
 * @param rules the integrator's exceptions, which win.
 */
export function classOfStatus(status: number, rules: StatusRules = {}): AnswerClass {
  const rule = rules[String(status)];
  if (rule !== undefined) return rule;
  if (status >= 200 && status < 300) return 'accepted';
  if (endpointStatuses.has(status) || (status >= 300 && status < 400)) return 'endpoint';
  if (laterStatuses.has(status) || status >= 500 || status < 200) return 'later';
  return 'refused';
}

/** Why the circuit is open, as data; `circuitReason` puts it in words. */
export interface CircuitCause {
  kind: 'endpoint' | 'refused' | 'unavailable' | 'earlier';
  httpStatus?: number;
  code?: string;
  /** Origin that the endpoint points to; missing when it does not. */
  elsewhere?: string;
}

export type CircuitState = 'closed' | 'open' | 'halfOpen';

/** The circuit as the operator is told about it (design sections 6 and 8). */
export interface Circuit {
  state: CircuitState;
  /** In words; present unless closed. */
  reason?: string;
  cause?: CircuitCause;
  /** When it opened, unix ms. */
  since?: number;
  /** Automatic tries since it opened, the one that runs included; missing before the first. */
  tries?: number;
}

const reasonsByStatus: Record<number, string> = {
  401: 'the endpoint refuses our credentials (401); check submissionAuthHeader',
  403: 'the endpoint refuses our credentials (403); check submissionAuthHeader',
  404: 'the endpoint does not know this address (404); check submissionEndpoint',
  405: 'the endpoint does not take POST at this address (405); check submissionEndpoint',
  407: 'the proxy wants a sign-in first (407); check submissionProxy',
  410: 'the endpoint says this address is gone (410); check submissionEndpoint',
  421: 'the endpoint is not responsible for this address (421); check submissionEndpoint',
  501: 'the endpoint does not take POST at this address (501); check submissionEndpoint',
  511: 'the network wants a sign-in first (511); ask network support',
};

/** One sentence, without a capital and a full stop, that says why the circuit is not closed and what to look at. */
export function circuitReason(cause: CircuitCause): string {
  const detail = cause.httpStatus ?? cause.code;
  switch (cause.kind) {
    case 'endpoint': {
      const known = reasonsByStatus[cause.httpStatus ?? 0];
      if (known !== undefined) return known;
      if (cause.httpStatus !== undefined && cause.httpStatus >= 300 && cause.httpStatus < 400)
        return `the endpoint points elsewhere (${cause.httpStatus}${cause.elsewhere === undefined ? '' : `, to ${cause.elsewhere}`}), and redirects are never followed with patient data; check submissionEndpoint`;
      return `the endpoint answers that the address or the credentials are wrong (${detail}); check submissionEndpoint and submissionAuthHeader`;
    }
    case 'refused':
      return `the endpoint refused twenty sessions in a row${detail === undefined ? '' : ` (last: ${detail})`}; a change at the endpoint is likely`;
    case 'unavailable':
      return `five deliveries in a row used up their attempts${detail === undefined ? '' : ` (last: ${detail})`}; is the endpoint running and reachable?`;
    case 'earlier':
      return 'five or more sessions were tried since the endpoint last accepted one; testing with one session first';
  }
}
