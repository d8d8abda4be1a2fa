/**
 * What a request that got no answer came to: a fault of the network, of TLS, or of the proxy on the way.
 * May import: node, src/common.
 */
import { STATUS_CODES } from 'node:http';
import { classOfStatus, type Outcome } from '../../common/outcome.ts';
import type { Destination } from './destination.ts';
import { networkErrorCode, networkErrorWords, unheard } from './network-error.ts';

/** `HTTP 503 Service Unavailable`, in the words of the standard: the server's own could say anything. */
export function statusSentence(status: number): string {
  const words = STATUS_CODES[status];
  return words === undefined ? `HTTP ${status}` : `HTTP ${status} ${words}`;
}

/** Faults of the first connection, which leads to the proxy where there is one. */
const connectFaults = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

/** The outcome for an error of got or Node. */
export function faultOf(error: unknown, { isProxied, statusRules }: Pick<Destination, 'isProxied' | 'statusRules'>): Outcome {
  const code = networkErrorCode(error);
  if (code === 'ERR_PROXY_TUNNEL') {
    const status = tunnelStatus(error);
    if (status === undefined) return unheard(code);
    // The proxy wants credentials: as with those of the endpoint, trying again helps nobody (407 in the table).
    if (status === 407)
      return { kind: classOfStatus(status, statusRules), httpStatus: status, code, error: `${statusSentence(status)} (${code})` };
    return unheard(code, `${networkErrorWords(code)}: ${statusSentence(status)}`);
  }
  return isProxied && connectFaults.has(code) ? unheard(code, `the proxy: ${networkErrorWords(code)}`) : unheard(code);
}

/** The status that a proxy answered to CONNECT; Node puts it on the error, got keeps that as the cause. */
function tunnelStatus(error: unknown): number | undefined {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const status = typeof cause === 'object' && cause !== null && 'statusCode' in cause ? cause.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
