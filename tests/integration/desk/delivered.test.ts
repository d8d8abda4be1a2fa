/**
 * The desk over the real store with its threads, the real worker, and a real endpoint on loopback.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { CourierEvent } from '../../../src/common/contract.ts';
import { defaultSettings } from '../../../src/common/settings.ts';
import { makeDestination } from '../../../src/service/delivery/destination.ts';
import { postBody } from '../../../src/service/delivery/post-session.ts';
import { createDesk, type Desk, type Notice } from '../../../src/service/desk/desk.ts';
import { EventHub } from '../../../src/service/event-hub.ts';
import { makeLog } from '../../../src/service/log.ts';
import { openSessionStore } from '../../../src/service/store/session-store.ts';
import { SubmissionWorker } from '../../../src/service/submission-worker.ts';
import { dropSession, dropSessions, makeDataDir, patientName } from '../../support/session-folder.ts';
import { type ScriptedEndpoint, startEndpoint } from '../../support/scripted-endpoint.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function house(endpoint: ScriptedEndpoint, dataDir: string) {
  const settings = { ...defaultSettings, submissionEndpoint: endpoint.url, submissionMaxRetries: 1 };
  const destination = makeDestination(settings, { environment: {} });
  const hub = new EventHub(() => desk.currentState());
  const store = await openSessionStore({
    dataDir,
    onChanged: (change) => desk.storeChanged(change),
    onQuarantined: () => desk.quarantined(),
  });
  const desk: Desk = createDesk({
    dataDir,
    version: '1.0.0',
    store,
    worker: () => worker,
    settings: {
      current: () => settings,
      preview: () => settings,
    },
    hub,
    log: makeLog({ level: 'info', stream: { write: () => {} } }),
    environment: {},
    now: Date.now,
  });
  const worker: SubmissionWorker = new SubmissionWorker({
    store,
    destination: () => destination,
    post: postBody,
    settings: { concurrency: 2, attemptsMax: 1, intervalMs: 3_600_000, jitter: 0, destination: destination?.key ?? null },
    now: Date.now,
    random: () => 0,
    inspect: (event) => desk.inspect(event),
  });
  const heard: CourierEvent[] = [];
  const notices: Notice[] = [];
  hub.subscribe((event) => heard.push(event));
  desk.onNotice((notice) => notices.push(notice));
  await desk.start();
  worker.start();
  ends.push(async () => {
    await worker.stop();
    await desk.close();
    await store.close();
    destination?.close();
  });
  return { desk, store, worker, heard, notices };
}
const patiently = { timeout: 60_000, interval: 50 };
const problem = (status: number, code: string) => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ code, detail: `no such patient: ${patientName}` }),
});

test('refused sessions are one cause; after the endpoint is mended a bulk retry delivers them all, one first', async () => {
  const dataDir = makeDataDir();
  const endpoint = await startEndpoint(({ id }) => (id.startsWith('bad') ? problem(422, 'OBX-3.unknown-code') : 201));
  dropSessions(dataDir, 'bad', 6);
  dropSessions(dataDir, 'good', 3, 10);
  const { desk, store, worker, heard, notices } = await house(endpoint, dataDir);
  const causeId = 'refused-422-OBX-3.unknown-code';
  // The sessions are a day old, so the device is quiet too.
  const cause = async () => (await desk.handlers.getCauses({})).causes.find(({ id }) => id === causeId);
  await vi.waitFor(async () => expect(await cause()).toMatchObject({ count: 6, devices: ['XN-1000'] }), patiently);
  await vi.waitFor(() => expect([endpoint.posts.length, worker.status().state]).toEqual([9, 'idle']), patiently);
  const { filter, scope } = await desk.scopeOf({ causeId });
  const page = desk.decorate((await store.getSessions({ filter, ...scope })).sessions);
  expect(page.map(({ state, causeId: under }) => [state, under])).toEqual(Array.from({ length: 6 }, () => ['failed', causeId]));

  endpoint.posts.length = 0;
  endpoint.answer = () => 201;
  await desk.handlers.startRetryJob({ causeId });
  await vi.waitFor(
    async () => expect((await desk.handlers.getRetryJobs({})).jobs).toMatchObject([{ state: 'done', accepted: 6, toGo: 0 }]),
    patiently,
  );
  expect(endpoint.posts).toHaveLength(6);
  const turns = () => notices.filter((notice) => notice.causeId === causeId).map(({ turn }) => turn);
  await vi.waitFor(() => expect(turns()).toEqual(['began', 'ended']), patiently);
  expect((await desk.handlers.getActivity({ span: '1h' })).attempts.count).toBe(15);
  expect(JSON.stringify(heard)).not.toContain(patientName);
});

test('a connection is tried without a session being sent', async () => {
  const endpoint = await startEndpoint();
  const { desk } = await house(endpoint, makeDataDir());
  const { steps } = await desk.handlers.testConnection({});
  expect(steps.map(({ step }) => step)).toEqual(['name', 'proxy', 'connection', 'certificate', 'credentials', 'path']);
  expect(endpoint.posts).toEqual([]);
});

test('what another program drops into the folder is told of, and what is no session is a cause', async () => {
  const dataDir = makeDataDir();
  mkdirSync(join(dataDir, 'sessions'), { recursive: true });
  const endpoint = await startEndpoint();
  const { desk, store, worker, heard } = await house(endpoint, dataDir);
  await store.scan();
  dropSession(dataDir, 'late');
  worker.triggerNow();
  const told = () =>
    heard.flatMap((event) => (event.name === 'onSessionsChanged' ? [...event.payload.added, ...event.payload.changed] : []));
  await vi.waitFor(
    () => expect(told().findLast(({ sessionId }) => sessionId === 'late')).toMatchObject({ state: 'submitted', counter: 1 }),
    patiently,
  );
  dropSession(dataDir, 'odd', 0, { messages: 'not a list' });
  await store.scan();
  expect((await desk.handlers.getCauses({})).causes).toMatchObject([{ id: 'unreadable', state: 'open', count: 1 }]);
});

test('an endpoint that points elsewhere is told with scheme, host and port; its path and query are nowhere', async () => {
  const dataDir = makeDataDir();
  const location = `https://new.example:8443/in/${patientName}?patient=4711`;
  const endpoint = await startEndpoint(() => ({ status: 302, headers: { location } }));
  dropSessions(dataDir, 'moved', 1);
  const { desk, heard, notices } = await house(endpoint, dataDir);
  const cause = { kind: 'endpoint', httpStatus: 302, elsewhere: 'https://new.example:8443' };
  await vi.waitFor(() => expect(desk.statusExtras().circuit).toMatchObject({ state: 'open', cause }), patiently);
  await vi.waitFor(() => expect(notices.map(({ causeId }) => causeId)).toContain('circuit'), patiently);
  expect(notices.find(({ causeId }) => causeId === 'circuit')?.body).toContain(
    'The endpoint points elsewhere (302, to https://new.example:8443), and redirects are never followed with patient data',
  );
  const onDisk = () => readFileSync(join(dataDir, 'sessions', 'moved001.json'), 'utf8');
  await vi.waitFor(() => expect(JSON.parse(onDisk())).toMatchObject({ submissionError: 'HTTP 302 Found' }), patiently);
  const { messages: _messages, elements: _elements, ...said } = JSON.parse(onDisk()) as Record<string, unknown>;
  for (const text of [JSON.stringify(said), JSON.stringify(heard), JSON.stringify(notices)])
    expect(text).not.toMatch(new RegExp(`${patientName}|patient=4711|/in/`));
});
