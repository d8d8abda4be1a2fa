/**
 * Settings as an operator meets them, over a real service on both hosts: what is stored on disk, what is refused, what
 * is overridden, and what never leaves.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { afterBlock, onEveryHost, onHost, type OpenedConsole } from '../support/console-hosts.ts';
import { until } from '../support/courier-process.ts';
import { dropSession, statusCounts } from '../support/session-folder.ts';

onEveryHost((host) => {
  describe('as stored', () => {
    const finished = afterBlock();
    let opened: OpenedConsole;
    beforeAll(async () => {
      opened = await host.open({ finished, prepare: (dataDir) => dropSession(dataDir, 'sent001') });
    });
    const stored = () => JSON.parse(readFileSync(join(opened.dataDir, 'settings.json'), 'utf8')) as Record<string, unknown>;
    const save = async () => {
      await opened.page.getByRole('button', { name: 'Save changes' }).click();
      await isSaved();
    };
    const isSaved = async () => {
      // What the last save said may still be there; this one is over when nothing is left to save.
      await opened.page.getByRole('region', { name: 'Unsaved changes' }).waitFor({ state: 'detached' });
      await opened.page.getByText('Saved.').waitFor();
    };

    test('a value out of range is named and cannot be saved; one in range is on disk and takes effect', async () => {
      const { page } = opened;
      await opened.show('#/settings/delivery');
      await page.getByRole('textbox', { name: 'At once' }).fill('11');
      await page.getByText('At once is 11; it must be a whole number 1-10. The old value, 2, stays.').waitFor();
      expect(await page.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true);
      expect(stored()['submissionConcurrency']).toBeUndefined();
      await page.getByRole('textbox', { name: 'At once' }).fill('4');
      await save();
      expect(stored()['submissionConcurrency']).toBe(4);
      await opened.show('#/machines');
      await page.getByText(/4 sending at once/).waitFor();
    });

    test('a new address is confirmed, and the session that comes next goes there', async () => {
      const { page, endpoint, dataDir } = opened;
      await until('the first one is sent', () => statusCounts(dataDir)['submitted'] === 1);
      await opened.show('#/settings/endpoint');
      await page.getByRole('textbox', { name: 'URL' }).fill(`${endpoint.origin}/elsewhere`);
      await page.getByRole('button', { name: 'Save changes' }).click();
      const dialog = page.getByRole('alertdialog', { name: 'Send results to another address?' });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      expect(stored()['submissionEndpoint']).toBe(endpoint.url);
      await page.getByRole('button', { name: 'Save changes' }).click();
      await dialog.getByRole('button', { name: 'Change URL' }).click();
      await isSaved();
      dropSession(dataDir, 'sent002', 1);
      await page.keyboard.press('Control+Enter');
      await until('the next one is sent', () => statusCounts(dataDir)['submitted'] === 2);
      expect(endpoint.posts.map(({ path }) => path)).toEqual(['/sessions', '/elsewhere']);
    });

    test('the test of the connection tells its steps apart and sends no session', async () => {
      const { page, endpoint } = opened;
      const posts = endpoint.posts.length;
      await opened.show('#/settings/endpoint');
      await page.getByRole('button', { name: 'Test connection' }).click();
      await page.getByText('No session was sent.', { exact: false }).nth(0).waitFor();
      for (const step of ['Connected', 'No encryption', 'Proxy not used']) await page.getByText(step).waitFor();
      await until('the endpoint was asked', () => endpoint.others.length > 0);
      expect(endpoint.posts).toHaveLength(posts);
      expect(endpoint.others.every((line) => /^(OPTIONS|HEAD) /.test(line))).toBe(true);
    });

    test('settings go out without the secret and come back into the form, to be saved or not', async () => {
      const { page } = opened;
      await opened.ask('updateSettings', { submissionConcurrency: 4 });
      await opened.show('#/settings/endpoint');
      await page.getByRole('button', { name: 'Enter', exact: true }).click();
      await page.getByPlaceholder('Bearer ...').fill('Bearer hush-4711');
      await save();
      await opened.show('#/settings/backup');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('.setting-field').getByRole('button', { name: 'Export without secrets' }).click(),
      ]);
      const text = await readFile(await download.path(), 'utf8');
      expect(text).not.toContain('hush-4711');
      const exported = JSON.parse(text) as { settings: Record<string, unknown> };
      expect(exported.settings).toMatchObject({ submissionConcurrency: 4 });
      expect(exported.settings).not.toHaveProperty('submissionAuthHeader');
      const changed = JSON.stringify({
        ...exported,
        settings: { ...exported.settings, submissionConcurrency: 7, retentionDays: 900 },
      });
      const file = { name: 'settings.json', mimeType: 'application/json', buffer: Buffer.from(changed) };
      await page.getByLabel('Settings file').setInputFiles(file);
      await page.getByText('2 changes, 1 needs correcting').waitFor();
      expect(stored()['submissionConcurrency']).toBe(4);
      await opened.show('#/settings/storage');
      await page.getByRole('textbox', { name: 'Keep for' }).fill('90');
      await save();
      expect(stored()).toMatchObject({ submissionConcurrency: 7, retentionDays: 90 });
      expect(JSON.stringify(stored())).not.toContain('hush-4711');
      // The desktop has a keychain for it, the headless host a file that only the service may read.
      expect(existsSync(join(opened.dataDir, 'authorization'))).toBe(host.name === 'browser');
    });

    test('an earlier version is brought back', async () => {
      const { page } = opened;
      await opened.ask('updateSettings', { submissionConcurrency: 4 });
      await opened.ask('updateSettings', { submissionConcurrency: 7 });
      await opened.show('#/settings/backup');
      // The first is how it is now.
      await page.getByText('As it is now').waitFor();
      await page.getByRole('button', { name: 'Bring back' }).first().click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Bring back' }).click();
      await page.getByText('The earlier settings are back.').waitFor();
      await until('they are on disk', () => stored()['submissionConcurrency'] === 4);
    });

    test('capture is off, and says what starts it', async () => {
      const { page } = opened;
      await opened.show('#/settings/capture');
      await page.getByText('Choose an interface and save: capture starts by itself.').waitFor();
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isDisabled()).toBe(true);
      expect((await opened.ask('getStatus', {})).capture?.state).toBe('stopped');
      await opened.show('#/overview');
      await page.getByText(/apture is off$/).waitFor();
    });

    test('the machines are sent to no inspector unless it is asked for', async () => {
      const { lines } = await opened.ask('getLog', { level: 'debug', limit: 2000 });
      expect(JSON.stringify(lines)).not.toMatch(/inspector/i);
      if (opened.service !== null) expect(opened.service.stderr()).not.toMatch(/inspector/i);
    });

    test('a clean-up says first that nothing is past its time', async () => {
      const { page, dataDir } = opened;
      await until('what is there is sent', () => Object.keys(statusCounts(dataDir)).join() === 'submitted');
      const kept = statusCounts(dataDir);
      await opened.show('#/settings/storage');
      await page.getByRole('button', { name: 'Clean up now' }).click();
      await page.getByText('Nothing is past its time.').waitFor();
      expect(statusCounts(dataDir)).toEqual(kept);
      expect(opened.faults).toEqual([]);
    });
  });

  test('what the environment of the service sets is shown as such and cannot be changed here', async () => {
    const opened = await host.open({
      environment: { HL7_COURIER_AUTH_HEADER: 'Bearer environment-4711' },
      prepare: (dataDir) => dropSession(dataDir, 'sent001'),
      address: '#/settings/endpoint',
    });
    const { page, endpoint } = opened;
    await page.getByText('From environment').waitFor();
    expect(await page.getByRole('textbox', { name: 'Authorization' }).getAttribute('readonly')).not.toBeNull();
    await until('it is sent', () => endpoint.posts.length === 1);
    expect(endpoint.posts[0]?.headers.authorization).toBe('Bearer environment-4711');
    expect(await page.content()).not.toContain('environment-4711');
  });
});

onHost('browser', (host) => {
  test('what --set overrides is shown as such and is not stored; start at login is not offered', async () => {
    const { page, dataDir, show } = await host.open({
      args: ['--set', 'submissionConcurrency=9'],
      address: '#/settings/delivery',
    });
    await page.getByText('Set by --set').waitFor();
    const field = page.getByRole('textbox', { name: 'At once' });
    expect([await field.inputValue(), await field.getAttribute('readonly')]).toEqual(['9', '']);
    expect(readFileSync(join(dataDir, 'settings.json'), 'utf8')).not.toContain('submissionConcurrency');
    await show('#/settings/look');
    await page.getByText('Single keys').first().waitFor();
    expect(await page.getByText('Start at login').count()).toBe(0);
  });
});
