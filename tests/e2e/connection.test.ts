/**
 * The line between console and service, and the operator without a mouse, on both hosts: what is shown while the service
 * says nothing, that it is live again by itself, and that keys alone reach everything.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { afterBlock, onEveryHost, onHost, type OpenedConsole, whyNoFreeze } from '../support/console-hosts.ts';
import { startService, until } from '../support/courier-process.ts';
import { notRun } from '../support/not-run.ts';
import { prepareStanding, standing } from '../support/prepared-sessions.ts';
import { dropSession, outcomes, readStored, statusCounts } from '../support/session-folder.ts';

onEveryHost((host) => {
  test('a service that hangs is shown as stale with what was last known, and is live again by itself', async (context) => {
    const reason = whyNoFreeze(host);
    if (reason !== null) notRun(context, reason);
    const opened = await host.open({ prepare: prepareStanding, address: '#/sessions' });
    const { page, dataDir } = opened;
    await page.getByText('after 2 retries').waitFor();
    opened.freeze();
    await page.getByText(/No word from the service since \d\d?:\d\d:\d\d/).waitFor({ timeout: 25_000 });
    await page.getByText('after 2 retries').waitFor();
    expect(await page.getByRole('button', { name: 'Send now' }).isDisabled()).toBe(true);
    dropSession(dataDir, 'meanwhile', 200);
    opened.thaw();
    await page.getByText(/Live again\./).waitFor();
    await page.getByText('No word from the service').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.locator('.table-row').getByText('201', { exact: true }).waitFor();
    await until('it is delivered', () => readStored(dataDir, 'meanwhile').submissionStatus === 'submitted');
  });

  describe('by keys alone', () => {
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
        await page.keyboard.press('g');
        await page.keyboard.press(keys);
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
      await page.getByText('The endpoint refuses this session (422).').waitFor();
      await page.keyboard.press('r');
      await until('it is accepted', () => readStored(dataDir, standing.refused[1]).submissionStatus === 'submitted');
      expect(endpoint.ids()).toEqual([standing.refused[1]]);
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.hash.includes('open='));
      expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid');
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
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Log' }).waitFor();
      await page.keyboard.press('/');
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
});

onHost('browser', (host) => {
  test('a service that was stopped is stale at once, and live again by itself when it is started again', async () => {
    const opened = await host.open({ prepare: prepareStanding, address: '#/overview' });
    const { page, dataDir, service } = opened;
    if (service === null) throw new Error('the browser has a service of its own');
    await page.getByText(/^Results are flowing/).waitFor();
    await service.stop();
    await page.getByText(/No word from the service since \d\d:\d\d:\d\d/).waitFor();
    await page.getByText('9 sessions kept, 30 days').waitFor();
    dropSession(dataDir, 'meanwhile', 200);
    const again = await startService(dataDir, ['--port', new URL(service.file.url).port]);
    try {
      await page.getByRole('button', { name: 'Try now' }).click();
      await page.getByText(/Live again\./).waitFor();
      await page.getByText('10 sessions kept, 30 days').waitFor();
      await until('what came meanwhile is delivered', () => statusCounts(dataDir)['submitted'] === 3);
    } finally {
      await again.stop();
    }
  });
});
