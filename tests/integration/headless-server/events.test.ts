/**
 * The event stream over real sockets: what a console is told first, what a slow one is told in the end, and how it ends.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished, expect, test } from 'vitest';
import type { CourierEvent } from '../../../src/common/contract.ts';
import { Listener, startServer } from './courier-double.ts';

const progress = (queueSize: number): CourierEvent => ({
  name: 'onSubmissionProgress',
  payload: { inFlight: 2, queueSize, activeWorker: true },
});
const result = (sessionId: string, error?: string): CourierEvent => ({
  name: 'onSubmissionResult',
  payload: {
    sessionId,
    success: error === undefined,
    submissionStatus: error === undefined ? 'submitted' : 'failed',
    submissionAttempts: 1,
    ...(error === undefined ? {} : { error }),
  },
});
const snapshot = (id: string, value: string, context: Record<string, unknown> = {}): CourierEvent => ({
  name: 'onSnapshot',
  payload: { machine: 'session', id, value, context },
});

test('a console is told the current state first, then what happens, in order', async () => {
  const { api, listen } = await startServer();
  api.firstState = [snapshot('worker', 'idle'), progress(7)];
  const console = await listen();
  await console.until(() => console.events.length === 2);
  for (const event of [progress(6), result('a'), progress(5)]) api.tell(event);
  await console.until(() => console.events.length === 5);
  expect(console.events).toEqual([snapshot('worker', 'idle'), progress(7), progress(6), result('a'), progress(5)]);
  expect(console.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(console.asides[0]).toBe('retry: 2000');
});

test('a console that connects late gets the state as it is then', async () => {
  const { api, listen } = await startServer();
  const early = await listen();
  await early.until(() => early.events.length === 1);
  api.tell(result('a'));
  api.firstState = [progress(3)];
  const late = await listen();
  await late.until(() => late.events.length === 1);
  expect(late.events).toEqual([progress(3)]);
});

test('a quiet stream shows that it lives', async () => {
  const { listen } = await startServer({ heartbeatMs: 5 });
  const console = await listen();
  await console.until(() => console.asides.filter((aside) => aside === ': still here').length >= 3);
});

test('a hundred consoles are all told everything, and leave nothing behind', async () => {
  const { api, listen } = await startServer();
  const consoles = await Promise.all(Array.from({ length: 100 }, () => listen()));
  for (let index = 0; index < 50; index += 1) api.tell(result(`s${index}`));
  await Promise.all(consoles.map((console) => console.until(() => console.count('onSubmissionResult') === 50)));
  expect(api.listeners.size).toBe(100);
  for (const console of consoles) console.response.destroy();
  while (api.listeners.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a slow reader gets every result and only the latest of the rest', async () => {
  const { api, server, token } = await startServer();
  const slow = await slowReader(server.port, token);
  await until(() => api.listeners.size === 1);
  const padding = 'x'.repeat(2000);
  for (let index = 0; index < 3000; index += 1) {
    api.tell(progress(3000 - index));
    api.tell(snapshot('worker', 'dispatching', { index, padding }));
    api.tell(result(`s${index}`));
  }
  api.tell(progress(0));
  const told = await slow.readUntil((events) => events.at(-1)?.name === 'onSubmissionProgress' && isProgress(events.at(-1), 0));
  const results = told.filter((event) => event.name === 'onSubmissionResult').map(({ payload }) => payload.sessionId);
  expect(results).toEqual(Array.from({ length: 3000 }, (_, index) => `s${index}`));
  const snapshots = told.filter((event) => event.name === 'onSnapshot');
  expect(snapshots.at(-1)?.payload.context['index']).toBe(2999);
  // 3,000 snapshots of 2 KB were never kept: those that the sockets' buffers took, and the last one.
  expect(snapshots.length).toBeLessThan(3000);
});

test('a console that is hopelessly behind is let go, and gets the current state when it comes back', async () => {
  const { api, server, token, listen, logged, post } = await startServer({ behindBytesMax: 1024 * 1024 });
  const stuck = await slowReader(server.port, token);
  await until(() => api.listeners.size === 1);
  const quick = await listen();
  const long = 'x'.repeat(10_000);
  let told = 0;
  // The operating system's buffers swallow the first megabytes.
  while (api.listeners.size === 2) {
    api.tell(result(`s${(told += 1)}`, long));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(logged).toEqual([
    { level: 'warn', details: {}, message: 'A console reads too slowly and was disconnected; it will connect again by itself.' },
  ]);
  await quick.until(() => quick.count('onSubmissionResult') === told);
  expect((await post('getStatus')).status).toBe(200);
  await stuck.untilClosed();
  api.firstState = [progress(1)];
  const again = await listen();
  await again.until(() => again.events.length === 1);
  expect(again.events).toEqual([progress(1)]);
});

test('the end of the service ends the streams in order, at once, with all that was told', async () => {
  const { api, listen, server } = await startServer({ closeGraceMs: 60_000 });
  const consoles = await Promise.all(Array.from({ length: 20 }, () => listen()));
  await until(() => api.listeners.size === 20);
  api.tell(result('last'));
  // Well within the grace that a hanging answer would be given.
  await server.close();
  await Promise.all(consoles.map((console) => console.until(() => console.isEnded || console.isBroken)));
  expect(consoles.map((console) => [console.isEnded, console.isBroken, console.events.at(-1)])).toEqual(
    consoles.map(() => [true, false, result('last')]),
  );
  expect(api.listeners.size).toBe(0);
});

test('a browser’s connection, which it would keep for later, does not hold up the end', async () => {
  const { api, server, token } = await startServer({ closeGraceMs: 60_000 });
  const stream = await fetch(`${server.url}/api/events`, { headers: { authorization: `Bearer ${token}` } });
  await until(() => api.listeners.size === 1);
  await server.close();
  expect(await stream.text()).toContain('event: onSubmissionProgress');
});

test('a console that is behind when the service ends still gets what it was told', async () => {
  const { api, server, token } = await startServer({ closeGraceMs: 60_000 });
  const slow = await slowReader(server.port, token);
  await until(() => api.listeners.size === 1);
  for (let index = 0; index < 800; index += 1) api.tell(result(`s${index}`, 'x'.repeat(10_000)));
  const closed = server.close();
  const told = await slow.readUntil((events) => events.length === 801);
  await closed;
  expect(told.at(-1)).toMatchObject({ name: 'onSubmissionResult', payload: { sessionId: 's799' } });
});

test('a console that does not read does not keep the service from ending', async () => {
  const { api, server, token } = await startServer({ closeGraceMs: 20 });
  await slowReader(server.port, token);
  await until(() => api.listeners.size === 1);
  for (let index = 0; index < 800; index += 1) api.tell(result(`s${index}`, 'x'.repeat(10_000)));
  await server.close();
  expect(api.listeners.size).toBe(0);
});

test('an answer that hangs does not keep the service from ending, and a second close is the same one', async () => {
  const { api, server, post } = await startServer({ closeGraceMs: 20 });
  api.answer = () => new Promise(() => {});
  const hanging = post('getStatus').catch((error: unknown) => error);
  await until(() => api.asked.length === 1);
  await Promise.all([server.close(), server.close()]);
  expect(await hanging).toBeInstanceOf(Error);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const isProgress = (event: CourierEvent | undefined, queueSize: number) =>
  event?.name === 'onSubmissionProgress' && event.payload.queueSize === queueSize;

/** A console that connects and does not read until it is told to. */
async function slowReader(port: number, token: string) {
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(`GET /api/events HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  socket.pause();
  return {
    async readUntil(isDone: (events: CourierEvent[]) => boolean): Promise<CourierEvent[]> {
      // HTTP/1.0: no chunks, so what follows the header is the stream itself.
      const listener = new Listener(socket as never);
      socket.resume();
      await listener.until(() => isDone(listener.events));
      return listener.events;
    },
    async untilClosed(): Promise<void> {
      socket.resume();
      if (!socket.closed) await once(socket, 'close');
    },
  };
}
