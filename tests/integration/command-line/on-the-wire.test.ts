/**
 * What the endpoint sees and what the files say afterwards: body, headers, order, slots, waits and history.
 * May import: tests/support.
 */
import { describe, expect, test } from 'vitest';
import { type Post, startEndpoint } from '../../support/scripted-endpoint.ts';
import { submitJson, until } from '../../support/courier-process.ts';
import {
  dropFile,
  dropSession,
  dropSessions,
  makeDataDir,
  hasMode,
  outcomes,
  readStored,
  sessionFields,
  sessionPath,
  type Stored,
} from '../../support/session-folder.ts';

const hour = 3_600_000;

describe.concurrent('one POST', () => {
  test('has exactly the fields of the contract, the key of the session and no Authorization unless one is set', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const { id, startTime, endTime, deviceIP, lisIP, messages } = dropSession(dataDir, 'A-1_b', 3, {
      messages: ['MSH|^~\\&|X\rPID|1||é中😀\r', 'MSH|^~\\&|Y\r'],
    });
    const { code, stderr } = await submitJson(dataDir, { submissionEndpoint: `${endpoint.url}?room=3` });
    expect(code, stderr).toBe(0);
    const [post] = endpoint.posts as [Post];
    expect(post.path).toBe('/sessions?room=3');
    expect(post.body).toEqual({ sessionId: id, startTime, endTime, deviceIP, lisIP, messages });
    expect(post.headers['content-type']).toBe('application/json');
    expect(post.headers['idempotency-key']).toBe('A-1_b');
    expect(post.headers).not.toHaveProperty('authorization');
  });

  test('carries the Authorization value and the performer when they are set', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    dropSessions(dataDir, 's', 1);
    await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionAuthHeader: 'Basic dXNlcjpwYXNz',
      submissionPerformer: 'Organization/lab-7',
    });
    expect(endpoint.posts[0]?.headers.authorization).toBe('Basic dXNlcjpwYXNz');
    expect(endpoint.posts[0]?.body['performer']).toBe('Organization/lab-7');
  });

  test('takes the Authorization value from the environment, and keeps it nowhere', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 422, onTestFinished);
    dropSessions(dataDir, 's', 1);
    const { stdout, stderr } = await submitJson(
      dataDir,
      { submissionEndpoint: endpoint.url, logLevel: 'debug' },
      { HL7_COURIER_AUTH_HEADER: 'Bearer from-the-environment' },
    );
    expect(endpoint.posts[0]?.headers.authorization).toBe('Bearer from-the-environment');
    const { contentsOf } = await import('../../support/session-folder.ts');
    const kept = JSON.stringify(contentsOf(dataDir));
    expect(kept + stdout + stderr).not.toContain('from-the-environment');
  });

  test('that is answered with a redirect is not followed: the address is wrong, not the session', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const other = await startEndpoint(() => 201, onTestFinished);
    const endpoint = await startEndpoint(() => ({ status: 307, headers: { location: other.url } }), onTestFinished);
    dropSessions(dataDir, 's', 3);
    const { code, result } = await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionAuthHeader: 'Bearer secret-1',
      submissionConcurrency: 1,
    });
    expect({ code, result }).toMatchObject({ code: 3, result: { deferred: 1, pending: 3, circuit: { state: 'open' } } });
    expect(endpoint.posts).toHaveLength(1);
    expect(other.posts).toEqual([]);
    expect(outcomes(dataDir, 's001')).toEqual(['endpoint']);
  });

  test('whose answer is huge is decided by its status', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => ({ status: 200, body: 'x'.repeat(20_000_000) }), onTestFinished);
    dropSessions(dataDir, 's', 1);
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({ code: 0, result: { submitted: 1 } });
  });
});

describe.concurrent('attempts', () => {
  test('wait one second, then two, and each is on disk before the next one starts', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const seenOnDisk: Stored[] = [];
    const endpoint = await startEndpoint(({ nth }) => {
      seenOnDisk.push(readStored(dataDir, 's001'));
      return nth === 1 ? 503 : nth === 2 ? 'reset' : { status: 200 };
    }, onTestFinished);
    const beganAt = Date.now();
    dropSession(dataDir, 's001', 0, { unknownField: { kept: [1, 'two'] } });
    const { code, result, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect({ code, result }, stderr).toMatchObject({ code: 0, result: { submitted: 1, failed: 0, deferred: 0, pending: 0 } });
    const [first, second, third] = endpoint.posts as [Post, Post, Post];
    expect(second.arrivedAt - first.answeredAt).toBeGreaterThanOrEqual(990);
    expect(third.arrivedAt - second.answeredAt).toBeGreaterThanOrEqual(1990);
    expect(new Set(endpoint.posts.map(({ text }) => text)).size).toBe(1);
    expect(seenOnDisk.map(({ submissionHistory }) => submissionHistory?.length ?? 0)).toEqual([0, 1, 2]);
    expect(seenOnDisk.map(({ submissionAttempts }) => submissionAttempts)).toEqual([0, 1, 2]);
    expect(seenOnDisk[1]?.submissionError).toMatch(/503/);

    const stored = readStored(dataDir, 's001');
    expect(stored).toMatchObject({
      submissionStatus: 'submitted',
      submissionAttempts: 3,
      unknownField: { kept: [1, 'two'] },
      id: 's001',
    });
    expect(stored).not.toHaveProperty('submissionError');
    expect(stored.submittedAt).toBeGreaterThan(beganAt);
    const entry = { startedAt: expect.any(Number), durationMs: expect.any(Number) };
    expect(stored.submissionHistory).toEqual([
      { attempt: 1, ...entry, outcome: 'later', httpStatus: 503, error: expect.any(String) },
      { attempt: 2, ...entry, outcome: 'unheard', error: expect.any(String) },
      { attempt: 3, ...entry, outcome: 'accepted', httpStatus: 200 },
    ]);
    const [one, two, three] = stored.submissionHistory?.map(({ startedAt }) => startedAt ?? 0) ?? [];
    expect([one, two, three]).toEqual([one, two, three].toSorted());
    expect(hasMode(sessionPath(dataDir, 's001'), '600')).toBe(true);
  });

  test('Retry-After wins over a shorter wait and holds back every other new attempt', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(
      () => (endpoint.posts.length === 1 ? { status: 429, headers: { 'retry-after': '2' } } : 200),
      onTestFinished,
    );
    dropSessions(dataDir, 's', 3);
    const { code } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect(code).toBe(0);
    const [first, second] = endpoint.posts as [Post, Post];
    expect(second.arrivedAt - first.answeredAt).toBeGreaterThanOrEqual(1990);
    expect(endpoint.ids().sort()).toEqual(['s001', 's001', 's002', 's003']);
  });

  test('Retry-After shorter than the wait changes nothing', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(
      ({ nth }) => (nth < 3 ? { status: 503, headers: { 'retry-after': '1' } } : 200),
      onTestFinished,
    );
    dropSessions(dataDir, 's', 1);
    expect(await submitJson(dataDir, { submissionEndpoint: endpoint.url })).toMatchObject({ code: 0 });
    const [, second, third] = endpoint.posts as [Post, Post, Post];
    expect(third.arrivedAt - second.answeredAt).toBeGreaterThanOrEqual(1990);
  });

  test('an answer that does not come in time counts as unheard', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 'hang', onTestFinished);
    dropSessions(dataDir, 's', 1);
    const { code } = await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionTimeoutSeconds: 1,
      submissionMaxRetries: 1,
    });
    expect(code).toBe(3);
    expect(outcomes(dataDir, 's001')).toEqual(['unheard']);
    expect(readStored(dataDir, 's001').submissionHistory?.[0]?.durationMs).toBeGreaterThanOrEqual(950);
  });

  test('each class of answer ends a session as the table says', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const answers: Record<string, number> = {
      s001: 200,
      s002: 400,
      s003: 204,
      s004: 422,
      s005: 500,
      s006: 202,
      s007: 409,
      s008: 501,
    };
    const endpoint = await startEndpoint(({ id }) => answers[id] ?? 201, onTestFinished);
    dropSessions(dataDir, 's', 9);
    const { code, result } = await submitJson(dataDir, {
      submissionEndpoint: endpoint.url,
      submissionConcurrency: 1,
      submissionMaxRetries: 1,
    });
    // s005 used its attempts up after s003 was accepted, so the acceptance of s006 sets it back; s008 opens the circuit,
    // so s005 is the one probe of the cycle that follows, and as such stays pending.
    expect({ code, result }).toMatchObject({ code: 3, result: { submitted: 3, pending: 3, circuit: { state: 'open' } } });
    expect(Object.fromEntries(Object.keys(answers).map((id) => [id, outcomes(dataDir, id)]))).toEqual({
      s001: ['accepted'],
      s002: ['refused'],
      s003: ['accepted'],
      s004: ['refused'],
      s005: ['later', 'requeued', 'later'],
      s006: ['accepted'],
      s007: ['later'],
      s008: ['endpoint'],
    });
    expect(readStored(dataDir, 's008')).toMatchObject({ submissionStatus: 'pending', submissionAttempts: 1 });
    expect(readStored(dataDir, 's007')).toMatchObject({ submissionStatus: 'failed' });
    expect(readStored(dataDir, 's009')).toMatchObject({ submissionStatus: 'pending', submissionAttempts: 0 });
  });
});

describe.concurrent('the order', () => {
  test('is that of the first byte, then of the id', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const startTime = Date.now() - hour;
    dropSession(dataDir, 'zz', 0, { startTime: startTime - 5 });
    dropSession(dataDir, 'b', 0, { startTime });
    dropSession(dataDir, 'a', 0, { startTime });
    dropSession(dataDir, 'Z', 0, { startTime });
    dropSession(dataDir, 'first', 0, { startTime: startTime - 10 });
    dropSession(dataDir, 'last', 0, { startTime: startTime + 1 });
    await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect(endpoint.ids()).toEqual(['first', 'zz', 'Z', 'a', 'b', 'last']);
  });

  test('puts those that were tried since the last acceptance behind, the one tried longest ago first', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    // Refusals, because the first acceptance ends all suspicion.
    const endpoint = await startEndpoint(() => 422, onTestFinished);
    const acceptedAt = Date.now() - hour;
    dropSession(dataDir, 'done', 0, { submissionStatus: 'submitted', submittedAt: acceptedAt, submissionAttempts: 1 });
    dropSession(dataDir, 'suspect-late', 1, tried(acceptedAt + 2000));
    dropSession(dataDir, 'suspect-early', 2, tried(acceptedAt + 1000));
    dropSession(dataDir, 'tried-before', 3, tried(acceptedAt - 1000));
    dropSession(dataDir, 'good-1', 4);
    dropSession(dataDir, 'good-2', 5);
    await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect(endpoint.ids()).toEqual(['tried-before', 'good-1', 'good-2', 'suspect-early', 'suspect-late']);
  });

  test('begins with one probe alone when five were tried since the last acceptance, and with all slots when four were', async ({
    onTestFinished,
  }) => {
    const inFlightAtFirst = async (triedCount: number, othersCame: (count: () => number) => Promise<unknown>) => {
      const dataDir = makeDataDir(onTestFinished);
      let mostBesideTheFirst = 0;
      const endpoint = await startEndpoint(async () => {
        if (endpoint.posts.length > 1) return 201;
        await othersCame(() => endpoint.posts.length);
        mostBesideTheFirst = endpoint.posts.length;
        return 201;
      }, onTestFinished);
      const acceptedAt = Date.now() - hour;
      dropSession(dataDir, 'done', 0, { submissionStatus: 'submitted', submittedAt: acceptedAt });
      for (let index = 0; index < triedCount; index++)
        dropSession(dataDir, `suspect-${index}`, index, tried(acceptedAt + 1000 + index));
      dropSessions(dataDir, 'good', 6, 20);
      const { code } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 4 });
      expect(code).toBe(0);
      expect(endpoint.posts[0]?.id).toBe('good001');
      expect(endpoint.posts).toHaveLength(6 + triedCount);
      return mostBesideTheFirst;
    };
    // Long enough for others to come, were they allowed to.
    expect(await inFlightAtFirst(5, () => new Promise((resume) => setTimeout(resume, 400)))).toBe(1);
    expect(await inFlightAtFirst(4, (count) => until('others come', () => count() > 1))).toBeGreaterThan(1);
  });
});

describe.concurrent('slots', () => {
  test('are never more than submissionConcurrency, as the endpoint sees it, and all are used', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(async () => {
      // The first answer waits for all slots; each one leaves the time in which one too many could come.
      if (endpoint.posts.length < 4) await until('all slots are used', () => endpoint.inFlightMax() >= 3);
      await new Promise((resume) => setTimeout(resume, 25));
      return 201;
    }, onTestFinished);
    dropSessions(dataDir, 's', 40);
    const { code } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 3 });
    expect(code).toBe(0);
    expect(endpoint.inFlightMax()).toBe(3);
    expect(new Set(endpoint.ids()).size).toBe(40);
    expect(endpoint.posts).toHaveLength(40);
  });

  test('a waiting session holds none, but at most four times as many deliveries are under way', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(({ nth }) => (nth === 1 ? 500 : 201), onTestFinished);
    dropSessions(dataDir, 's', 10);
    const { code } = await submitJson(dataDir, { submissionEndpoint: endpoint.url, submissionConcurrency: 1 });
    expect(code).toBe(0);
    expect(endpoint.ids().slice(0, 4)).toEqual(['s001', 's002', 's003', 's004']);
    let underWay = 0;
    let underWayMax = 0;
    for (const { nth } of endpoint.posts) {
      underWay += nth === 1 ? 1 : -1;
      underWayMax = Math.max(underWayMax, underWay);
    }
    expect(underWayMax).toBe(4);
    expect(endpoint.inFlightMax()).toBe(1);
  });
});

describe.concurrent('older files', () => {
  test('in both older spellings are delivered and rewritten in the form of today, unknown fields kept', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    const { _version, _saved_at, submissionStatus, submissionAttempts, submissionHistory, ...old } = sessionFields('old-1', 1);
    const element = {
      id: 'e1',
      timestamp: 5,
      direction: 'device-to-pc',
      type: 'message',
      decodedMessage: 'MSH|',
      ownNote: 'kept',
    };
    dropFile(
      dataDir,
      'old-1.json',
      JSON.stringify({
        ...old,
        _metadata: { version: 1, savedAt: _saved_at, retentionDays: 30 },
        elements: [{ ...element, rawBytes: { type: 'Buffer', data: [77, 83, 72, 124, 255] } }],
        vendor: { serial: 'XN-1' },
      }),
    );
    const { code, stderr } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(code, stderr).toBe(0);
    const stored = readStored(dataDir, 'old-1');
    expect(stored).toMatchObject({
      _version: 1,
      submissionStatus: 'submitted',
      submissionAttempts: 1,
      vendor: { serial: 'XN-1' },
      elements: [{ ...element, hexData: '4d53487cff' }],
      persistedUntil: old['persistedUntil'],
    });
    expect(stored['_saved_at']).toBeGreaterThan(Number(_saved_at));
    expect(stored).not.toHaveProperty('_metadata');
    expect((stored['elements'] as object[])[0]).not.toHaveProperty('rawBytes');
    expect([_version, submissionStatus, submissionAttempts, submissionHistory]).toEqual([1, 'pending', 0, []]);
  });

  test('of another program, readable by all, become private when they are rewritten; the folder is private', async ({
    onTestFinished,
  }) => {
    const dataDir = makeDataDir(onTestFinished);
    const endpoint = await startEndpoint(() => 201, onTestFinished);
    await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(hasMode(`${dataDir}/sessions`, '700')).toBe(true);
    const { submissionStatus, submissionHistory, ...fields } = sessionFields('plain', 1);
    const path = dropFile(dataDir, 'plain.json', JSON.stringify(fields, null, 2));
    const { chmodSync, readdirSync } = await import('node:fs');
    chmodSync(path, 0o644);
    const { result } = await submitJson(dataDir, { submissionEndpoint: endpoint.url });
    expect(result.submitted).toBe(1);
    expect(hasMode(path, '600')).toBe(true);
    expect(readdirSync(`${dataDir}/sessions`)).toEqual(['plain.json']);
    expect([submissionStatus, submissionHistory]).toEqual(['pending', []]);
  });
});

/** Fields of a session that was tried once, at `startedAt`, and is still pending. */
function tried(startedAt: number): Record<string, unknown> {
  return {
    submissionAttempts: 1,
    submissionError: 'no answer (ECONNRESET)',
    submissionHistory: [{ attempt: 1, startedAt, durationMs: 5, outcome: 'unheard', error: 'no answer (ECONNRESET)' }],
  };
}
