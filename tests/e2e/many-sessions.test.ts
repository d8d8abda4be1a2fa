/**
 * What an operator does with many sessions at once, over a real service on both hosts: a bulk retry that begins with one,
 * shows how far it is, can be cancelled and stops by itself; causes as a whole.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onEveryHost, type OpenedConsole } from '../support/console-hosts.ts';
import { until } from '../support/courier-process.ts';
import { dropRefused } from '../support/prepared-sessions.ts';
import type { Reply } from '../support/scripted-endpoint.ts';
import { dropSession, outcomes, readStored, statusCounts } from '../support/session-folder.ts';

const causeId = 'refused-422-OBX-3.unknown-code';
const named = (count: number) => Array.from({ length: count }, (_, index) => `bad${String(index + 1).padStart(3, '0')}`);
const refusedAgain: Reply = {
  status: 422,
  headers: { 'content-type': 'application/problem+json' },
  body: '{"code":"OBX-3.unknown-code"}',
};

onEveryHost((host) => {
  test('all that a filter matches are retried: one first, then two, then four, and what was accepted stays', async () => {
    const gate = makeGate();
    const opened = await host.open({
      prepare(dataDir) {
        dropRefused(dataDir, named(12));
        dropSession(dataDir, 'done001', 1, accepted);
      },
      settings: { submissionConcurrency: 10 },
      answer: gate.answer,
      address: '#/sessions?state=failed,submitted',
    });
    const { page, endpoint, dataDir } = opened;
    await page.getByText('Failed').nth(1).waitFor();
    await page.getByLabel('Select all that match').check();
    await page.getByRole('button', { name: 'Retry' }).click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Retry/ })
      .click();
    const run = page.getByRole('status').filter({ hasText: 'Retrying 12 sessions' });
    await run.getByText('1 sending').waitFor();
    for (const [step, done] of [
      [1, 0],
      [2, 1],
      [4, 3],
    ] as const) {
      await until(`${step} are under way`, () => endpoint.inFlight() === step);
      expect(endpoint.posts).toHaveLength(done + step);
      if (done > 0) await run.getByText(`${done} accepted`).waitFor();
      gate.release(201);
    }
    gate.open(201);
    await page.getByText('All were tried.').waitFor();
    await page.getByRole('button', { name: 'Close the ended retry' }).click();
    await page.getByText('All were tried.').waitFor({ state: 'detached' });
    expect(statusCounts(dataDir)).toEqual({ submitted: 13 });
    expect(endpoint.posts.map(({ headers }) => headers['idempotency-key']).toSorted()).toEqual(named(12));
    expect(opened.faults).toEqual([]);
  });

  test('a retry of a cause stops by itself when the same refusal comes back, and the rest keeps its status', async () => {
    const opened = await host.open({
      prepare: (dataDir) => dropRefused(dataDir, named(9)),
      answer: ({ nth, id }) => (nth === 1 && ['bad001', 'bad002', 'bad003'].includes(id) ? 201 : refusedAgain),
      address: '#/attention',
    });
    const { page, endpoint, dataDir } = opened;
    await page.getByRole('button', { name: 'Retry all 9' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Retry 9' }).click();
    await page.getByText(/the same refusal came back \(422 Unprocessable Content\)/).waitFor();
    await until('nothing is under way', async () => (await opened.ask('getStatus', {})).worker?.state === 'idle');
    const sent = new Set(endpoint.ids());
    expect([...sent]).toEqual(expect.arrayContaining(['bad001', 'bad002', 'bad003']));
    expect(sent.size).toBeLessThan(9);
    expect(statusCounts(dataDir)).toEqual({ submitted: 3, failed: 6 });
    for (const id of named(9).filter((each) => !sent.has(each))) expect(readStored(dataDir, id).submissionAttempts).toBe(1);
  });

  test('a cancelled retry starts nothing more, and what is on its way ends by itself', async () => {
    const gate = makeGate();
    const opened = await host.open({
      prepare: (dataDir) => dropRefused(dataDir, named(5)),
      answer: gate.answer,
      address: '#/attention',
    });
    const { page, endpoint, dataDir } = opened;
    await page.getByRole('button', { name: 'Retry all 5' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Retry 5' }).click();
    await until('the first is under way', () => endpoint.inFlight() === 1);
    await page.getByText('1 sending, 4 to go').waitFor();
    await page.getByRole('button', { name: 'Cancel retry' }).click();
    await page.getByText('Cancelled. 4 sessions unchanged.').waitFor();
    gate.open(201);
    await until('the one is accepted', () => statusCounts(dataDir)['submitted'] === 1);
    await opened.ask('triggerSubmissionNow', {});
    await until('the cycle is over', async () => (await opened.ask('getStatus', {})).worker?.state === 'idle');
    expect(endpoint.posts).toHaveLength(1);
    expect(statusCounts(dataDir)).toEqual({ submitted: 1, failed: 4 });
  });

  test('a cause is noted, muted and brought back, and ignored as a whole', async () => {
    const opened = await host.open({ prepare: (dataDir) => dropRefused(dataDir, named(3)), address: `#/attention/${causeId}` });
    const { page, endpoint, dataDir } = opened;
    const path = join(dataDir, 'desk/causes.json');
    const kept = () => {
      if (!existsSync(path)) return undefined;
      const { causes } = JSON.parse(readFileSync(path, 'utf8')) as { causes: { id: string }[] };
      return causes.find(({ id }) => id === causeId);
    };
    await page.getByRole('button', { name: 'Write one' }).click();
    await page.getByLabel('Note').fill('Told the endpoint team.');
    await page.keyboard.press('Enter');
    await page.getByText('Told the endpoint team.').waitFor();
    await until('the note is on disk', () => JSON.stringify(kept() ?? '').includes('Told the endpoint team.'));
    const openCauses = async () => (await opened.ask('getStatus', {})).openCauses ?? 0;
    const before = await openCauses();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Mute' }).click();
    await page.getByText('Muted: it no longer counts or notifies').waitFor();
    await until('it counts no more', async () => (await openCauses()) === before - 1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await until('it counts again', async () => (await openCauses()) === before);
    await opened.show(`#/attention/${causeId}`);
    await page.getByRole('button', { name: 'Ignore all' }).click();
    await page.getByRole('alertdialog', { name: 'Ignore 3 sessions?' }).getByRole('button', { name: 'Ignore 3' }).click();
    await until('all are ignored on disk', () => statusCounts(dataDir)['ignored'] === 3);
    for (const id of named(3)) expect(outcomes(dataDir, id)).toEqual(['refused', 'ignored']);
    await until('the cause has ended', async () => (await openCauses()) === before - 1);
    expect(endpoint.posts).toEqual([]);
    expect(opened.faults).toEqual([]);
  });

  test('a selection is ignored, restored and moved to the trash by keys alone', async () => {
    const opened: OpenedConsole = await host.open({
      prepare: (dataDir) => dropRefused(dataDir, named(6)),
      address: '#/sessions?state=failed',
      // Restored sessions would be sent at once.
      settings: { submissionEndpoint: '' },
    });
    const { page, dataDir } = opened;
    await until('the first cycle is over', async () => (await opened.ask('getStatus', {})).worker?.nextCycleAt !== undefined);
    await page.getByText('Failed').nth(1).waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('3 sessions selected').waitFor();
    await page.keyboard.press('i');
    await page.getByRole('alertdialog', { name: 'Ignore 3 sessions?' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(statusCounts(dataDir)).toEqual({ failed: 6 });
    await page.keyboard.press('i');
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until('three are ignored', () => statusCounts(dataDir)['ignored'] === 3);
    expect(['bad004', 'bad005', 'bad006'].map((id) => outcomes(dataDir, id).at(-1))).toEqual(['ignored', 'ignored', 'ignored']);
    await page.getByText('3 sessions ignored.').waitFor();
    await page.keyboard.press('Control+z');
    await until('Undo restores them', () => statusCounts(dataDir)['pending'] === 3);
    await opened.show('#/sessions');
    await page.getByText('Held').nth(1).waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('Control+a');
    await page.getByText('All 6 sessions that match').waitFor();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByText('6 of them were never delivered.').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until('the folder is empty', () => Object.keys(statusCounts(dataDir)).length === 0);
    await page.getByText('6 sessions moved to trash for 7 days.').waitFor();
  });
});

const accepted = {
  submissionStatus: 'submitted',
  submissionAttempts: 1,
  submittedAt: Date.now() - 3_600_000,
  submissionHistory: [{ attempt: 1, startedAt: Date.now() - 3_600_050, durationMs: 50, outcome: 'accepted', httpStatus: 201 }],
};

/** Holds every answer until it is released. */
function makeGate() {
  let waiting: ((reply: Reply) => void)[] = [];
  let always: Reply | null = null;
  return {
    answer: (): Promise<Reply> | Reply => always ?? new Promise<Reply>((answer) => waiting.push(answer)),
    release(reply: Reply): void {
      for (const answer of waiting) answer(reply);
      waiting = [];
    },
    open(reply: Reply): void {
      always = reply;
      this.release(reply);
    },
  };
}
