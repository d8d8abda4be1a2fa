/**
 * What `submit` says at its end: one JSON object, one exit code, and why. Real processes, files and sockets.
 * May import: tests/support.
 */
import { describe, expect, test } from 'vitest';
import { deadUrl, startEndpoint } from '../../support/scripted-endpoint.ts';
import { oneObject, runCourier, submitJson } from '../../support/courier-process.ts';
import {
  contentsOf,
  dropSession,
  dropSessions,
  makeDataDir,
  outcomes,
  readStored,
  sessionPath,
  statusCounts,
} from '../../support/session-folder.ts';

const once = { submissionMaxRetries: 1 };

describe.concurrent('submit --json', () => {
  test('all accepted: exit 0, exactly the fields of the contract, and progress only on stderr', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 3);
    const { code, result, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(code, stderr).toBe(0);
    expect(result).toEqual({
      submitted: 3,
      failed: 0,
      deferred: 0,
      pending: 0,
      durationMs: expect.any(Number),
      circuit: { state: 'closed' },
    });
    expect(Object.keys(result)).toEqual(['submitted', 'failed', 'deferred', 'pending', 'durationMs', 'circuit']);
    expect(result.durationMs).toBeGreaterThan(0);
    expect(stderr).toMatch(/3 sessions? submitted/);
    expect(statusCounts(dataDir)).toEqual({ submitted: 3 });
  });

  test('one refused: exit 1, and a later run that finds nothing new exits 0', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's001' ? 422 : 200), onTestFinished);
    dropSessions(dataDir, 's', 2);
    const first = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(first).toMatchObject({ code: 1, result: { submitted: 1, failed: 1, deferred: 0, pending: 0 } });
    expect(outcomes(dataDir, 's001')).toEqual(['refused']);
    const second = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(second).toMatchObject({ code: 0, result: { submitted: 0, failed: 0, deferred: 0, pending: 0 } });
    expect(endpoint.posts).toHaveLength(2);
  });

  test('nobody answers: exit 3, the session stays pending with its attempts counted', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSessions(dataDir, 's', 1);
    const { code, result, stderr } = await submitJson(dataDir, {
      submissionEndpoint: await deadUrl(onTestFinished),
      submissionMaxRetries: 2,
    });
    expect(code).toBe(3);
    expect(result).toMatchObject({ submitted: 0, failed: 0, deferred: 1, pending: 1, circuit: { state: 'closed' } });
    expect(readStored(dataDir, 's001')).toMatchObject({ submissionStatus: 'pending', submissionAttempts: 2 });
    expect(outcomes(dataDir, 's001')).toEqual(['unheard', 'unheard']);
    expect(stderr).toMatch(/1 pending/);
  });

  test('one failed and one pending: 3 wins over 1', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's001' ? 400 : 'reset'), onTestFinished);
    dropSessions(dataDir, 's', 2);
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, ...once });
    expect({ code, result }).toMatchObject({ code: 3, result: { submitted: 0, failed: 1, deferred: 1, pending: 1 } });
  });

  test('a wrong address (404): exit 3, the circuit is open and says why in words', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 404, onTestFinished);
    dropSessions(dataDir, 's', 5);
    const { code, result, stderr } = await submitJson(dataDir, { submissionEndpoint: `${endpoint.url}?key=hidden` });
    expect(code).toBe(3);
    expect(result).toMatchObject({ submitted: 0, failed: 0, pending: 5, circuit: { state: 'open' } });
    expect(result.circuit.reason).toMatch(/404/);
    expect(endpoint.posts.length).toBeLessThanOrEqual(2);
    expect(result.deferred).toBe(endpoint.posts.length);
    expect(stderr + JSON.stringify(result)).not.toContain('hidden');
  });

  test('no endpoint while sessions are pending: exit 2 and a sentence that names the setting', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSessions(dataDir, 's', 2);
    const before = contentsOf(`${dataDir}/sessions`);
    const { code, result, stderr } = await submitJson(dataDir, {});
    expect(code).toBe(2);
    expect(stderr).toContain('submissionEndpoint');
    expect(result).toMatchObject({ submitted: 0, failed: 0, deferred: 0, pending: 2 });
    expect(contentsOf(`${dataDir}/sessions`)).toEqual(before);
  });

  test('no endpoint and nothing pending: exit 0, whatever failed before', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSession(dataDir, 'old', 0, { submissionStatus: 'failed', submissionAttempts: 1, submissionError: 'HTTP 422' });
    dropSession(dataDir, 'set-aside', 1, { submissionStatus: 'ignored' });
    const { code, result } = await submitJson(dataDir, {});
    expect({ code, result }).toMatchObject({ code: 0, result: { submitted: 0, failed: 0, deferred: 0, pending: 0 } });
  });

  test('an empty folder, or one that is not there yet: exit 0', async ({ onTestFinished }) => {
    const dataDir = `${makeDataDir(onTestFinished)}/not/there/yet`;
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({ code: 0, result: { pending: 0 } });
  });

  test('a session still being captured is held back, counts as pending and leaves the exit code alone', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const now = Date.now();
    const minute = 60_000;
    dropSession(dataDir, 'live', 0, { isComplete: false, _saved_at: now - minute });
    dropSession(dataDir, 'broken-off', 1, { isComplete: false, _saved_at: now - 11 * minute });
    dropSession(dataDir, 'whole', 2);
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect({ code, result }).toMatchObject({ code: 0, result: { submitted: 2, failed: 0, deferred: 0, pending: 1 } });
    expect(endpoint.ids().sort()).toEqual(['broken-off', 'whole']);
  });

  test('held back without an endpoint: exit 0', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    dropSession(dataDir, 'live', 0, { isComplete: false, _saved_at: Date.now() });
    expect(await submitJson(dataDir, {})).toMatchObject({ code: 0, result: { pending: 1 } });
  });

  test('without --json stdout stays empty and stderr has the story', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 1);
    const ended = await runCourier(['submit', '--data-dir', dataDir, '--set', `submissionEndpoint=${endpoint.url}`]);
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(ended.stderr).toMatch(/1 session submitted/);
  });

  test('status --json tells the same story afterwards, exactly in its own fields', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's001' ? 413 : 200), onTestFinished);
    dropSessions(dataDir, 's', 3);
    dropSession(dataDir, 'set-aside', 9, { submissionStatus: 'ignored' });
    dropSession(dataDir, 'live', 10, { isComplete: false, _saved_at: Date.now() });
    await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    const status = await runCourier(['status', '--data-dir', dataDir, '--json']);
    expect(status.code, status.stderr).toBe(0);
    expect(oneObject(status)).toEqual({
      pending: 1,
      submitted: 2,
      failed: 1,
      ignored: 1,
      quarantined: 0,
      running: false,
    });
  });

  test('a status code that this endpoint means differently is moved by submissionStatusRules', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 's001' ? 409 : 418), onTestFinished);
    dropSessions(dataDir, 's', 2);
    const { code, result } = await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionStatusRules: { 409: 'accepted', 418: 'endpoint' },
      submissionConcurrency: 1,
    });
    expect({ code, result }).toMatchObject({
      code: 3,
      result: { submitted: 1, deferred: 1, pending: 1, circuit: { state: 'open' } },
    });
    expect(readStored(dataDir, 's001').submissionStatus).toBe('submitted');
  });

  test('sessions that are no longer there to be sent are none of its business', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const { unlinkSync } = await import('node:fs');
    const ids = dropSessions(dataDir, 's', 6);
    // The first answer waits until another hand has taken two of the queued sessions away.
    const endpoint = await startEndpoint(({ id }) => {
      if (id === 's001') {
        unlinkSync(sessionPath(dataDir, 's004'));
        const ignored = { ...readStored(dataDir, 's005'), id: 's005', submissionStatus: 'ignored' };
        dropSession(dataDir, 's005', 4, ignored);
      }
      return 201;
    }, onTestFinished);
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect({ code, result }).toMatchObject({ code: 0, result: { submitted: 4, failed: 0, deferred: 0, pending: 0 } });
    expect(endpoint.ids()).toEqual(ids.filter((id) => id !== 's004' && id !== 's005'));
  });
});
