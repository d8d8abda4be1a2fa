/**
 * Every screen of the built console in a real Chromium: shown without an error, within its Content-Security-Policy, and
 * without a barrier that axe finds; light and dark.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser } from '../support/browser.ts';
import { builtConsole } from '../support/built-console.ts';
import { closeOpened, openConsole, violationsOf } from '../support/console-page.ts';
import type { Scenario } from '../support/scripted-data.ts';

let browser: Browser;
let folder: string;
beforeAll(async () => {
  [browser, folder] = await Promise.all([openBrowser(), builtConsole()]);
});
afterAll(async () => {
  await browser.close();
});
afterEach(closeOpened);

const screens: { name: string; scenario: Scenario; address: string; shows: string }[] = [
  { name: 'a healthy Overview', scenario: 'healthy', address: '#/overview', shows: 'Results are flowing' },
  {
    name: 'an Overview that says why nothing is sent',
    scenario: 'stopped',
    address: '#/overview',
    shows: 'the endpoint refuses our credentials',
  },
  { name: 'an Overview before the first start', scenario: 'empty', address: '#/overview', shows: 'No endpoint yet' },
  { name: 'Attention with its causes', scenario: 'busy', address: '#/attention', shows: 'The endpoint refuses these sessions' },
  { name: 'Attention with nothing open', scenario: 'healthy', address: '#/attention', shows: 'Nothing needs you' },
  { name: 'Sessions', scenario: 'busy', address: '#/sessions', shows: 'Retry in' },
  { name: 'Sessions before the first one', scenario: 'empty', address: '#/sessions', shows: 'No sessions yet' },
  { name: 'Sessions that no filter matches', scenario: 'healthy', address: '#/sessions?text=nowhere', shows: 'Nothing matches' },
  { name: 'Machines', scenario: 'busy', address: '#/machines', shows: 'Sessions under way' },
  { name: 'one machine', scenario: 'busy', address: '#/machines/worker', shows: 'What the states mean' },
  { name: 'the Log', scenario: 'busy', address: '#/log', shows: 'the latest first' },
  { name: 'Settings, Endpoint', scenario: 'healthy', address: '#/settings/endpoint', shows: 'Where results go' },
  { name: 'Settings, Delivery', scenario: 'healthy', address: '#/settings/delivery', shows: 'How many at once' },
  { name: 'Settings, Answers', scenario: 'healthy', address: '#/settings/answers', shows: 'No exceptions' },
  { name: 'Settings, Capture', scenario: 'healthy', address: '#/settings/capture', shows: 'LIS markers' },
  { name: 'Settings, Storage', scenario: 'healthy', address: '#/settings/storage', shows: 'Clean up now' },
  { name: 'Settings, Look', scenario: 'healthy', address: '#/settings/look', shows: 'Comfortable' },
  { name: 'Settings, Backup', scenario: 'healthy', address: '#/settings/backup', shows: 'Earlier versions' },
];

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test.each(screens)('$name is shown without an error or a barrier', async ({ scenario, address, shows }) => {
    const { page, faults } = await openConsole(browser, folder, scenario, address, { colorScheme });
    await page.getByText(shows).first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
  });
});

test('an open session, its dialog and the palette have no barrier', async () => {
  const { page, faults } = await openConsole(
    browser,
    folder,
    'busy',
    (service) => `#/sessions?open=${service.sessions[9]?.sessionId}`,
  );
  await page.getByText('Patient identification').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  for (const tab of ['Raw', 'Bytes', 'File']) {
    await page.getByRole('tab', { name: tab }).click();
    expect(await violationsOf(page)).toEqual([]);
  }
  await page.getByRole('button', { name: 'Show patient fields' }).click();
  await page.getByRole('alertdialog').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Search sessions or run a command').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expect(faults).toEqual([]);
});

test('at 1280x720 the alarm, the line and the charts are whole above the fold', async () => {
  const { page } = await openConsole(browser, folder, 'stopped', '#/overview', { size: { width: 1280, height: 720 } });
  const charts = page.locator('.overview-charts');
  await charts.waitFor();
  const box = await charts.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(720);
});

test('at 1440x900 nothing scrolls on Overview', async () => {
  for (const scenario of ['healthy', 'stopped'] as const) {
    const { page } = await openConsole(browser, folder, scenario, '#/overview');
    await page.locator('.feed > a').first().waitFor();
    const rest = await page.locator('.body').evaluate((body) => body.scrollHeight - body.clientHeight);
    expect(rest).toBeLessThanOrEqual(0);
  }
});
