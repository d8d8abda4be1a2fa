/**
 * The service in one piece, in this process: real folders and threads, a real endpoint on loopback, the contract as a
 * console calls it.
 */
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CourierEvent, EventName } from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import { makeLog } from '../../../src/service/log.ts';
import { openService, type Service, type ServiceOptions } from '../../../src/service/service.ts';
import { notRun } from '../../support/not-run.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import { dropFile, dropSession, dropSessions, makeDataDir, readStored, statusCounts } from '../../support/session-folder.ts';

interface Opened {
  service: Service;
  events: CourierEvent[];
  log: string[];
  of<Name extends EventName>(name: Name): Extract<CourierEvent, { name: Name }>['payload'][];
}

async function open(dataDir: string, overrides: Record<string, unknown>, more: Partial<ServiceOptions> = {}): Promise<Opened> {
  const log: string[] = [];
  const service = await openService({
    dataDir,
    command: 'serve',
    overrides: { submissionBackoffJitter: 0, ...overrides },
    environment: {},
    version: '0.0.0',
    log: makeLog({ level: 'debug', stream: { write: (line) => log.push(line) } }),
    ...more,
  });
  const events: CourierEvent[] = [];
  service.api.subscribe((event) => events.push(event));
  onTestFinished(() => service.stop());
  return {
    service,
    events,
    log,
    of: (name) => events.flatMap((event) => (event.name === name ? [event.payload] : [])) as never,
  };
}

const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: 60_000, interval: 20 });
const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof CourierError ? error.code : error;
};

describe('delivery', () => {
  test('everything pending is delivered, told of, and counted', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    dropSessions(dataDir, 's', 12);
    const { service, of } = await open(dataDir, { submissionEndpoint: endpoint.url }, { isSampleData: true });
    const attempts: string[] = [];
    service.onAttempt(({ outcome }) => attempts.push(outcome));
    await service.start();
    await until(() => expect(of('onSubmissionResult')).toHaveLength(12));
    await until(() => expect(of('onSubmissionProgress').at(-1)).toEqual({ inFlight: 0, queueSize: 0, activeWorker: false }));
    expect(attempts).toEqual(Array(12).fill('accepted'));
    expect(of('onSubmissionResult')).toContainEqual({
      sessionId: 's001',
      success: true,
      submissionStatus: 'submitted',
      submissionAttempts: 1,
      submittedAt: expect.any(Number),
    });
    const status = await service.api.request('getStatus', {});
    expect(status).toMatchObject({
      pending: 0,
      submitted: 12,
      failed: 0,
      running: true,
      sampleData: true,
      endpoint: endpoint.url,
      circuit: { state: 'closed' },
      capture: { state: 'stopped', gaps: 0 },
    });
    await until(() => expect(of('onStatus').length).toBeGreaterThan(0));
    await service.stop();
    expect(statusCounts(dataDir)).toEqual({ submitted: 12 });
  });

  test('a late console hears the current state first', async () => {
    const endpoint = await startEndpoint();
    const { service } = await open(makeDataDir(), { submissionEndpoint: endpoint.url });
    await service.start();
    await until(async () => expect((await service.api.request('getStatus', {})).worker?.state).toBe('idle'));
    await until(() => {
      const heard: string[] = [];
      service.api.subscribe(({ name }) => heard.push(name))();
      expect(heard.slice(0, 3)).toEqual(['onStatus', 'onSettings', 'onSubmissionProgress']);
      expect(heard).toContain('onSnapshot');
    });
  });

  test('a service that is stopped while it starts does not go on afterwards', async () => {
    const { service } = await open(makeDataDir(), {});
    const started = service.start();
    await service.stop();
    await started;
    expect(service.worker.status().state).toBe('stopping');
    expect(service.worker.actor.getSnapshot().status).toBe('stopped');
  });

  test('an open circuit is said in words, and a new header delivers everything at once', async () => {
    const endpoint = await startEndpoint(({ headers }) => (headers.authorization === 'Bearer new' ? 201 : 401));
    const dataDir = makeDataDir();
    dropSessions(dataDir, 's', 6);
    const { service, of, log } = await open(dataDir, { submissionEndpoint: endpoint.url });
    await service.start();
    await until(async () =>
      expect((await service.api.request('getStatus', {})).circuit).toMatchObject({
        state: 'open',
        reason: expect.stringContaining('401'),
      }),
    );
    expect(log.join('')).toContain('Delivery stopped');
    await service.api.request('updateSettings', { submissionAuthHeader: 'Bearer new' });
    await until(() => expect(statusCounts(dataDir)).toEqual({ submitted: 6 }));
    expect(log.join('')).toContain('Delivery goes on');
    expect(log.join('')).not.toContain('Bearer new');
    expect(of('onSettings').at(-1)?.secretsSet).toContain('submissionAuthHeader');
    await until(() =>
      expect(
        of('onCauses')
          .flatMap(({ causes }) => causes)
          .some(({ kind, state }) => kind === 'circuit' && state === 'resolved'),
      ).toBe(true),
    );
  });

  test('a session that fails is told of with its error, and can be sent again', async () => {
    const endpoint = await startEndpoint(({ nth }) => (nth === 1 ? 422 : 201));
    const dataDir = makeDataDir();
    dropSession(dataDir, 'bad');
    const { service, of } = await open(dataDir, { submissionEndpoint: endpoint.url });
    await service.start();
    await until(() =>
      expect(of('onSubmissionResult')).toEqual([
        {
          sessionId: 'bad',
          success: false,
          submissionStatus: 'failed',
          submissionAttempts: 1,
          error: 'HTTP 422 Unprocessable Entity',
        },
      ]),
    );
    expect(await service.api.request('retryFailed', {})).toEqual({ queued: 1, unchanged: 0 });
    await until(() => expect(readStored(dataDir, 'bad').submissionStatus).toBe('submitted'));
    expect(await service.api.request('retrySubmission', { sessionId: 'bad' })).toEqual({ queued: 0, unchanged: 1 });
    expect(await service.api.request('retrySubmission', { sessionId: 'bad', again: true })).toEqual({ queued: 1, unchanged: 0 });
    await until(() => expect(endpoint.posts).toHaveLength(3));
  });

  test('without an endpoint nothing is sent, and that is said once; one that is set starts a cycle', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    dropSession(dataDir, 's');
    const { service, log } = await open(dataDir, {});
    await service.start();
    await service.api.request('triggerSubmissionNow', {});
    await until(() => expect(log.filter((line) => line.includes('No endpoint is set'))).toHaveLength(1));
    expect(service.endpointComplaint).toContain('No endpoint is set');
    await service.api.request('updateSettings', { submissionEndpoint: endpoint.url });
    await until(() => expect(statusCounts(dataDir)).toEqual({ submitted: 1 }));
    expect(service.endpointComplaint).toBeNull();
    expect(service.destination?.shownUrl).toBe(endpoint.url);
  });

  test('certificates that cannot be read are a problem in words; a change to such ones is refused', async () => {
    const endpoint = await startEndpoint();
    const dataDir = makeDataDir();
    const { service } = await open(dataDir, { submissionEndpoint: endpoint.url, submissionCaFile: '/nowhere/ca.pem' });
    expect(service.endpointComplaint).toContain('submissionCaFile');
    expect(service.hasProblem('endpoint.unusable')).toBe(true);
    const other = await open(makeDataDir(), { submissionEndpoint: endpoint.url });
    expect(await refusal(other.service.api.request('updateSettings', { submissionCaFile: '/nowhere/ca.pem' }))).toBe(
      'ERR_SETTING_INVALID',
    );
    expect((await other.service.api.request('getSettings', {})).settings.submissionCaFile).toBe('');
  });

  test('a folder of sessions that others may read is private from the start', async (context) => {
    if (process.platform === 'win32') notRun(context, 'Windows has no such modes');
    const dataDir = makeDataDir();
    chmodSync(dataDir, 0o755);
    mkdirSync(join(dataDir, 'sessions'));
    chmodSync(join(dataDir, 'sessions'), 0o755);
    const { service } = await open(dataDir, {});
    expect(statSync(join(dataDir, 'sessions')).mode & 0o777).toBe(0o700);
    expect(service.hasProblem('store.weaklyKept')).toBe(false);
  });

  test('one cycle for the command line ends with the last word on each session', async () => {
    const endpoint = await startEndpoint(({ id }) => (id === 'bad' ? 400 : 201));
    const dataDir = makeDataDir();
    dropSession(dataDir, 'good');
    dropSession(dataDir, 'bad', 1);
    const { service } = await open(dataDir, { submissionEndpoint: endpoint.url }, { isAttended: false, command: 'submit' });
    const seen: string[] = [];
    const { verdicts, end } = await service.runOneCycle(({ id }) => seen.push(id));
    expect({ verdicts: Object.fromEntries(verdicts), end, seen: seen.sort() }).toEqual({
      verdicts: { good: 'submitted', bad: 'failed' },
      end: 'drained',
      seen: ['bad', 'good'],
    });
  });

  test('a second service on the same folder is refused, and one whose settings are wrong leaves it free', async () => {
    const dataDir = makeDataDir();
    await open(dataDir, {});
    await expect(open(dataDir, {})).rejects.toMatchObject({
      code: 'ERR_STORE_OWNED',
      message: expect.stringContaining(String(process.pid)),
    });
    const other = makeDataDir();
    await expect(open(other, { submissionConcurrency: 99 })).rejects.toMatchObject({ code: 'ERR_SETTING_OUT_OF_RANGE' });
    await open(other, {});
  });
});

describe('sessions by hand', () => {
  test('they are listed, ignored, restored, put in the trash and brought back', async () => {
    const dataDir = makeDataDir();
    dropSessions(dataDir, 's', 4);
    const { service, of } = await open(dataDir, {});
    await service.start();
    const { api } = service;
    const listed = await api.request('getSessions', { filter: { status: ['pending'] }, sort: { by: 'startTime' }, limit: 2 });
    expect(listed).toMatchObject({ total: 4, sessions: [{ sessionId: 's001', state: 'held' }, { sessionId: 's002' }] });
    expect(await api.request('ignoreSession', { sessionIds: ['s001', 's002', 'nobody'] })).toEqual({
      ignored: 2,
      unchanged: 1,
    });
    expect(await api.request('restoreSession', { sessionId: 's001' })).toEqual({ restored: 1, unchanged: 0 });
    expect(await api.request('deleteSession', { filter: { status: ['ignored'] } })).toEqual({ deleted: 1, unchanged: 0 });
    expect(await refusal(api.request('getSession', { sessionId: 's002' }))).toBe('ERR_SESSION_NOT_FOUND');
    expect(await api.request('restoreSession', { sessionId: 's002' })).toEqual({ restored: 1, unchanged: 0 });
    expect((await api.request('getSession', { sessionId: 's002' })).summary).toMatchObject({ submissionStatus: 'ignored' });
    expect(await refusal(api.request('deleteSession', { sessionId: 'nobody' }))).toBe('ERR_SESSION_NOT_FOUND');
    await until(() =>
      expect(
        of('onSessionsChanged')
          .flatMap(({ changed }) => changed)
          .map(({ sessionId }) => sessionId),
      ).toContain('s001'),
    );
  });

  test('a file that is no session goes to quarantine and is counted', async () => {
    const dataDir = makeDataDir();
    dropFile(dataDir, 'torn.json', '{"id": "torn"');
    const { service } = await open(dataDir, {});
    await service.start();
    await until(async () => expect((await service.api.request('getStatus', {})).quarantined).toBe(1));
  });
});

describe('clean-up', () => {
  const old = { persistedUntil: 1, submissionStatus: 'submitted', submittedAt: 1 };

  test('it moves what is delivered and past its time, never what is pending or failed, and tells it', async () => {
    const dataDir = makeDataDir();
    dropSession(dataDir, 'done', 0, old);
    dropSession(dataDir, 'ignored', 1, { ...old, submissionStatus: 'ignored' });
    dropSession(dataDir, 'pending', 2, { persistedUntil: 1 });
    dropSession(dataDir, 'failed', 3, { persistedUntil: 1, submissionStatus: 'failed' });
    const { service, of } = await open(dataDir, {});
    await service.start();
    expect(await service.api.request('runCleanupNow', { dryRun: true })).toEqual({ started: true });
    await until(() => expect(of('onCleanupSummary')).toMatchObject([{ filesDeleted: 2, filesInTrash: 0, dryRun: true }]));
    expect(statusCounts(dataDir)).toEqual({ submitted: 1, ignored: 1, pending: 1, failed: 1 });
    await service.api.request('runCleanupNow', {});
    await until(() =>
      expect(of('onCleanupSummary').at(-1)).toMatchObject({ filesDeleted: 2, filesPurged: 0, filesInTrash: 2, dryRun: false }),
    );
    expect(statusCounts(dataDir)).toEqual({ pending: 1, failed: 1 });
  });

  test('alone, for the command line, it needs nothing else of the service', async () => {
    const dataDir = makeDataDir();
    dropSession(dataDir, 'done', 0, old);
    const { service } = await open(dataDir, {}, { command: 'cleanup' });
    expect(await service.cleanUpOnce({ isDryRun: false })).toMatchObject({ filesDeleted: 1, filesInTrash: 1 });
  });
});

describe('capture', () => {
  test('it is refused without an interface, and lists those there are', async () => {
    const { service } = await open(makeDataDir(), {});
    expect(await refusal(service.api.request('startCapture', {}))).toBe('ERR_STATE_CONFLICT');
    await service.start();
    expect(await refusal(service.api.request('startCapture', {}))).toBe('ERR_STATE_CONFLICT');
    expect(await service.api.request('pauseCapture', {})).toEqual({ paused: false });
    expect(await service.api.request('resumeCapture', {})).toEqual({ resumed: false });
    expect(await service.api.request('stopCapture', {})).toEqual({ stopped: true });
    const { interfaces } = await service.api.request('getNetworkInterfaces', {});
    expect(interfaces.length).toBeGreaterThan(0);
  });

  test('an interface that cannot be captured on says why', async () => {
    const { service } = await open(makeDataDir(), { captureInterface: 'no-such-interface' });
    await service.start();
    await until(async () =>
      expect((await service.api.request('getStatus', {})).capture).toMatchObject({ state: 'failed', reason: expect.any(String) }),
    );
    expect(await service.api.request('startCapture', {})).toEqual({ started: true });
  });
});

describe('settings', () => {
  test('a damaged file is told as a problem, an earlier version can be brought back', async () => {
    const dataDir = makeDataDir();
    writeFileSync(join(dataDir, 'settings.json'), '{');
    const { service } = await open(dataDir, {});
    const { api } = service;
    expect((await api.request('getStatus', {})).problems).toMatchObject([{ code: 'settings.damaged' }]);
    await api.request('updateSettings', { submissionConcurrency: 4 });
    await api.request('updateSettings', { submissionConcurrency: 5, logLevel: 'debug' });
    expect(await refusal(api.request('updateSettings', { submissionConcurrency: 6, retentionDays: 0 }))).toBe(
      'ERR_SETTING_OUT_OF_RANGE',
    );
    expect((await api.request('getSettings', {})).settings.submissionConcurrency).toBe(5);
    const { versions } = await api.request('getSettingsVersions', {});
    const before = versions[1];
    expect((await api.request('restoreSettingsVersion', { version: before?.version ?? -1 })).settings.submissionConcurrency).toBe(
      4,
    );
  });

  test('a file edited by hand holds from the next cycle on, told like any change; one that cannot be used is a problem', async () => {
    const [first, second] = [await startEndpoint(), await startEndpoint()];
    const dataDir = makeDataDir();
    const { service, of } = await open(dataDir, {});
    const { api } = service;
    await service.start();
    await api.request('updateSettings', { submissionEndpoint: first.url, submissionAuthHeader: 'Bearer first' });
    // That began a cycle, which knows nothing of what is edited during it.
    await until(async () => expect((await api.request('getStatus', {})).worker).toMatchObject({ state: 'idle' }));
    const edited = { submissionEndpoint: second.url, submissionAuthHeader: 'Bearer second', submissionConcurrency: 1 };
    writeFileSync(join(dataDir, 'settings.json'), JSON.stringify(edited));
    dropSessions(dataDir, 's', 3);
    service.worker.triggerNow();
    await until(() => expect(statusCounts(dataDir)).toEqual({ submitted: 3 }));
    expect(second.posts.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer second'));
    expect(first.posts).toEqual([]);
    expect(of('onSettings').at(-1)).toMatchObject({ settings: { submissionConcurrency: 1, submissionEndpoint: second.url } });

    writeFileSync(join(dataDir, 'settings.json'), JSON.stringify({ submissionEndpoint: first.url, submissionConcurrency: 11 }));
    service.look();
    expect((await api.request('getStatus', {})).problems).toMatchObject([
      {
        code: 'settings.notApplied',
        message: expect.stringContaining('submissionConcurrency cannot be 11: it must be a whole number 1-10'),
      },
    ]);
    await until(() => expect(of('onStatus').at(-1)?.problems).toMatchObject([{ code: 'settings.notApplied' }]));
    expect((await api.request('getSettings', {})).settings.submissionEndpoint).toBe(second.url);
  });

  test('what only a host can answer is refused without one', async () => {
    const { service } = await open(makeDataDir(), {});
    expect(await refusal(service.api.request('chooseFile', { purpose: 'key' }))).toBe('ERR_REQUEST_UNKNOWN');
  });
});
