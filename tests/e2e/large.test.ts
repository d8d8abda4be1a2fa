/**
 * A hundred thousand session files, the same folder on one host after the other: all are known, any is found, and only
 * what is in view is in the page.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeBacklog } from '../bench/bench-sessions.ts';
import { afterBlock, onEveryHost } from '../support/console-hosts.ts';
import { pressTogether } from '../support/console-page.ts';
import { until } from '../support/courier-process.ts';
import { dropSession, makeDataDir, readStored } from '../support/session-folder.ts';

const count = 100_000;
/** A slow disk needs minutes for so many files. */
const limitMs = 600_000;
const finished = afterBlock();
let dataDir: string;
beforeAll(() => {
  dataDir = makeDataDir(finished);
  writeBacklog(dataDir, { count, bytes: 900, standing: 'submitted' });
}, limitMs);

onEveryHost((host) => {
  test(
    'a hundred thousand sessions are scrolled, searched and chosen, and a new one comes in on top',
    async () => {
      const opened = await host.open({ dataDir, address: '#/sessions' });
      const { page, endpoint } = opened;
      const grid = page.getByRole('grid', { name: 'Sessions' });
      const rows = async () => Number(await grid.getAttribute('aria-rowcount')) - 1;
      const cell = (counter: number) => page.locator('.table-row .col-session').getByText(String(counter), { exact: true });
      // On the second host also the new one of the first.
      const known = readdirSync(join(dataDir, 'sessions')).filter((name) => name.endsWith('.json')).length;
      await until('all are known', async () => (await rows()) === known, limitMs / 2);
      await pressTogether(page, 'g', 's');
      await cell(count).waitFor();
      await grid.focus();
      await page.keyboard.press('End');
      await cell(1).waitFor();
      expect(await page.locator('.table-row').count()).toBeLessThan(120);
      await page.keyboard.press('Home');
      await cell(count).waitFor();
      await page.keyboard.press('Control+a');
      await page.getByText(`All ${known.toLocaleString('en')} sessions that match`).waitFor();
      await page.keyboard.press('Escape');
      await page.getByLabel('Search sessions').fill('bench-0421');
      await until('a hundred are found', async () => (await rows()) === 100);
      await cell(42_200).waitFor();
      await page.getByLabel('Search sessions').fill('');
      await until('all are back', async () => (await rows()) === known);
      const counter = host.name === 'browser' ? 900_001 : 900_002;
      dropSession(dataDir, `new-${host.name}`, 24 * 60, { sessionId: counter });
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+Enter');
      await until('it is accepted', () => readStored(dataDir, `new-${host.name}`).submissionStatus === 'submitted');
      expect(endpoint.ids()).toEqual([`new-${host.name}`]);
      // The operator stands on a row, so the view does not move by itself.
      await page.getByRole('button', { name: '1 new' }).click();
      await cell(counter).waitFor();
      expect(await rows()).toBe(known + 1);
      expect(opened.faults).toEqual([]);
    },
    limitMs,
  );
});
