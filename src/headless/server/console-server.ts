/**
 * The console's server of the headless host: the contract over HTTP, the console's pages, health and metrics.
 *   socket -> gate (Host, Origin, token) -> fastify routes -> CourierApi
 * Everything it answers is derived from src/common/contract.ts. May import: node, fastify, src/common.
 */
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { CourierError } from '../../common/errors.ts';
import { nothingThere } from './addresses.ts';
import { answerPage, refuse, safeHeaders } from './answers.ts';
import { eventStreams } from './event-stream.ts';
import type { EventStreams } from './event-stream.ts';
import { gateVerdict } from './gate.ts';
import type { Verdict } from './gate.ts';
import { isEverywhere, urlHost } from './own-hosts.ts';
import type { Machine } from './own-hosts.ts';
import { openingPage } from './plain-pages.ts';
import { httpRefusal } from './refusals.ts';
import { routes } from './routes.ts';
import type { RouteOptions } from './routes.ts';

export interface ConsoleServerOptions extends RouteOptions {
  /** Address to listen on: 127.0.0.1, unless the operator decided otherwise. */
  host: string;
  /** 0 for any that is free. */
  port: number;
  token: string;
  heartbeatMs?: number;
  /** How far a console may be behind, in bytes, before it is let go. */
  behindBytesMax?: number;
  /** How long `close` waits for answers under way. */
  closeGraceMs?: number;
  machine?: Machine;
}

export interface ConsoleServer {
  /** Without the token: the caller prints `${url}/?token=${token}`. */
  url: string;
  port: number;
  /** Ends all event streams, lets answers under way finish, frees the port. */
  close(): Promise<void>;
}

const thisMachine: Machine = {
  hostname,
  addresses: () => Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address)),
};

/**
 * Starts the server; it answers when this resolves.
 * @throws CourierError `ERR_ADDRESS_UNAVAILABLE` when host and port cannot be listened on.
 */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const { host, log, closeGraceMs = 1000, machine = thisMachine } = options;
  const streams = eventStreams({
    api: options.api,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    behindBytesMax: options.behindBytesMax ?? 16 * 1024 * 1024,
    onLetGo: () => log.warn({}, 'A console reads too slowly and was disconnected; it will connect again by itself.'),
  });
  const app = await routes(options, streams);
  // requireHostHeader: Node would answer a missing Host by itself, without a body; the gate refuses it in words.
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    for (const [name, value] of safeHeaders) response.setHeader(name, value);
    const port = request.socket.localPort ?? 0;
    const verdict = gateVerdict(request, { host, port, token: options.token, machine });
    if (verdict.type !== 'admitted') turnAway(request, response, verdict);
    else if (['GET', 'HEAD', 'POST'].includes(request.method ?? '')) app.routing(request, response);
    else refuse(request, response, nothingThere(request.method ?? '', request.url ?? ''));
  });
  server.on('clientError', (_error, socket) => {
    const body = JSON.stringify(httpRefusal(new CourierError('ERR_PAYLOAD_INVALID', 'This is not a valid HTTP request.')).body);
    if (socket.writable)
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
  });
  const port = await listen(server, host, options.port);
  let closed: Promise<void> | undefined;
  return {
    url: `http://${reachableHost(host)}:${port}`,
    port,
    close: () => (closed ??= close(server, app, streams, closeGraceMs)),
  };
}

function turnAway(request: IncomingMessage, response: ServerResponse, verdict: Exclude<Verdict, { type: 'admitted' }>): void {
  if (verdict.type === 'refused') {
    if (verdict.status === 401) response.setHeader('www-authenticate', 'Bearer');
    refuse(request, response, { status: verdict.status, error: new CourierError(verdict.code, verdict.message) });
    return;
  }
  response.setHeader('set-cookie', verdict.cookie);
  if (verdict.fromOtherSite) answerPage(response, 200, openingPage());
  else response.writeHead(303, { location: '/' }).end();
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program uses it' : `the system refuses it (${code})`;
    throw new CourierError(
      'ERR_ADDRESS_UNAVAILABLE',
      `The console cannot be offered on ${urlHost(host)}:${port}: ${why}; choose another --port or --host, or use --no-console.`,
      { cause: error },
    );
  }
  return (server.address() as AddressInfo).port;
}

function reachableHost(host: string): string {
  if (!isEverywhere(host)) return urlHost(host);
  return host === '::' ? '[::1]' : '127.0.0.1';
}

async function close(server: Server, app: FastifyInstance, streams: EventStreams, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  streams.close();
  const grace = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(grace);
  await app.close();
}
