/**
 * What the console says of how things stand, on the built console in a real Chromium: while the service is away, after it is
 * back, and when something other than delivery is wrong.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { builtConsole } from '../support/built-console.ts';
import { closeOpened, openConsole } from '../support/console-page.ts';

let browser: Browser;
let folder: string;
beforeAll(async () => {
  [browser, folder] = await Promise.all([openBrowser(), builtConsole()]);
});
afterAll(async () => {
  await browser.close();
});
afterEach(closeOpened);

const open = (...rest: Parameters<typeof openConsole> extends [Browser, string, ...infer Rest] ? Rest : never) =>
  openConsole(browser, folder, ...rest);

describe('while the service is away', () => {
  test('a screen that was never opened says so, comes by itself, and no key leaves an empty page', async () => {
    const { page, service } = await open('busy', '#/overview');
    service.goAway();
    await page.getByText('No word from the service').waitFor();
    await page.keyboard.press('?');
    await page.getByText(/This could not be shown|Single letters are keys/).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page
      .getByText(/It comes by itself when the service is back|The endpoint refuses these sessions/)
      .first()
      .waitFor();
    await page.getByText('Right now').waitFor();
    service.comeBack();
    await page.getByRole('heading', { level: 1, name: 'Attention' }).waitFor({ timeout: 20_000 });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  });
});

describe('causes', () => {
  test('that were resolved before the page was opened are there, and those that ended while it was away are not open', async () => {
    const { page, service } = await open('busy', '#/attention');
    await page.getByText('Resolved 2').waitFor();
    await page.getByText('Open 4').waitFor();
    service.goAway();
    await page.getByText('No word from the service').waitFor();
    service.answer('getCauses', () => ({ causes: [] }));
    service.comeBack();
    await page.getByText('Open 0').waitFor({ timeout: 20_000 });
  });
});
