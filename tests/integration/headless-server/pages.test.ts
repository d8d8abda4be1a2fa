/**
 * The console's pages, health and metrics over real HTTP, and the headers that guard them.
 */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { courierMetrics } from '../../../src/headless/server/metrics.ts';
import { someStatus, startServer } from './courier-double.ts';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

test('every answer forbids what a console does not need', async () => {
  const { ask } = await startServer({ pagesDir: await builtPages() });
  for (const [method, path, headers] of [
    ['GET', '/', {}],
    ['GET', '/assets/index-Ab12Cd34.js', {}],
    ['GET', '/nope', {}],
    ['GET', '/healthz', {}],
    ['GET', '/metrics', {}],
    ['POST', '/api/getStatus', {}],
    ['POST', '/api/nope', {}],
    ['GET', '/', { authorization: '' }],
    ['GET', '/', { host: 'attacker.example' }],
    ['GET', '/%zz', {}],
  ] as const) {
    const answer = await ask(method, path, headers);
    expect([path, answer.headers]).toEqual([
      path,
      expect.objectContaining({
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      }),
    ]);
    const isAsset = answer.status === 200 && path.startsWith('/assets/');
    expect(answer.headers['cache-control']).toBe(isAsset ? 'private, max-age=31536000, immutable' : 'no-store');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('the built pages are served with their types, and nothing beside them', async () => {
  const { ask } = await startServer({ pagesDir: await builtPages() });
  const index = await ask('GET', '/');
  expect([index.status, index.headers['content-type'], index.text]).toEqual([
    200,
    'text/html; charset=utf-8',
    '<h1>console</h1>',
  ]);
  const script = await ask('GET', '/assets/index-Ab12Cd34.js');
  expect([script.status, script.headers['content-type']]).toEqual([200, expect.stringContaining('javascript')]);
  expect((await ask('HEAD', '/')).status).toBe(200);
  const icon = await ask('GET', '/icon.svg');
  expect([icon.status, icon.headers['cache-control']]).toEqual([200, 'no-cache']);
  expect((await ask('GET', '/icon.svg', { 'if-none-match': icon.headers.etag ?? '' })).status).toBe(304);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/.hidden',
    '/assets',
  ]) {
    const answer = await ask('GET', path);
    expect([path, answer.status >= 400, answer.text.includes('secret')]).toEqual([path, true, false]);
    expect(answer.json().error?.code).toMatch(/^ERR_/);
  }
});

test('a page that is not there is told so to a browser in words', async () => {
  const { ask } = await startServer({ pagesDir: await builtPages() });
  const answer = await ask('GET', '/old-bookmark', { accept: 'text/html' });
  expect([answer.status, answer.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  expect(answer.text).toContain('There is nothing at this address; the console is at /.');
});

test('without built pages one plain page says what runs and where the API is described', async () => {
  const { ask, api } = await startServer();
  api.answer = () => ({ ...someStatus, endpoint: 'https://results.example/sessions', circuit: { state: 'closed' } });
  const answer = await ask('GET', '/');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  for (const text of ['9.8.7', 'running', 'https://results.example/sessions', 'docs/api.md', '<td>3</td>'])
    expect(answer.text).toContain(text);
});

test('health is yes or no, and nothing that identifies anything', async () => {
  let ok = true;
  const { ask, logged } = await startServer({ health: async () => ({ ok, endpoint: 'https://secret.example' }) });
  const well = await ask('GET', '/healthz', { authorization: '' });
  expect([well.status, well.text]).toEqual([200, '{"ok":true}']);
  ok = false;
  const ill = await ask('GET', '/healthz', { authorization: '' });
  expect([ill.status, ill.text]).toEqual([503, '{"ok":false}']);
  expect((await ask('HEAD', '/healthz', { authorization: '' })).text).toBe('');
  expect(logged).toEqual([]);
});

test('a service that cannot tell how it is, is not well', async () => {
  const { ask, logged } = await startServer({ health: () => Promise.reject(new Error('EIO')) });
  expect((await ask('GET', '/healthz')).json()).toEqual({ ok: false });
  expect(logged).toHaveLength(1);
});

test('metrics are text that Prometheus reads, for those who have the token', async () => {
  const { text } = courierMetrics({ getStatus: () => someStatus, now: () => 0 });
  const { ask } = await startServer({ metrics: text });
  expect((await ask('GET', '/metrics', { authorization: '' })).status).toBe(401);
  const answer = await ask('GET', '/metrics');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(answer.text).toContain('hl7_courier_sessions{status="pending"} 3');
});

/** A folder as a build leaves it, with a secret beside it. */
async function builtPages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hl7-courier-pages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const pages = join(folder, 'pages');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(pages, 'index.html'), '<h1>console</h1>');
  await writeFile(join(pages, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(pages, '.hidden'), 'secret');
  await writeFile(join(pages, 'assets', 'index-Ab12Cd34.js'), 'export {};');
  return pages;
}
