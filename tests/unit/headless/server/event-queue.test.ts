/**
 * What a console that reads slowly is told in the end.
 */
import { expect, test } from 'vitest';
import type { CourierEvent } from '../../../../src/common/contract.ts';
import { EventQueue, eventText } from '../../../../src/headless/server/event-queue.ts';

const progress = (queueSize: number): CourierEvent => ({
  name: 'onSubmissionProgress',
  payload: { inFlight: 1, queueSize, activeWorker: true },
});
const snapshot = (id: string, value: string): CourierEvent => ({
  name: 'onSnapshot',
  payload: { machine: 'session', id, value, context: {} },
});
const result = (sessionId: string): CourierEvent => ({
  name: 'onSubmissionResult',
  payload: { sessionId, success: true, submissionStatus: 'submitted', submissionAttempts: 1 },
});

test('a server-sent event is its name and one line of JSON', () => {
  const event = snapshot('s1', 'line\nbreak\u2028');
  const text = eventText(event);
  expect(text).toMatch(/^event: onSnapshot\ndata: [^\n]*\n\n$/);
  expect(JSON.parse(text.slice(text.indexOf('data: ') + 6))).toEqual(event.payload);
});

test('only the latest progress is told, and only the latest snapshot of each machine', () => {
  expect(
    told([progress(3), snapshot('a', 'attempt'), progress(2), snapshot('b', 'attempt'), snapshot('a', 'recording')]),
  ).toEqual([progress(2), snapshot('b', 'attempt'), snapshot('a', 'recording')]);
});

test('every result is told, in order, and what happened after it comes after it', () => {
  expect(told([snapshot('a', 'recording'), result('a'), result('a'), snapshot('a', 'submitted'), result('b')])).toEqual([
    result('a'),
    result('a'),
    snapshot('a', 'submitted'),
    result('b'),
  ]);
});

test('the state of a bulk retry is replaced for each job by itself', () => {
  const job = (id: string, accepted: number): CourierEvent => ({
    name: 'onRetryJob',
    payload: { id, state: 'running', total: 9, accepted, sending: 0, failed: 0, toGo: 0, ramp: 1, startedAt: 0 },
  });
  expect(told([job('j1', 1), job('j2', 1), job('j1', 2)])).toEqual([job('j2', 1), job('j1', 2)]);
});

test.each([
  ['onStatus', { pending: 1, submitted: 0, failed: 0, ignored: 0, quarantined: 0, running: true }],
  ['onUnderWay', { at: 1, sessions: [], ended: [], endedPerSecond: 0, slots: 2, underWayMax: 8, queueSize: 0 }],
  ['onSettings', { settings: {}, secretsSet: [], overridden: [] }],
])('of %s only the latest is told', (name, payload) => {
  const event = { name, payload } as unknown as CourierEvent;
  expect(told([event, event])).toEqual([event]);
});

test('the weight of what waits is known at any time', () => {
  const queue = new EventQueue();
  for (const text of ['12345', '123']) queue.push(progress(1), text);
  queue.push(result('a'), '1234567');
  expect(queue.bytes).toBe(10);
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['123', '1234567', null]);
  expect(queue.bytes).toBe(0);
});

function told(events: CourierEvent[]): CourierEvent[] {
  const queue = new EventQueue();
  for (const event of events) queue.push(event, JSON.stringify(event));
  const texts: CourierEvent[] = [];
  for (let text = queue.take(); text !== null; text = queue.take()) texts.push(JSON.parse(text) as CourierEvent);
  return texts;
}
