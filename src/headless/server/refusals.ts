/**
 * How a refusal looks on HTTP: a status that fits its code, and always the same JSON object.
 * May import: src/common, fastify.
 */
import type { FastifyError } from 'fastify';
import { CourierError, refusalOf } from '../../common/errors.ts';
import type { ErrorCode, Refusal } from '../../common/errors.ts';

/** What a body may weigh; the longest sensible one is a list of 100,000 session ids. */
export const bodyBytesMax = 8 * 1024 * 1024;

const statusOf: Record<ErrorCode, number> = {
  ERR_ADDRESS_UNAVAILABLE: 503,
  ERR_ARGUMENT_INVALID: 400,
  ERR_CAPTURE_UNAVAILABLE: 503,
  ERR_DATA_FOLDER_UNUSABLE: 503,
  ERR_HOST_UNKNOWN: 421,
  ERR_IMPORT_UNKNOWN: 404,
  ERR_INTERNAL: 500,
  ERR_METHOD_INVALID: 405,
  ERR_ORIGIN_FOREIGN: 403,
  ERR_PAYLOAD_INVALID: 400,
  ERR_PAYLOAD_TOO_LARGE: 413,
  ERR_REQUEST_UNKNOWN: 404,
  ERR_SERVICE_NOT_RUNNING: 503,
  ERR_SESSION_NOT_FOUND: 404,
  ERR_SESSION_UNREADABLE: 409,
  ERR_SETTING_INVALID: 400,
  ERR_SETTING_OUT_OF_RANGE: 400,
  ERR_SETTING_UNKNOWN: 400,
  ERR_STATE_CONFLICT: 409,
  ERR_STORE_OWNED: 409,
  ERR_STORE_WRITE_FAILED: 503,
  ERR_TOKEN_INVALID: 401,
};

export interface HttpRefusal {
  status: number;
  body: Refusal;
  /** Nobody foresaw it: its details belong in the log, and only there. */
  isInternal: boolean;
}

/** A refusal as the API answers it. `FST_ERR_...` are the objections of the HTTP server to a request's body. */
export function httpRefusal(error: unknown): HttpRefusal {
  const known = error instanceof CourierError ? error : objectionToBody(error as Partial<FastifyError> | null);
  if (known === null) return { status: 500, body: refusalOf(error), isInternal: true };
  const status = isMediaType(error) ? 415 : statusOf[known.code];
  return { status, body: refusalOf(known), isInternal: status === 500 };
}

const isMediaType = (error: unknown) => (error as Partial<FastifyError> | null)?.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';

function objectionToBody(error: Partial<FastifyError> | null): CourierError | null {
  if (error?.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new CourierError('ERR_PAYLOAD_TOO_LARGE', 'The body is larger than 8 MB; send fewer sessions at a time, or a filter.');
  if (error?.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new CourierError('ERR_PAYLOAD_INVALID', 'The body must be JSON; send it with "Content-Type: application/json".');
  if (error?.code === 'FST_ERR_CTP_INVALID_JSON_BODY')
    return new CourierError('ERR_PAYLOAD_INVALID', 'The body is not valid JSON; send one JSON object, or nothing at all.');
  const isClientError = error?.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return isClientError
    ? new CourierError('ERR_PAYLOAD_INVALID', 'The request was not understood; check its address, headers and length.')
    : null;
}
