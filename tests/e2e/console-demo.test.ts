/**
 * The built console on the real service: the demo as a process, with its collector and simulated analysers, in a real
 * Chromium. What was invented for the other console tests is here what a service says.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { builtConsole } from '../support/built-console.ts';
import { violationsOf } from '../support/console-page.ts';

const root = resolve(import.meta.dirname, '../..');
let browser: Browser;
let page: Page;
let demo: ChildProcess;
let dataDir: string;
let url: string;
const faults: string[] = [];

beforeAll(async () => {
  // The headless host serves the console from where the build puts it.
  await builtConsole();
  dataDir = await mkdtemp(join(tmpdir(), 'hl7-courier-demo-'));
  demo = spawn(process.execPath, ['src/headless/bin.mjs', 'demo', '--data-dir', dataDir, '--port', '0', '--per-second', '3'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  url = await printedUrl(demo);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', locale: 'en-GB' });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error') faults.push(line.text());
  });
  await page.goto(url);
});
afterAll(async () => {
  await browser.close();
  const isOver = new Promise((done) => demo.once('exit', done));
  demo.kill('SIGTERM');
  await isOver;
  await rm(dataDir, { recursive: true, force: true });
});

test('the printed URL opens the console with live deliveries', async () => {
  await page.getByText('Results are flowing').waitFor();
  await page.locator('.feed').getByText('Accepted').nth(3).waitFor();
  await page.getByRole('region', { name: 'Devices, table' }).getByText('Talking').first().waitFor();
  expect(new URL(page.url()).searchParams.has('token')).toBe(false);
  expect(await violationsOf(page)).toEqual([]);
});

test('every screen shows what the service says, without an error', async () => {
  await show('machines');
  await page.locator('.lane-ended .box-cell').first().waitFor();
  await page.getByRole('region', { name: 'Transitions' }).getByText('Accepted').first().waitFor();
  await show('log');
  await page.getByText('the latest first').waitFor();
  await show('attention');
  await page.getByText('Nothing needs you').waitFor();
  await show('settings/endpoint');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await page.getByText('No session was sent.').waitFor();
  expect(faults).toEqual([]);
});

async function show(place: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/${place}`);
}
function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = '';
    const read = (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const match = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(text);
      if (match !== null) found(match[0]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => failed(new Error(`the demo ended with ${code}: ${text}`)));
  });
}
