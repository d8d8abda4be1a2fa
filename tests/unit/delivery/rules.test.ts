/**
 * The small rules of a delivery: how long to wait, which proxy, which code, and which words for a fault.
 */
import { describe, expect, test } from 'vitest';
import { faultOf, statusSentence } from '../../../src/service/delivery/fault.ts';
import { networkErrorCode, networkErrorWords, unheard } from '../../../src/service/delivery/network-error.ts';
import { isProblemDocument, problemCode } from '../../../src/service/delivery/problem-code.ts';
import { isExempt, proxyFor } from '../../../src/service/delivery/proxy.ts';
import { retryAfterMs } from '../../../src/service/delivery/retry-after.ts';

const now = Date.UTC(2026, 10, 24, 10, 0, 0);

describe('Retry-After', () => {
  test.for([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3_000],
    ['601', 600_000],
    ['99999999999999999999', 600_000],
    ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
    ['Tuesday, 24-Nov-26 10:00:30 GMT', 30_000],
    ['Tue Nov 24 10:00:30 2026', 30_000],
    ['Wed, 25 Nov 2026 10:00:00 GMT', 600_000],
  ] as const)('%s is taken', ([header, waitMs]) => expect(retryAfterMs(header, now)).toBe(waitMs));

  test.for([
    undefined,
    '',
    '-5',
    '1.5',
    '5s',
    'soon',
    '2026-11-24T11:00:00Z',
    'Tue, 24 Nov 2026 09:59:59 GMT',
    'Tue, 99 Nov 2026 10:00:30 GMT',
  ])('%s is ignored', (header) => expect(retryAfterMs(header, now)).toBeUndefined());
});

describe('the code of a problem document', () => {
  test.for([
    ['{"code":"a.b-c:D_1"}', 'a.b-c:D_1'],
    ['{"code":42}', '42'],
    ['{"type":"https://lab.example/problems/too-old"}', 'too-old'],
    ['{"type":"https://lab.example/problems/too-old/"}', 'too-old'],
    ['{"type":"https://lab.example/problems#too-old"}', 'too-old'],
    ['{"code":"has spaces","type":"urn:x/known"}', 'known'],
  ] as const)('of %s is %s', ([body, code]) => expect(problemCode(body)).toBe(code));

  test.for([
    '',
    'not JSON',
    '[]',
    'null',
    '{"type":"about:blank"}',
    '{"type":""}',
    '{"code":""}',
    '{"code":"DOE^JANE"}',
    `{"code":"${'a'.repeat(65)}"}`,
    '{"code":{}}',
  ])('is missing from %s', (body) => expect(problemCode(body)).toBeUndefined());

  test('is looked for in problem documents alone', () => {
    expect(isProblemDocument('Application/Problem+JSON;charset=utf-8')).toBe(true);
    expect(isProblemDocument(' application/problem+json ')).toBe(true);
    expect(isProblemDocument('application/json')).toBe(false);
    expect(isProblemDocument(undefined)).toBe(false);
  });
});

describe('which proxy', () => {
  const https = new URL('https://lab.example/x');
  const http = new URL('http://lab.example/x');
  test('goes by the scheme of the endpoint', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2' };
    expect(proxyFor(https, '', environment)?.href).toBe('http://a:1/');
    expect(proxyFor(http, '', environment)?.href).toBe('http://b:2/');
    expect(proxyFor(http, '', {})).toBeNull();
  });
  test('lower case wins, and a missing scheme is http', () => {
    expect(proxyFor(https, '', { https_proxy: 'proxy.example:3128', HTTPS_PROXY: 'http://other' })?.href).toBe(
      'http://proxy.example:3128/',
    );
  });
  test('the setting wins, for every host', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', NO_PROXY: '*' };
    expect(proxyFor(https, 'http://user:p@set:9', environment)?.host).toBe('set:9');
    expect(proxyFor(new URL('http://127.0.0.1:1/'), 'http://set:9', environment)?.host).toBe('set:9');
  });
  test('NO_PROXY takes hosts out', () => {
    expect(proxyFor(https, '', { HTTPS_PROXY: 'http://a:1', no_proxy: 'lab.example' })).toBeNull();
  });
  test('one that is no http(s) URL is refused without repeating it', () => {
    expect(() => proxyFor(https, '', { HTTPS_PROXY: 'socks5://user:hush@x' })).toThrow(
      'The proxy address in the environment variable HTTPS_PROXY is not an http(s) URL; correct or remove it.',
    );
    expect(() => proxyFor(https, 'hush', {})).toThrow('in submissionProxy');
  });
  test.for([
    ['*', 'https://lab.example'],
    ['other.example, lab.example', 'https://lab.example'],
    ['EXAMPLE', 'https://lab.example'],
    ['.lab.example', 'https://a.lab.example'],
    ['*.lab.example', 'https://a.lab.example'],
    ['lab.example:443', 'https://lab.example'],
    ['lab.example:80', 'http://lab.example'],
    ['lab.example:8080', 'http://lab.example:8080'],
    ['127.0.0.1', 'http://127.0.0.1:9'],
    ['10.0.0.0/8', 'http://10.2.3.4'],
    ['::1', 'http://[::1]:9'],
    ['[::1]:9', 'http://[::1]:9'],
    ['fd00::/8', 'http://[fd00::5]'],
  ] as const)('%s exempts %s', ([list, url]) => expect(isExempt(new URL(url), list)).toBe(true));
  test.for([
    ['', 'https://lab.example'],
    ['ab.example', 'https://lab.example'],
    ['lab.example:8080', 'https://lab.example'],
    ['10.0.0.0/8', 'http://11.2.3.4'],
    ['10.0.0.0/99', 'http://10.2.3.4'],
    ['10.0.0.0/8', 'http://[fd00::5]'],
    ['1.1', 'http://10.0.1.1'],
    [':', 'https://lab.example'],
  ] as const)('%s does not exempt %s', ([list, url]) => expect(isExempt(new URL(url), list)).toBe(false));
});

describe('the words for a fault', () => {
  test.for([
    ['ECONNREFUSED', 'connection refused'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate is not trusted'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'client certificate'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'the TLS handshake failed'],
    ['CERT_SIGNATURE_FAILURE', 'the certificate is not trusted'],
    ['HPE_INVALID_CONSTANT', 'not HTTP'],
    ['SOMETHING_ELSE', 'no answer came'],
  ] as const)('%s: %s', ([code, words]) => expect(networkErrorWords(code)).toContain(words));

  test('a code is plain letters, whatever was thrown', () => {
    expect(networkErrorCode({ code: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE' })).toBe('ERR_SSL_SSL_TLS_ALERT_BAD_CERTIFICATE');
    expect(networkErrorCode({ code: 7 })).toBe('UNKNOWN');
    expect(networkErrorCode('text')).toBe('UNKNOWN');
    expect(networkErrorCode(null)).toBe('UNKNOWN');
    expect(networkErrorCode({ code: 'x'.repeat(99) })).toHaveLength(64);
    expect(unheard('ENOTFOUND')).toEqual({ kind: 'unheard', code: 'ENOTFOUND', error: 'the host name is not known (ENOTFOUND)' });
  });

  test('a proxy that wants a sign-in is a matter of the settings, another refusal is not', () => {
    const through = { isProxied: true, statusRules: {} };
    const tunnelFault = (statusCode?: number) => Object.assign(new Error('x'), { code: 'ERR_PROXY_TUNNEL', statusCode });
    expect(faultOf(tunnelFault(407), through)).toEqual({
      kind: 'endpoint',
      httpStatus: 407,
      code: 'ERR_PROXY_TUNNEL',
      error: 'HTTP 407 Proxy Authentication Required (ERR_PROXY_TUNNEL)',
    });
    expect(faultOf(tunnelFault(502), through)).toEqual({
      kind: 'unheard',
      code: 'ERR_PROXY_TUNNEL',
      error: 'the proxy does not connect us to the endpoint: HTTP 502 Bad Gateway (ERR_PROXY_TUNNEL)',
    });
    expect(faultOf(tunnelFault(), through).kind).toBe('unheard');
    expect(faultOf({ code: 'ECONNREFUSED' }, through).error).toBe('the proxy: connection refused (ECONNREFUSED)');
    expect(faultOf({ code: 'ECONNREFUSED' }, { ...through, isProxied: false }).error).toBe('connection refused (ECONNREFUSED)');
    expect(faultOf({ code: 'ERR_PROXY_TUNNEL', statusCode: 'x' }, through).kind).toBe('unheard');
    expect(statusSentence(299)).toBe('HTTP 299');
  });
});
