/**
 * One attempt against a simulated endpoint: every row of the outcome table of design section 6, the headers, and that
 * nothing an endpoint says in its own words reaches an outcome.
 */
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/common/outcome.ts';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { makeDestination } from '../../../src/service/delivery/destination.ts';
import { postBody } from '../../../src/service/delivery/post-session.ts';

const endpoint = 'https://lab.example/sessions';
const canary = 'DOE^JANE^19700101';
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe('the class of an answer', () => {
  test.for([
    [200, 'accepted'],
    [201, 'accepted'],
    [202, 'accepted'],
    [204, 'accepted'],
    [408, 'later'],
    [409, 'later'],
    [425, 'later'],
    [429, 'later'],
    [500, 'later'],
    [502, 'later'],
    [503, 'later'],
    [504, 'later'],
    [401, 'endpoint'],
    [403, 'endpoint'],
    [404, 'endpoint'],
    [405, 'endpoint'],
    [407, 'endpoint'],
    [410, 'endpoint'],
    [421, 'endpoint'],
    [501, 'endpoint'],
    [511, 'endpoint'],
    [301, 'endpoint'],
    [302, 'endpoint'],
    [304, 'endpoint'],
    [307, 'endpoint'],
    [308, 'endpoint'],
    [400, 'refused'],
    [402, 'refused'],
    [413, 'refused'],
    [415, 'refused'],
    [422, 'refused'],
    [451, 'refused'],
  ] as const)('%i is %s', async ([status, kind]) => {
    answerWith(() => new HttpResponse(null, { status, headers: { location: 'https://elsewhere.example/' } }));
    const { outcome } = await attempt();
    expect({ kind: outcome.kind, httpStatus: outcome.httpStatus }).toEqual({ kind, httpStatus: status });
  });

  test('an integrator moves single statuses to another class', async () => {
    answerWith(() => new HttpResponse(null, { status: 409 }));
    const { outcome } = await attempt({ submissionStatusRules: { 409: 'accepted' } });
    expect(outcome).toEqual({ kind: 'accepted', httpStatus: 409 });
  });

  test('a status nobody has words for is told as a number', async () => {
    answerWith(() => new HttpResponse(null, { status: 599 }));
    expect((await attempt()).outcome).toEqual({ kind: 'later', httpStatus: 599, error: 'HTTP 599' });
  });
});

describe('the request', () => {
  test('carries the session, its key and the credentials, and asks for nothing packed', async () => {
    let seen: { headers: Record<string, string>; body: string } | undefined;
    server.use(
      http.post(endpoint, async ({ request }) => {
        seen = { headers: Object.fromEntries(request.headers), body: await request.text() };
        return new HttpResponse(null, { status: 201 });
      }),
    );
    await attempt({}, 'Basic dTpw');
    expect(seen?.body).toBe('{"sessionId":"s1"}');
    expect(seen?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '18',
      'idempotency-key': 's1',
      authorization: 'Basic dTpw',
      'accept-encoding': 'identity',
    });
    expect(seen?.headers['cookie']).toBeUndefined();
  });

  test('has no Authorization when none is set, and no cookie of an earlier answer', async () => {
    const seen: (string | null)[] = [];
    server.use(
      http.post(endpoint, ({ request }) => {
        seen.push(request.headers.get('authorization'), request.headers.get('cookie'));
        return new HttpResponse(null, { status: 201, headers: { 'set-cookie': 'a=b' } });
      }),
    );
    const destination = destinationOf({}, '');
    await postBody(destination, post());
    await postBody(destination, post());
    destination.close();
    expect(seen).toEqual([null, null, null, null]);
  });

  test('tells when it began, how long it took, and the chance drawn for it', async () => {
    answerWith(() => new HttpResponse(null, { status: 201 }));
    const times = [1000, 1250, 1275];
    const destination = destinationOf();
    const answer = await postBody(destination, { ...post(), now: () => times.shift() ?? 2000, random: () => 0.25 });
    expect(answer).toMatchObject({ type: 'answered', startedAt: 1000, chance: 0.25 });
    expect(answer.durationMs).toBeGreaterThan(0);
  });
});

describe('Retry-After', () => {
  test('is taken from an answer that says later', async () => {
    answerWith(() => new HttpResponse(null, { status: 503, headers: { 'retry-after': '7' } }));
    expect((await attempt()).outcome).toEqual({
      kind: 'later',
      httpStatus: 503,
      error: 'HTTP 503 Service Unavailable',
      retryAfterMs: 7000,
    });
  });

  test('may be a date', async () => {
    answerWith(() => new HttpResponse(null, { status: 429, headers: { 'retry-after': 'Tue, 24 Nov 2026 10:01:00 GMT' } }));
    const destination = destinationOf();
    const answer = await postBody(destination, { ...post(), now: () => Date.UTC(2026, 10, 24, 10, 0, 0) });
    expect(answer.outcome.retryAfterMs).toBe(60_000);
  });

  test.for([400, 401, 307])('means nothing with %i', async (status) => {
    answerWith(() => new HttpResponse(null, { status, headers: { 'retry-after': '7' } }));
    expect((await attempt()).outcome.retryAfterMs).toBeUndefined();
  });
});

describe('what an endpoint says in its own words', () => {
  test('a code of a problem document is kept, its text is not', async () => {
    answerWith(() =>
      HttpResponse.json(
        { code: 'session.tooOld', title: canary, detail: canary },
        { status: 422, headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
      ),
    );
    expect((await attempt()).outcome).toEqual({
      kind: 'refused',
      httpStatus: 422,
      code: 'session.tooOld',
      error: 'HTTP 422 Unprocessable Entity (session.tooOld)',
    });
  });

  test.for(['application/json', 'text/plain', 'application/problem+jsonx'])('nothing is taken from %s', async (contentType) => {
    answerWith(() => new HttpResponse('{"code":"abc"}', { status: 422, headers: { 'content-type': contentType } }));
    expect((await attempt()).outcome.code).toBeUndefined();
  });

  test('neither its reason phrase nor its body gets into an outcome', async () => {
    answerWith(() => new HttpResponse(canary, { status: 500, statusText: 'DOE JANE' }));
    expect(JSON.stringify((await attempt()).outcome)).not.toMatch(/DOE|JANE/);
  });
});

describe('no answer', () => {
  test('a network fault is a value with words and a code', async () => {
    server.use(http.post(endpoint, () => HttpResponse.error()));
    const { outcome } = await attempt();
    expect(outcome.kind).toBe('unheard');
    expect(outcome.error).toMatch(/\([A-Z_]+\)$/);
  });

  test('an attempt that was stopped before it began sends nothing', async () => {
    const stop = new AbortController();
    stop.abort();
    const destination = destinationOf();
    const { outcome } = await postBody(destination, { ...post(), signal: stop.signal });
    expect(outcome).toEqual({ kind: 'unheard', code: 'ABORTED', error: 'stopped before the answer came (ABORTED)' });
  });

  test('an attempt that is stopped under way is unheard', async () => {
    const stop = new AbortController();
    server.use(
      http.post(endpoint, () => {
        stop.abort();
        return new Promise<never>(() => {});
      }),
    );
    const destination = destinationOf();
    const { outcome } = await postBody(destination, { ...post(), signal: stop.signal });
    expect(outcome.code).toBe('ABORTED');
  });
});

test('without an endpoint there is no destination', () => {
  expect(makeDestination(defaultSettings, { environment: {} })).toBeNull();
});

test('a destination shows neither its header nor the query of its address, however it is looked at', async () => {
  const { inspect } = await import('node:util');
  const destination = destinationOf({ submissionEndpoint: `${endpoint}?apiKey=hush` }, 'Bearer hush');
  expect(inspect(destination, { depth: 9, showHidden: true }) + JSON.stringify(destination)).not.toContain('hush');
  expect(destination.shownUrl).toBe(endpoint);
});

test('the key of a destination changes with address, header and proxy, and with nothing else', () => {
  const { key } = destinationOf();
  expect(destinationOf().key).toBe(key);
  expect(destinationOf({ submissionTimeoutSeconds: 5, submissionPerformer: 'Device/1' }).key).toBe(key);
  expect(destinationOf({ submissionEndpoint: 'https://lab.example/other' }).key).not.toBe(key);
  expect(destinationOf({}, 'Bearer other').key).not.toBe(key);
  expect(destinationOf({ submissionProxy: 'http://proxy.example:3128' }).key).not.toBe(key);
});

test('a header that cannot be sent is refused without repeating it', () => {
  expect(() => destinationOf({}, 'Bearer hush\r\nX: y')).toThrow(
    'submissionAuthHeader holds a character that a header cannot carry; enter it again, without line breaks.',
  );
});

function answerWith(answer: () => HttpResponse<string | null> | ReturnType<typeof HttpResponse.json>): void {
  server.use(http.post(endpoint, answer));
}

function destinationOf(change: Partial<Settings> = {}, authHeader = 'Bearer x') {
  const destination = makeDestination(
    { ...defaultSettings, submissionEndpoint: endpoint, ...change },
    { authHeader, environment: {} },
  );
  if (destination === null) throw new Error('no endpoint');
  return destination;
}

const post = () => ({
  id: 's1',
  body: Buffer.from('{"sessionId":"s1"}'),
  signal: new AbortController().signal,
  now: Date.now,
  random: () => 0.5,
});

async function attempt(change: Partial<Settings> = {}, authHeader?: string): Promise<{ outcome: Outcome }> {
  const destination = destinationOf(change, authHeader);
  try {
    return await postBody(destination, post());
  } finally {
    destination.close();
  }
}
