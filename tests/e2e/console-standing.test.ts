/**
 * What the console says of how things stand, on the built console in a real Chromium: while the service is away, after it is
 * back, and when something other than delivery is wrong.
 */
import { describe, expect, test } from 'vitest';
import type { Cause } from '../../src/common/console.ts';
import { pressTogether } from '../support/console-page.ts';
import { causesOf } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();

describe('while the service is away', () => {
  test('a screen that was never opened says so, comes by itself, and no key leaves an empty page', async () => {
    const { page, service } = await open('busy', '#/overview');
    service.goAway();
    await page.getByText('No word from the service').waitFor();
    await page.keyboard.press('?');
    await page.getByText(/This could not be shown|Single letters are keys/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await pressTogether(page, 'g', 'a');
    await page
      .getByText(/It comes by itself when the service is back|The endpoint refuses these sessions/)
      .first()
      .waitFor();
    await page.getByText('Right now').waitFor();
    service.comeBack();
    await page.getByRole('heading', { level: 1, name: 'Attention' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  });
});

describe('causes', () => {
  test('that were resolved before the page was opened are there, and those that ended while it was away are not open', async () => {
    const { page, service } = await open('busy', '#/attention');
    await page.getByText('Resolved 2').waitFor();
    await page.getByText('Open 4').waitFor();
    // The order changes: what is read stays, as a key is meant for it.
    const grown = causesOf('busy', Date.now()).flatMap((cause) => (cause.id === 'damaged' ? [{ ...cause, count: 99 }] : []));
    service.tell({ name: 'onCauses', payload: { causes: grown } });
    await page.locator('.cause-count').first().getByText('99').waitFor();
    await page.getByRole('heading', { level: 2, name: 'The endpoint refuses these sessions' }).waitFor();
    service.goAway();
    await page.getByText('No word from the service').waitFor();
    service.endCauses();
    service.comeBack();
    await page.getByText('Open 0').waitFor();
    await page.getByText('Resolved 7').waitFor();
  });
});

describe('Attention', () => {
  test('a link leads to its cause wherever it stands, and one that ends stays in sight', async () => {
    const { page, service } = await open('busy', '#/attention/quiet-URIN-1');
    await page.getByRole('heading', { level: 2, name: 'Device URIN-1 was silent' }).waitFor();
    const damaged = page.getByRole('heading', { level: 2, name: 'Damaged while capturing' });
    await page.evaluate(() => (location.hash = '#/attention/damaged'));
    await damaged.waitFor();
    const { causes } = (await page.evaluate(async () =>
      (await fetch('api/getCauses', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).json(),
    )) as { causes: Cause[] };
    const ended = causes.flatMap((cause) =>
      cause.id === 'damaged' ? [{ ...cause, state: 'resolved' as const, endedAt: cause.lastAt }] : [],
    );
    service.tell({ name: 'onCauses', payload: { causes: ended } });
    await page.getByText('Resolved 3').waitFor();
    await damaged.waitFor();
  });

  test('all of a cause is ignored by a key after a question, and brought back by Undo', async () => {
    const { page, service } = await open('busy', '#/attention/damaged');
    await page.getByRole('heading', { level: 2, name: 'Damaged while capturing' }).waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('k');
    await page.getByRole('heading', { level: 2, name: 'The endpoint refuses these sessions' }).waitFor();
    await page.keyboard.press('i');
    await page.getByRole('button', { name: 'Ignore 7' }).waitFor();
    // Back shows something else: the question was about what was shown before, and nothing is done.
    await page.goBack();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await page.goForward();
    await page.getByRole('heading', { level: 2, name: 'The endpoint refuses these sessions' }).waitFor();
    await page.keyboard.press('i');
    await page.getByRole('button', { name: 'Ignore 7' }).click();
    await page.getByText('7 sessions ignored.').waitFor();
    await page.keyboard.press('Control+z');
    await expect
      .poll(() => service.asked.filter(({ name }) => name === 'restoreSession').map(({ params }) => params.sessionIds))
      .toEqual([service.asked.find(({ name }) => name === 'ignoreSession')?.params.sessionIds]);
  });
});

describe('the keys of the page', () => {
  test('hold while the list of log lines has the focus', async () => {
    const { page } = await open('busy', '#/log');
    await page.getByRole('listbox', { name: 'Log lines' }).focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('F6');
    await pressTogether(page, 'g', 'o');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.keyboard.press('/');
    await page.getByPlaceholder('Search sessions or run a command').waitFor();
    await page.keyboard.type('time limit');
    await page.getByText('submissionTimeoutSeconds').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});

describe('Overview', () => {
  test('says what is wrong beside delivery, with the way to it', async () => {
    const { page, service } = await open('healthy', '#/overview');
    await page.getByText('Results are flowing').waitFor();
    service.amendStatus({ capture: { state: 'paused', interface: 'eth1', gaps: 0 } });
    await page.getByText('Capture is paused').waitFor();
    await page.getByRole('button', { name: 'Resume capture' }).click();
    await expect.poll(() => service.asked.filter(({ name }) => name === 'resumeCapture')).toHaveLength(1);
    service.amendStatus({ capture: { state: 'capturing', gaps: 0 }, disk: { state: 'low', freeBytes: 1.5e9 } });
    await page.getByText('The disk is nearly full: 1.5 GB free').waitFor();
    service.amendStatus({ disk: { state: 'failing', freeBytes: 0 } });
    await page.getByRole('alert').getByText('Results cannot be saved: 0 bytes free').waitFor();
    expect(await page.getByText('Nothing is lost').count()).toBe(0);
  });

  test('does not pretend to send where no endpoint is set, and says what is tried while delivery is stopped', async () => {
    const { page, service } = await open('stopped', '#/overview');
    await page.getByRole('button', { name: 'Try one now' }).click();
    await page.getByText('One session is tried now.').waitFor();
    service.amendStatus({ endpoint: '', circuit: { state: 'closed' } });
    await page.getByText(/Nothing is sent: no endpoint set/).waitFor();
    expect(await page.getByRole('button', { name: 'Send now' }).isDisabled()).toBe(true);
    await page.keyboard.press('Control+Enter');
    await page.getByText('Nothing can be sent').waitFor();
    expect(service.asked.filter(({ name }) => name === 'triggerSubmissionNow')).toHaveLength(1);
  });

  test('figures that could not be asked for again say so', async () => {
    const { page, service } = await open('healthy', '#/overview');
    const latest = page.getByRole('region', { name: 'Latest sessions' });
    await latest.getByText('Sending').waitFor();
    service.answer('getSessions', () => {
      throw new Error('not now');
    });
    service.tell({ name: 'onSessionsChanged', payload: { added: [], changed: service.sessions.slice(0, 1), removed: [] } });
    await latest.getByText('Not renewed').waitFor();
  });

  test('a long name of a device leaves its row readable', async () => {
    const { page, service } = await open('healthy', '#/settings');
    service.answer('getDevices', () => ({
      devices: [
        {
          label: 'ANALYSER-'.repeat(20),
          address: '192.0.2.11',
          state: 'talking',
          today: 7,
          lastHour: [1],
          lastSeenAt: Date.now(),
        },
      ],
    }));
    await pressTogether(page, 'g', 'o');
    const today = page.getByRole('columnheader', { name: 'Today' });
    await today.waitFor();
    const panel = await page.getByRole('region', { name: 'Devices', exact: true }).boundingBox();
    const head = await today.boundingBox();
    expect((head?.x ?? 0) + (head?.width ?? 0)).toBeLessThanOrEqual((panel?.x ?? 0) + (panel?.width ?? 0));
  });
});

describe('enlarged to twice its size', () => {
  test.each(['overview', 'attention', 'settings/endpoint', 'log'])('nothing of %s runs out of the page', async (address) => {
    const { page } = await open('busy', `#/${address}`, { size: { width: 720, height: 450 } });
    await page.getByRole('heading', { level: 1 }).waitFor();
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('main *')]
        .filter((element) => element.closest('.scroll, .hidden-text') === null)
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.className),
    );
    expect(outside).toEqual([]);
  });
});

test('what was typed in Settings is there when the operator comes back', async () => {
  const { page } = await open('healthy', '#/settings/delivery');
  await page.getByRole('textbox', { name: 'Attempts' }).fill('7');
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('Changes in Settings are kept, not saved.').waitFor();
  await page.keyboard.press('Control+z');
  expect(await page.getByRole('textbox', { name: 'Attempts' }).inputValue()).toBe('7');
  await page.getByText('1 change', { exact: true }).waitFor();
  await page.getByText('(1–10)').first().waitFor();
});
