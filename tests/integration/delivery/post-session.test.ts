/**
 * One attempt against real servers on loopback: connections, answers that break, hang or never end, redirects, and
 * sizes that must not matter.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { makeDestination, type Destination } from '../../../src/service/delivery/destination.ts';
import { postBody } from '../../../src/service/delivery/post-session.ts';
import { serveEndpoint, type Handler, type EndpointServer } from '../../support/endpoint-server.ts';

// Read by the system's resolver: a name server that is not there must not use up the time that a POST has.
process.env['RES_OPTIONS'] = 'timeout:1 attempts:1';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('connections', () => {
  test('one connection carries sessions one after the other', async () => {
    const server = await serve((_request, response) => response.writeHead(201).end('{}'));
    const destination = destinationOf(server.url);
    for (let count = 0; count < 5; count += 1) expect((await postTo(destination)).kind).toBe('accepted');
    expect(server.connections).toBe(1);
    expect(server.seen).toHaveLength(5);
  });

  test('as many connections are open as attempts are under way, up to the largest concurrency', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve((_request, response) => {
      waiting.push(() => response.writeHead(201).end());
      if (waiting.length === 10) for (const answer of waiting.splice(0)) answer();
    });
    const destination = destinationOf(server.url);
    await Promise.all(Array.from({ length: 10 }, () => postTo(destination)));
    await Promise.all(Array.from({ length: 10 }, () => postTo(destination)));
    expect(server.connections).toBe(10);
  });

  test('an idle connection is given up before the endpoint would', async () => {
    const server = await serve((_request, response) => response.writeHead(201).end());
    const destination = destinationOf(server.url, {}, 50);
    await postTo(destination);
    await until(() => server.openConnections() === 0);
    expect((await postTo(destination)).kind).toBe('accepted');
    expect(server.connections).toBe(2);
  });

  test('an answer that takes longer than connections may be idle is waited for', async () => {
    const server = await serve((_request, response) => void setTimeout(() => response.writeHead(201).end(), 400));
    const destination = destinationOf(server.url, {}, 50);
    expect((await postTo(destination)).kind).toBe('accepted');
    expect((await postTo(destination)).kind).toBe('accepted');
  });

  test('closing a destination waits for what is in flight, then lets go', async () => {
    const answers: (() => void)[] = [];
    const server = await serve((_request, response) => void answers.push(() => response.writeHead(201).end()));
    const destination = destinationOf(server.url);
    const underWay = postTo(destination);
    await until(() => answers.length === 1);
    destination.close();
    answers[0]?.();
    expect((await underWay).kind).toBe('accepted');
    await until(() => server.openConnections() === 0);
  });
});

describe('answers that do not come', () => {
  test('nobody listens', async () => {
    const { port, close } = await freePort();
    await close();
    expect(await postTo(destinationOf(`http://127.0.0.1:${port}`))).toEqual({
      kind: 'unheard',
      code: 'ECONNREFUSED',
      error: 'connection refused (ECONNREFUSED)',
    });
  });

  test('the connection is reset before the answer', async () => {
    const server = await serve((_request, _response, socket) => socket.resetAndDestroy());
    expect(await postTo(destinationOf(server.url))).toMatchObject({ kind: 'unheard', code: 'ECONNRESET' });
  });

  test('an endpoint that hangs is given up after the time limit', async () => {
    const server = await serve(() => {});
    expect(await postTo(destinationOf(server.url, { submissionTimeoutSeconds: 1 }))).toEqual({
      kind: 'unheard',
      code: 'ETIMEDOUT',
      error: 'no answer within 1 s (ETIMEDOUT)',
    });
    await until(() => server.openConnections() === 0);
  });

  test('an answer that trickles and never ends is given up after the time limit', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200);
      const trickle = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(trickle));
    });
    expect(await postTo(destinationOf(server.url, { submissionTimeoutSeconds: 1 }))).toMatchObject({ code: 'ETIMEDOUT' });
  });

  test('an attempt that is stopped ends at once', async () => {
    const stop = new AbortController();
    const server = await serve(() => stop.abort());
    const destination = destinationOf(server.url);
    expect(await postTo(destination, { signal: stop.signal })).toMatchObject({ kind: 'unheard', code: 'ABORTED' });
    await until(() => server.openConnections() === 0);
  });

  test('an answer cut short is unheard, whatever its status said', async () => {
    const server = await serve((_request, response, socket) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => socket.destroy());
    });
    expect(await postTo(destinationOf(server.url))).toEqual({
      kind: 'unheard',
      code: 'ERR_ANSWER_CUT_SHORT',
      error: 'the answer was cut short (ERR_ANSWER_CUT_SHORT)',
    });
  });

  test('an answer that is not HTTP is unheard', async () => {
    const { port, close } = await freePort('DOE JANE\r\n\r\n');
    cleanups.push(close);
    const outcome = await postTo(destinationOf(`http://127.0.0.1:${port}`));
    expect(outcome).toMatchObject({ kind: 'unheard', code: 'HPE_INVALID_CONSTANT' });
    expect(JSON.stringify(outcome)).not.toContain('DOE');
  });

  test('a host name that does not exist is told as such', async () => {
    const outcome = await postTo(destinationOf('https://no-such-host.invalid/'));
    expect(outcome.kind).toBe('unheard');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(outcome.code);
  });
});

describe('answers that are too much', () => {
  test('of 10 MB the status decides, and little is read', async () => {
    const server = await serve((_request, response) => response.writeHead(200).end(Buffer.alloc(10_000_000)));
    expect(await postTo(destinationOf(server.url))).toEqual({ kind: 'accepted', httpStatus: 200 });
  });

  test('one that breaks off after 64 KB has been heard', async () => {
    const server = await serve((_request, response, socket) => {
      response.writeHead(500, { 'content-length': '10000000' });
      response.write(Buffer.alloc(100_000), () => setTimeout(() => socket.destroy(), 500));
    });
    expect(await postTo(destinationOf(server.url))).toMatchObject({ kind: 'later', httpStatus: 500 });
  });

  test('a problem document larger than 64 KB gives no code', async () => {
    const body = JSON.stringify({ code: 'known', detail: 'x'.repeat(70_000) });
    const server = await serve((_request, response) =>
      response.writeHead(422, { 'content-type': 'application/problem+json' }).end(body),
    );
    expect(await postTo(destinationOf(server.url))).toEqual({
      kind: 'refused',
      httpStatus: 422,
      error: 'HTTP 422 Unprocessable Entity',
    });
  });

  test('one that would unpack to 200 MB is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    const server = await serve((_request, response) =>
      response.writeHead(503, { 'content-encoding': 'gzip', 'content-type': 'application/problem+json' }).end(bomb),
    );
    const before = process.memoryUsage.rss();
    expect(await postTo(destinationOf(server.url))).toMatchObject({ kind: 'later', httpStatus: 503 });
    expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
  });
});

test('a redirect is not followed: the other server hears nothing, and no header leaves', async () => {
  const other = await serve((_request, response) => response.writeHead(201).end());
  const server = await serve((_request, response) => response.writeHead(307, { location: `${other.url}/` }).end());
  expect(await postTo(destinationOf(server.url))).toEqual({
    kind: 'endpoint',
    httpStatus: 307,
    error: 'HTTP 307 Temporary Redirect',
    elsewhere: other.url,
  });
  expect(other.connections).toBe(0);
});

test('an endpoint that refuses before it has read the session is heard', async () => {
  const { port, close } = await freePort('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  cleanups.push(close);
  const outcome = await postTo(destinationOf(`http://127.0.0.1:${port}`), { body: Buffer.alloc(200_000, 'x') });
  expect(outcome).toMatchObject({ kind: 'refused', httpStatus: 413 });
});

test('the body and the address with its query arrive byte for byte, and the reason phrase goes nowhere', async () => {
  const server = await serve((_request, response) => response.writeHead(500, 'DOE JANE').end('DOE JANE'));
  const body = Buffer.from(JSON.stringify({ sessionId: 's1', messages: ['PID|1||Müller^Jörg'] }));
  const outcome = await postTo(destinationOf(`${server.url}/in?tenant=a%20b`), { body });
  expect(outcome).toEqual({ kind: 'later', httpStatus: 500, error: 'HTTP 500 Internal Server Error' });
  expect(server.seen[0]?.url).toBe('/in?tenant=a%20b');
  expect(server.seen[0]?.body.equals(body)).toBe(true);
});

async function serve(handler: Handler): Promise<EndpointServer> {
  const server = await serveEndpoint(handler);
  cleanups.push(server.close);
  return server;
}

function destinationOf(submissionEndpoint: string, change: Partial<Settings> = {}, idleMsMax?: number): Destination {
  const settings = { ...defaultSettings, submissionEndpoint, ...change };
  const options = { authHeader: 'Bearer hush', environment: {} };
  const destination = makeDestination(settings, idleMsMax === undefined ? options : { ...options, idleMsMax });
  if (destination === null) throw new Error('no endpoint');
  cleanups.push(() => destination.close());
  return destination;
}

async function postTo(destination: Destination, change: { signal?: AbortSignal; body?: Uint8Array } = {}) {
  const post = { id: 's1', body: Buffer.from('{}'), signal: new AbortController().signal, now: Date.now, random: () => 0.5 };
  return (await postBody(destination, { ...post, ...change })).outcome;
}

/** A port that answers each connection with `text` and reads nothing; nobody listens there after `close`. */
async function freePort(text = ''): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

/** Waits until it is so; the test's own time limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
