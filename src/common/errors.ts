/**
 * The errors that a caller is expected to handle, each with a code that other programs may rely on.
 * What is merely expected (an answer of the endpoint, a session that is gone) is a value, not an error.
 * May import: zod (not needed here).
 */

/** Every code this project can answer with: `ERR_` + the thing + what is wrong with it. */
export const errorCodes = [
  'ERR_ADDRESS_UNAVAILABLE',
  'ERR_ARGUMENT_INVALID',
  'ERR_CAPTURE_UNAVAILABLE',
  'ERR_DATA_FOLDER_UNUSABLE',
  'ERR_HOST_UNKNOWN',
  'ERR_IMPORT_UNKNOWN',
  'ERR_INTERNAL',
  'ERR_METHOD_INVALID',
  'ERR_ORIGIN_FOREIGN',
  'ERR_PAYLOAD_INVALID',
  'ERR_PAYLOAD_TOO_LARGE',
  'ERR_REQUEST_UNKNOWN',
  'ERR_SERVICE_NOT_RUNNING',
  'ERR_SESSION_NOT_FOUND',
  'ERR_SESSION_UNREADABLE',
  'ERR_SETTING_INVALID',
  'ERR_SETTING_OUT_OF_RANGE',
  'ERR_SETTING_UNKNOWN',
  'ERR_STATE_CONFLICT',
  'ERR_STORE_OWNED',
  'ERR_STORE_WRITE_FAILED',
  'ERR_TOKEN_INVALID',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * An error that a caller must handle. Its message says what, where and what to do, in one sentence that an operator
 * can read; it never holds a secret or patient data.
 */
export class CourierError extends Error {
  override readonly name = 'CourierError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an error looks like to the console, the API and the command line: a code and a sentence, nothing else. */
export interface Refusal {
  error: { code: ErrorCode; message: string };
}

/**
 * Turns anything thrown into what may cross to another process: a `CourierError` keeps its code and message, all else
 * becomes `ERR_INTERNAL` without its message, because that could hold a path, a secret or patient data.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof CourierError) return { error: { code: error.code, message: error.message } };
  return { error: { code: 'ERR_INTERNAL', message: 'Something went wrong inside HL7 Courier; the log has the details.' } };
}
