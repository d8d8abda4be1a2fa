/**
 * What an operator does with one session, over a real service on both hosts: what the endpoint got and what is on disk
 * say whether it was done.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { afterBlock, onEveryHost, type OpenedConsole } from '../support/console-hosts.ts';
import { until } from '../support/courier-process.ts';
import { dropRefused, prepareStanding, standing } from '../support/prepared-sessions.ts';
import { dropSession, outcomes, patientName, readStored, sessionFields, sessionPath } from '../support/session-folder.ts';

const markup = '<img src=x onerror=alert(1)><script>document.title="taken"</script>';

onEveryHost((host) => {
  const finished = afterBlock();
  let opened: OpenedConsole;
  beforeAll(async () => {
    opened = await host.open({
      finished,
      prepare(dataDir) {
        prepareStanding(dataDir);
        dropRefused(dataDir, ['next001', 'next002', 'ignore001', 'trash001'], 14);
        dropSession(dataDir, 'hostile001', 90, { ...settled, ...holding(`${markup} \u202Egnp.exe \u0007\u001B[31m`) });
        dropSession(dataDir, 'large001', 91, { ...settled, ...holding('x'.repeat(5_000_000)) });
      },
    });
  });
  const postsOf = (id: string) => opened.endpoint.posts.filter((post) => post.id === id);
  const statusOf = (id: string) => readStored(opened.dataDir, id).submissionStatus;
  const open = async (id: string) => {
    await opened.show(`#/sessions?open=${id}`);
    const { sessionId } = readStored(opened.dataDir, id);
    const shown = opened.page.getByRole('complementary', { name: `Session ${String(sessionId)}`, exact: true });
    await shown.getByRole('button', { name: 'Move to trash' }).waitFor();
    return shown;
  };
  const trashed = () => readdirSync(join(opened.dataDir, 'trash'));
  const accessLog = () => {
    const path = join(opened.dataDir, 'desk/patient-access.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as { sessionId: string; action: string });
  };

  test('a failed session is sent once when Retry is clicked twice', async () => {
    const [id] = standing.refused;
    const shown = await open(id);
    await shown.getByRole('button', { name: 'Retry', exact: true }).dblclick();
    await shown.getByText('Accepted').first().waitFor();
    await until('it is on disk', () => statusOf(id) === 'submitted');
    // One more cycle would send what a second click had left behind.
    await opened.ask('triggerSubmissionNow', {});
    await until('the cycle is over', async () => (await opened.ask('getStatus', {})).worker?.state === 'idle');
    expect(postsOf(id).map(({ headers }) => headers['idempotency-key'])).toEqual([id]);
    expect(outcomes(opened.dataDir, id)).toEqual(['refused', 'retried', 'accepted']);
  });

  test('what was accepted is sent again only after a confirmation of its own, under the same key', async () => {
    const id = standing.accepted;
    const shown = await open(id);
    await shown.getByRole('button', { name: 'Send again' }).click();
    const dialog = opened.page.getByRole('alertdialog', { name: 'Send again what was already accepted?' });
    expect(await dialog.getByRole('button', { name: 'Send again' }).isDisabled()).toBe(true);
    await dialog.getByText('I know it was accepted').click();
    await dialog.getByRole('button', { name: 'Send again' }).click();
    await until('the endpoint has it once more', () => postsOf(id).length === 1);
    await until('it is on disk', () => outcomes(opened.dataDir, id).at(-1) === 'accepted' && statusOf(id) === 'submitted');
    expect(postsOf(id)[0]?.headers['idempotency-key']).toBe(id);
  });

  test('Retry and next sends this one and opens the next', async () => {
    const shown = await open('next002');
    await shown.getByRole('button', { name: 'Retry and next' }).click();
    await opened.page.waitForURL(/open=next001/);
    await until('it is accepted', () => statusOf('next002') === 'submitted');
    expect(statusOf('next001')).toBe('failed');
    expect(postsOf('next001')).toEqual([]);
  });

  test('an ignored session stays on disk and is not sent; restored it goes out', async () => {
    const shown = await open('ignore001');
    await shown.getByRole('button', { name: 'Ignore', exact: true }).click();
    await until('it is ignored on disk', () => statusOf('ignore001') === 'ignored');
    await shown.getByText('Ignored by an operator.').waitFor();
    await opened.ask('triggerSubmissionNow', {});
    await until('the cycle is over', async () => (await opened.ask('getStatus', {})).worker?.state === 'idle');
    expect(postsOf('ignore001')).toEqual([]);
    await shown.getByRole('button', { name: 'Restore', exact: true }).click();
    await shown.getByText('Accepted').first().waitFor();
    await until('it is accepted', () => statusOf('ignore001') === 'submitted');
    expect(outcomes(opened.dataDir, 'ignore001')).toEqual(['refused', 'ignored', 'restored', 'accepted']);
  });

  test('Move to trash moves the file, and Undo moves it back as it was', async () => {
    const before = readStored(opened.dataDir, 'trash001');
    const shown = await open('trash001');
    await shown.getByRole('button', { name: 'Move to trash' }).click();
    await opened.page.getByText('Moved to trash for 7 days.').waitFor();
    expect(existsSync(sessionPath(opened.dataDir, 'trash001'))).toBe(false);
    expect(trashed()).toEqual([expect.stringMatching(/^trash001\.\d+\.json$/)]);
    await opened.page.getByRole('button', { name: 'Undo' }).click();
    await until('it is back', () => existsSync(sessionPath(opened.dataDir, 'trash001')));
    expect(trashed()).toEqual([]);
    expect(readStored(opened.dataDir, 'trash001')).toMatchObject({ submissionStatus: 'failed', messages: before['messages'] });
    await opened.page
      .getByRole('row', { name: /refused|422/ })
      .first()
      .waitFor();
  });

  test('patient fields are not in the page before looking at them is on disk', async () => {
    const id = standing.refused[1];
    const { page } = opened;
    const shown = await open(id);
    await shown.getByText('Patient identification').waitFor();
    for (const tab of ['Raw', 'Bytes', 'File', 'Message']) {
      await page.getByRole('tab', { name: tab }).click();
      expect(await page.content()).not.toContain(patientName);
    }
    expect(accessLog()).toEqual([]);
    await shown.getByRole('button', { name: 'Show patient fields' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Show' }).click();
    await shown.getByText(`${patientName}^ANNA`).waitFor();
    expect(accessLog()).toMatchObject([{ sessionId: id, action: 'shown' }]);
    await shown.getByRole('button', { name: 'Hide patient fields' }).click();
    expect(await page.content()).not.toContain(patientName);
    await opened.show('#/settings/backup');
    await page.getByText('looked at', { exact: true }).waitFor();
  });

  test('an export leaves patient fields out; with them it is logged first', async () => {
    const id = standing.refused[2];
    const { page } = opened;
    const shown = await open(id);
    const exported = async (isMasked: boolean) => {
      await shown.getByRole('button', { name: 'Export' }).click();
      if (!isMasked) await page.getByRole('alertdialog').getByText('Mask patient fields').click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export 1' }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const masked = await exported(true);
    expect(masked).toContain('"submissionStatus": "failed"');
    expect(masked).not.toContain(patientName);
    expect(accessLog().filter(({ sessionId }) => sessionId === id)).toEqual([]);
    expect(await exported(false)).toContain(patientName);
    expect(accessLog().filter(({ sessionId }) => sessionId === id)).toMatchObject([{ action: 'exported' }]);
  });

  test('markup, right-to-left marks and control characters are shown as text', async () => {
    const { page } = opened;
    const shown = await open('hostile001');
    await shown.getByRole('button', { name: 'Show patient fields' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Show' }).click();
    const value = page.getByText(/onerror=alert/);
    await value.scrollIntoViewIfNeeded();
    expect(await value.innerText()).toBe(`${markup} [U+202E]gnp.exe \u2407\u241B[31m`);
    expect(await page.title()).toBe('HL7 Courier');
  });

  test('five megabytes in one field are shown in steps and do not freeze the page', async () => {
    const { page } = opened;
    const shown = await open('large001');
    await shown.getByRole('button', { name: 'Show patient fields' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Show' }).click();
    await page.getByRole('button', { name: /Show more \(4\.9 MB left\)/ }).waitFor();
    await page.getByRole('tab', { name: 'Raw' }).click();
    await page.getByRole('tab', { name: 'Bytes' }).click();
    await shown.getByText('5 MB').first().waitFor();
  });

  test('nothing of all this was complained of, and no patient field left by the log', async () => {
    expect(opened.faults).toEqual([]);
    const { lines } = await opened.ask('getLog', { level: 'debug', limit: 2000 });
    expect(JSON.stringify(lines)).not.toContain(patientName);
  });
});

const settled = { submissionStatus: 'ignored' };
/** A session whose one result is this text, on the wire as well. */
function holding(text: string): Record<string, unknown> {
  const message = `${String((sessionFields('x')['messages'] as string[])[0])}OBX|2|ST|NOTE||${text}\r`;
  const element = { id: 1, timestamp: Date.now(), direction: 'device-to-pc', type: 'message' };
  return { messages: [message], elements: [{ ...element, hexData: Buffer.from(message).toString('hex') }] };
}
