/**
 * Goes the way to an endpoint piece by piece with sockets of its own, and says how far it came.
 *   name (DNS) -> proxy (TCP, CONNECT) -> connection (TCP) -> certificate (TLS chain, expiry, name)
 * May import: node.
 */
import { lookup } from 'node:dns/promises';
import { once, type EventEmitter } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Route } from './destination.ts';
import { hostOf, openTunnel, portOf, serverNameOf } from './tunnel.ts';

export interface WayStep {
  step: 'name' | 'proxy' | 'connection' | 'certificate';
  result: 'ok' | 'failed' | 'skipped' | 'unknown';
  /** What was done and where it led, without a full stop; `error` says what went wrong. No path and no user info in it. */
  message: string;
  durationMs?: number;
  error?: unknown;
}

const dayMs = 86_400_000;
/** `16 Apr 2027`, as certificates count: in UTC. */
const dateFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/**
 * Goes as far as it can and closes everything again.
 * @param signal ends it; the step under way has failed then.
 */
export async function openWay(route: Route, signal: AbortSignal, now: () => number): Promise<{ steps: WayStep[] }> {
  const { endpoint, proxy, secureContext } = route;
  const steps: WayStep[] = [];
  const sockets: Socket[] = [];
  const tried = async <Value>(
    step: WayStep['step'],
    attempted: string,
    work: () => Promise<Value>,
    found: (value: Value) => string,
  ): Promise<Value> => {
    const startedAt = now();
    try {
      const value = await work();
      steps.push({ step, result: 'ok', message: found(value), durationMs: Math.max(0, now() - startedAt) });
      return value;
    } catch (error) {
      const reason = signal.aborted ? Object.assign(new Error('too long'), { code: 'ETIMEDOUT' }) : error;
      steps.push({
        step,
        result: 'failed',
        message: `${attempted} failed`,
        durationMs: Math.max(0, now() - startedAt),
        error: reason,
      });
      throw reason;
    }
  };
  const skipped = (step: WayStep['step'], message: string) => steps.push({ step, result: 'skipped', message });

  try {
    const first = proxy ?? endpoint;
    if (isIP(hostOf(first)) !== 0) skipped('name', 'The address needs no name lookup');
    else
      await tried(
        'name',
        `Looking up the name of the ${proxy === null ? 'endpoint' : 'proxy'}, ${hostOf(first)},`,
        () => within(lookup(hostOf(first)), signal),
        ({ address }) => `${hostOf(first)} has the address ${address}`,
      );
    const connectTo = (step: 'proxy' | 'connection', what: string, url: URL) =>
      tried(
        step,
        `Connecting to the ${what}, ${placeOf(url)},`,
        () => connected(url, signal, sockets),
        ({ remoteAddress }) => `The ${what} was reached at ${placeOf(url, remoteAddress)}`,
      );

    let socket: Socket | null = null;
    if (proxy === null) {
      skipped('proxy', 'No proxy is set');
      socket = await connectTo('connection', 'endpoint', endpoint);
    } else if (endpoint.protocol === 'https:') {
      await connectTo('proxy', 'proxy', proxy);
      socket = await tried(
        'connection',
        `Connecting to the endpoint, ${placeOf(endpoint)}, through the proxy`,
        () => openTunnel(endpoint, proxy, secureContext, signal),
        () => `The endpoint was reached at ${placeOf(endpoint)} through the proxy`,
      );
      sockets.push(socket);
    } else {
      await connectTo('proxy', 'proxy', proxy);
      skipped('connection', 'The proxy connects to the endpoint');
    }

    if (endpoint.protocol !== 'https:' || secureContext === null || socket === null)
      skipped('certificate', 'Plain http has no certificate');
    else {
      // Looked at first and judged then, so that the operator reads whose certificate it is. Nothing is sent on this socket.
      const options = { socket, secureContext, host: hostOf(endpoint), rejectUnauthorized: false };
      const secure = connectTls({ ...options, ...serverNameOf(endpoint) });
      // It takes the socket below with it; destroyed on its own, that one would pull the ground from under TLS.
      sockets.splice(sockets.indexOf(socket), 1, secure);
      await tried(
        'certificate',
        'The TLS handshake',
        () => opened(secure, 'secureConnect', signal),
        () => '',
      );
      // Node is still inside the handshake here, and crashes when the socket goes before it has come out of it.
      await setImmediate();
      steps.splice(-1, 1, certificateStep(secure, now(), steps.at(-1)?.durationMs ?? 0));
    }
  } catch {
    // The step that failed says why; what comes after it was not tried.
    const order = ['name', 'proxy', 'connection', 'certificate'] as const;
    for (const step of order.slice(steps.length))
      steps.push({ step, result: 'unknown', message: 'Not tried, because an earlier step failed' });
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return { steps };
}

async function connected(url: URL, signal: AbortSignal, sockets: Socket[]): Promise<Socket> {
  const socket = connectTcp({ host: hostOf(url), port: portOf(url) });
  sockets.push(socket);
  await opened(socket, 'connect', signal);
  return socket;
}

/** Waits for one event; what goes wrong on the socket after it is told by the step that meets it. */
async function opened(emitter: EventEmitter, event: string, signal: AbortSignal): Promise<unknown[]> {
  emitter.on('error', () => {});
  return once(emitter, event, { signal });
}

/** `results.example.org port 443`, and at which address it was found. */
function placeOf(url: URL, address?: string): string {
  const host = hostOf(url);
  return `${host} port ${portOf(url)}${address === undefined || address === host ? '' : ` (${address})`}`;
}

/** Who vouches for the endpoint, until when, whether we believe it, and how we talk. */
function certificateStep(secure: TLSSocket, now: number, durationMs: number): WayStep {
  const { subject, issuer, valid_to: validTo } = secure.getPeerCertificate();
  const name = (entry: { CN?: string | string[]; O?: string | string[] }) =>
    plain([entry.CN ?? entry.O ?? 'no name'].flat().join(' '));
  const whose = `The certificate of ${name(subject)}, issued by ${name(issuer)}`;
  const step = 'certificate';
  if (!secure.authorized)
    return { step, result: 'failed', message: whose, durationMs, error: { code: String(secure.authorizationError) } };
  const days = Math.floor((Date.parse(validTo) - now) / dayMs);
  const until = dateFormat.format(Date.parse(validTo));
  const protocol = (secure.getProtocol() ?? 'TLS').replace(/^TLSv/, 'TLS ');
  return {
    step,
    result: 'ok',
    message: `${whose}, is trusted and valid until ${until}, ${days} more ${days === 1 ? 'day' : 'days'}; the connection uses ${protocol}`,
    durationMs,
  };
}

/** Text of a certificate in a line for the operator. */
const plain = (text: string) => text.replaceAll(/\p{Cc}/gu, ' ').slice(0, 100);

/** A lookup cannot be stopped, but it need not be waited for. */
function within<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
