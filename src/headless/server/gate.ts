/**
 * Who may come in, decided before any route is looked up, so that no path, method or malformed address goes round it:
 *   Host not ours: 421 -> Origin not ours: 403 -> no valid token: 401 -> admitted (or the key of the printed address
 *   is turned into a cookie)
 * May import: node, src/common.
 */
import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../../common/errors.ts';
import { isOwnHost } from './own-hosts.ts';
import type { Machine } from './own-hosts.ts';
import { cookieName, cookieValues, isSameToken, tokenCookie } from './token.ts';

export interface GateOptions {
  host: string;
  port: number;
  token: string;
  machine: Machine;
}
export type Verdict =
  | { type: 'admitted' }
  /** `/?token=...` was opened with the right key: set this cookie and show `/` without the key. */
  | { type: 'opened'; cookie: string; fromOtherSite: boolean }
  | { type: 'refused'; status: 401 | 403 | 421; code: ErrorCode; message: string };

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'headersDistinct'>;

/** Path and query of a request target, without the surprises of URL parsing (`//host`, dots, backslashes). */
export function targetParts(target: string): { path: string; query: string } {
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

export function gateVerdict(request: Asked, options: GateOptions): Verdict {
  const hosts = request.headersDistinct['host'] ?? [];
  const [host] = hosts;
  // A target that is a whole address would outrank Host (RFC 9112, section 3.2.2); no browser sends one to a service.
  const isWholeAddress = !(request.url ?? '').startsWith('/');
  if (host === undefined || hosts.length > 1 || isWholeAddress || !isOwnHost(host, options, options.machine)) return misdirected;
  if (isForeign(request, host)) return foreign;
  const { path, query } = targetParts(request.url ?? '');
  if (path === '/healthz') return { type: 'admitted' };
  const key = path === '/' && request.method === 'GET' ? new URLSearchParams(query).get('token') : null;
  if (key !== null) {
    if (!isSameToken(key, options.token)) return keyless;
    const fromOtherSite = !['none', 'same-origin', undefined].includes(header(request, 'sec-fetch-site'));
    return { type: 'opened', cookie: tokenCookie(options.port, options.token), fromOtherSite };
  }
  return hasToken(request, options) ? { type: 'admitted' } : keyless;
}

/**
 * `Origin` must be the very address that was asked. Browsers leave it out for some requests; then `Sec-Fetch-Site`
 * tells. `same-site` is foreign too: it is what another port of this machine gets, and it comes with our cookie.
 */
function isForeign(request: Asked, host: string): boolean {
  const origin = header(request, 'origin');
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return true;
  const site = header(request, 'sec-fetch-site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  // Following a link to the console is not an attack: the pages change nothing, and other sites cannot read or frame them.
  const isLink = request.method === 'GET' && header(request, 'sec-fetch-mode') === 'navigate';
  return !isLink || targetParts(request.url ?? '').path.startsWith('/api/');
}

function hasToken(request: Asked, { port, token }: GateOptions): boolean {
  const bearer = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header(request, 'authorization') ?? '')?.[1];
  const given = [...(bearer === undefined ? [] : [bearer]), ...cookieValues(header(request, 'cookie'), cookieName(port))];
  return given.some((candidate) => isSameToken(candidate, token));
}

function header(request: Asked, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const misdirected: Verdict = {
  type: 'refused',
  status: 421,
  code: 'ERR_HOST_UNKNOWN',
  message: 'This service does not go by that name; open the address that it printed, or start it with --host for another one.',
};
const foreign: Verdict = {
  type: 'refused',
  status: 403,
  code: 'ERR_ORIGIN_FOREIGN',
  message: 'Pages of other sites may not use this service; open the address that the service printed.',
};
const keyless: Verdict = {
  type: 'refused',
  status: 401,
  code: 'ERR_TOKEN_INVALID',
  message:
    'A valid token is missing: send the one of service.json as "Authorization: Bearer TOKEN", or open the address that the service printed.',
};
