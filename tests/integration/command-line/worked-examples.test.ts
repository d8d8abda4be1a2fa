/**
 * The worked examples of the delivery, each with real processes: what an outage, an expired token or a bad session does
 * to the others, across runs and restarts. Sessions get one attempt where the waits between attempts are not the point.
 * May import: tests/support.
 */
import { describe, expect, test } from 'vitest';
import { hasNoSignals, setOptions, startService, submitJson, until } from '../../support/courier-process.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import { dropSession, dropSessions, makeDataDir, outcomes, readStored, statusCounts } from '../../support/session-folder.ts';

const oneAttempt = { submissionMaxRetries: 1, submissionConcurrency: 1 };

describe.concurrent('a bad session', () => {
  test('alone before an endpoint that always answers 500 fails after three attempts', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 500, onTestFinished);
    dropSessions(dataDir, 'bad', 1);
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect({ code, result }).toMatchObject({ code: 1, result: { failed: 1, pending: 0, circuit: { state: 'closed' } } });
    expect(outcomes(dataDir, 'bad001')).toEqual(['later', 'later', 'later']);
    expect(readStored(dataDir, 'bad001')).toMatchObject({ submissionStatus: 'failed', submissionAttempts: 3 });
  });

  test('gets another chance when another one is accepted, three times in its life', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 'bad001' ? 500 : 201), onTestFinished);
    const submit = () => submitJson(dataDir, { submissionEndpoint: endpoint.url, ...oneAttempt });
    dropSessions(dataDir, 'bad', 1);
    expect(await submit()).toMatchObject({ code: 1, result: { failed: 1 } });
    for (const id of ['good1', 'good2', 'good3']) {
      dropSession(dataDir, id, 10);
      const { code, result } = await submit();
      expect({ code, result }).toMatchObject({ code: 1, result: { submitted: 1, failed: 1, pending: 0 } });
    }
    const lifeSoFar = ['later', 'requeued', 'later', 'requeued', 'later', 'requeued', 'later'];
    expect(outcomes(dataDir, 'bad001')).toEqual(lifeSoFar);
    dropSession(dataDir, 'good4', 11);
    expect(await submit()).toMatchObject({ code: 0, result: { submitted: 1, failed: 0 } });
    expect(outcomes(dataDir, 'bad001')).toEqual(lifeSoFar);
    const requeued = readStored(dataDir, 'bad001').submissionHistory?.[1];
    expect(requeued).toEqual({
      at: expect.any(Number),
      outcome: 'requeued',
      ...(requeued?.reason && { reason: expect.any(String) }),
    });
  });

  test('among good ones fails after three attempts, holds nobody up and gets no other chance', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id === 'bad001' ? 500 : 201), onTestFinished);
    dropSessions(dataDir, 'bad', 1);
    // All are under way at once, however long the disk takes for one: the last is sent while the bad one waits its second.
    dropSessions(dataDir, 'good', 7, 10);
    const first = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(first).toMatchObject({ code: 1, result: { submitted: 7, failed: 1, deferred: 0, pending: 0 } });
    const lastGood = endpoint.posts.findLastIndex(({ id }) => id !== 'bad001');
    expect(endpoint.posts.findIndex(({ id, nth }) => id === 'bad001' && nth === 2)).toBeGreaterThan(lastGood);
    dropSession(dataDir, 'another', 40);
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({
      code: 0,
      result: { submitted: 1, failed: 0 },
    });
    expect(outcomes(dataDir, 'bad001')).toEqual(['later', 'later', 'later']);
  });

  test('five that crash the endpoint at the head of good ones: the next run delivers all good ones', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id.startsWith('bad') ? 'reset' : 201), onTestFinished);
    dropSessions(dataDir, 'bad', 5);
    const good = dropSessions(dataDir, 'good', 100, 10);
    const settings = { submissionEndpoint: endpoint.url, submissionMaxRetries: 2, submissionConcurrency: 2 };
    const first = await submitJson(dataDir, settings);
    expect(first.result.failed).toBe(0);
    for (let run = 2; run <= 3 && (statusCounts(dataDir)['submitted'] ?? 0) < 100; run++) {
      const firstOfRun = endpoint.posts.length;
      const firstLeft = good.find((id) => readStored(dataDir, id).submissionStatus !== 'submitted');
      const { code } = await submitJson(dataDir, settings);
      expect(code).toBe(3);
      expect(endpoint.posts[firstOfRun]?.id).toBe(firstLeft);
      expect(statusCounts(dataDir)).toEqual({ submitted: 100, pending: 5 });
    }
  });
});

describe.skipIf(hasNoSignals)('an outage', { concurrent: true }, () => {
  test('of 503s with submit from cron: five failed, then a probe a run, and the first run after it delivers all', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 503, onTestFinished);
    const submit = () => submitJson(dataDir, { submissionEndpoint: endpoint.url, ...oneAttempt });
    const ids = dropSessions(dataDir, 's', 12);
    const first = await submit();
    expect(first).toMatchObject({
      code: 3,
      result: { submitted: 0, failed: 5, deferred: 0, pending: 7, circuit: { state: 'open' } },
    });
    expect(first.result.circuit.reason).toMatch(/503/);
    expect(endpoint.ids()).toEqual(ids.slice(0, 5));
    for (const probes of [1, 2]) {
      expect(await submit()).toMatchObject({
        code: 3,
        result: { failed: 0, deferred: 1, pending: 7, circuit: { state: 'open' } },
      });
      expect(endpoint.posts).toHaveLength(5 + probes);
    }
    // The one that was a probe before is a suspect, so the second probe is another one.
    expect(endpoint.ids().slice(5)).toEqual(['s006', 's007']);
    endpoint.answer = () => 201;
    expect(await submit()).toMatchObject({
      code: 0,
      result: { submitted: 12, failed: 0, deferred: 0, pending: 0, circuit: { state: 'closed' } },
    });
    expect(statusCounts(dataDir)).toEqual({ submitted: 12 });
    expect(outcomes(dataDir, 's001')).toEqual(['later', 'requeued', 'accepted']);
    expect(endpoint.ids().slice(-5)).toEqual(ids.slice(0, 5));
  });

  test('where nobody answers, under serve: five deferred, a probe a cycle, and its return delivers all in that cycle', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 'reset', onTestFinished);
    dropSessions(dataDir, 's', 40);
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url, ...oneAttempt }));
    onTestFinished(() => service.signal('SIGKILL'));
    await until('the five are sent', () => endpoint.posts.length >= 5);
    await cycleEnded(service);
    expect(await counts(service)).toMatchObject({ pending: 40, submitted: 0, failed: 0, circuit: { state: 'open' } });
    expect(endpoint.posts).toHaveLength(5);
    for (const probes of [1, 2, 3]) {
      await service.api('triggerSubmissionNow');
      await until('the probe is sent', () => endpoint.posts.length >= 5 + probes);
      await cycleEnded(service);
      expect(endpoint.posts).toHaveLength(5 + probes);
    }
    endpoint.answer = () => 201;
    await service.api('triggerSubmissionNow');
    await until('all is delivered', async () => (await counts(service))['submitted'] === 40);
    expect(await counts(service)).toMatchObject({ pending: 0, failed: 0, circuit: { state: 'closed' } });
    expect(endpoint.posts).toHaveLength(5 + 3 + 40);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test('of 503s, under serve: the five that failed are set back and delivered in the cycle that follows at once', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 503, onTestFinished);
    dropSessions(dataDir, 's', 20);
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url, ...oneAttempt }));
    onTestFinished(() => service.signal('SIGKILL'));
    await until('the five are sent', () => endpoint.posts.length >= 5);
    await cycleEnded(service);
    expect(await counts(service)).toMatchObject({ pending: 15, failed: 5, circuit: { state: 'open' } });
    await service.api('triggerSubmissionNow');
    await until('the probe is sent', () => endpoint.posts.length >= 6);
    await cycleEnded(service);
    expect(await counts(service)).toMatchObject({ pending: 15, failed: 5 });
    endpoint.answer = () => 201;
    await service.api('triggerSubmissionNow');
    await until('all is delivered', async () => (await counts(service))['submitted'] === 20);
    expect(endpoint.ids().slice(-5).sort()).toEqual(['s001', 's002', 's003', 's004', 's005']);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });
});

describe.skipIf(hasNoSignals)('credentials and refusals', { concurrent: true }, () => {
  test('an expired token costs one POST a slot; a new header starts a cycle at once and all is delivered', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ headers }) => (headers.authorization === 'Bearer new' ? 201 : 401), onTestFinished);
    dropSessions(dataDir, 's', 30);
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url, submissionConcurrency: 3 }));
    onTestFinished(() => service.signal('SIGKILL'));
    await until('it was tried', () => endpoint.posts.length > 0);
    await cycleEnded(service);
    expect(endpoint.posts.length).toBeLessThanOrEqual(3);
    const tried = endpoint.posts.length;
    const before = await counts(service);
    expect(before).toMatchObject({ pending: 30, failed: 0, circuit: { state: 'open' } });
    expect(String((before['circuit'] as { reason: string }).reason)).toMatch(/401/);
    expect((await service.api('updateSettings', { submissionAuthHeader: 'Bearer new' })).status).toBe(200);
    await until('all is delivered', async () => (await counts(service))['submitted'] === 30);
    expect(endpoint.posts).toHaveLength(tried + 30);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test('twenty refusals in a row open the circuit; when the endpoint accepts again, they are set back once', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 422, onTestFinished);
    const submit = () => submitJson(dataDir, { submissionEndpoint: endpoint.url, ...oneAttempt });
    dropSessions(dataDir, 's', 24);
    const first = await submit();
    expect(first).toMatchObject({ code: 3, result: { failed: 20, deferred: 0, pending: 4, circuit: { state: 'open' } } });
    // Still refused: what opened the circuit was refusals, so the probe stays pending.
    expect(await submit()).toMatchObject({ code: 3, result: { failed: 0, deferred: 1, pending: 4, circuit: { state: 'open' } } });
    endpoint.answer = ({ id }) => (id === 's001' ? 422 : 201);
    const last = await submit();
    expect(last).toMatchObject({ code: 1, result: { submitted: 23, failed: 1, pending: 0, circuit: { state: 'closed' } } });
    expect(outcomes(dataDir, 's001')).toEqual(['refused', 'requeued', 'refused']);
    expect(outcomes(dataDir, 's002')).toEqual(['refused', 'requeued', 'accepted']);
  });

  test('a few refusals among others stay failed: the endpoint meant them', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ id }) => (id < 's004' ? 422 : 201), onTestFinished);
    dropSessions(dataDir, 's', 8);
    const { code, result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, ...oneAttempt });
    expect({ code, result }).toMatchObject({ code: 1, result: { submitted: 5, failed: 3, pending: 0 } });
    expect(endpoint.posts).toHaveLength(8);
  });
});

type Service = Awaited<ReturnType<typeof startService>>;

async function counts(service: Service): Promise<Record<string, unknown>> {
  return (await service.api('getStatus')).body;
}

/** Waits until the cycle is over that has sent something: before it begins, a worker that has just been started is idle too. */
async function cycleEnded(service: Service): Promise<void> {
  await until('the cycle ends', async () => {
    const { worker } = (await service.api<{ worker?: { state: string } }>('getStatus')).body;
    return worker?.state === 'idle';
  });
}
