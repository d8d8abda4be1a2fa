/** The operator without a mouse, on both hosts: keys alone reach everything. */
import { beforeAll, expect, test } from 'vitest';
import { afterBlock, onEveryHost, type OpenedConsole } from '../support/console-hosts.ts';
import { commandChosen, ofFocused, pressTogether } from '../support/console-page.ts';
import { until } from '../support/courier-process.ts';
import { prepareStanding, standing } from '../support/prepared-sessions.ts';
import { dropSession, outcomes, readStored } from '../support/session-folder.ts';

onEveryHost((host) => {
  const finished = afterBlock();
  let opened: OpenedConsole;
  beforeAll(async () => {
    opened = await host.open({ prepare: prepareStanding, finished });
    await until('the first cycle is over', async () => (await opened.ask('getStatus', {})).worker?.nextCycleAt !== undefined);
  });

  test('every screen is reached', async () => {
    const { page } = opened;
    for (const [keys, title] of [
      ['a', 'Attention'],
      ['m', 'Machines'],
      ['l', 'Log'],
      ['t', 'Settings'],
      ['o', 'Overview'],
      ['s', 'Sessions'],
    ] as const) {
      await pressTogether(page, 'g', keys);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
    }
  });

  test('a session is opened, walked on from, retried and left, and the focus returns', async () => {
    const { page, dataDir, endpoint } = opened;
    await opened.show('#/sessions?state=failed');
    await page.getByText('OBX-3.unknown-code', { exact: false }).nth(2).waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByText('The endpoint refuses this session (422).').waitFor();
    expect(page.url()).toContain(`open=${standing.refused[0]}`);
    await page.keyboard.press('k');
    await page.waitForURL(new RegExp(`open=${standing.refused[1]}`));
    const { sessionId } = readStored(dataDir, standing.refused[1]);
    await page
      .getByRole('complementary', { name: `Session ${String(sessionId)}`, exact: true })
      .getByText('The endpoint refuses this session (422).')
      .waitFor();
    await page.keyboard.press('r');
    await until('it is accepted', () => readStored(dataDir, standing.refused[1]).submissionStatus === 'submitted');
    expect(endpoint.ids()).toEqual([standing.refused[1]]);
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.hash.includes('open='));
    await expect.poll(() => ofFocused(page, 'role')).toBe('grid');
  });

  test('Shift R retries and goes on to the next', async () => {
    const { page, dataDir } = opened;
    await opened.show(`#/sessions?state=failed&open=${standing.refused[2]}`);
    await page.getByText('The endpoint refuses this session (422).').waitFor();
    await page.keyboard.press('Shift+R');
    await until('it is accepted', () => outcomes(dataDir, standing.refused[2]).at(-1) === 'accepted');
    await page.waitForURL((url) => url.hash.includes('open=') && !url.hash.includes(standing.refused[2]));
    expect(readStored(dataDir, standing.refused[0]).submissionStatus).toBe('failed');
  });

  test('the palette runs commands, and letters typed into a field do nothing else', async () => {
    const { page, dataDir } = opened;
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Search sessions or run a command').waitFor();
    await page.keyboard.type('go to log');
    await expect.poll(() => commandChosen(page)).toBe('Go to Log');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
    await page.keyboard.press('/');
    await expect.poll(() => ofFocused(page, 'aria-label')).toBe('Search the log');
    await page.keyboard.type('gsri');
    await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
    expect(await page.getByLabel('Search the log').inputValue()).toBe('gsri');
    await page.keyboard.press('Escape');
    dropSession(dataDir, 'bykey', 300);
    await page.keyboard.press('Control+Enter');
    await until('Send now sent it', () => readStored(dataDir, 'bykey').submissionStatus === 'submitted');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
  });

  test('F6 goes round the areas, and a setting is changed and saved without a mouse', async () => {
    const { page } = opened;
    await opened.show('#/settings/delivery?focus=submissionConcurrency');
    await until('the field has the focus', () => page.evaluate(() => document.activeElement?.tagName === 'INPUT'));
    await page.keyboard.press('Control+A');
    await page.keyboard.type('3');
    const save = page.getByRole('button', { name: 'Save changes' });
    await save.waitFor();
    const isAt = () => save.evaluate((button) => button === document.activeElement);
    for (let presses = 0; presses < 40 && !(await isAt()); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
    expect((await opened.ask('getSettings', {})).settings.submissionConcurrency).toBe(3);
    const areas = new Set<string>();
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press('F6');
      areas.add(await page.evaluate(() => document.activeElement?.className ?? ''));
    }
    expect(areas.size).toBeGreaterThanOrEqual(3);
    expect(opened.faults).toEqual([]);
  });
});
