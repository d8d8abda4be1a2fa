/**
 * An endpoint on loopback whose answers a test writes, and that remembers every POST: what came, when, how many at once.
 * May import: node.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Post {
  id: string;
  /** 1 for the first POST of this id. */
  nth: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: Record<string, unknown>;
  /** When it arrived and when it was answered, ms of `performance.now()`; unanswered: Infinity. */
  arrivedAt: number;
  answeredAt: number;
}
export type Reply =
  | number
  | 'reset'
  /** Never answered. */
  | 'hang'
  | { status: number; headers?: Record<string, string>; body?: string };
/** What one POST is answered with. */
export type Script = (post: Post) => Reply | Promise<Reply>;

export interface ScriptedEndpoint {
  url: string;
  origin: string;
  posts: Post[];
  /** Requests that were no POST. */
  others: string[];
  inFlight(): number;
  inFlightMax(): number;
  /** What is answered from now on. */
  answer: Script;
  ids(): string[];
}

/** Starts one; it is closed after the test. */
export async function startEndpoint(
  answer: Script = () => 201,
  finished: typeof onTestFinished = onTestFinished,
): Promise<ScriptedEndpoint> {
  const sockets = new Set<Socket>();
  let inFlight = 0;
  let inFlightMax = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (request.method !== 'POST') {
        endpoint.others.push(`${request.method} ${request.url}`);
        response.writeHead(405).end();
        return;
      }
      inFlightMax = Math.max(inFlightMax, ++inFlight);
      response.once('close', () => inFlight--);
      const body = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
      const id = String(body['sessionId']);
      const post: Post = {
        id,
        nth: endpoint.posts.filter((one) => one.id === id).length + 1,
        method: request.method,
        path: request.url ?? '',
        headers: request.headers,
        text,
        body,
        arrivedAt: performance.now(),
        answeredAt: Infinity,
      };
      endpoint.posts.push(post);
      void reply(post, response);
    });
  });
  const reply = async (post: Post, response: ServerResponse): Promise<void> => {
    const answered = await endpoint.answer(post);
    if (answered === 'hang') return;
    post.answeredAt = performance.now();
    send(response, answered);
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  finished(
    () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  );
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endpoint: ScriptedEndpoint = {
    url: `${origin}/sessions`,
    origin,
    posts: [],
    others: [],
    inFlight: () => inFlight,
    inFlightMax: () => inFlightMax,
    answer,
    ids: () => endpoint.posts.map(({ id }) => id),
  };
  return endpoint;
}

function send(response: ServerResponse, reply: Exclude<Reply, 'hang'>): void {
  if (reply === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, headers = {}, body = '' } = typeof reply === 'number' ? { status: reply } : reply;
  response.writeHead(status, headers).end(body);
}

/** An address on which nobody listens, nor can anybody until the test is over: it is the near end of a connection. */
export async function deadUrl(finished: typeof onTestFinished = onTestFinished): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  finished(() => {
    socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${socket.localPort}/sessions`;
}
