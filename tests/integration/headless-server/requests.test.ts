/**
 * The contract's requests over real HTTP: what is answered, what is refused, and in what words.
 */
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { requestNames } from '../../../src/common/contract.ts';
import { CourierError } from '../../../src/common/errors.ts';
import { json, someStatus, startServer } from './courier-double.ts';

test('every request of the contract can be asked', async () => {
  const { ask, api } = await startServer();
  const statuses = await Promise.all(requestNames.map(async (name) => (await ask('POST', `/api/${name}`, json, '[]')).status));
  // A list is no payload for any of them, so each one was found and refused it.
  expect(statuses).toEqual(requestNames.map(() => 400));
  expect(api.asked).toEqual([]);
});

test('a request reaches the service with its payload, and the answer comes back as JSON', async () => {
  const { post, api } = await startServer();
  api.answer = () => ({ queued: 2, unchanged: 0 });
  const answer = await post('retrySubmission', { sessionIds: ['a', 'b'] });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.json()).toEqual({ queued: 2, unchanged: 0 });
  expect(api.asked).toEqual([{ name: 'retrySubmission', params: { sessionIds: ['a', 'b'] } }]);
});

test('a request without a body has an empty payload', async () => {
  const { ask, post } = await startServer();
  expect((await post('getStatus')).json()).toEqual(someStatus);
  expect((await ask('POST', '/api/getStatus', json, '')).json()).toEqual(someStatus);
});

test.each([
  ['malformed JSON', '/api/getSession', json, '{"sessionId":', 400, 'ERR_PAYLOAD_INVALID', /not valid JSON/],
  ['a prototype in JSON', '/api/updateSettings', json, '{"__proto__":{"a":1}}', 400, 'ERR_PAYLOAD_INVALID', /not valid JSON/],
  ['a wrong field', '/api/getSessions', json, '{"limit":9999}', 400, 'ERR_PAYLOAD_INVALID', /"limit" is wrong/],
  ['an id with ..', '/api/getSession', json, '{"sessionId":"../x"}', 400, 'ERR_PAYLOAD_INVALID', /"sessionId" is wrong/],
  ['text', '/api/getStatus', { 'content-type': 'text/plain' }, '{}', 415, 'ERR_PAYLOAD_INVALID', /must be JSON/],
  [
    'a form',
    '/api/getStatus',
    { 'content-type': 'application/x-www-form-urlencoded' },
    'a=1',
    415,
    'ERR_PAYLOAD_INVALID',
    /JSON/,
  ],
  ['a body of no type', '/api/getStatus', {}, '{}', 415, 'ERR_PAYLOAD_INVALID', /must be JSON/],
  ['an unknown request', '/api/launchRocket', json, '{}', 404, 'ERR_REQUEST_UNKNOWN', /no such request/],
  [
    'an unknown request in text',
    '/api/launchRocket',
    { 'content-type': 'text/plain' },
    'x',
    404,
    'ERR_REQUEST_UNKNOWN',
    /no such/,
  ],
  ['an unknown request in broken JSON', '/api/launchRocket', json, '{', 404, 'ERR_REQUEST_UNKNOWN', /no such/],
  ['a name of Object.prototype', '/api/constructor', json, '{}', 404, 'ERR_REQUEST_UNKNOWN', /no such request/],
  ['a bad escape', '/api/%zz', json, '{}', 404, 'ERR_REQUEST_UNKNOWN', /no such request/],
])('%s is refused in one sentence', async (_name, path, headers, body, status, code, words) => {
  const { ask, api } = await startServer();
  const answer = await ask('POST', path, headers, body);
  expect(answer.status).toBe(status);
  expect(answer.json()).toEqual({ error: { code, message: expect.stringMatching(words) } });
  expect(api.asked).toEqual([]);
});

test.each([
  ['GET', '/api/getStatus', 'POST'],
  ['PUT', '/api/getStatus', 'POST'],
  ['OPTIONS', '/api/getStatus', 'POST'],
  ['PROPFIND', '/api/getStatus', 'POST'],
  ['POST', '/api/events', 'GET'],
  ['DELETE', '/', 'GET, HEAD'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['POST', '/metrics', 'GET, HEAD'],
])('%s %s is refused and told what is taken there', async (method, path, allow) => {
  const { ask } = await startServer();
  const answer = await ask(method, path);
  expect([answer.status, answer.headers.allow, answer.json().error?.code]).toEqual([405, allow, 'ERR_METHOD_INVALID']);
});

test('a body over 8 MB is refused before it is kept, announced or not', async () => {
  const { ask, raw, token, server, api } = await startServer();
  const body = JSON.stringify({ note: 'x'.repeat(8 * 1024 * 1024) });
  const refused = { error: { code: 'ERR_PAYLOAD_TOO_LARGE', message: expect.stringMatching(/8 MB/) } };
  // Only the announcement is sent: the answer must not wait for the body.
  const announced = await raw(
    `POST /api/getStatus HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  expect(announced).toMatch(/^HTTP\/1.1 413 /);
  expect(JSON.parse(announced.slice(announced.indexOf('\r\n\r\n') + 4))).toEqual(refused);
  const chunked = await ask('POST', '/api/getStatus', { ...json, 'transfer-encoding': 'chunked' }, body).catch(() => null);
  // A client that is still writing may see the connection go before it sees the answer; both are a refusal.
  if (chunked !== null) expect([chunked.status, chunked.json()]).toEqual([413, refused]);
  expect(api.asked).toEqual([]);
});

test('a list of 100,000 sessions fits', async () => {
  const { post, api } = await startServer();
  const sessionIds = Array.from({ length: 100_000 }, (_, index) => `0190b0a0-0000-7000-8000-${String(index).padStart(12, '0')}`);
  api.answer = (_name, params) => ({ deleted: (params as { sessionIds: string[] }).sessionIds.length, unchanged: 0 });
  expect((await post('deleteSession', { sessionIds })).json()).toEqual({ deleted: 100_000, unchanged: 0 });
});

test.each([
  ['ERR_SESSION_NOT_FOUND', 404],
  ['ERR_STATE_CONFLICT', 409],
  ['ERR_STORE_OWNED', 409],
  ['ERR_SETTING_OUT_OF_RANGE', 400],
  ['ERR_CAPTURE_UNAVAILABLE', 503],
] as const)('a refusal of the service keeps its code and words: %s is %i', async (code, status) => {
  const { post, api, logged } = await startServer();
  api.answer = () => {
    throw new CourierError(code, 'The service said why.');
  };
  const answer = await post('getStatus');
  expect([answer.status, answer.json()]).toEqual([status, { error: { code, message: 'The service said why.' } }]);
  expect(logged).toEqual([]);
});

test('a fault inside the service is 500 without details, and the log has them', async () => {
  const { post, api, logged } = await startServer();
  const fault = new Error('EIO at /var/lib/secret');
  api.answer = () => {
    throw fault;
  };
  const answer = await post('getStatus');
  expect(answer.status).toBe(500);
  expect(answer.json().error?.code).toBe('ERR_INTERNAL');
  expect(answer.text).not.toContain('secret');
  expect(logged).toEqual([{ level: 'error', details: { err: fault, request: '/api/getStatus' }, message: expect.any(String) }]);
});

test('what is not HTTP is told so, in the same form', async () => {
  const { raw, logged } = await startServer();
  const answer = await raw('HELLO\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  expect(Number(/Content-Length: (\d+)/.exec(answer)?.[1])).toBe(Buffer.byteLength(body));
  expect(JSON.parse(body)).toEqual({ error: { code: 'ERR_PAYLOAD_INVALID', message: expect.any(String) } });
  expect(logged).toEqual([]);
});

test('a client that hangs up in the middle of its request disturbs nobody', async () => {
  const { server, post, logged, raw, token } = await startServer();
  const half = `POST /api/getStatus HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{`;
  const { connect } = await import('node:net');
  const socket = connect(server.port, '127.0.0.1');
  await new Promise<void>((resolve) => socket.write(half, () => resolve()));
  socket.resetAndDestroy();
  expect((await post('getStatus')).status).toBe(200);
  expect(await raw(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`)).toContain(
    '{"ok":true}',
  );
  expect(logged).toEqual([]);
});
