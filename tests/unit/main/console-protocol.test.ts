/**
 * What is served under `app://console/`: the built console's files, and nothing around them.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { answerConsolePage, contentSecurityPolicy } from '../../../src/main/console-protocol.ts';

const get = (path: string, folder: string, method = 'GET') =>
  answerConsolePage({ url: path.startsWith('app:') || path.includes('://') ? path : `app://console${path}`, method }, folder);

test('files of the console are served with their type and the strict policy', async () => {
  const folder = builtConsole();
  for (const [path, type, text] of [
    ['/', 'text/html; charset=utf-8', 'console'],
    ['/index.html?x#y', 'text/html; charset=utf-8', 'console'],
    ['/assets/index-Ab_1.js', 'text/javascript; charset=utf-8', 'script'],
    ['/stopping.html', 'text/html; charset=utf-8', 'Finishing what is on its way'],
  ] as const) {
    const answer = await get(path, folder);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toContain(text);
  }
});

test.each([
  '/../secret.html',
  '/%2e%2e/secret.html',
  '/..%2fsecret.html',
  '/..%5csecret.html',
  '/assets/..%2f..%2fsecret.html',
  '/assets%00/index.html',
  '/%',
  '//secret.html',
  '/.hidden.html',
  '/assets/.env',
  '/assets',
  '/assets/',
  '/notes.txt',
  '/linked.html',
  '/linked-folder/secret.html',
  '/gone.html',
  '/folder.html',
  '/C:/secret.html',
  'app://other/index.html',
  'app://console:8080/index.html',
  'https://console/index.html',
  'app://secret@console/index.html',
])('%s is not served', async (path) => {
  const answer = await get(path, builtConsole());
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
  expect(await answer.text()).not.toContain('secret');
});

test('only reading is possible', async () => {
  expect((await get('/index.html', builtConsole(), 'POST')).status).toBe(405);
  expect((await get('/index.html', builtConsole(), 'HEAD')).status).toBe(200);
});

test('a console that was not built answers that nothing is there', async () => {
  expect((await get('/', '/nowhere/at/all')).status).toBe(404);
});

function builtConsole(): string {
  const base = mkdtempSync(join(tmpdir(), 'hl7-courier-pages-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const folder = join(base, 'renderer');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  mkdirSync(join(folder, 'folder.html'));
  writeFileSync(join(base, 'secret.html'), 'secret');
  writeFileSync(join(folder, 'index.html'), 'console');
  writeFileSync(join(folder, 'notes.txt'), 'secret');
  writeFileSync(join(folder, '.hidden.html'), 'secret');
  writeFileSync(join(folder, 'assets/.env'), 'secret');
  writeFileSync(join(folder, 'assets/index-Ab_1.js'), 'script');
  symlinkSync(join(base, 'secret.html'), join(folder, 'linked.html'));
  symlinkSync(base, join(folder, 'linked-folder'));
  return folder;
}
