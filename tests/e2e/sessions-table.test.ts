/**
 * The sessions table in a real Chromium: its columns, ranges over rows that are not loaded, the time beside the scroll bar,
 * and what is taken along as files.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { SessionSummary } from '../../src/common/contract.ts';
import { ofFocused, pressTogether, violationsOf } from '../support/console-page.ts';
import { fileOf } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();
const grid = (page: Page) => page.getByRole('grid', { name: 'Sessions' });
const heads = async (page: Page) =>
  (await page.locator('.table-head').getByRole('columnheader').allInnerTexts()).filter((text) => text !== '');

describe('columns', () => {
  test('are chosen by the keyboard, kept on this computer, sorted by the service and set back', async () => {
    const { page, service, faults } = await open('busy', '#/sessions');
    await page.getByText('Retry in').first().waitFor();
    expect(await heads(page)).toEqual(['State', 'Captured', 'Session', 'Device', 'Type', 'Tries', 'Reason']);
    await page.getByRole('button', { name: 'Columns' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'Size', exact: true }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('checkbox', { name: 'Type', exact: true }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    const chosen = ['State', 'Captured', 'Session', 'Device', 'Size', 'Tries', 'Reason'];
    // While the choice of columns is open, nothing beside it is there for those who listen.
    await expect.poll(() => heads(page)).toEqual(chosen);
    await expect.poll(() => ofFocused(page, 'class')).toBe('columns-button');
    await page.getByRole('button', { name: 'Sort by Size' }).click();
    await expect
      .poll(() => service.asked.some(({ params }) => JSON.stringify(params['sort']) === '{"by":"bytes","descending":true}'))
      .toBe(true);
    await expect.poll(() => page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('descending');
    await page.reload();
    await page.getByText('Accepted').nth(3).waitFor();
    expect(await heads(page)).toEqual(chosen);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('button', { name: 'Standard columns' }).click();
    await expect.poll(() => heads(page)).toContain('Type');
    expect(faults).toEqual([]);
  });

  test('give way to the drawer, and the grid still counts them', async () => {
    const { page } = await open('busy', (service) => `#/sessions?open=${service.sessions[9]?.sessionId}`, {
      size: { width: 1280, height: 720 },
    });
    await page.getByText('Patient identification').waitFor();
    await expect.poll(() => heads(page)).toEqual(['State', 'Captured', 'Session', 'Device', 'Tries', 'Reason']);
    expect(await grid(page).getAttribute('aria-colcount')).toBe('8');
    expect(await page.getByRole('columnheader', { name: 'Reason' }).getAttribute('aria-colindex')).toBe('8');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'Type, no room now' }).waitFor();
    // Heads stand above their cells.
    const left = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => element.getBoundingClientRect().left);
    expect(Math.abs((await left('.table-head .col-device')) - (await left('.table-row .col-device')))).toBeLessThan(1);
  });
});

describe('a search', () => {
  test('by a scanner is made at once, and its next scan takes the place of the last', async () => {
    const { page, service } = await open('busy', '#/sessions');
    await page.locator('.table-row').nth(2).waitFor();
    await page.keyboard.press('/');
    const [, first, second] = service.sessions;
    for (const counter of [first?.counter, second?.counter]) {
      await page.keyboard.type(String(counter));
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.table-row .col-session').first().innerText()).toBe(String(counter));
    }
    expect(await page.getByLabel('Search sessions').inputValue()).toBe(String(second?.counter));
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => ofFocused(page, 'role')).toBe('grid');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`open=${second?.sessionId}`));
  });

  test('follows the address, and is cleared by Esc without losing the field', async () => {
    const { page } = await open('busy', '#/sessions?text=hema');
    const field = page.getByLabel('Search sessions');
    await field.focus();
    expect(await field.inputValue()).toBe('hema');
    await page.evaluate(() => {
      location.hash = '#/sessions?text=chem';
    });
    await expect.poll(() => field.inputValue()).toBe('chem');
    await page.goBack();
    await expect.poll(() => field.inputValue()).toBe('hema');
    await page.goForward();
    await expect.poll(() => field.inputValue()).toBe('chem');
    await page.keyboard.press('Escape');
    await page.getByText('Searching hidden fields').waitFor({ state: 'detached' });
    await expect.poll(() => ofFocused(page, 'aria-label')).toBe('Search sessions');
    await page.keyboard.type('coag');
    await page.getByText('Searching hidden fields').waitFor();
  });

  test('leaves no word in the address, which a browser keeps, and is there again after a reload', async () => {
    const { page } = await open('busy', '#/sessions?state=submitted&text=hema');
    const field = page.getByLabel('Search sessions');
    await expect.poll(() => field.inputValue()).toBe('hema');
    await page.waitForURL((url) => url.hash === '#/sessions?state=submitted');
    await field.fill('hem');
    await page.keyboard.press('Enter');
    await page.locator('.table-row').first().click();
    await page.waitForURL(/open=/);
    expect(page.url()).not.toContain('hem');
    await page.reload();
    await expect.poll(() => field.inputValue()).toBe('hem');
    await page.goBack();
    await page.waitForURL((url) => url.hash === '#/sessions?state=submitted');
    await expect.poll(() => field.inputValue()).toBe('hem');
  });
});

/** The hidden button by which a screen reader closes a popover stands outside of its dialog: React Aria puts it there. */
const barriersOn = async (page: Page) => (await violationsOf(page)).filter((violation) => !violation.startsWith('region:'));

test('the columns, the times and the form of an export have no barrier', async () => {
  const { page } = await open('busy', '#/sessions?from=2026-01-01T09:00&to=2026-01-01T08:00&text=x');
  await page.getByText('Searching hidden fields').waitFor();
  await page
    .getByRole('button', { name: /^Captured/ })
    .first()
    .click();
  await page.getByText('Until is before from').waitFor();
  expect(await barriersOn(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.goto(page.url().replace(/#.*/, '#/sessions'));
  await page.locator('.table-row').nth(2).waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  expect(await barriersOn(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await grid(page).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('e');
  await page.getByRole('alertdialog').waitFor();
  expect(await barriersOn(page)).toEqual([]);
});

describe('a range', () => {
  test('over rows that are not loaded is fetched before anything can be done with it', async () => {
    const { page, service } = await open('busy', '#/sessions');
    await page.getByText('Retry in').first().waitFor();
    await grid(page).focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+End');
    await page.getByText('3,000 sessions selected').waitFor();
    await page.getByRole('button', { name: 'Ignore' }).click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Ignore [\d,]+$/ })
      .click();
    await expect.poll(() => service.asked.filter(({ name }) => name === 'ignoreSession').length).toBe(1);
    const ignored = service.asked.find(({ name }) => name === 'ignoreSession')?.params['sessionIds'] as string[];
    const before = service.sessions.filter(({ state, hasGaps }) => state === 'ignored' && !hasGaps);
    expect(new Set(ignored)).toEqual(new Set(before.map(({ sessionId }) => sessionId)));
    expect(ignored.length).toBeGreaterThan(10);
  });

  test('of all without one leaves that one out', async () => {
    const { page, service } = await open('busy', '#/sessions');
    await page.getByText('Retry in').first().waitFor();
    await grid(page).focus();
    await page.keyboard.press('Control+a');
    await page.getByText('All 3,000 sessions that match').waitFor();
    await page.getByLabel(`Select session ${service.sessions[4]?.counter}`).uncheck({ force: true });
    await page.getByText('2,999 sessions selected').waitFor();
    expect(await page.getByLabel(`Select session ${service.sessions[4]?.counter}`).isChecked()).toBe(false);
    await page.keyboard.press('Escape');
    await page.getByText('sessions selected').waitFor({ state: 'detached' });
  });
});

test('the time of the rows stands beside the scroll bar while they fly by, not at single moves', async () => {
  const { page } = await open('large', '#/sessions');
  await page.getByText('Retry in').first().waitFor();
  await grid(page).focus();
  for (const key of ['j', 'PageDown', 'End', 'Home']) await page.keyboard.press(key);
  expect(await page.locator('.scroll-hint').count()).toBe(0);
  // Several moves at a time, each told at once: how fast this machine paints does not matter. They go on until the time was seen.
  const rest = await grid(page).evaluateHandle((element) => {
    const timer = setInterval(() => {
      for (let step = 0; step < 6; step += 1) {
        element.scrollTop = (element.scrollTop + 100_000) % element.scrollHeight;
        element.dispatchEvent(new Event('scroll'));
      }
    }, 50);
    return () => clearInterval(timer);
  });
  await page
    .locator('.scroll-hint')
    .filter({ has: page.locator('b', { hasText: /\d\d:\d\d/ }), hasText: 'of 100,000' })
    .waitFor();
  await rest.evaluate((stop) => stop());
  await page.locator('.scroll-hint').waitFor({ state: 'detached' });
  await page.getByText('Accepted').nth(3).waitFor();
});

test('each of five million rows is reached by keys, scroll bar and wheel, and a wider screen keeps the row at the top', async () => {
  const total = 5_000_000;
  const { page, service, faults } = await open('busy', '#/sessions');
  const [sample] = service.sessions as [SessionSummary];
  service.answer('getSessions', ({ offset, limit }) => {
    const before = total - Number(offset ?? 0);
    const length = Math.max(0, Math.min(Number(limit), before));
    const sessions = Array.from({ length }, (_, index) => ({
      ...sample,
      sessionId: `${before - index}`,
      counter: before - index,
    }));
    return { total, sessions };
  });
  await page.reload();
  const cell = (counter: number) => page.locator('.table-row .col-session').getByText(String(counter), { exact: true });
  await cell(total).waitFor();
  /** The rows of which the view has anything, and how far it is from the top of the first one of all. */
  const view = () =>
    grid(page).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      const rows = [...element.querySelectorAll('.table-row')].map((row) => ({
        index: Number(row.getAttribute('aria-rowindex')) - 2,
        box: row.getBoundingClientRect(),
      }));
      const seen = rows.filter(({ box }) => box.bottom > top && box.top < bottom);
      const px = seen.map(({ index, box }) => index * box.height - box.top + top);
      return { first: seen[0]?.index, last: seen.at(-1)?.index, px: px[0], isEven: new Set(px).size === 1, rows: rows.length };
    });
  const drag = (part: number) =>
    grid(page).evaluate((element, to) => (element.scrollTop = to * (element.scrollHeight - element.clientHeight)), part);
  expect(await grid(page).getAttribute('aria-rowcount')).toBe('5000001');
  await grid(page).focus();
  await page.keyboard.press('End');
  await cell(1).waitFor();
  await expect.poll(async () => (await view()).last).toBe(total - 1);
  expect((await view()).rows).toBeLessThan(60);
  for (const key of ['PageUp', 'PageUp', 'ArrowUp']) await page.keyboard.press(key);
  const at = await grid(page).getAttribute('aria-activedescendant');
  expect(Number(await page.locator(`#${at}`).getAttribute('aria-rowindex'))).toBe(Number(at?.slice('row-'.length)) + 2);
  await page.keyboard.press('Home');
  await cell(total).waitFor();

  await drag(0.6);
  await expect.poll(async () => (await view()).first ?? 0).toBeGreaterThan(total / 2);
  await cell(total - ((await view()).first ?? 0) - 3).waitFor();
  const before = await view();
  const scrollTop = () => grid(page).evaluate((element) => element.scrollTop);
  const dragged = await scrollTop();
  await grid(page).hover();
  for (let turn = 0; turn < 50; turn += 1) await page.mouse.wheel(0, 100);
  const isThere = async () => (await view()).px === (before.px ?? 0) + 5000;
  await expect.poll(isThere).toBe(true);
  // The scroll bar is put right once the view rests, and no row moves.
  await expect.poll(scrollTop).toBeLessThan(dragged + 3000);
  expect([await isThere(), (await view()).isEven]).toEqual([true, true]);
  const { first } = await view();
  await page.setViewportSize({ width: 2560, height: 1440 });
  await expect
    .poll(() =>
      page
        .locator('.table-row')
        .first()
        .evaluate((row) => row.clientHeight),
    )
    .toBeGreaterThan(45);
  await expect.poll(async () => (await view()).first).toBe(first);
  await drag(1);
  await expect.poll(async () => (await view()).last).toBe(total - 1);
  await drag(0);
  await expect.poll(async () => (await view()).first).toBe(0);
  expect(faults).toEqual([]);
});

describe('an export', () => {
  const askFor = async (page: Page, form: string, { isMasked = true } = {}) => {
    await page.keyboard.press('e');
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText(form).click();
    if (!isMasked) {
      await dialog.getByText('Mask patient fields').click();
      await dialog.getByText('Contains patient data. This is logged for each session.').waitFor();
    }
    return dialog.getByRole('button', { name: /^Export [\d,]+$/ });
  };
  const textOf = async (page: Page, button: Awaited<ReturnType<typeof askFor>>) => {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
  };
  const openAll = async (...rest: Parameters<typeof open>) => {
    const shown = await open(...rest);
    await shown.page.locator('.table-row').nth(2).waitFor();
    await grid(shown.page).focus();
    await shown.page.keyboard.press('Control+a');
    return shown;
  };

  test('of all that match becomes a table for a spreadsheet, without patient fields', async () => {
    const { page, service } = await openAll('busy', '#/sessions?device=CHEM-1');
    const { name, text } = await textOf(page, await askFor(page, 'Table, CSV'));
    expect(name).toMatch(/\.csv$/);
    const rows = service.sessions.filter(({ device }) => device === 'CHEM-1');
    expect(text.split('\r\n')).toHaveLength(rows.length + 2);
    for (const { sessionId } of rows.slice(0, 20)) expect(text).toContain(sessionId);
    await page.getByText(/^[\d,]+ sessions exported\.$/).waitFor();
    expect(service.asked.some(({ name: asked }) => asked === 'getSession' || asked === 'recordPatientAccess')).toBe(false);
  });

  test('with patient fields is written down for every session at once, and what is gone is counted', async () => {
    const { page, service } = await openAll('busy', '#/sessions?state=failed');
    const failed = service.sessions.filter(({ state }) => state === 'failed').map(({ sessionId }) => sessionId);
    service.answer('recordPatientAccess', () => ({ recorded: true, missing: failed.slice(0, 1) }));
    const { text } = await textOf(page, await askFor(page, 'Messages, HL7', { isMasked: false }));
    expect(text).toMatch(/^FHS\|/);
    expect(text.match(/MUSTERMANN\^ERIKA/g)).toHaveLength(failed.length - 1);
    await page.getByText(`${failed.length - 1} sessions exported. 1 session left out: deleted meanwhile.`).waitFor();
    const accesses = service.asked.filter(({ name }) => name === 'recordPatientAccess').map(({ params }) => params);
    expect(accesses).toEqual([{ action: 'exported', sessionIds: expect.arrayContaining(failed) }]);
    await page.getByRole('button', { name: 'Close message' }).last().click();
    await page.locator('.export-place').waitFor({ state: 'detached' });
  });

  test('goes on while another screen is open, and can be cancelled there', async () => {
    const { page, service } = await openAll('busy', '#/sessions');
    // Slow until it is seen, and not over before it is cancelled.
    let isSeen = false;
    const cancelled = Promise.withResolvers<void>();
    service.answer('getSession', async ({ sessionId }) => {
      await (isSeen ? cancelled.promise : new Promise((wake) => setTimeout(wake, 50)));
      const summary = service.sessions.find((each) => each.sessionId === sessionId);
      return { summary, session: fileOf(summary as SessionSummary) };
    });
    await (await askFor(page, 'Sessions, JSON')).click();
    await page.getByRole('progressbar', { name: 'Exporting' }).waitFor();
    isSeen = true;
    await pressTogether(page, 'g', 'o');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.locator('.export-place').getByRole('button', { name: 'Cancel' }).click();
    cancelled.resolve();
    await page.getByText('Export cancelled. No file was made.').waitFor();
    await page.locator('.export-place').waitFor({ state: 'detached' });
  });

  test('of too much says what would fit', async () => {
    const { page, service } = await openAll('busy', '#/sessions?state=failed');
    for (const each of service.sessions) each.bytes = 100_000_000;
    await (await askFor(page, 'Sessions, JSON')).click();
    await page.getByText(/These 7 sessions hold 700 MB; one file takes 250 MB\..* The oldest 2 fit/).waitFor();
  });
});
