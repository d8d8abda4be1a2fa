/**
 * The look right before a POST decides by what is on disk then.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { PostLook } from '../../../src/service/store/session-store.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { message, storedSession } from '../../support/stored-session.ts';

const textOf = (look: PostLook) => (look.type === 'body' ? new TextDecoder().decode(look.body) : look.reason);

test('a body has its fields in one order, so that a repeat has the same bytes', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1', { messages: [message, 'MSH|Jörg'] }));
  const body = await store.readForPost('s1');
  expect(textOf(body)).toBe(
    `{"sessionId":"s1","startTime":400000,"endTime":400500,"deviceIP":"10.0.0.5","lisIP":"10.0.0.9","messages":[${JSON.stringify(message)},"MSH|Jörg"]}`,
  );
  expect(textOf(await store.readForPost('s1', ''))).toBe(textOf(body));
  expect(textOf(await store.readForPost('s1', 'Practitioner/7')).endsWith('"MSH|Jörg"],"performer":"Practitioner/7"}')).toBe(
    true,
  );
});

test.each(['ignored', 'submitted', 'failed'] as const)('a session that became %s while queued is not sent', async (status) => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  put(storedSession('s1', { submissionStatus: status }));
  expect(await store.readForPost('s1')).toEqual({ type: 'withdrawn', reason: status });
  expect(await store.counts()).toMatchObject({ pending: 0, [status]: 1 });
});

test('what is sent is what the file says now, whether or not it is as the last look saw it', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  const first = textOf(await store.readForPost('s1'));
  expect(textOf(await store.readForPost('s1'))).toBe(first);
  put(storedSession('s1', { lisIP: '10.0.0.7' }));
  expect(textOf(await store.readForPost('s1'))).toBe(first.replace('10.0.0.9', '10.0.0.7'));
  put({ ...storedSession('s1'), deviceIP: 7 } as never);
  expect(await store.readForPost('s1')).toEqual({ type: 'withdrawn', reason: 'unreadable' });
});

test('a session that was deleted while queued is not sent', async () => {
  const { store, put, files } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  files.unlink('/data/sessions/s1.json');
  expect(await store.readForPost('s1')).toEqual({ type: 'withdrawn', reason: 'deleted' });
  expect(await store.counts()).toMatchObject({ pending: 0 });
});

test('a session that was damaged while queued is not sent, and set aside by the next look', async () => {
  const { store, put, files } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  files.put('/data/sessions/s1.json', '{"id"');
  expect(await store.readForPost('s1')).toEqual({ type: 'withdrawn', reason: 'unreadable' });
  await store.discover();
  expect(files.names('/data/quarantine')).toEqual(['s1.json', 's1.json.reason.txt']);
});
