/**
 * The screens of the built console in states that a real service reaches seldom or slowly, over a scripted one: without
 * an error, within the Content-Security-Policy, and without a barrier that axe finds. All others: every-screen.test.ts.
 */
import { expect, test } from 'vitest';
import { contrastViolationsOf, violationsOf } from '../support/console-page.ts';
import type { Scenario } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();

const places: { name: string; scenario: Scenario; screens: { address: string; shows: string }[] }[] = [
  {
    name: 'a service that stopped delivering',
    scenario: 'stopped',
    screens: [
      { address: '#/overview', shows: 'the endpoint refuses our credentials' },
      { address: '#/attention', shows: 'Delivery has stopped' },
    ],
  },
  {
    name: 'a service before its first session',
    scenario: 'empty',
    screens: [
      { address: '#/overview', shows: 'No endpoint yet' },
      { address: '#/sessions', shows: 'No sessions yet' },
    ],
  },
  {
    name: 'a service with causes of every kind and sessions in every lane',
    scenario: 'busy',
    screens: [
      { address: '#/overview', shows: 'Outcomes per minute' },
      { address: '#/attention', shows: 'The endpoint refuses these sessions' },
      { address: '#/sessions', shows: 'Retry in' },
      { address: '#/machines', shows: 'Sessions under way' },
      { address: '#/machines/worker', shows: 'What the states mean' },
      { address: '#/log', shows: 'the latest first' },
    ],
  },
  { name: 'a service with nothing open', scenario: 'healthy', screens: [{ address: '#/attention', shows: 'Nothing needs you' }] },
];

test.each(places)('$name is shown without an error or a barrier, light and dark', async ({ scenario, screens }) => {
  const { page, faults } = await open(scenario, '#/overview');
  for (const { address, shows } of screens) {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.evaluate((hash) => void (location.hash = hash), address);
    await page.getByText(shows).first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await contrastViolationsOf(page)).toEqual([]);
  }
  expect(faults).toEqual([]);
});

test('at 1280x720 the alarm, the line and the charts are whole above the fold', async () => {
  const { page } = await open('stopped', '#/overview', { size: { width: 1280, height: 720 } });
  const charts = page.locator('.overview-charts');
  await charts.waitFor();
  await page.evaluate(() => document.fonts.ready);
  const box = await charts.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(720);
});

test('at 1440x900 nothing scrolls on Overview', async () => {
  for (const scenario of ['healthy', 'stopped'] as const) {
    const { page } = await open(scenario, '#/overview');
    await page.locator('.feed > a').first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    const rest = await page.locator('.body').evaluate((body) => body.scrollHeight - body.clientHeight);
    expect(rest).toBeLessThanOrEqual(0);
  }
});
