/**
 * A screen that breaks, provoked in a real Chromium: the rest of the console goes on, the screen comes back, and what is
 * copied for whoever mends it holds no patient data.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { pressTogether } from '../support/console-page.ts';
import { activityOf, statusOf } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();

const patient = 'ZUCKERMANDL^ANNA';
const noTimeAtAll = 9e15;
const failed = 'This screen failed. The service goes on; nothing is lost.';

describe('a screen that breaks', () => {
  test('leaves the others, the lights and the keys, and comes back when it is reloaded', async () => {
    const { page, service } = await open('healthy', '#/overview');
    const activity = activityOf('healthy', '1h', Date.now());
    service.answer('getActivity', () => ({ ...activity, from: noTimeAtAll }));
    await breakOverview(page);

    await page.getByText('Right now').waitFor();
    service.amendStatus({ circuit: { state: 'open', cause: { kind: 'endpoint', httpStatus: 401 } } });
    service.tell({
      name: 'onStatus',
      payload: { ...statusOf('healthy', Date.now(), service.sessions), circuit: { state: 'open' } },
    });
    await page.locator('.lights').getByText('Stopped').waitFor();
    for (const [key, title] of [
      ['s', 'Sessions'],
      ['a', 'Attention'],
      ['m', 'Machines'],
      ['l', 'Log'],
      ['t', 'Settings'],
    ] as const) {
      await pressTogether(page, 'g', key);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect(await page.getByText(failed).count()).toBe(0);
    }
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Search sessions or run a command').waitFor();
    await page.keyboard.press('Escape');

    await pressTogether(page, 'g', 'o');
    await breakOverview(page);
    service.answer('getActivity', () => activity);
    await page.getByRole('button', { name: 'Reload screen' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('heading', { name: 'Outcomes per minute' }).waitFor();
    expect(await page.getByText(failed).count()).toBe(0);
  });

  test('says where it broke to whoever is to mend it, and nothing of a patient', async () => {
    const { page } = await open('healthy', '#/log');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    // A part that could not be drawn, and quotes what it was to draw: over several lines, one of them like a frame.
    await page.route(/\/assets\/attention-[^/]*\.js$/, (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        body: `export default function Attention() { throw new TypeError('cannot draw ${patient}\\n    at ${patient}:1:2\\nPID|1||${patient}'); }`,
      }),
    );
    await page.reload();
    await page.locator('.lights > div').first().waitFor();
    await pressTogether(page, 'g', 'a');
    await page.getByText(failed).waitFor();
    expect(await page.content()).not.toContain('ZUCKERMANDL');
    await page.getByRole('button', { name: 'Copy details' }).click();
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await expect
      .poll(copied)
      .toMatch(/^HL7 Courier console, screen attention\nTypeError\n +at Attention \(http.*\/assets\/attention-.*\.js:1:\d+\)\n/);
    const details = await copied();
    expect(details).not.toContain('ZUCKERMANDL');
    await page.getByText('Right now').waitFor();
    await pressTogether(page, 'g', 'l');
    await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
  });
});

test('a session whose time no calendar holds breaks neither Overview nor Sessions', async () => {
  const { page, service, faults } = await open('healthy', '#/overview');
  const [odd] = service.sessions;
  if (odd === undefined) throw new Error('no session');
  const changed = { ...odd, startTime: noTimeAtAll, endTime: noTimeAtAll, submittedAt: noTimeAtAll };
  Object.assign(odd, changed);
  service.amendStatus({ lastAcceptedAt: noTimeAtAll, oldestPendingAt: noTimeAtAll });
  service.tell({ name: 'onSessionsChanged', payload: { added: [], changed: [changed], removed: [] } });
  await page.goto(`${service.url}#/sessions?open=${odd.sessionId}`);
  await page.reload();
  await page
    .locator('.drawer')
    .getByRole('heading', { name: `Session ${odd.counter}` })
    .waitFor();
  await page.getByTitle('9000000000000000 ms: a time that no calendar holds').first().waitFor();
  await pressTogether(page, 'g', 'o');
  await page.getByText('Results are flowing').waitFor();
  expect(await page.getByText(failed).count()).toBe(0);
  expect(faults).toEqual([]);
});

/** A first bucket at a time that no calendar holds is a number like any other, until the table writes it as a date. */
async function breakOverview(page: Page): Promise<void> {
  await page.getByText('Outcomes per minute').waitFor();
  await page.getByRole('button', { name: 'Show as table' }).click();
  await page.getByText(failed).waitFor();
}
