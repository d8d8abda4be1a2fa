/**
 * The check of an endpoint over plain http: what each answer says about credentials and path, and where the way ends.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { ConnectionTest } from '../../../src/common/console.ts';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { checkEndpoint } from '../../../src/service/delivery/check-endpoint.ts';
import { makeDestination } from '../../../src/service/delivery/destination.ts';
import { serveEndpoint, type EndpointServer, type Handler } from '../../support/endpoint-server.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe('what an answer says', () => {
  test.for([
    [204, 'ok', 'ok', 'ok'],
    [401, 'failed', 'failed', 'unknown'],
    [403, 'failed', 'failed', 'unknown'],
    [407, 'failed', 'failed', 'unknown'],
    [307, 'failed', 'unknown', 'failed'],
    [410, 'failed', 'unknown', 'failed'],
    [421, 'failed', 'unknown', 'failed'],
    [404, 'unknown', 'unknown', 'unknown'],
    [405, 'unknown', 'unknown', 'unknown'],
    [501, 'unknown', 'unknown', 'unknown'],
    [503, 'unknown', 'unknown', 'unknown'],
  ] as const)('%i: %s', async ([status, result, credentials, path]) => {
    const server = await serve((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    const found = await check(server.url);
    expect({ result: found.result, ...resultsOf(found) }).toMatchObject({ result, connection: 'ok', credentials, path });
    expect(server.seen.every(({ method }) => method !== 'POST')).toBe(true);
  });

  test('of an endpoint that points elsewhere only scheme, host and port are told', async () => {
    const location = 'https://new.example:8443/in/DOE^JANE?patient=4711'.replace('^', '%5E');
    const server = await serve((_request, response) => response.writeHead(308, { location }).end());
    expect((await check(server.url)).message).toBe(
      'The endpoint points elsewhere (HTTP 308 Permanent Redirect, to https://new.example:8443), and redirects are never followed with patient data; check submissionEndpoint.',
    );
  });

  test('an endpoint that does not know OPTIONS is asked with HEAD, with the credentials', async () => {
    const server = await serve((request, response) => response.writeHead(request.method === 'HEAD' ? 200 : 405).end());
    const found = await check(`${server.url}/in?key=hush`);
    expect(found.result).toBe('ok');
    expect(server.seen.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['OPTIONS', 'Bearer hush'],
      ['HEAD', 'Bearer hush'],
    ]);
    expect(JSON.stringify(found)).not.toContain('hush');
    expect(found.steps.find(({ step }) => step === 'connection')?.message).toBe(
      `The endpoint was reached at 127.0.0.1 port ${new URL(server.url).port}.`,
    );
  });

  test('without credentials, an endpoint that wants some says so, and one that does not is fine', async () => {
    const wants = await serve((_request, response) => response.writeHead(401).end());
    expect((await check(wants.url, '')).message).toBe(
      'The endpoint wants credentials, and none are set (HTTP 401 Unauthorized); check submissionAuthHeader.',
    );
    const takes = await serve((_request, response) => response.writeHead(200).end());
    expect(resultsOf(await check(takes.url, ''))).toMatchObject({ credentials: 'skipped', path: 'ok' });
  });
});

describe('where the way ends', () => {
  test('nobody listens', async () => {
    const server = await serve(() => {});
    await server.close();
    const found = await check(server.url);
    expect(resultsOf(found)).toEqual({
      name: 'skipped',
      proxy: 'skipped',
      connection: 'failed',
      certificate: 'unknown',
      credentials: 'unknown',
      path: 'unknown',
    });
    expect(found.message).toBe(
      `Connecting to the endpoint, ${new URL(server.url).host.replace(':', ' port ')}, failed: connection refused (ECONNREFUSED).`,
    );
  });

  test('a host name that does not exist', async () => {
    const found = await check('https://no-such-host.invalid/');
    expect(found.result).toBe('failed');
    expect(found.steps[0]).toMatchObject({
      step: 'name',
      result: 'failed',
      message: expect.stringMatching(/^Looking up the name of the endpoint, no-such-host\.invalid, failed: /),
    });
  });

  test('an endpoint that accepts the connection and says nothing', async () => {
    const server = await serve(() => {});
    const found = await check(server.url, 'Bearer hush', { submissionTimeoutSeconds: 2 });
    expect(found.message).toBe('The endpoint gave no answer: the test took too long (ETIMEDOUT).');
  });

  test('an endpoint that hangs up', async () => {
    const server = await serve((_request, _response, socket) => socket.resetAndDestroy());
    expect((await check(server.url)).message).toContain('The endpoint gave no answer: the connection was reset');
  });

  test('a test that was stopped before it began', async () => {
    const server = await serve((_request, response) => response.writeHead(200).end());
    const found = await check(server.url, 'Bearer hush', {}, AbortSignal.abort());
    expect(found.result).toBe('failed');
    expect(server.seen).toEqual([]);
  });
});

async function serve(handler: Handler): Promise<EndpointServer> {
  const server = await serveEndpoint(handler);
  cleanups.push(server.close);
  return server;
}

async function check(
  submissionEndpoint: string,
  authHeader = 'Bearer hush',
  change: Partial<Settings> = {},
  signal = new AbortController().signal,
): Promise<ConnectionTest> {
  const destination = makeDestination({ ...defaultSettings, submissionEndpoint, ...change }, { authHeader, environment: {} });
  if (destination === null) throw new Error('no endpoint');
  cleanups.push(() => destination.close());
  return checkEndpoint(destination, { signal, now: Date.now });
}

const resultsOf = ({ steps }: ConnectionTest) => Object.fromEntries(steps.map(({ step, result }) => [step, result]));
