/**
 * Import from the console, on both hosts: a capture, HL7 text and a file that is neither go from the operator's disk to the
 * service, and the window says what came of each; another import in the way can be cancelled.
 * With SCREENSHOTS_FOLDER it leaves pictures there.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { onEveryHost } from '../support/console-hosts.ts';
import { commandChosen, contrastViolationsOf, violationsOf } from '../support/console-page.ts';
import { hl7, hl7Ack, mllp } from '../support/capture-session.ts';
import { connection, pcapBytes } from '../support/capture-writer.ts';
import { until } from '../support/courier-process.ts';
import { patientName, statusCounts } from '../support/session-folder.ts';

/** More than any machine reads while it is looked at. */
const manySessions = 30_000;
const text = `MSH|^~\\&|CHEM-1|LAB|LIS|H|20240102100001||ORU^R01|1|P|2.5\rPID|1||42||${patientName}\r`;

function capture(count: number): Buffer {
  const wire = connection();
  wire.open();
  for (let index = 0; index < count; index += 1) {
    wire.send('device', mllp(hl7(String(index))));
    wire.send('lis', mllp(hl7Ack(String(index))));
  }
  wire.close();
  return pcapBytes(wire.packets());
}
const file = (name: string, content: Buffer | string) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(content),
});
const choose = (page: Page, ...files: ReturnType<typeof file>[]) => page.locator('input[type=file]').setInputFiles(files);

function writtenFile(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
/** As the system's file manager does it: a file that a script makes is no dropped one. */
async function drop(page: Page, path: string): Promise<void> {
  const box = await page.locator('.file-drop').boundingBox();
  if (box === null) throw new Error('there is no place to drop files');
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 40, y: box.y + 20, data });
  await session.detach();
}

onEveryHost((host) => {
  const picture = async (page: Page, name: string) => {
    const folder = process.env['SCREENSHOTS_FOLDER'];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `import-${host.name}-${name}-${colorScheme}.png`) });
    }
  };
  const expectNoBarrier = async (page: Page) => {
    expect(await violationsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await contrastViolationsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
  };

  test('files that are chosen become sessions, and each is told of; what could not be read says why', async () => {
    const { page, dataDir, faults, show } = await host.open();
    await page.getByText('Capture is off.').waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Import capture files' });
    await dialog.getByText('These files hold patient data.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true);
    await picture(page, 'empty');
    // The order is that of their names, and can be changed.
    await choose(page, file('trace10.hl7', text), file('trace2.pcap', capture(5)), file(`${patientName}.pdf`, '%PDF-1.7'));
    const names = dialog.getByRole('list', { name: 'Files, in the order they are read' }).getByRole('listitem');
    await until('all are there', async () => (await names.count()) === 3);
    expect(await names.locator('.import-name').allTextContents()).toEqual(['trace2.pcap', 'trace10.hl7', `${patientName}.pdf`]);
    await dialog.getByRole('button', { name: `Read ${patientName}.pdf earlier` }).click();
    expect(await names.locator('.import-name').allTextContents()).toEqual(['trace2.pcap', `${patientName}.pdf`, 'trace10.hl7']);
    await expectNoBarrier(page);
    await picture(page, 'chosen');

    await dialog.getByRole('button', { name: 'Import 3 files' }).click();
    await dialog.getByText('6 sessions added. 1 file could not be read to the end.').waitFor();
    const results = dialog.getByRole('list', { name: 'What came of each file' }).getByRole('listitem');
    expect((await results.allTextContents()).map((said) => said.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/Read.*trace2\.pcap: 5 sessions, 5 added/),
      expect.stringMatching(/Not read.*\.pdf: no session.*neither a pcap or pcapng capture nor HL7 text/),
      expect.stringMatching(/Read.*trace10\.hl7: 1 session, 1 added/),
    ]);
    await expectNoBarrier(page);
    await picture(page, 'ended');
    await until('all are delivered', () => statusCounts(dataDir)['submitted'] === 6);
    expect(existsSync(join(dataDir, 'imports'))).toBe(false);

    await dialog.getByRole('button', { name: 'Show them' }).click();
    await until('the window is closed', async () => (await dialog.count()) === 0);
    await until(
      'the sessions are shown',
      async () => (await page.getByRole('grid', { name: 'Sessions' }).getByRole('row').count()) >= 6,
    );
    expect(page.url()).toContain('#/sessions?from=');

    // Once more, by the keyboard alone: nothing is there twice.
    await show('#/overview');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Search sessions or run a command').fill('import');
    await expect.poll(() => commandChosen(page)).toBe('Import capture files');
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await choose(page, file('trace2.pcap', capture(5)));
    await dialog.getByRole('button', { name: 'Import 1 file' }).press('Enter');
    await dialog.getByText('Nothing was added. 5 were here already.').waitFor();
    await page.keyboard.press('Escape');
    await until('the window is closed', async () => (await dialog.count()) === 0);
    expect(faults).toEqual([]);
  });

  test('an import that was left behind is in the way, and can be cancelled from the window', async () => {
    const { page, ask, dataDir, show, faults } = await host.open();
    await ask('beginImport', { files: [{ bytes: 10 }] });
    await show('#/sessions');
    await page.getByRole('button', { name: 'Import capture files' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import capture files' });
    await dialog.getByText('Drop captures').waitFor();
    await dialog.getByText('Another import is under way').waitFor();
    // Dropped, where the page can be driven by hand.
    if (host.name === 'browser') await drop(page, writtenFile(dataDir, 'one.hl7', text));
    else await choose(page, file('one.hl7', text));
    await dialog.getByRole('button', { name: 'Import 1 file' }).click();
    await dialog.getByRole('alert').getByText('Another import is running').waitFor();
    await expectNoBarrier(page);
    await picture(page, 'other');
    await dialog.getByRole('button', { name: 'Cancel the other import' }).click();
    await until('it is gone', async () => (await dialog.getByRole('alert').count()) === 0);
    await dialog.getByRole('button', { name: 'Import 1 file' }).click();
    await dialog.getByText('1 session added.').waitFor();
    expect(statusCounts(dataDir)).not.toEqual({});
    // What a browser says of the refusal itself is no fault of the page.
    expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
  });

  test('one that runs shows how far it is, goes on when its window is closed, and can be cancelled', async () => {
    const { page, ask, dataDir } = await host.open();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Import capture files' });
    await page.locator('input[type=file]').setInputFiles(writtenFile(dataDir, 'long.pcap', capture(manySessions)));
    await dialog.getByRole('button', { name: 'Import 1 file' }).click();
    const bar = dialog.getByRole('progressbar');
    await bar.waitFor();
    await dialog.getByText('Reading the files').waitFor();
    await until('it is read', async () => ((await ask('getImport', {})).import?.bytesRead ?? 0) > 0);
    await expectNoBarrier(page);
    await picture(page, 'running');
    await dialog.getByRole('button', { name: 'Close window' }).click();
    await until('the window is closed', async () => (await dialog.count()) === 0);
    expect((await ask('getImport', {})).import?.state).toBe('reading');
    if (host.name === 'browser') {
      await page.reload();
      await page.locator('.lights > div').first().waitFor();
    }
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Search sessions or run a command').fill('import');
    await page.getByRole('menuitem', { name: 'Import capture files' }).click();
    await dialog.getByRole('button', { name: 'Cancel import' }).click();
    await dialog.getByText('What was read until then stays; importing again adds nothing twice.').waitFor();
    // The files are known to the page that sent them alone.
    const again = host.name === 'browser' ? 'Choose files' : 'Import 1 file';
    expect(await dialog.getByRole('button', { name: again }).isEnabled()).toBe(true);
    expect(existsSync(join(dataDir, 'imports'))).toBe(false);
  });
});
