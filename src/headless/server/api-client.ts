/**
 * The contract's requests over HTTP, for the command line beside a running service.
 * May import: zod, src/common.
 */
import { z } from 'zod';
import { requests } from '../../common/contract.ts';
import type { CourierApi, Params, RequestName, Result } from '../../common/contract.ts';
import { CourierError, errorCodes } from '../../common/errors.ts';

const refusal = z.object({ error: z.object({ code: z.enum(errorCodes), message: z.string() }) });

/**
 * @param service what service.json says.
 * @param timeoutMs how long an answer may take: a retry of 100,000 sessions is on disk before it is answered.
 */
export function apiClient(service: { url: string; token: string }, timeoutMs = 120_000): Pick<CourierApi, 'request'> {
  async function request<Name extends RequestName>(name: Name, params: Params<Name>): Promise<Result<Name>> {
    const answer = await post(`${service.url}/api/${name}`, service.token, params, timeoutMs);
    const refused = refusal.safeParse(answer);
    if (refused.success) throw new CourierError(refused.data.error.code, refused.data.error.message);
    const result = requests[name].result.safeParse(answer);
    if (result.success) return result.data as Result<Name>;
    throw new CourierError(
      'ERR_INTERNAL',
      `The service answered ${name} in a way this command does not understand; do both have the same version?`,
    );
  }
  return { request };
}

/** @throws CourierError `ERR_SERVICE_NOT_RUNNING` when nobody answers, or not in time. */
async function post(url: string, token: string, params: unknown, timeoutMs: number): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(params),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return parsedOrNull(text);
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new CourierError(
      'ERR_SERVICE_NOT_RUNNING',
      isLate
        ? `The service did not answer within ${timeoutMs / 1000} seconds; look at its log, and try again.`
        : 'The service does not answer; start it with "hl7-courier serve".',
      { cause: error },
    );
  }
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
