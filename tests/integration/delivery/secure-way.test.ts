/**
 * Certificates and proxies with real servers: a hospital's own authority, client certificates, proxies for http and
 * https, and what an operator is told when one of them does not fit.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { checkEndpoint } from '../../../src/service/delivery/check-endpoint.ts';
import { makeDestination, type Destination } from '../../../src/service/delivery/destination.ts';
import { postBody } from '../../../src/service/delivery/post-session.ts';
import { makeCertificates, opensslMissing, type TestCertificates } from '../../support/certificates.ts';
import { serveEndpoint, serveProxy, type EndpointServer, type Handler, type ProxyServer } from '../../support/endpoint-server.ts';

const missing = opensslMissing();
if (missing !== null) console.warn(`Skipped, because ${missing}: tests of certificates and proxies.`);

describe.skipIf(missing !== null)('the way to an https endpoint', () => {
  let certificates: TestCertificates;
  let proxy: ProxyServer;
  const cleanups: (() => Promise<void> | void)[] = [];
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  test('an endpoint of an authority that nobody named is not trusted', async () => {
    const server = await serveSecure();
    expect(await postTo(destinationOf(server))).toEqual({
      kind: 'unheard',
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      error:
        'the certificate is not trusted: its authority is unknown here; name it in submissionCaFile (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    });
    expect(server.seen).toEqual([]);
  });

  test('with submissionCaFile it is, and the connection is reused', async () => {
    const server = await serveSecure();
    const destination = destinationOf(server, { submissionCaFile: certificates.caFile });
    expect((await postTo(destination)).kind).toBe('accepted');
    expect((await postTo(destination)).kind).toBe('accepted');
    expect(server.connections).toBe(1);
  });

  test('a certificate for another name is not trusted', async () => {
    const server = await serveSecure();
    const other = { ...server, url: server.url.replace('localhost', '127.0.0.2') };
    const destination = destinationOf(other, { submissionCaFile: certificates.caFile });
    expect((await postTo(destination)).code).toMatch(/ERR_TLS_CERT_ALTNAME_INVALID|ECONNREFUSED/);
  });

  test('an endpoint that asks for a client certificate gets it, and says so when it does not', async () => {
    const server = await serveSecure({ requestCert: true, rejectUnauthorized: true, ca: certificates.read(certificates.caFile) });
    const { caFile, clientCertFile, clientKeyFile } = certificates;
    const without = await postTo(destinationOf(server, { submissionCaFile: caFile }));
    expect(without.kind).toBe('unheard');
    const named = { submissionCaFile: caFile, submissionClientCertFile: clientCertFile, submissionClientKeyFile: clientKeyFile };
    expect((await postTo(destinationOf(server, named))).kind).toBe('accepted');
  });

  test('a PEM file that cannot be used is told by its setting and path', async () => {
    const server = await serveSecure();
    const { caFile, clientCertFile, clientKeyFile, serverKeyFile, folder } = certificates;
    const garbage = join(folder, 'garbage.pem');
    writeFileSync(garbage, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const nothing = join(folder, 'absent.pem');
    expect(() => destinationOf(server, { submissionCaFile: nothing })).toThrow(
      `submissionCaFile: "${nothing}" cannot be read: ENOENT; correct the path or the file's permissions.`,
    );
    expect(() => destinationOf(server, { submissionCaFile: garbage })).toThrow(
      `submissionCaFile: "${garbage}" is not a certificate`,
    );
    expect(() => destinationOf(server, { submissionCaFile: clientKeyFile })).toThrow('is not a certificate in PEM form');
    expect(() => destinationOf(server, { submissionClientCertFile: clientCertFile, submissionClientKeyFile: caFile })).toThrow(
      'is not a private key in PEM form',
    );
    expect(() =>
      destinationOf(server, { submissionClientCertFile: clientCertFile, submissionClientKeyFile: serverKeyFile }),
    ).toThrow('name the pair that belongs together');
  });

  test('the key of a destination changes when a certificate does', async () => {
    const server = await serveSecure();
    const { key } = destinationOf(server);
    expect(destinationOf(server, { submissionCaFile: certificates.caFile }).key).not.toBe(key);
  });

  test('https goes through the proxy in a tunnel, with the credentials of the proxy, and loopback too when it is set', async () => {
    const server = await serveSecure();
    proxy = await startProxy();
    const submissionProxy = proxy.url.replace('http://', 'http://user:p%40ss@');
    const destination = destinationOf(server, { submissionCaFile: certificates.caFile, submissionProxy }, { NO_PROXY: '*' });
    expect((await postTo(destination)).kind).toBe('accepted');
    expect((await postTo(destination)).kind).toBe('accepted');
    expect(proxy.seen).toEqual([{ line: `CONNECT localhost:${server.port}`, authorization: `Basic ${btoa('user:p@ss')}` }]);
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer hush' });
    expect(server.seen[0]?.headers['proxy-authorization']).toBeUndefined();
  });

  test('http goes through the proxy of the environment, and past it where NO_PROXY says so', async () => {
    const server = await serve();
    proxy = await startProxy();
    expect((await postTo(destinationOf(server, {}, { HTTP_PROXY: proxy.url }))).kind).toBe('accepted');
    expect(proxy.seen[0]?.line).toBe(`POST ${server.url}/`);
    expect((await postTo(destinationOf(server, {}, { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' }))).kind).toBe('accepted');
    expect(proxy.seen).toHaveLength(1);
  });

  test('a proxy that wants a sign-in, refuses, is silent or is not there is told apart', async () => {
    const server = await serveSecure();
    proxy = await startProxy();
    const change = { submissionCaFile: certificates.caFile, submissionProxy: proxy.url };
    proxy.refuseWith = 407;
    expect(await postTo(destinationOf(server, change))).toMatchObject({ kind: 'endpoint', httpStatus: 407 });
    proxy.refuseWith = 502;
    const refused = await postTo(destinationOf(server, change));
    expect(refused).toMatchObject({ kind: 'unheard', code: 'ERR_PROXY_TUNNEL' });
    expect(JSON.stringify(refused)).not.toContain('DOE');
    proxy.refuseWith = 0;
    const briefly = { ...change, submissionTimeoutSeconds: 1 };
    expect(await postTo(destinationOf(server, briefly))).toMatchObject({ kind: 'unheard', code: 'ETIMEDOUT' });
    await proxy.close();
    expect((await postTo(destinationOf(server, change))).error).toBe('the proxy: connection refused (ECONNREFUSED)');
  });

  test('a proxy that is itself behind TLS is trusted by the same authorities, for https and http', async () => {
    const server = await serveSecure();
    const plain = await serve();
    proxy = await kept(serveProxy(serverTls()));
    const change = {
      submissionCaFile: certificates.caFile,
      submissionProxy: proxy.url.replace('https://', 'https://user:pass@'),
    };
    const destination = destinationOf(server, change);
    expect((await postTo(destination)).kind).toBe('accepted');
    expect((await postTo(destination)).kind).toBe('accepted');
    expect((await postTo(destinationOf(plain, change))).kind).toBe('accepted');
    const authorization = `Basic ${btoa('user:pass')}`;
    expect(proxy.seen).toEqual([
      { line: `CONNECT localhost:${server.port}`, authorization },
      { line: `POST ${plain.url}/`, authorization },
    ]);
    expect((await check(destinationOf(server, change))).result).toBe('ok');
    proxy.refuseWith = 407;
    expect(await postTo(destinationOf(server, change))).toMatchObject({ kind: 'endpoint', httpStatus: 407 });
    const untrusted = { ...change, submissionCaFile: '' };
    expect(await postTo(destinationOf(server, untrusted))).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(await postTo(destinationOf(plain, untrusted))).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test('a proxy behind TLS that stays silent is given up after the time limit, and its connection with it', async () => {
    const server = await serveSecure();
    proxy = await kept(serveProxy(serverTls()));
    proxy.refuseWith = 0;
    const change = { submissionCaFile: certificates.caFile, submissionProxy: proxy.url, submissionTimeoutSeconds: 1 };
    expect(await postTo(destinationOf(server, change))).toMatchObject({ kind: 'unheard', code: 'ETIMEDOUT' });
    await until(() => proxy.openConnections() === 0);
  });

  test('an address in place of a name is checked against the certificate, and needs no lookup', async () => {
    const server = await serveSecure();
    const byAddress = { url: server.url.replace('localhost', '127.0.0.1') };
    const found = await check(destinationOf(byAddress, { submissionCaFile: certificates.caFile }));
    expect(resultsOf(found)).toMatchObject({ name: 'skipped', connection: 'ok', certificate: 'ok', path: 'ok' });
  });

  describe('the check of an endpoint', () => {
    test('goes through every step and sends no session', async () => {
      const server = await serveSecure();
      const found = await check(destinationOf(server, { submissionCaFile: certificates.caFile }));
      expect(resultsOf(found)).toEqual({
        name: 'ok',
        proxy: 'skipped',
        connection: 'ok',
        certificate: 'ok',
        credentials: 'ok',
        path: 'ok',
      });
      expect(found.result).toBe('ok');
      expect(found.steps[3]?.message).toMatch(
        /^The certificate of localhost, issued by Test Authority, is trusted and valid until \d+ [A-Z][a-z]{2,3} \d{4}, \d+ more days?; the connection uses TLS 1\.3\.$/,
      );
      const { port } = new URL(server.url);
      expect(found.steps[0]?.message).toMatch(/^localhost has the address (127\.0\.0\.1|::1)\.$/);
      expect(found.steps[2]?.message).toMatch(
        new RegExp(`^The endpoint was reached at localhost port ${port} \\((127\\.0\\.0\\.1|::1)\\)\\.$`),
      );
      expect(server.seen.map(({ method }) => method)).toEqual(['OPTIONS']);
    });

    test('says whose certificate is not trusted, and tries nothing after that', async () => {
      const server = await serveSecure();
      const found = await check(destinationOf(server));
      expect(resultsOf(found)).toMatchObject({
        connection: 'ok',
        certificate: 'failed',
        credentials: 'unknown',
        path: 'unknown',
      });
      expect(found.message).toBe(
        'The certificate of localhost, issued by Test Authority: the certificate is not trusted: its authority is unknown here; name it in submissionCaFile (UNABLE_TO_VERIFY_LEAF_SIGNATURE).',
      );
      expect(server.seen).toEqual([]);
    });

    test('goes through a proxy', async () => {
      const server = await serveSecure();
      proxy = await startProxy();
      const change = {
        submissionCaFile: certificates.caFile,
        submissionProxy: proxy.url.replace('http://', 'http://user:pass@'),
      };
      const through = await check(destinationOf(server, change));
      expect(through.steps.slice(1, 3).map(({ message }) => message)).toEqual([
        `The proxy was reached at 127.0.0.1 port ${new URL(proxy.url).port}.`,
        `The endpoint was reached at localhost port ${new URL(server.url).port} through the proxy.`,
      ]);
      expect(JSON.stringify(through)).not.toContain('pass@');
      expect(resultsOf(through)).toEqual({
        name: 'skipped',
        proxy: 'ok',
        connection: 'ok',
        certificate: 'ok',
        credentials: 'ok',
        path: 'ok',
      });
      proxy.refuseWith = 407;
      const refused = await check(destinationOf(server, { ...change, submissionProxy: proxy.url }));
      expect(resultsOf(refused)).toMatchObject({ proxy: 'ok', connection: 'failed', certificate: 'unknown' });
      expect(refused.message).toBe(
        `Connecting to the endpoint, localhost port ${new URL(server.url).port}, through the proxy failed: HTTP 407 Proxy Authentication Required (ERR_PROXY_TUNNEL).`,
      );
      proxy.refuseWith = 502;
      expect((await check(destinationOf(server, change))).message).toContain('(ERR_PROXY_TUNNEL)');
      proxy.refuseWith = 0;
      const briefly = { ...change, submissionTimeoutSeconds: 1 };
      expect((await check(destinationOf(server, briefly))).message).toContain('(ETIMEDOUT)');
      const plain = await serve();
      expect(resultsOf(await check(destinationOf(plain, { submissionProxy: proxy.url })))).toMatchObject({
        proxy: 'ok',
        connection: 'skipped',
        certificate: 'skipped',
        path: 'ok',
      });
    });
  });

  const serve = (handler: Handler = (_request, response) => response.writeHead(200).end()) => kept(serveEndpoint(handler));
  const serveSecure = (options: object = {}) =>
    kept(serveEndpoint((_request, response) => response.writeHead(200).end(), { ...serverTls(), ...options }));
  const serverTls = () => ({
    cert: certificates.read(certificates.serverCertFile),
    key: certificates.read(certificates.serverKeyFile),
  });
  const startProxy = () => kept(serveProxy());
  async function kept<Server extends { close(): Promise<void> }>(starting: Promise<Server>): Promise<Server> {
    const server = await starting;
    cleanups.push(() => server.close());
    return server;
  }
  function destinationOf({ url }: Pick<EndpointServer, 'url'>, change: Partial<Settings> = {}, environment = {}): Destination {
    const settings = { ...defaultSettings, submissionEndpoint: `${url}/`, ...change };
    const destination = makeDestination(settings, { authHeader: 'Bearer hush', environment });
    if (destination === null) throw new Error('no endpoint');
    cleanups.push(() => destination.close());
    return destination;
  }
});

async function postTo(destination: Destination) {
  const post = { id: 's1', body: Buffer.from('{}'), signal: new AbortController().signal, now: Date.now, random: () => 0.5 };
  return (await postBody(destination, post)).outcome;
}

const check = (destination: Destination) => checkEndpoint(destination, { signal: new AbortController().signal, now: Date.now });
const resultsOf = (found: Awaited<ReturnType<typeof check>>) =>
  Object.fromEntries(found.steps.map(({ step, result }) => [step, result]));

/** Waits until it is so; the test's own time limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
