/**
 * What an operator does with many sessions at once, over a real service on both hosts: a bulk retry that begins with one,
 * shows how far it is, can be cancelled and stops by itself; causes as a whole.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { afterBlock, onEveryHost, type OpenedConsole } from '../support/console-hosts.ts';
import { until } from '../support/courier-process.ts';
import { dropRefused } from '../support/prepared-sessions.ts';
import type { Reply } from '../support/scripted-endpoint.ts';
import { dropSession, outcomes, readStored } from '../support/session-folder.ts';

/** Of each kind so many, every kind refused for a reason of its own. */
const kinds = { filter: 12, stop: 9, cancel: 5, note: 3 } as const;
type Kind = keyof typeof kinds;
const named = (kind: Kind) => Array.from({ length: kinds[kind] }, (_, index) => `${kind}${String(index + 1).padStart(3, '0')}`);
const codeOf = (kind: Kind) => `OBX-3.${kind}`;
const causeOf = (kind: Kind) => `refused-422-${codeOf(kind)}`;

onEveryHost((host) => {
  const finished = afterBlock();
  let opened: OpenedConsole;
  beforeAll(async () => {
    opened = await host.open({
      finished,
      prepare(dataDir) {
        (Object.keys(kinds) as Kind[]).forEach((kind, index) => dropRefused(dataDir, named(kind), 100 * index, codeOf(kind)));
        dropSession(dataDir, 'filter900', 1, accepted);
      },
      // Longer than any answer is held back here.
      settings: { submissionConcurrency: 10, submissionTimeoutSeconds: 300 },
    });
    await until('the first cycle is over', async () => (await opened.ask('getStatus', {})).worker?.nextCycleAt !== undefined);
  });
  const standingOf = (kind: Kind) => {
    const counts: Record<string, number> = {};
    for (const id of named(kind)) {
      const status = readStored(opened.dataDir, id).submissionStatus ?? '';
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  };
  const sent = (kind: Kind) => opened.endpoint.ids().filter((id) => id.startsWith(kind));
  const cycleIsOver = () =>
    until('nothing is under way', async () => {
      const { worker } = await opened.ask('getStatus', {});
      return worker?.state === 'idle' && worker.inFlight === 0;
    });
  const openCauses = async () => (await opened.ask('getStatus', {})).openCauses ?? 0;

  test('all that a filter matches are retried: one first, then two, then four, and what was accepted stays', async () => {
    const { page, endpoint } = opened;
    const gate = makeGate();
    endpoint.answer = gate.answer;
    await opened.show('#/sessions?text=filter');
    await page.locator('.table-row').nth(12).waitFor();
    await page.getByLabel('Select all that match').check();
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
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
    await page.getByText('None is left to retry.').waitFor();
    await page.getByRole('button', { name: 'Close the ended retry' }).click();
    await page.getByText('None is left to retry.').waitFor({ state: 'detached' });
    expect(standingOf('filter')).toEqual({ submitted: 12 });
    expect(endpoint.posts.map(({ headers }) => headers['idempotency-key']).toSorted()).toEqual(named('filter'));
  });

  test('a retry of a cause stops by itself when the same refusal comes back, and the rest keeps its status', async () => {
    const { page, endpoint, dataDir } = opened;
    endpoint.answer = ({ id }) => (['stop001', 'stop002', 'stop003'].includes(id) ? 201 : refusedAgain(codeOf('stop')));
    await opened.show(`#/attention/${causeOf('stop')}`);
    await page.getByRole('button', { name: 'Retry all 9' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Retry 9' }).click();
    await page.getByText(/the same refusal came back \(422 Unprocessable Entity\)/).waitFor();
    await cycleIsOver();
    const tried = new Set(sent('stop'));
    expect([...tried]).toEqual(expect.arrayContaining(['stop001', 'stop002', 'stop003']));
    expect(tried.size).toBeLessThan(9);
    expect(standingOf('stop')).toEqual({ submitted: 3, failed: 6 });
    for (const id of named('stop').filter((each) => !tried.has(each))) expect(readStored(dataDir, id).submissionAttempts).toBe(1);
  });

  test('a cancelled retry starts nothing more, and what is on its way ends by itself', async () => {
    const { page, endpoint } = opened;
    const gate = makeGate();
    endpoint.answer = gate.answer;
    await opened.show(`#/attention/${causeOf('cancel')}`);
    await page.getByRole('button', { name: 'Retry all 5' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Retry 5' }).click();
    await until('the first is under way', () => endpoint.inFlight() === 1);
    await page.getByText('1 sending, 4 to go').waitFor();
    await page.getByRole('button', { name: 'Cancel retry' }).click();
    await page.getByText('Cancelled. 4 sessions unchanged.').waitFor();
    gate.open(201);
    await until('the one is accepted', () => standingOf('cancel')['submitted'] === 1);
    await opened.ask('triggerSubmissionNow', {});
    await cycleIsOver();
    expect(sent('cancel')).toHaveLength(1);
    expect(standingOf('cancel')).toEqual({ submitted: 1, failed: 4 });
  });

  test('a cause is noted, muted and brought back, and ignored as a whole', async () => {
    const { page, dataDir } = opened;
    const path = join(dataDir, 'desk/causes.json');
    const kept = () => {
      if (!existsSync(path)) return undefined;
      const { causes } = JSON.parse(readFileSync(path, 'utf8')) as { causes: { id: string }[] };
      return causes.find(({ id }) => id === causeOf('note'));
    };
    await opened.show(`#/attention/${causeOf('note')}`);
    await page.getByRole('button', { name: 'Write one' }).click();
    await page.getByLabel('Note').fill('Told the endpoint team.');
    await page.keyboard.press('Enter');
    await page.getByText('Told the endpoint team.').waitFor();
    await until('the note is on disk', () => JSON.stringify(kept() ?? '').includes('Told the endpoint team.'));
    const before = await openCauses();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Mute' }).click();
    await page.getByText('Muted: it no longer counts or notifies').waitFor();
    await until('it counts no more', async () => (await openCauses()) === before - 1);
    await page.getByRole('button', { name: 'Undo' }).click();
    await until('it counts again', async () => (await openCauses()) === before);
    await opened.show(`#/attention/${causeOf('note')}`);
    await page.getByRole('button', { name: 'Ignore all' }).click();
    await page.getByRole('alertdialog', { name: 'Ignore 3 sessions?' }).getByRole('button', { name: 'Ignore 3' }).click();
    await until('all are ignored on disk', () => standingOf('note')['ignored'] === 3);
    for (const id of named('note')) expect(outcomes(dataDir, id)).toEqual(['refused', 'ignored']);
    await until('the cause has ended', async () => (await openCauses()) === before - 1);
    expect(sent('note')).toEqual([]);
  });

  test('a selection is ignored, restored and moved to the trash by keys alone', async () => {
    const { page, dataDir } = opened;
    const chosen = ['stop008', 'stop009'];
    const last = () => chosen.map((id) => outcomes(dataDir, id).at(-1));
    const cancelHasFocus = () => expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
    // Restored sessions would be sent at once.
    await opened.ask('updateSettings', { submissionEndpoint: '' });
    await opened.show('#/sessions?state=failed&text=stop00');
    await page.locator('.table-row').nth(5).waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('2 sessions selected').waitFor();
    await page.keyboard.press('i');
    await page.getByRole('alertdialog', { name: 'Ignore 2 sessions?' }).waitFor();
    await cancelHasFocus();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(last()).not.toContain('ignored');
    await page.keyboard.press('i');
    await cancelHasFocus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('2 sessions ignored.').waitFor();
    expect(last()).toEqual(['ignored', 'ignored']);
    await page.keyboard.press('Control+z');
    await until('Undo restores them', () => last().every((outcome) => outcome === 'restored'));
    await opened.show('#/sessions?text=cancel');
    await page.locator('.table-row').nth(4).waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('Control+a');
    await page.getByText('All 5 sessions that match').waitFor();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByText('4 of them were never delivered.').waitFor();
    await cancelHasFocus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(/^5 sessions moved to trash/).waitFor();
    expect(readdirSync(join(dataDir, 'trash')).map((name) => name.slice(0, 9))).toEqual(named('cancel'));
    expect(opened.faults).toEqual([]);
  });
});

const accepted = {
  submissionStatus: 'submitted',
  submissionAttempts: 1,
  submittedAt: Date.now() - 3_600_000,
  submissionHistory: [{ attempt: 1, startedAt: Date.now() - 3_600_050, durationMs: 50, outcome: 'accepted', httpStatus: 201 }],
};

const refusedAgain = (code: string): Reply => ({
  status: 422,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ code }),
});

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
