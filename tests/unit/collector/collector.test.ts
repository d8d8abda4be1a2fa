/**
 * The collector's answers, without a port: every refusal, first write wins, and the pages.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectorApp } from '../../../src/collector/collector.ts';
import type { CollectorAppOptions } from '../../../src/collector/collector.ts';
import { openSqliteStorage } from '../../../src/collector/sqlite-storage.ts';
import type { CollectorStorage } from '../../../src/collector/storage.ts';
import { bodyOf } from '../../support/collector-bodies.ts';
import type { Body } from '../../support/collector-bodies.ts';

const receivedAt = Date.parse('2026-11-24T19:05:12.000Z');
let storage: CollectorStorage;
let logged: string[];
beforeEach(() => {
  storage = openSqliteStorage(':memory:');
  logged = [];
});
afterEach(() => storage.close());

describe('taking sessions', () => {
  test('a new session is answered with 201, and a repeat with 200 and duplicate', async () => {
    const app = appWith();
    const first = await posted(app, bodyOf('s1'));
    expect(first.statusCode).toBe(201);
    expect(first.headers.location).toBe('/sessions/s1');
    expect(first.json()).toEqual({ duplicate: false, receivedAt, sessionId: 's1' });
    const repeat = await posted(app, bodyOf('s1'));
    expect(repeat.statusCode).toBe(200);
    expect(repeat.json()).toEqual({ duplicate: true, differs: false, receivedAt, sessionId: 's1' });
  });

  test('a repeat with other content is a repeat, the first content stays, and the difference is told', async () => {
    const app = appWith();
    await posted(app, bodyOf('s1'));
    const repeat = await posted(app, bodyOf('s1', { messages: ['MSH|^~\\&|OTHER'] }));
    expect([repeat.statusCode, repeat.json().differs]).toEqual([200, true]);
    expect((await app.inject('/api/sessions/s1')).json()).toEqual(bodyOf('s1'));
    expect((await app.inject('/api/count')).json()).toEqual({ count: 1, repeats: 1, differing: 1 });
    expect((await app.inject('/')).body).toContain('Repeat differs (1 of 1)');
    expect((await app.inject('/sessions/s1')).body).toContain('A repeat had other content.');
  });

  test('the same content with its fields in another order is no difference', async () => {
    const app = appWith();
    await posted(app, bodyOf('s1'));
    const reversed = Object.fromEntries(Object.entries(bodyOf('s1')).toReversed());
    expect((await posted(app, JSON.stringify(reversed))).json()).toMatchObject({ duplicate: true, differs: false });
  });

  test('fields that the collector does not know are kept, byte for byte', async () => {
    const app = appWith();
    const body = `{ "ward": {"b": 1.50, "a": ["\\u0000é"]}, ${JSON.stringify(bodyOf('s1')).slice(1)}`;
    expect((await posted(app, body)).statusCode).toBe(201);
    expect((await app.inject('/api/sessions/s1')).body).toBe(body);
  });

  test('a performer is taken as text', async () => {
    const app = appWith();
    expect((await posted(app, bodyOf('s1', { performer: 'Organization/42' }))).statusCode).toBe(201);
    expect((await app.inject('/sessions/s1')).body).toContain('Organization/42');
  });

  test('an id of 128 characters is taken and found again', async () => {
    const app = appWith();
    const id = 'x'.repeat(128);
    expect((await posted(app, bodyOf(id))).statusCode).toBe(201);
    expect((await app.inject(`/sessions/${id}`)).statusCode).toBe(200);
  });

  test('sessions are taken at another path when one is configured', async () => {
    const app = appWith({ path: '/v1/hl7/inbox' });
    const answer = await app.inject({ method: 'POST', url: '/v1/hl7/inbox', payload: bodyOf('s1') });
    expect(answer.statusCode).toBe(201);
    expect((await posted(app, bodyOf('s2'))).statusCode).toBe(404);
  });
});

describe('refusing, with one clear sentence each', () => {
  const without = (field: keyof Body) => JSON.stringify({ ...bodyOf('s1'), [field]: undefined });
  const withField = (field: keyof Body, value: unknown) => JSON.stringify({ ...bodyOf('s1'), [field]: value });
  test.each([
    ['an empty body', '', 'body_not_json', 'The body is not valid JSON; send one JSON object in UTF-8.'],
    ['half a body', '{"sessionId":', 'body_not_json', 'The body is not valid JSON; send one JSON object in UTF-8.'],
    ['a list', '[]', 'body_invalid', 'The body must be a JSON object.'],
    ['null', 'null', 'body_invalid', 'The body must be a JSON object.'],
    ['no sessionId', without('sessionId'), 'body_invalid', 'sessionId must be text.'],
    ['a numeric sessionId', withField('sessionId', 7), 'body_invalid', 'sessionId must be text.'],
    [
      'a sessionId that is a path',
      withField('sessionId', '../x'),
      'body_invalid',
      'sessionId must be 1-128 letters, digits, "_" or "-", and begin with a letter or digit.',
    ],
    ['no startTime', without('startTime'), 'body_invalid', 'startTime must be a number of milliseconds since 1970.'],
    [
      'a startTime as text',
      withField('startTime', '1'),
      'body_invalid',
      'startTime must be a number of milliseconds since 1970.',
    ],
    ['a negative endTime', withField('endTime', -1), 'body_invalid', 'endTime must be a number of milliseconds since 1970.'],
    [
      'an endless endTime',
      without('endTime').replace('}', ',"endTime":1e999}'),
      'body_invalid',
      'endTime must be a number of milliseconds since 1970.',
    ],
    ['no deviceIP', without('deviceIP'), 'body_invalid', 'deviceIP must be text.'],
    ['an endless lisIP', withField('lisIP', 'x'.repeat(257)), 'body_invalid', 'lisIP must be text of at most 256 characters.'],
    ['no messages', without('messages'), 'body_invalid', 'messages must be a list of texts.'],
    ['a message that is none', withField('messages', ['MSH', 'MSH', 5]), 'body_invalid', 'messages[2] must be text.'],
    ['a performer that is none', withField('performer', {}), 'body_invalid', 'performer must be text.'],
    [
      'a body nested without end',
      `{"deep":${'['.repeat(5000)}${']'.repeat(5000)},${JSON.stringify(bodyOf('s1')).slice(1)}`,
      'body_invalid',
      'The body is nested deeper than 64 levels.',
    ],
  ])('%s is refused with 400', async (_name, body, code, detail) => {
    const app = appWith();
    const answer = await posted(app, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toEqual({ type: 'about:blank', title: expect.any(String), status: 400, code, detail });
    expect((await storage.totals()).count).toBe(0);
  });

  test('a body that is not UTF-8 is refused with 400', async () => {
    const body = Buffer.from(JSON.stringify(bodyOf('s1', { messages: ['MÜLLER'] })), 'latin1');
    const answer = await appWith().inject({ method: 'POST', url: '/sessions', headers: json, payload: body });
    expect(answer.json()).toMatchObject({
      status: 400,
      code: 'body_not_json',
      detail: 'The body is not valid UTF-8; send one JSON object in UTF-8.',
    });
  });

  test('a key that is not the sessionId is refused with 400 and keeps nothing', async () => {
    const app = appWith();
    const answer = await posted(app, bodyOf('s1'), { 'idempotency-key': 's2' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'idempotency_key_mismatch' });
    expect((await posted(app, bodyOf('s1'), { 'idempotency-key': 's1' })).statusCode).toBe(201);
  });

  test.each([
    ['another content type', { 'content-type': 'text/plain' }, 'content_type_unsupported'],
    ['no content type', {}, 'content_type_unsupported'],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 'content_encoding_unsupported'],
  ])('%s is refused with 415', async (_name, headers, code) => {
    const answer = await appWith().inject({ method: 'POST', url: '/sessions', headers, payload: JSON.stringify(bodyOf('s1')) });
    expect(answer.json()).toMatchObject({ status: 415, code });
  });

  test('a POST without a body is refused with 415', async () => {
    expect((await appWith().inject({ method: 'POST', url: '/sessions' })).statusCode).toBe(415);
  });

  test('a body over the limit is refused with 413, one at the limit is taken', async () => {
    const text = JSON.stringify(bodyOf('s1'));
    expect((await posted(appWith({ bodyLimitBytes: text.length }), text)).statusCode).toBe(201);
    const answer = await posted(appWith({ bodyLimitBytes: text.length - 1 }), text);
    expect(answer.json()).toMatchObject({
      status: 413,
      code: 'body_too_large',
      detail: `The body is larger than ${text.length - 1} bytes.`,
    });
  });

  test('another method at the path of the sessions is answered with 405 and the right one', async () => {
    const answer = await appWith().inject({ method: 'PUT', url: '/sessions?x=1', payload: {} });
    expect([answer.statusCode, answer.headers.allow, answer.json().code]).toEqual([405, 'POST', 'method_not_allowed']);
  });

  test.each([
    ['/nothing', 404, 'not_found'],
    ['/sessions/unknown', 404, 'session_not_found'],
    ['/api/sessions/a%00b', 404, 'session_not_found'],
    ['/%zz', 400, 'request_invalid'],
    ['/?page=0', 400, 'query_invalid'],
    ['/?q=1&q=2', 400, 'query_invalid'],
    ['/api/sessions?limit=1001', 400, 'query_invalid'],
    ['/api/sessions?offset=-1', 400, 'query_invalid'],
  ])('GET %s is answered with %i', async (url, status, code) => {
    expect((await appWith().inject(url)).json()).toMatchObject({ status, code });
  });

  test('a database that does not answer is a 503, without its words in answer or log', async () => {
    const broken = (): Promise<never> => Promise.reject(Object.assign(new Error('Key (MÜLLER) is full'), { code: 'XX000' }));
    const app = appWith({ storage: { ...storage, accept: broken, list: broken, totals: broken, check: broken } });
    for (const answer of [
      await posted(app, bodyOf('s1')),
      await app.inject('/'),
      await app.inject('/healthz'),
      await app.inject('/api/count'),
    ])
      expect(answer.json()).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect(logged).toContain('The database did not answer or refused (XX000).');
    expect(logged.join()).not.toContain('MÜLLER');
    const silent = appWith({ storage: { ...storage, check: () => Promise.reject(new Error('closed')) } });
    expect((await silent.inject('/healthz')).statusCode).toBe(503);
    expect(logged).toContain('The database did not answer or refused (no code).');
  });

  test('a fault in the collector itself is a 500 without its words', async () => {
    const app = appWith({ storage: { ...storage, find: async () => ({ session: null as never, body: 'no JSON: MÜLLER' }) } });
    expect((await app.inject('/sessions/s1')).json()).toMatchObject({ status: 500, code: 'internal_error' });
    expect(logged).toEqual(['A request failed: SyntaxError']);
  });
});

describe('authorization', () => {
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const token = 'Bearer s3cret';
  test('nothing but the health check answers without the configured header', async () => {
    const app = appWith({ authorization: token });
    for (const url of ['/', '/sessions/s1', '/api/count', '/api/sessions', '/style.css', '/nothing']) {
      const answer = await app.inject(url);
      expect([url, answer.statusCode, answer.json().code]).toEqual([url, 401, 'authorization_required']);
    }
    const answer = await posted(app, bodyOf('s1'));
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="HL7 Courier collector", Basic realm="HL7 Courier collector", charset="UTF-8"',
    ]);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
  });

  test.each([
    [token, token, 201],
    [token, 'Bearer s3cres', 401],
    [token, 'Bearer s3cret ', 401],
    [token, 'bearer', 401],
    [token, basic('anyone', 's3cret'), 201],
    [token, basic('s3cret', 'wrong'), 401],
    [token, 'Basic czNjcmV0', 401],
    [token, 'Basic !', 401],
    [basic('lab', 'pw'), basic('lab', 'pw'), 201],
    [basic('lab', 'pw'), basic('other', 'pw'), 401],
    ['ApiKey 7', 'ApiKey 7', 201],
    ['ApiKey 7', basic('x', ''), 401],
  ])('where %s is expected, %s is answered with %i', async (authorization, given, status) => {
    expect((await posted(appWith({ authorization }), bodyOf('s1'), { authorization: given })).statusCode).toBe(status);
  });

  test('where no Bearer token is expected, the challenge is Basic alone', async () => {
    const answer = await appWith({ authorization: basic('lab', 'pw') }).inject('/');
    expect(answer.headers['www-authenticate']).toBe('Basic realm="HL7 Courier collector", charset="UTF-8"');
  });

  test('on loopback without authorization, a page of elsewhere cannot read along under its own name', async () => {
    const app = appWith({ isLoopbackOnly: true });
    for (const host of ['evil.example', 'evil.example:8787', 'localhost.evil.example', ']'])
      expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(421);
    for (const host of ['127.0.0.1:8787', 'localhost', '[::1]:8787'])
      expect((await app.inject({ url: '/', headers: { host } })).statusCode).toBe(200);
  });
});

describe('the pages', () => {
  test('an empty collector says where sessions are sent to', async () => {
    const answer = await appWith().inject({ url: '/', headers: { host: '127.0.0.1:8787' } });
    expect(answer.body).toContain('Nothing has arrived yet');
    expect(answer.body).toContain('http://127.0.0.1:8787/sessions');
  });

  test('the list shows newest first, page by page, without message content', async () => {
    const app = appWith();
    for (let index = 1; index <= 120; index += 1) await posted(app, bodyOf(`s${index}`));
    const pages = await Promise.all(['/', '/?page=2', '/?page=3', '/?page=4'].map((url) => app.inject(url)));
    const idsOf = (body: string) => [...body.matchAll(/href="\/sessions\/([^"]+)"/g)].map((match) => match[1]);
    expect(pages.map(({ body }) => idsOf(body).length)).toEqual([50, 50, 20, 0]);
    expect(idsOf(pages[0]?.body ?? '')[0]).toBe('s120');
    expect(idsOf(pages[2]?.body ?? '').at(-1)).toBe('s1');
    expect(pages[0]?.body).toContain('120 sessions · page 1 of 3');
    expect(pages[0]?.body).toContain('<a class="button" href="/?page=2">Older</a>');
    expect(pages[3]?.body).toContain('<a class="button" href="/?page=3">Newer</a>');
    expect(pages[0]?.body).not.toContain('PATIENT');
  });

  test.each([
    ['chem', ['chem']],
    ['HEMA-1', ['hema']],
    ['192.0.2.77', ['hema']],
    ['adt^a08', ['adt']],
    ['he', ['hema', 'chem']],
    ['c%m', []],
    ['_', []],
  ])('a search for %s finds %j', async (text, ids) => {
    const app = appWith();
    await posted(app, bodyOf('chem'));
    await posted(app, bodyOf('hema', { deviceIP: '192.0.2.77', messages: ['MSH|^~\\&|HEMA-1^X||||||ORU^R01|1'] }));
    await posted(app, bodyOf('adt', { messages: ['MSH#*~\\&#POC-1######ADT*A08#1'], deviceIP: '' }));
    const found = await app.inject({ url: '/api/sessions', query: { q: text } });
    expect(found.json().sessions.map(({ sessionId }: { sessionId: string }) => sessionId)).toEqual(ids);
    expect(found.json().total).toBe(ids.length);
    const page = await app.inject({ url: '/', query: { q: text, live: '1' } });
    expect(page.body.includes('No session matches')).toBe(ids.length === 0);
  });

  test('a page refreshes itself only when asked to', async () => {
    const app = appWith();
    expect((await app.inject('/')).body).not.toContain('http-equiv="refresh"');
    const live = await app.inject('/?live=1&q=a%26b');
    expect(live.body).toContain('<meta http-equiv="refresh" content="3" />');
    expect(live.body).toContain('href="/?q=a%26b"');
  });

  test('what a device sent is shown as text and can do nothing', async () => {
    const app = appWith();
    const hostile = '<script>alert(1)</script><img src=x onerror="alert(1)">\'&\u202Etxt\u0000\u0007';
    await posted(
      app,
      bodyOf('s1', {
        deviceIP: hostile,
        lisIP: hostile,
        performer: hostile,
        messages: [`MSH|^~\\&|${hostile}||||||${hostile}|1\rOBX|1|ST|${hostile}`, hostile],
      }),
    );
    for (const url of ['/', '/sessions/s1', `/?q=${encodeURIComponent(hostile)}`]) {
      const { body, headers, statusCode } = await app.inject(url);
      expect(statusCode).toBe(200);
      expect(body).not.toMatch(/<script|<img src=x|onerror="|\u202E|(?!\n)\p{Cc}/u);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers['cache-control']).toBe('no-store');
    }
    expect((await app.inject('/sessions/s1')).body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect((await app.inject('/sessions/s1')).body).toContain('[U+202E]txt[U+0000][U+0007]');
  });

  test('the page of a session shows each segment under its name', async () => {
    const app = appWith();
    await posted(app, bodyOf('s1'));
    const { body } = await app.inject('/sessions/s1');
    expect(body).toContain('<b>PID</b>|1||TEST0001||TEST^PATIENT-0001');
    expect(body).toContain('<dd>2026-11-24 19:05:12 UTC</dd>');
    expect(body).toContain('<dd>2026-11-24 06:00:01.500 UTC</dd>');
  });

  test('a huge session opens as a page of bounded size that says what is left out', async () => {
    const app = appWith();
    const messages = [`OBX|1|${'x'.repeat(5000)}`, 'y\r'.repeat(400_000), 'z', 'z'];
    await posted(app, bodyOf('s1', { messages, startTime: 1e300, lisIP: '' }));
    const { body } = await app.inject('/sessions/s1');
    expect(body).toContain('1,006 more characters');
    expect(body).toContain('more characters of this message are in the JSON');
    expect(body).toContain('2 more messages are in the JSON');
    expect(body.length).toBeLessThan(4_000_000);
  });

  test('sizes are told in the unit that fits, and a session without messages is shown', async () => {
    const app = appWith();
    await posted(app, bodyOf('small', { messages: [] }));
    await posted(app, bodyOf('middle', { messages: ['x'.repeat(2000)] }));
    await posted(app, bodyOf('large', { messages: ['x'.repeat(2_000_000)] }));
    for (let times = 0; times < 2; times += 1) await posted(app, bodyOf('small', { messages: [] }));
    const { body } = await app.inject('/');
    for (const text of ['131 B', '2.1 KB', '1.9 MB', 'Repeated 2 times']) expect(body).toContain(text);
    expect((await app.inject('/sessions/small')).body).toContain('0 messages');
  });

  test('style sheet and icon come from the collector itself', async () => {
    const app = appWith();
    expect((await app.inject('/style.css')).headers['content-type']).toBe('text/css; charset=utf-8');
    expect((await app.inject('/icon.svg')).headers['content-type']).toBe('image/svg+xml');
  });
});

const json = { 'content-type': 'application/json' };

function appWith(change: Partial<CollectorAppOptions> = {}) {
  return collectorApp({
    storage,
    path: '/sessions',
    authorization: '',
    bodyLimitBytes: 64 * 1024 * 1024,
    isLoopbackOnly: false,
    log: (line) => logged.push(line),
    now: () => receivedAt,
    ...change,
  });
}

function posted(app: ReturnType<typeof appWith>, body: Body | string, headers: Record<string, string> = {}) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  return app.inject({ method: 'POST', url: '/sessions', headers: { ...json, ...headers }, payload });
}
