/**
 * Every screen over a real service whose folder holds sessions of every state, on both hosts: it shows what is on disk,
 * axe finds no barrier, the policy holds and nothing is complained of; light and dark.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { afterBlock, onEveryHost, type OpenedConsole } from '../support/console-hosts.ts';
import { contrastViolationsOf, violationsOf } from '../support/console-page.ts';
import { until } from '../support/courier-process.ts';
import { prepareStanding, standing } from '../support/prepared-sessions.ts';

const screens: { name: string; address: string; shows: (string | RegExp)[] }[] = [
  {
    name: 'Overview',
    address: '#/overview',
    shows: [/^Results are flowing/, '9 sessions kept, 30 days', /^1 (file )?unreadable/, /apture is off$/],
  },
  {
    name: 'Attention',
    address: '#/attention/refused-422-OBX-3.unknown-code',
    shows: [
      'The endpoint refuses these sessions',
      'OBX-3.unknown-code',
      'Gave up after all attempts',
      'Damaged while capturing',
      'A file could not be read',
      'Device XN-1000 is silent',
      'Retry all 3',
    ],
  },
  {
    name: 'Sessions',
    address: '#/sessions',
    shows: ['Receiving', 'Ignored', 'Accepted', 'after 2 retries', 'Failed', /^HTTP 500 Internal Server Error$/],
  },
  {
    name: 'Sessions that no filter matches',
    address: '#/sessions?text=nowhere',
    shows: ['Nothing matches. 9 sessions are outside this filter.'],
  },
  {
    name: 'a refused session',
    address: `#/sessions?open=${standing.refused[0]}`,
    shows: ['The endpoint refuses this session (422).', 'Reason given: OBX-3.unknown-code.', '2 more', 'Patient identification'],
  },
  {
    name: 'an exhausted session',
    address: `#/sessions?open=${standing.exhausted}`,
    shows: ['Gave up after 3 tries (500).'],
  },
  {
    name: 'a damaged session',
    address: `#/sessions?open=${standing.damaged}`,
    shows: ['Damaged while capturing.', 'This session holds no whole message.'],
  },
  {
    name: 'a session that is still being received',
    address: `#/sessions?open=${standing.incomplete}`,
    shows: ['The device is still talking.'],
  },
  { name: 'Machines', address: '#/machines', shows: ['Nothing under way.', 'Sessions under way', 'Last transitions'] },
  { name: 'the worker', address: '#/machines/worker', shows: ['What the states mean', 'Waits for the next cycle.'] },
  {
    name: 'the endpoint',
    address: '#/machines/endpoint',
    shows: ['Nothing is sent until the next cycle tests with one session.'],
  },
  {
    name: 'one session as a chart',
    address: `#/machines/session?id=${standing.acceptedAfterRetries}`,
    shows: ['The endpoint has it.'],
  },
  { name: 'Log', address: '#/log', shows: ['"broken.json" is no session file and is in quarantine now'] },
  { name: 'Settings, Endpoint', address: '#/settings/endpoint', shows: ['Where results go', 'Not set'] },
  { name: 'Settings, Delivery', address: '#/settings/delivery', shows: ['How many at once'] },
  { name: 'Settings, Answers', address: '#/settings/answers', shows: ['No exceptions'] },
  { name: 'Settings, Capture', address: '#/settings/capture', shows: ['LIS markers', 'Off'] },
  { name: 'Settings, Storage', address: '#/settings/storage', shows: ['Clean up now'] },
  { name: 'Settings, Look', address: '#/settings/look', shows: ['Comfortable'] },
  { name: 'Settings, Backup', address: '#/settings/backup', shows: ['Nobody has looked at patient fields.'] },
];

onEveryHost((host) => {
  const finished = afterBlock();
  let opened: OpenedConsole;
  beforeAll(async () => {
    opened = await host.open({ prepare: prepareStanding, finished });
    // From its first line on with everything watched.
    await opened.page.reload();
    await opened.page.locator('.lights > div').first().waitFor();
  });

  test('what cannot be read is in quarantine with its reason', async () => {
    const quarantine = join(opened.dataDir, 'quarantine');
    const reason = join(quarantine, 'broken.json.reason.txt');
    await until('it is there', () => existsSync(join(quarantine, 'broken.json')));
    await until('its reason is', () => existsSync(reason) && readFileSync(reason, 'utf8').includes('cut short'));
  });

  test('a console that comes late lists the transitions that were taken before', async () => {
    await until('the first cycle is over', async () => (await opened.ask('getStatus', {})).worker?.nextCycleAt !== undefined);
    const { page } = opened;
    await page.reload();
    await opened.show('#/machines');
    const list = page.getByRole('region', { name: 'Transitions' });
    await list.getByText('Worker').nth(1).waitFor();
    expect(await list.getByText('None yet.').count()).toBe(0);
  });

  test.each(screens)('$name shows what is true, without an error or a barrier', async ({ address, shows }) => {
    const { page, faults } = opened;
    await opened.show(address);
    for (const text of shows) await page.locator('main').getByText(text).first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    // The same pages and styles on both hosts: the other theme is looked at on one.
    if (host.name === 'browser') {
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await contrastViolationsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'light' });
    }
    expect(faults).toEqual([]);
  });

  test('the tabs of a session, the palette, the keys and a question have no barrier', async () => {
    const { page, faults } = opened;
    await opened.show(`#/sessions?open=${standing.refused[0]}`);
    for (const tab of ['Raw', 'Bytes', 'File']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await violationsOf(page)).toEqual([]);
    }
    await opened.show(`#/sessions?open=${standing.accepted}`);
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('alertdialog').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Search sessions or run a command').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(faults).toEqual([]);
  });
});
