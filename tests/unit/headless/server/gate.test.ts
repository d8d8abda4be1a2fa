/**
 * Who may come in: 421 for a foreign name, 403 for a foreign page, 401 without the key, in this order.
 */
import { describe, expect, test } from 'vitest';
import { gateVerdict } from '../../../../src/headless/server/gate.ts';
import { isOwnHost, urlHost } from '../../../../src/headless/server/own-hosts.ts';
import type { Machine } from '../../../../src/headless/server/own-hosts.ts';
import { cookieValues, isSameToken, makeToken } from '../../../../src/headless/server/token.ts';

const token = makeToken();
const machine: Machine = {
  hostname: () => 'Lab-PC',
  addresses: () => ['127.0.0.1', '192.168.7.20', 'fe80::1%eth0', '2001:DB8::0:5'],
};
const gate = { host: '127.0.0.1', port: 2580, token, machine };
const bearer = { authorization: `Bearer ${token}` };
const cookie = { cookie: `other=1; hl7_courier_2580=${token}` };

describe('the name asked for', () => {
  test.each([
    ['127.0.0.1:2580', true],
    ['localhost:2580', true],
    ['LOCALHOST:2580', true],
    ['[::1]:2580', true],
    ['[0:0:0:0:0:0:0:1]:2580', true],
    ['127.0.0.1', false],
    ['127.0.0.1:2581', false],
    ['127.0.0.1:02580x', false],
    ['attacker.example:2580', false],
    ['127.0.0.1.attacker.example:2580', false],
    ['localhost.:2580', false],
    ['user@127.0.0.1:2580', false],
    ['127.0.0.1:2580/', false],
    ['192.168.7.20:2580', false],
    ['lab-pc:2580', false],
    ['[::1:2580', false],
    ['[:::]:2580', false],
    ['', false],
  ])('%s on 127.0.0.1 is ours: %s', (name, isOurs) => {
    expect(isOwnHost(name, gate, machine)).toBe(isOurs);
  });

  test.each([
    ['192.168.7.20:2580', true],
    ['lab-pc:2580', true],
    ['[fe80::1]:2580', true],
    ['[2001:db8::5]:2580', true],
    ['localhost:2580', true],
    ['192.168.7.21:2580', false],
    ['attacker.example:2580', false],
  ])('%s on every address of the machine is ours: %s', (name, isOurs) => {
    expect(['0.0.0.0', '::', ''].map((host) => isOwnHost(name, { host, port: 2580 }, machine))).toEqual([isOurs, isOurs, isOurs]);
  });

  test('the name given with --host is ours, in any spelling', () => {
    expect(isOwnHost('courier.lab.example:2580', { host: 'Courier.Lab.example', port: 2580 }, machine)).toBe(true);
    expect(isOwnHost('[2001:db8::7]:2580', { host: '2001:DB8:0::7', port: 2580 }, machine)).toBe(true);
    expect(isOwnHost('localhost', { host: '127.0.0.1', port: 80 }, machine)).toBe(true);
  });

  test('an address stands in a URL as browsers write it', () => {
    expect(['::1', '[::1]', 'fe80::1%eth0', 'A.example', '10.0.0.1', '1::2::3'].map(urlHost)).toEqual([
      '[::1]',
      '[::1]',
      '[fe80::1]',
      'a.example',
      '10.0.0.1',
      '[1::2::3]',
    ]);
  });
});

describe('the order of the questions', () => {
  const foreignPage = { origin: 'http://attacker.example' };
  test.each([
    ['a foreign name', { host: 'attacker.example:2580', ...foreignPage }, 421],
    ['a foreign name with the token', { host: 'attacker.example:2580', ...bearer }, 421],
    ['no name', { ...bearer }, 421],
    ['a foreign page', { host: '127.0.0.1:2580', ...foreignPage }, 403],
    ['a foreign page with the token', { host: '127.0.0.1:2580', ...foreignPage, ...bearer }, 403],
    ['no token', { host: '127.0.0.1:2580' }, 401],
    ['the token', { host: '127.0.0.1:2580', ...bearer }, 'admitted'],
    ['the cookie', { host: '127.0.0.1:2580', ...cookie }, 'admitted'],
  ])('%s', (_name, headers, outcome) => {
    for (const target of ['/api/getStatus', '/', '/metrics', '/no/such/thing', '/%zz'])
      expect([target, outcomeOf(ask(headers, target))]).toEqual([target, outcome]);
  });

  test('two names at once, or a whole address as the target, are refused', () => {
    const twice = { ...ask({ host: '127.0.0.1:2580', ...bearer }), headersDistinct: { host: ['127.0.0.1:2580', 'x'] } };
    expect(outcomeOf(twice)).toBe(421);
    expect(outcomeOf(ask({ host: '127.0.0.1:2580', ...bearer }, 'http://attacker.example/'))).toBe(421);
  });

  test('health is told without a token, but not to a foreign name or page', () => {
    expect(outcomeOf(ask({ host: '127.0.0.1:2580' }, '/healthz'))).toBe('admitted');
    expect(outcomeOf(ask({ host: '127.0.0.1:2580' }, '/healthz?x=1'))).toBe('admitted');
    expect(outcomeOf(ask({ host: 'attacker.example' }, '/healthz'))).toBe(421);
    expect(outcomeOf(ask({ host: '127.0.0.1:2580', origin: 'null' }, '/healthz'))).toBe(403);
    for (const target of ['/healthz/', '/%68ealthz', '/healthz#', '/healthz;', '/healthz/../metrics', '//healthz'])
      expect([target, outcomeOf(ask({ host: '127.0.0.1:2580' }, target))]).toEqual([target, 401]);
  });
});

describe('the page that asks', () => {
  const own = { host: '127.0.0.1:2580', ...cookie };
  test.each([
    ['our own page', { origin: 'http://127.0.0.1:2580' }, 'admitted'],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:3000' }, 403],
    ['the same place under another name', { origin: 'http://localhost:2580' }, 403],
    ['https', { origin: 'https://127.0.0.1:2580' }, 403],
    ['no Origin, from our own page', { 'sec-fetch-site': 'same-origin' }, 'admitted'],
    ['no Origin, typed by the operator', { 'sec-fetch-site': 'none' }, 'admitted'],
    ['no Origin, from another port of this machine', { 'sec-fetch-site': 'same-site' }, 403],
    ['no Origin, from another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('%s', (_name, headers, outcome) => {
    expect(outcomeOf(ask({ ...own, ...headers }, '/api/getStatus', 'POST'))).toBe(outcome);
    expect(outcomeOf(ask({ ...own, ...headers }, '/api/events', 'GET'))).toBe(outcome);
  });

  test('a link on another site may lead to the console, not to the API, and a form there leads nowhere', () => {
    const link = { ...own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(outcomeOf(ask(link, '/'))).toBe('admitted');
    expect(outcomeOf(ask(link, '/api/events'))).toBe(403);
    expect(outcomeOf(ask(link, '/', 'POST'))).toBe(403);
  });
});

describe('the key', () => {
  const own = { host: 'localhost:2580' };
  test.each([
    ['another token', `Bearer ${makeToken()}`],
    ['a part of it', `Bearer ${token.slice(0, 42)}`],
    ['no scheme', token],
    ['Basic', `Basic ${token}`],
    ['nothing', 'Bearer '],
  ])('%s does not open', (_name, authorization) => {
    expect(outcomeOf(ask({ ...own, authorization }))).toBe(401);
  });

  test('the scheme is written in any case', () => {
    expect(outcomeOf(ask({ ...own, authorization: `bearer  ${token}` }))).toBe('admitted');
  });

  test('only the cookie of our own port counts, and one of the same name set by somebody else does no harm', () => {
    expect(outcomeOf(ask({ ...own, cookie: `hl7_courier_2581=${token}` }))).toBe(401);
    expect(outcomeOf(ask({ ...own, cookie: `hl7_courier_2580=x; hl7_courier_2580=${token}` }))).toBe('admitted');
    expect(cookieValues('a=1; =2; a; a = 3=3', 'a')).toEqual(['1', '3=3']);
  });

  test('the printed address becomes a cookie that scripts and other sites cannot use', () => {
    expect(gateVerdict(ask(own, `/?token=${token}`), gate)).toEqual({
      type: 'opened',
      cookie: `hl7_courier_2580=${token}; Path=/; HttpOnly; SameSite=Strict`,
      fromOtherSite: false,
    });
    const link = { ...own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(gateVerdict(ask(link, `/?token=${token}`), gate)).toMatchObject({ type: 'opened', fromOtherSite: true });
  });

  test('the key in an address opens the console only', () => {
    expect(outcomeOf(ask(own, `/?token=${makeToken()}`))).toBe(401);
    expect(outcomeOf(ask(own, `/api/events?token=${token}`))).toBe(401);
    expect(outcomeOf(ask(own, `/?token=${token}`, 'POST'))).toBe(401);
  });

  test('a token is 32 random bytes that need no escaping, and compares at any length', () => {
    expect(makeToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(makeToken()).not.toBe(makeToken());
    expect([isSameToken('a', 'a'), isSameToken('a', 'ab'), isSameToken('', 'a')]).toEqual([true, false, false]);
  });
});

function ask(headers: Record<string, string>, url = '/api/getStatus', method = 'GET') {
  const headersDistinct = headers['host'] === undefined ? {} : { host: [headers['host']] };
  return { method, url, headers, headersDistinct };
}
function outcomeOf(request: ReturnType<typeof ask> & { headersDistinct: { host?: string[] } }): number | string {
  const verdict = gateVerdict(request, gate);
  return verdict.type === 'refused' ? verdict.status : verdict.type;
}
