/**
 * Refusals as `application/problem+json` (RFC 9457) with a machine-readable `code`. A courier keeps nothing but the code,
 * so every code matches `^[A-Za-z0-9_.:-]{1,64}$`; no detail repeats a value that was sent, it could be patient data.
 * May import: nothing.
 */

/** Every code a collector answers with, and the HTTP status it comes with. */
const problemStatuses = {
  authorization_required: 401,
  body_invalid: 400,
  body_not_json: 400,
  body_too_large: 413,
  content_encoding_unsupported: 415,
  content_type_unsupported: 415,
  database_unavailable: 503,
  host_not_allowed: 421,
  idempotency_key_mismatch: 400,
  internal_error: 500,
  method_not_allowed: 405,
  not_found: 404,
  query_invalid: 400,
  request_invalid: 400,
  session_not_found: 404,
} as const;
export type ProblemCode = keyof typeof problemStatuses;

/** A request that is refused; thrown by handlers, answered by the collector's error handler. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  /** @param detail one sentence: what is wrong, where, what to do. */
  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
    this.status = problemStatuses[code];
  }

  /** The answer's body. */
  toBody(): { type: string; title: string; status: number; code: ProblemCode; detail: string } {
    const words = this.code.replaceAll('_', ' ');
    const title = words.charAt(0).toUpperCase() + words.slice(1);
    return { type: 'about:blank', title, status: this.status, code: this.code, detail: this.message };
  }
}
