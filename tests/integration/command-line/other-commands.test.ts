/**
 * status, check and retry, beside a running service and without one; the settings file and its last good copy; the demo;
 * the help.
 * May import: tests/support.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  hasNoSignals,
  oneObject,
  runCourier,
  type ServiceFile,
  setOptions,
  startCourier,
  startService,
  submitJson,
  until,
} from '../../support/courier-process.ts';
import { deadUrl, startEndpoint } from '../../support/scripted-endpoint.ts';
import {
  contentsOf,
  dropSession,
  dropSessions,
  makeDataDir,
  outcomes,
  readStored,
  statusCounts,
} from '../../support/session-folder.ts';

const failed = { submissionStatus: 'failed', submissionAttempts: 3, submissionError: 'HTTP 500' };
const isoDay = 86_400_000;

describe.concurrent('without a service', () => {
  test('status changes nothing, not even a folder that is not there', async ({ onTestFinished }) => {
    const dataDir = join(makeDataDir(onTestFinished), 'nothing-yet');
    const status = await runCourier(['status', '--json', '--data-dir', dataDir]);
    expect(status.code, status.stderr).toBe(0);
    expect(oneObject(status)).toEqual({ pending: 0, submitted: 0, failed: 0, ignored: 0, quarantined: 0, running: false });
    expect(existsSync(dataDir)).toBe(false);
  });

  test('retry puts sessions back for the next run: by id, all that failed, and those accepted only with --again', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSession(dataDir, 'f1', 1, failed);
    dropSession(dataDir, 'f2', 2, failed);
    dropSession(dataDir, 'done', 3, { submissionStatus: 'submitted', submittedAt: Date.now() - isoDay, submissionAttempts: 1 });
    dropSession(dataDir, 'out', 4, { submissionStatus: 'ignored' });
    const retry = (...args: string[]) => runCourier(['retry', '--data-dir', dataDir, ...args]);
    expect((await retry('f1', 'out')).code).toBe(0);
    expect(statusCounts(dataDir)).toEqual({ pending: 2, failed: 1, submitted: 1 });
    expect(outcomes(dataDir, 'f1')).toEqual(['retried']);
    await retry('done');
    expect(readStored(dataDir, 'done').submissionStatus).toBe('submitted');
    expect((await retry('--again', 'done')).code).toBe(0);
    expect((await retry('--failed')).code).toBe(0);
    expect(statusCounts(dataDir)).toEqual({ pending: 4 });
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect({ code, result }).toMatchObject({ code: 0, result: { submitted: 4 } });
    expect(outcomes(dataDir, 'done')).toEqual(['retried', 'accepted']);
    expect(readStored(dataDir, 'f1')).not.toHaveProperty('submissionError');
  });

  test('check tries everything, sends no session, and its exit code says where it hurts', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 2);
    const before = contentsOf(join(dataDir, 'sessions'));
    const check = (...settings: string[]) => runCourier(['check', '--json', '--data-dir', dataDir, ...settings]);
    const [well, dead, bad] = await Promise.all([
      check('--set', `submissionEndpoint=${endpoint.url}?key=hidden`, '--set', 'submissionAuthHeader=Bearer hush'),
      check('--set', `submissionEndpoint=${await deadUrl(onTestFinished)}`),
      check('--set', 'submissionConcurrency=0'),
    ]);
    expect(well.code, well.stderr).toBe(0);
    expect(oneObject(well)).toBeTypeOf('object');
    expect(well.stdout + well.stderr).not.toMatch(/hush|hidden/);
    expect(dead.code, dead.stderr).toBe(3);
    expect(oneObject(dead)).toBeTypeOf('object');
    expect(bad.code, bad.stderr).toBe(2);
    expect(bad.stdout + bad.stderr).toContain('submissionConcurrency');
    // Whatever it asked the endpoint, it was not about a session.
    expect(endpoint.posts.map(({ body }) => body['sessionId']).filter(Boolean)).toEqual([]);
    expect(contentsOf(join(dataDir, 'sessions'))).toEqual(before);
  });
});

describe.skipIf(hasNoSignals)('beside a service', { concurrent: true }, () => {
  test('status, retry and check do their work through it', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id, nth }) => (id.startsWith('bad') && nth === 1 ? 422 : 201), onTestFinished);
    const ids = dropSessions(dataDir, 'bad', 3);
    dropSessions(dataDir, 'good', 2, 10);
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url }));
    onTestFinished(() => service.signal('SIGKILL'));
    await until('all is settled', () => statusCounts(dataDir)['failed'] === 3 && statusCounts(dataDir)['submitted'] === 2);
    const [status, check] = await Promise.all([
      runCourier(['status', '--json', '--data-dir', dataDir]),
      runCourier(['check', '--data-dir', dataDir, '--set', `submissionEndpoint=${endpoint.url}`]),
    ]);
    expect(status.code, status.stderr).toBe(0);
    expect(oneObject(status)).toEqual({
      pending: 0,
      submitted: 2,
      failed: 3,
      ignored: 0,
      quarantined: 0,
      running: true,
      circuit: { state: 'closed' },
    });
    expect(check.code, check.stderr).toBe(0);
    expect((await runCourier(['retry', '--data-dir', dataDir, 'bad001'])).code).toBe(0);
    await until('the one is delivered', () => readStored(dataDir, 'bad001').submissionStatus === 'submitted');
    expect((await runCourier(['retry', '--data-dir', dataDir, '--failed'])).code).toBe(0);
    await until('all are delivered', () => statusCounts(dataDir)['submitted'] === 5);
    expect((await runCourier(['retry', '--data-dir', dataDir, '--again', 'good001'])).code).toBe(0);
    await until('it is sent again', () => outcomes(dataDir, 'good001').join() === 'accepted,retried,accepted');
    expect(endpoint.ids().filter((id) => ids.includes(id))).toHaveLength(6);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test('status says what needs the operator, in words and as JSON, until it is in order', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const authorization = join(dataDir, 'authorization');
    writeFileSync(authorization, 'Bearer of-this-test', { mode: 0o600 });
    const service = await startService(dataDir);
    onTestFinished(() => service.signal('SIGKILL'));
    chmodSync(authorization, 0o644);
    await service.api('triggerSubmissionNow');
    await until('it is private again', () => (statSync(authorization).mode & 0o777) === 0o600);
    const [asJson, inWords] = await Promise.all([
      runCourier(['status', '--json', '--data-dir', dataDir]),
      runCourier(['status', '--data-dir', dataDir]),
    ]);
    expect(oneObject(asJson)).toMatchObject({ problems: [{ code: 'secret.weaklyKept', since: expect.any(Number) }] });
    expect(inWords.stderr).toContain('could be read by other users');
    await service.api('updateSettings', { submissionAuthHeader: 'Bearer another' });
    expect((await service.api('getStatus')).body).toMatchObject({ problems: [] });
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test('a killed one leaves its service.json behind, and nobody is led astray', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSession(dataDir, 'f1', 1, failed);
    const service = await startService(dataDir);
    service.signal('SIGKILL');
    await service.ended;
    expect(existsSync(join(dataDir, 'service.json'))).toBe(true);
    const status = await runCourier(['status', '--json', '--data-dir', dataDir]);
    expect(oneObject(status)).toMatchObject({ failed: 1, running: false });
    expect((await runCourier(['retry', '--failed', '--data-dir', dataDir])).code).toBe(0);
    expect(readStored(dataDir, 'f1').submissionStatus).toBe('pending');
  });
});

describe.concurrent('the settings file', () => {
  test('that is damaged is set aside, its last good copy is used, and the operator is told', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const path = join(dataDir, 'settings.json');
    writeFileSync(path, JSON.stringify({ submissionEndpoint: endpoint.url, ownNote: 'kept' }));
    dropSession(dataDir, 's1', 1);
    expect(await submitJson(dataDir, {})).toMatchObject({ code: 0, result: { submitted: 1 } });
    const damaged = '{"submissionEndpoint":"http://127.0.0';
    writeFileSync(path, damaged);
    dropSession(dataDir, 's2', 2);
    const { code, result, stderr } = await submitJson(dataDir, {});
    expect({ code, result }, stderr).toMatchObject({ code: 0, result: { submitted: 1 } });
    expect(stderr).toMatch(/settings file.*last good copy/);
    expect(endpoint.ids()).toEqual(['s1', 's2']);
    const setAside = Object.entries(contentsOf(dataDir)).filter(([, content]) => content === damaged);
    expect(setAside.map(([name]) => name)).not.toEqual(['settings.json']);
    expect(setAside).toHaveLength(1);
  });

  test('is not changed by --set', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const path = join(dataDir, 'settings.json');
    writeFileSync(path, '{"submissionConcurrency":4}');
    dropSession(dataDir, 's1', 1);
    await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionAuthHeader: 'Bearer for-one-run' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ submissionConcurrency: 4 });
    expect(JSON.stringify(contentsOf(dataDir))).not.toContain('for-one-run');
  });
});

describe.skipIf(hasNoSignals)('retention', { concurrent: true }, () => {
  test('moves what is delivered and past its time to the trash, and never what is not', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const persistedUntil = Date.now() - isoDay;
    dropSession(dataDir, 'old-submitted', 1, { submissionStatus: 'submitted', submittedAt: persistedUntil, persistedUntil });
    dropSession(dataDir, 'old-ignored', 2, { submissionStatus: 'ignored', persistedUntil });
    dropSession(dataDir, 'old-failed', 3, { ...failed, persistedUntil });
    dropSession(dataDir, 'old-pending', 4, { persistedUntil });
    dropSession(dataDir, 'new-submitted', 5, { submissionStatus: 'submitted', submittedAt: Date.now() });
    const service = await startService(dataDir, setOptions({}));
    onTestFinished(() => service.signal('SIGKILL'));
    const { status } = await service.api('runCleanupNow');
    expect(status).toBe(200);
    const left = () => readdirSync(join(dataDir, 'sessions')).filter((name) => name.endsWith('.json'));
    await until('two are moved', () => left().length === 3);
    expect(left().sort()).toEqual(['new-submitted.json', 'old-failed.json', 'old-pending.json']);
    const trash = readdirSync(join(dataDir, 'trash')).join();
    for (const id of ['old-submitted', 'old-ignored']) expect(trash).toContain(id);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });
});

describe.skipIf(hasNoSignals)('for newcomers', { concurrent: true }, () => {
  test('the demo starts, delivers, and ends cleanly with ctrl-C', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const demo = startCourier(['demo', '--port', '0', '--per-second', '5', '--data-dir', dataDir]);
    onTestFinished(() => demo.signal('SIGKILL'));
    const path = join(dataDir, 'service.json');
    await until('its service runs', () => existsSync(path));
    const { url, token } = JSON.parse(readFileSync(path, 'utf8')) as ServiceFile;
    const status = async () => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' };
      const response = await fetch(`${url}/api/getStatus`, { method: 'POST', headers, body: '{}' });
      return (await response.json()) as { submitted: number; sampleData?: boolean };
    };
    await until('sessions are delivered', async () => (await status()).submitted >= 5);
    await until('it says where the console is', () => demo.stderr().includes(`${url}/?token=`));
    demo.signal('SIGINT');
    const ended = await demo.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(statSync(join(dataDir, 'collector.db')).size).toBeGreaterThan(0);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  test('every command explains itself', async () => {
    const commands = ['serve', 'submit', 'status', 'check', 'retry', 'import', 'cleanup', 'collector', 'demo'];
    const [program, ...each] = await Promise.all([
      runCourier(['--help']),
      ...commands.map((command) => runCourier([command, '--help'])),
    ]);
    for (const command of commands) expect(program?.stdout).toContain(command);
    for (const { code, stdout, stderr } of [program, ...each].filter((one) => one !== undefined)) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/Usage/);
    }
    const helpOf = (command: string) => each[commands.indexOf(command)]?.stdout;
    for (const option of ['--data-dir', '--set', '--port', '--host', '--no-console']) expect(helpOf('serve')).toContain(option);
    for (const option of ['--data-dir', '--set', '--json']) expect(helpOf('submit')).toContain(option);
    for (const option of ['--data-dir', '--again', '--failed']) expect(helpOf('retry')).toContain(option);
    for (const option of ['--port', '--db']) expect(helpOf('collector')).toContain(option);
  });
});
