/**
 * Who is let in, over real sockets: names, origins, the token, the cookie.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { requestNames } from '../../../src/common/contract.ts';
import { makeToken } from '../../../src/headless/server/token.ts';
import { json, startServer } from './courier-double.ts';
import { notRun } from '../../support/not-run.ts';

const page = { accept: 'text/html,application/xhtml+xml' };
const everywhere = ['/', '/index.html', '/metrics', '/api/events', '/no/such/page', '/%zz', '/.git/config', '/api/'];

test('a page that had its own name resolve to this machine (DNS rebinding) is refused, whatever it brings', async () => {
  const { ask, server, api } = await startServer();
  const foreign = { host: `attacker.example:${server.port}` };
  for (const path of [...everywhere, '/healthz']) {
    const answer = await ask('GET', path, foreign);
    expect([path, answer.status, answer.json().error?.code]).toEqual([path, 421, 'ERR_HOST_UNKNOWN']);
  }
  expect((await ask('POST', '/api/triggerSubmissionNow', { ...foreign, ...json }, '{}')).status).toBe(421);
  expect(api.asked).toEqual([]);
});

test('a page of another origin is refused, with the cookie and without', async () => {
  const { ask, token, server, api } = await startServer();
  const cookie = `hl7_courier_${server.port}=${token}`;
  for (const origin of ['https://attacker.example', 'null', `http://127.0.0.1:${server.port + 1}`, 'http://127.0.0.1'])
    for (const key of [{ cookie, authorization: '' }, {}]) {
      const answer = await ask('POST', '/api/triggerSubmissionNow', { origin, ...key, ...json }, '{}');
      expect([answer.status, answer.json().error?.code]).toEqual([403, 'ERR_ORIGIN_FOREIGN']);
    }
  const otherPort = { cookie, authorization: '', 'sec-fetch-site': 'same-site' };
  expect((await ask('POST', '/api/triggerSubmissionNow', otherPort)).status).toBe(403);
  expect(api.asked).toEqual([]);
  const own = { cookie, authorization: '', origin: server.url, 'sec-fetch-site': 'same-origin' };
  expect((await ask('POST', '/api/getStatus', own)).status).toBe(200);
});

test('without the token nothing is told apart, neither what there is from what there is not', async () => {
  const { ask, api } = await startServer();
  const bodies = new Set<string>();
  for (const authorization of ['', `Bearer ${makeToken()}`]) {
    for (const path of everywhere) {
      const answer = await ask('GET', path, { authorization });
      expect([path, answer.status, answer.headers['www-authenticate']]).toEqual([path, 401, 'Bearer']);
      bodies.add(answer.text);
    }
    for (const name of [...requestNames, 'nope']) bodies.add((await ask('POST', `/api/${name}`, { authorization })).text);
    for (const method of ['PUT', 'OPTIONS', 'PROPFIND']) bodies.add((await ask(method, '/', { authorization })).text);
  }
  expect([...bodies]).toEqual([
    JSON.stringify({ error: { code: 'ERR_TOKEN_INVALID', message: JSON.parse([...bodies][0] ?? '').error.message } }),
  ]);
  expect(api.asked).toEqual([]);
});

test('a browser without the key is told in words what to do', async () => {
  const { ask } = await startServer();
  const answer = await ask('GET', '/', { ...page, authorization: '' });
  expect([answer.status, answer.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8']);
  expect(answer.text).toContain('This page&#39;s key is no longer valid. Open the address that the service printed.');
  const foreign = await ask('GET', '/', { ...page, host: 'attacker.example' });
  expect([foreign.status, foreign.headers['content-type']]).toEqual([421, 'text/html; charset=utf-8']);
});

test('the printed address gives the browser a cookie and leaves no key in the address bar', async () => {
  const { ask, token, server } = await startServer();
  const opened = await ask('GET', `/?token=${token}`, { ...page, authorization: '' });
  expect([opened.status, opened.headers.location, opened.text]).toEqual([303, '/', '']);
  expect(opened.headers['cache-control']).toBe('no-store');
  expect(opened.headers['referrer-policy']).toBe('no-referrer');
  const setCookie = opened.headers['set-cookie']?.[0] ?? '';
  expect(setCookie).toBe(`hl7_courier_${server.port}=${token}; Path=/; HttpOnly; SameSite=Strict`);
  const cookie = { cookie: setCookie.split(';')[0] ?? '', authorization: '' };
  expect((await ask('GET', '/', { ...page, ...cookie })).status).toBe(200);
  expect((await ask('POST', '/api/getStatus', cookie)).status).toBe(200);
});

test('a link in a page of another site opens the console too, although its redirect would leave the cookie behind', async () => {
  const { ask, token } = await startServer();
  const link = { ...page, authorization: '', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  const opened = await ask('GET', `/?token=${token}`, link);
  expect(opened.status).toBe(200);
  expect(opened.headers['set-cookie']?.[0]).toContain('SameSite=Strict');
  expect(opened.text).toContain('http-equiv="refresh" content="0; url=/"');
  expect(opened.text).not.toContain(token);
});

test('the address of an earlier run opens nothing', async () => {
  const { ask } = await startServer();
  const answer = await ask('GET', `/?token=${makeToken()}`, { ...page, authorization: '' });
  expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
});

test('two services on one machine do not take each other’s cookie', async () => {
  const [one, other] = [await startServer(), await startServer()];
  const cookies = `hl7_courier_${one.server.port}=${one.token}; hl7_courier_${other.server.port}=${other.token}`;
  for (const { ask } of [one, other])
    expect((await ask('POST', '/api/getStatus', { cookie: cookies, authorization: '' })).status).toBe(200);
  const swapped = `hl7_courier_${one.server.port}=${other.token}`;
  expect((await one.ask('POST', '/api/getStatus', { cookie: swapped, authorization: '' })).status).toBe(401);
});

test('with --host 0.0.0.0 the addresses and the name of this machine are ours, others are not', async () => {
  const machine = { hostname: () => 'lab-pc', addresses: () => ['127.0.0.1', '192.168.7.20'] };
  const { ask, server } = await startServer({ host: '0.0.0.0', machine });
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  const statusFor = async (name: string) => (await ask('POST', '/api/getStatus', { host: `${name}:${server.port}` })).status;
  expect(await Promise.all(['192.168.7.20', 'lab-pc', 'localhost', '192.168.7.21', 'x.example'].map(statusFor))).toEqual([
    200, 200, 200, 421, 421,
  ]);
});

test('asked by the real addresses of this machine, it answers', async () => {
  const { ask, server } = await startServer({ host: '0.0.0.0' });
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).filter(({ family }) => family === 'IPv4'),
  );
  for (const name of [hostname(), ...addresses.map(({ address }) => address)])
    expect([name, (await ask('POST', '/api/getStatus', { host: `${name}:${server.port}` })).status]).toEqual([name, 200]);
  expect((await ask('POST', '/api/getStatus', { host: `192.0.2.1:${server.port}` })).status).toBe(421);
});

test('HTTP/1.0 without a name, two names, or a whole address as the target are refused', async () => {
  const { raw, server, token } = await startServer();
  const rest = `Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  const own = `Host: 127.0.0.1:${server.port}\r\n`;
  for (const head of [
    'GET / HTTP/1.0\r\n',
    'GET / HTTP/1.1\r\n',
    `GET / HTTP/1.1\r\n${own}Host: attacker.example\r\n`,
    `GET http://attacker.example/ HTTP/1.1\r\n${own}`,
  ])
    expect((await raw(head + rest)).split('\r\n')[0]).toBe('HTTP/1.1 421 Misdirected Request');
});

test('a port that is taken is refused by name, with the remedy', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(startServer({ port })).rejects.toMatchObject({
    code: 'ERR_ADDRESS_UNAVAILABLE',
    message: `The console cannot be offered on 127.0.0.1:${port}: another program uses it; choose another --port or --host, or use --no-console.`,
  });
  other.close();
});

test.each([
  ['192.0.2.1', 0],
  ['127.0.0.1', 70_000],
])('an address that cannot be listened on (%s, port %i) is refused with the system’s reason', async (host, port) => {
  await expect(startServer({ host, port })).rejects.toMatchObject({ code: 'ERR_ADDRESS_UNAVAILABLE' });
});

test('IPv6 works the same', async (context) => {
  const server = await startServer({ host: '::1' }).catch(() => null);
  if (server === null) return notRun(context, 'this machine has no IPv6 loopback');
  expect(server.server.url).toBe(`http://[::1]:${server.server.port}`);
  const answer = await fetch(`${server.server.url}/healthz`);
  expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
});

test('the token is in no log line, whatever goes wrong', async () => {
  const { ask, raw, token, logged, api, server } = await startServer({
    metrics: () => Promise.reject(new Error('no metrics')),
    health: () => Promise.reject(new Error('no health')),
  });
  api.answer = () => {
    throw new Error('boom');
  };
  await ask('GET', `/?token=${token}`);
  await ask('GET', `/x?token=${token}`);
  await ask('POST', '/api/getStatus');
  await ask('GET', '/metrics');
  await ask('GET', '/healthz');
  await raw(`GET /?token=${token} HTTP/9.9\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  expect(logged.map(({ message }) => message)).toHaveLength(3);
  expect(
    logged.map(({ details, message }) => `${message} ${JSON.stringify(details)} ${JSON.stringify(errorsIn(details))}`).join(),
  ).not.toContain(token);
});

function errorsIn(details: object): string[] {
  return Object.values(details).map((value) => (value instanceof Error ? `${value.message} ${value.stack}` : ''));
}
