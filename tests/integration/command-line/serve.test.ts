/**
 * `serve` as a script sees it: service.json, the door, every request of the delivery, the events, and its end.
 * May import: tests/support.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasNoSignals, type RunningService, runCourier, setOptions, startService, until } from '../../support/courier-process.ts';
import { readEvents } from '../../support/event-reader.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import {
  contentsOf,
  dropSession,
  dropSessions,
  makeDataDir,
  hasMode,
  outcomes,
  patientName,
  readStored,
  sessionPath,
  statusCounts,
} from '../../support/session-folder.ts';

type Summary = { sessionId: string; submissionStatus: string; startTime: number; submissionError?: string };
type Page = { total: number; sessions: Summary[] };

describe.skipIf(hasNoSignals)('the door', { concurrent: true }, () => {
  test('service.json tells scripts where it is, for its owner only, and goes when the service ends', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const before = Date.now();
    const service = await start(dataDir, {}, onTestFinished);
    expect(Object.keys(service.file).sort()).toEqual(['pid', 'startedAt', 'token', 'url']);
    expect(service.file.pid).toBe(service.pid);
    expect(service.file.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(service.file.token.length).toBeGreaterThanOrEqual(22);
    expect(service.file.startedAt).toBeGreaterThanOrEqual(before);
    expect(hasMode(join(dataDir, 'service.json'), '600')).toBe(true);

    expect(await ask(service, 'GET', '/healthz')).toMatchObject({ status: 200 });
    expect(await ask(service, 'POST', '/api/getStatus')).toMatchObject({ status: 401 });
    expect(await ask(service, 'POST', '/api/getStatus', { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 });
    expect(await ask(service, 'GET', '/api/events')).toMatchObject({ status: 401 });
    expect(await ask(service, 'GET', '/metrics')).toMatchObject({ status: 401 });
    expect(await ask(service, 'GET', '/')).toMatchObject({ status: 401 });
    const authorization = `Bearer ${service.file.token}`;
    expect(await ask(service, 'POST', '/api/getStatus', { authorization, host: 'evil.example' })).toMatchObject({ status: 421 });
    expect(await ask(service, 'GET', '/healthz', { host: 'evil.example' })).toMatchObject({ status: 421 });
    expect(await ask(service, 'POST', '/api/getStatus', { authorization, origin: 'http://evil.example' })).toMatchObject({
      status: 403,
    });
    expect(await ask(service, 'POST', '/api/getStatus', { authorization })).toMatchObject({ status: 200 });
    const metrics = await ask(service, 'GET', '/metrics', { authorization });
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/^# TYPE \w+ (gauge|counter)$/m);
    const opened = await ask(service, 'GET', `/?token=${service.file.token}`);
    expect(String(opened.headers['set-cookie'])).toMatch(/HttpOnly.*SameSite=Strict|SameSite=Strict.*HttpOnly/i);

    for (const [name, payload, code] of [
      ['noSuchRequest', {}, 'ERR_REQUEST_UNKNOWN'],
      ['getSessions', { limit: -1 }, 'ERR_PAYLOAD_INVALID'],
      ['getSessions', { fliter: {} }, 'ERR_PAYLOAD_INVALID'],
      ['getSession', { sessionId: '../settings' }, 'ERR_PAYLOAD_INVALID'],
      ['getSession', { sessionId: 'nobody' }, 'ERR_SESSION_NOT_FOUND'],
      ['deleteSession', {}, 'ERR_PAYLOAD_INVALID'],
    ] as const) {
      const { status, body } = await service.api(name, payload);
      expect(status, name).toBeGreaterThanOrEqual(400);
      expect(body, name).toEqual({ error: { code, message: expect.any(String) } });
    }
    expect(await service.stop()).toMatchObject({ code: 0, stdout: '' });
    expect(existsSync(join(dataDir, 'service.json'))).toBe(false);
  });

  test('SIGTERM during a POST: the answer is recorded, exit 0, service.json is gone', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const held = Promise.withResolvers<number>();
    const endpoint = await startEndpoint(() => held.promise, onTestFinished);
    dropSessions(dataDir, 's', 4);
    const service = await start(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 }, onTestFinished);
    await until('one is in flight', () => endpoint.inFlight() === 1);
    service.signal('SIGTERM');
    await until('it says that it drains', () => service.stderr().includes('SIGTERM'));
    held.resolve(201);
    const ended = await service.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(statusCounts(dataDir)).toEqual({ submitted: 1, pending: 3 });
    expect(existsSync(join(dataDir, 'service.json'))).toBe(false);
  });
});

describe.skipIf(hasNoSignals)('requests', { concurrent: true }, () => {
  test('about sessions: pages, filters, one whole, ignored, deleted, sent again', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's002' || id === 's004' ? 422 : 201), onTestFinished);
    dropSessions(dataDir, 's', 6);
    dropSession(dataDir, 'live', 50, { isComplete: false, _saved_at: Date.now(), deviceIP: '10.0.0.77' });
    const service = await start(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 }, onTestFinished);
    const counts = () => service.api('getStatus').then(({ body }) => body);
    await until('the six are settled', async () => (await counts())['submitted'] === 4 && (await counts())['failed'] === 2);
    expect(await counts()).toMatchObject({ pending: 1, submitted: 4, failed: 2, ignored: 0, quarantined: 0, running: true });

    const list = async (payload: object) => (await service.api<Page>('getSessions', payload)).body;
    const ids = ({ sessions }: Page) => sessions.map(({ sessionId }) => sessionId);
    const byStart = { by: 'startTime' };
    expect(await list({ sort: byStart, limit: 2 }).then((page) => [page.total, ids(page)])).toEqual([7, ['s001', 's002']]);
    expect(ids(await list({ sort: byStart, offset: 5, limit: 10 }))).toEqual(['s006', 'live']);
    expect(ids(await list({ sort: { by: 'startTime', descending: true }, limit: 2 }))).toEqual(['live', 's006']);
    expect(ids(await list({ filter: { status: ['failed'] }, sort: byStart }))).toEqual(['s002', 's004']);
    expect(ids(await list({ filter: { status: ['failed', 'pending'] }, sort: byStart }))).toEqual(['s002', 's004', 'live']);
    expect(ids(await list({ filter: { hasError: true }, sort: byStart }))).toEqual(['s002', 's004']);
    expect(ids(await list({ filter: { device: '10.0.0.77' } }))).toEqual(['live']);
    expect(await list({ filter: { messageType: 'ADT^A08' } })).toMatchObject({ total: 0, sessions: [] });
    expect((await list({ filter: { messageType: 'ORU^R01' } })).total).toBe(7);
    const from = Number(readStored(dataDir, 's003')['startTime']);
    const to = Number(readStored(dataDir, 's005')['startTime']);
    expect(ids(await list({ filter: { from, to }, sort: byStart }))).toEqual(['s003', 's004']);
    expect(ids(await list({ filter: { text: 's005' } }))).toEqual(['s005']);

    const one = await service.api<{ session: { id: string; messages: string[] } }>('getSession', { sessionId: 's001' });
    expect(one.body.session.id).toBe('s001');
    expect(one.body.session.messages[0]).toContain(patientName);

    expect((await service.api('ignoreSession', { sessionId: 's002' })).status).toBe(200);
    expect(readStored(dataDir, 's002').submissionStatus).toBe('ignored');
    expect(outcomes(dataDir, 's002')).toEqual(['refused', 'ignored']);

    expect((await service.api('deleteSession', { sessionId: 's001' })).status).toBe(200);
    expect(existsSync(sessionPath(dataDir, 's001'))).toBe(false);
    expect(readdirSync(join(dataDir, 'trash')).join()).toContain('s001');

    endpoint.answer = () => 201;
    expect((await service.api('retryFailed')).status).toBe(200);
    await until('s004 is accepted', () => readStored(dataDir, 's004').submissionStatus === 'submitted');
    expect(outcomes(dataDir, 's004')).toEqual(['refused', 'retried', 'accepted']);
    expect(endpoint.ids().filter((id) => id === 's002')).toHaveLength(1);
    expect((await service.api('retrySubmission', { sessionIds: ['s002', 's003'] })).status).toBe(200);
    await until('s002 is accepted', () => readStored(dataDir, 's002').submissionStatus === 'submitted');
    expect(outcomes(dataDir, 's003')).toEqual(['accepted']);
    // The file is there first, the figures follow.
    await until('the figures say so', async () => (await counts())['submitted'] === 5);
    expect(await counts()).toMatchObject({ pending: 1, submitted: 5, failed: 0, ignored: 0 });

    // A file of another program, and a trigger: no restart.
    dropSession(dataDir, 'dropped', 60);
    expect(await service.api('triggerSubmissionNow')).toMatchObject({ status: 200, body: { started: true } });
    await until('it is accepted', () => readStored(dataDir, 'dropped').submissionStatus === 'submitted');
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test('a trigger answers at once during a cycle and starts one more when it ends; no session is sent twice', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const held = Promise.withResolvers<number>();
    const endpoint = await startEndpoint(() => held.promise, onTestFinished);
    dropSessions(dataDir, 's', 3);
    const service = await start(dataDir, { submissionEndpoint: endpoint.url }, onTestFinished);
    await until('two are in flight', () => endpoint.inFlight() === 2);
    dropSession(dataDir, 'late', 20);
    for (let index = 0; index < 3; index++) expect((await service.api('triggerSubmissionNow')).body).toEqual({ started: true });
    expect(endpoint.inFlight()).toBe(2);
    // s003 waits in the queue; what is ignored or deleted there is not sent.
    expect((await service.api('ignoreSession', { sessionId: 's003' })).status).toBe(200);
    held.resolve(201);
    await until('the late one is delivered by the cycle that follows', () => statusCounts(dataDir)['submitted'] === 3);
    expect(endpoint.ids().sort()).toEqual(['late', 's001', 's002']);
    expect(await service.stop()).toMatchObject({ code: 0 });
    expect(endpoint.posts).toHaveLength(3);
  });

  test('new settings hold for the next POST: never the old header at the new endpoint', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    // Eight a turn are answered, then none until the settings have changed: so each turn has its change in mid-delivery.
    let turned = Promise.withResolvers<void>();
    let postsThisTurn = 0;
    const eightATurn = async () => {
      if (++postsThisTurn > 8) await turned.promise;
      return 201;
    };
    const first = await startEndpoint(eightATurn, onTestFinished);
    const second = await startEndpoint(eightATurn, onTestFinished);
    const service = await start(dataDir, null, onTestFinished);
    const sides = [
      { endpoint: first, header: 'Bearer for-the-first' },
      { endpoint: second, header: 'Bearer for-the-second' },
    ] as const;
    const turnTo = async ({ endpoint, header }: (typeof sides)[number]) => {
      const change = { submissionEndpoint: endpoint.url, submissionAuthHeader: header, submissionConcurrency: 4 };
      // None that waits for its answer is given up, however long a turn takes here.
      const patient = { ...change, submissionTimeoutSeconds: 300 };
      expect((await service.api('updateSettings', patient)).status).toBe(200);
      const goOn = turned.resolve;
      turned = Promise.withResolvers<void>();
      postsThisTurn = 0;
      goOn();
    };
    dropSessions(dataDir, 's', 150);
    for (let turn = 0; turn < 6; turn++) {
      const side = sides[turn % 2 === 0 ? 0 : 1];
      const other = sides[turn % 2 === 0 ? 1 : 0];
      await turnTo(side);
      const seen = [side.endpoint.posts.length, other.endpoint.posts.length] as const;
      await service.api('triggerSubmissionNow');
      await until('all four slots wait for their answer', () => side.endpoint.posts.length === seen[0] + 8 + 4);
      expect(other.endpoint.posts).toHaveLength(seen[1]);
    }
    postsThisTurn = -Infinity;
    turned.resolve();
    await until('all is delivered', () => statusCounts(dataDir)['submitted'] === 150);
    for (const { endpoint, header } of sides)
      expect([...new Set(endpoint.posts.map(({ headers }) => headers.authorization))]).toEqual([header]);

    // All or nothing, and a refusal that names the key, the value and the range.
    const settings = () => service.api<{ settings: Record<string, unknown> }>('getSettings').then(({ body }) => body.settings);
    const before = await settings();
    const refused = await service.api<{ error: { message: string } }>('updateSettings', {
      submissionConcurrency: 5,
      submissionTimeoutSeconds: 9999,
    });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    for (const words of ['submissionTimeoutSeconds', '9999', '300']) expect(refused.body.error.message).toContain(words);
    const evil = await service.api<{ error: { message: string } }>('updateSettings', { submissionAuthHeader: 'topsecret\n' });
    expect(evil.status).toBeGreaterThanOrEqual(400);
    expect(evil.text).not.toContain('topsecret');
    expect(await settings()).toEqual(before);
    expect(await service.stop()).toMatchObject({ code: 0 });

    // Stored for the next run: the header apart from the settings, for the owner only.
    const kept = contentsOf(dataDir);
    expect(kept['settings.json']).toContain(second.url);
    const holders = Object.keys(kept).filter((name) => kept[name]?.includes('for-the-second'));
    expect(holders).toHaveLength(1);
    expect(holders[0]).not.toMatch(/^settings/);
    expect(hasMode(join(dataDir, holders[0] ?? ''), '600')).toBe(true);
    dropSession(dataDir, 'next-run', 200);
    const submit = await runCourier(['submit', '--json', '--data-dir', dataDir]);
    expect(submit.code, submit.stderr).toBe(0);
    expect(second.posts.at(-1)).toMatchObject({ id: 'next-run', headers: { authorization: 'Bearer for-the-second' } });
  });
});

describe.skipIf(hasNoSignals)('events', { concurrent: true }, () => {
  test('tell results and progress; who comes late hears how things stand first', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's002' ? 422 : 201), onTestFinished);
    const service = await start(dataDir, { submissionEndpoint: endpoint.url }, onTestFinished);
    const early = await readEvents(service, onTestFinished);
    dropSessions(dataDir, 's', 30);
    await service.api('triggerSubmissionNow');
    await until('all results are heard', () => early.heard.filter(({ name }) => name === 'onSubmissionResult').length === 30);
    const resultOf = (id: string) =>
      early.heard.find(({ name, payload }) => name === 'onSubmissionResult' && payload['sessionId'] === id)?.payload;
    expect(resultOf('s001')).toEqual({
      sessionId: 's001',
      success: true,
      submissionStatus: 'submitted',
      submissionAttempts: 1,
      submittedAt: readStored(dataDir, 's001').submittedAt,
    });
    expect(resultOf('s002')).toEqual({
      sessionId: 's002',
      success: false,
      submissionStatus: 'failed',
      submissionAttempts: 1,
      error: expect.stringContaining('422'),
    });
    await until('the drained queue reads 0/0', () => {
      const last = early.heard.findLast(({ name }) => name === 'onSubmissionProgress')?.payload;
      return last?.['inFlight'] === 0 && last['queueSize'] === 0 && last['activeWorker'] === false;
    });
    expect(Object.keys(early.heard.find(({ name }) => name === 'onSubmissionProgress')?.payload ?? {}).sort()).toEqual([
      'activeWorker',
      'inFlight',
      'queueSize',
    ]);

    const late = await readEvents(service, onTestFinished);
    await until('it hears something', () => late.heard.length > 0);
    expect(await late.next('nothing is on its way', ({ name }) => name === 'onSubmissionProgress')).toEqual({
      name: 'onSubmissionProgress',
      payload: { inFlight: 0, queueSize: 0, activeWorker: false },
    });
    expect(late.heard.filter(({ name }) => name === 'onSubmissionResult')).toEqual([]);
    for (const machine of ['worker', 'endpoint'])
      expect((await late.next(`${machine} stands somewhere`, isSnapshotOf(machine))).payload).toEqual({
        machine,
        id: expect.any(String),
        value: expect.anything(),
        context: expect.any(Object),
      });
    expect(await service.stop()).toMatchObject({ code: 0 });
  });
});

describe.skipIf(hasNoSignals)('secrets and patients', { concurrent: true }, () => {
  test('are in no answer but getSession, in no event, no log and no settings file', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const header = 'Bearer very-secret-value';
    // An endpoint as they are: it repeats what it does not like, in its status line's body and in headers.
    const endpoint = await startEndpoint(
      ({ id, text }) => ({
        status: id === 's001' ? 422 : id === 's002' ? 503 : 201,
        body: `cannot take ${text}`,
        headers: { 'x-echo': header },
      }),
      onTestFinished,
    );
    dropSessions(dataDir, 's', 3);
    dropSession(dataDir, 'other-name', 9, { id: 'not-the-name' });
    const service = await start(
      dataDir,
      { submissionEndpoint: `${endpoint.url}?key=query-secret`, submissionMaxRetries: 1, logLevel: 'debug' },
      onTestFinished,
      { HL7_COURIER_AUTH_HEADER: header },
    );
    const events = await readEvents(service, onTestFinished);
    await until('all is settled', () => statusCounts(dataDir)['pending'] === undefined && endpoint.posts.length >= 3);
    expect(endpoint.posts.every(({ headers }) => headers.authorization === header)).toBe(true);
    let said = '';
    for (const [name, payload] of [
      ['getStatus', {}],
      ['getSettings', {}],
      ['getSessions', {}],
      ['getSettingsVersions', {}],
      ['getCauses', {}],
      ['getLog', {}],
      ['getTransitions', {}],
      ['getFacets', {}],
      ['getDevices', {}],
      ['updateSettings', { submissionConcurrency: 3 }],
      ['testConnection', {}],
      ['retryFailed', {}],
    ] as const)
      said += (await service.api(name, payload)).text;
    said += (await ask(service, 'GET', '/metrics', { authorization: `Bearer ${service.file.token}` })).text;
    const { stderr, stdout } = await service.stop();
    said += stderr.replace(/^Console: .*$/m, '') + stdout + events.raw();
    const { submissionError: error, submissionHistory } = readStored(dataDir, 's001');
    said += JSON.stringify([error, submissionHistory]);
    for (const [name, content] of Object.entries(contentsOf(dataDir)))
      // The key to the console is kept in a file of its own.
      if (!name.startsWith('sessions/') && name !== 'quarantine/other-name.json' && name !== 'console.key') said += content;
    for (const hidden of [header, 'very-secret-value', patientName, service.file.token]) expect(said).not.toContain(hidden);
    expect(stderr).not.toContain('query-secret');
  });
});

describe.skipIf(hasNoSignals)('a thousand sessions', { concurrent: true }, () => {
  // A disk that takes half a second for each of its syncs needs minutes for them.
  test('leave the service able to answer while it delivers them', { timeout: 600_000 }, async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 1000);
    // All slots: what is under way waits for a slow disk together.
    const service = await start(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 10 }, onTestFinished);
    await until('it works', () => endpoint.posts.length > 10);
    const page = await service.api<Page>('getSessions', { limit: 1000, sort: { by: 'startTime' } });
    expect(page.body.total).toBe(1000);
    await until('all is delivered', async () => (await service.api('getStatus')).body['submitted'] === 1000, 500_000);
    expect(endpoint.posts).toHaveLength(1000);
    expect(statSync(sessionPath(dataDir, 's1000')).size).toBeGreaterThan(0);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });
});

const isSnapshotOf =
  (machine: string) =>
  ({ name, payload }: { name: string; payload: Record<string, unknown> }): boolean =>
    name === 'onSnapshot' && payload['machine'] === machine;

/** `serve` with these settings for the run; null: with what is stored. */
async function start(
  dataDir: string,
  settings: Record<string, unknown> | null,
  finished: Parameters<typeof readEvents>[1],
  environment: Record<string, string> = {},
): Promise<RunningService> {
  const service = await startService(dataDir, settings === null ? [] : setOptions(settings), environment);
  finished(() => service.signal('SIGKILL'));
  return service;
}

interface Asked {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
}

/** One request with exactly these headers, `Host` included. */
function ask(service: RunningService, method: string, path: string, headers: Record<string, string> = {}): Promise<Asked> {
  const { hostname, port, host } = new URL(service.file.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, method, path, headers: { host, 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      },
    );
    request.on('error', reject);
    request.end(method === 'POST' ? '{}' : undefined);
  });
}
