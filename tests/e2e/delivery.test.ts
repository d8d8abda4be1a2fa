/**
 * Results on their way, as an operator sees them over a real service on both hosts: an outage from its first word to its
 * end, sessions under way, the log as it is written.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onEveryHost } from '../support/console-hosts.ts';
import { violationsOf } from '../support/console-page.ts';
import { until } from '../support/courier-process.ts';
import type { Reply } from '../support/scripted-endpoint.ts';
import {
  contentsOf,
  dropSession,
  dropSessions,
  outcomes,
  patientName,
  readStored,
  statusCounts,
} from '../support/session-folder.ts';

onEveryHost((host) => {
  test('an endpoint that refuses the credentials is said with its reason, and the right ones deliver all that was held', async () => {
    const opened = await host.open({
      prepare: (dataDir) => dropSessions(dataDir, 'held', 12),
      answer: ({ headers }) => (headers.authorization === 'Bearer new-token-4711' ? 201 : 401),
    });
    const { page, endpoint, dataDir } = opened;
    await page.getByText('Delivery has stopped: the endpoint refuses our credentials').waitFor();
    await page.locator('main').getByText('12 sessions', { exact: true }).first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    // Two slots: no more were sent with the wrong header.
    expect(endpoint.posts.length).toBeLessThanOrEqual(2);
    expect(statusCounts(dataDir)).toEqual({ pending: 12 });
    await opened.show('#/attention');
    await page.getByText('Delivery has stopped').first().waitFor();
    await page.getByRole('region', { name: 'Sessions of this cause' }).getByText('Held').nth(11).waitFor();
    await opened.show('#/overview');
    await page.getByRole('button', { name: 'Change authorization' }).click();
    await page.getByRole('button', { name: 'Enter', exact: true }).click();
    await page.getByPlaceholder('Bearer ...').fill('Bearer new-token-4711');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await until('all are delivered', () => statusCounts(dataDir)['submitted'] === 12);
    await opened.show('#/overview');
    await page
      .getByText(/^Results are flowing/)
      .first()
      .waitFor();
    expect(endpoint.posts.filter(({ headers }) => headers.authorization === 'Bearer new-token-4711')).toHaveLength(12);
    await opened.show('#/settings/endpoint');
    await page.getByText('Set, not shown').waitFor();
    expect(await page.content()).not.toContain('new-token');
    expect(JSON.stringify(withoutProfile(contentsOf(dataDir)))).not.toContain('new-token-4711');
    expect(opened.faults).toEqual([]);
  });

  test('sessions under way stand in their lanes, one shows its own chart, and Send now begins a cycle', async () => {
    const answers = Promise.withResolvers<Reply>();
    const opened = await host.open({
      answer: ({ id }) => (id === 'busy' ? 503 : answers.promise),
      // Longer than the answers are held back here.
      settings: { submissionTimeoutSeconds: 300 },
      address: '#/machines',
    });
    const { page, endpoint, dataDir } = opened;
    await page.getByText('Nothing under way.').waitFor();
    const busy = dropSession(dataDir, 'busy', 1);
    const slow = dropSession(dataDir, 'slow', 2);
    dropSession(dataDir, 'slower', 3);
    dropSession(dataDir, 'waiting', 4);
    await opened.show('#/overview');
    await page.getByRole('button', { name: 'Send now' }).click();
    await until('both slots are taken', () => endpoint.inFlight() === 2);
    await opened.show('#/machines');
    await page.locator('.lane-sending').getByText('2 / 2').waitFor();
    await page.locator('.lane-sending').getByText(String(slow['sessionId']), { exact: true }).waitFor();
    await page
      .locator('.lane-waiting')
      .getByText(/^(2|5)$/)
      .first()
      .waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.locator('.lane-sending').getByRole('link').first().click();
    await page.waitForURL(/#\/sessions\?open=slow/);
    await opened.show('#/machines/session?id=slow');
    await page.getByRole('region', { name: 'States' }).locator('.is-now').getByText('Sending').waitFor();
    answers.resolve(201);
    await until('they are accepted', () => statusCounts(dataDir)['submitted'] === 3);
    await page.getByRole('region', { name: 'States' }).locator('.is-now').getByText('Accepted').waitFor();
    await page.getByRole('region', { name: 'Transitions' }).getByText('Saving').first().waitFor();
    await until('the busy one gave up', () => readStored(dataDir, 'busy').submissionStatus === 'failed');
    expect(outcomes(dataDir, 'busy')).toEqual(['later', 'later', 'later']);
    await opened.show(`#/sessions?text=${String(busy['sessionId'])}`);
    await opened.show('#/sessions?open=busy');
    await page.getByText('Gave up after 3 tries (503).').waitFor();
    await opened.show('#/overview');
    await page.locator('.feed').getByText('Accepted').nth(2).waitFor();
    expect(opened.faults).toEqual([]);
  });

  test('the log is filtered by level and text, follows, and holds no patient data', async () => {
    const opened = await host.open({
      prepare: (dataDir) => dropSessions(dataDir, 'sent', 2),
      answer: () => ({
        status: 422,
        headers: { 'content-type': 'application/problem+json' },
        body: `{"detail":"${patientName}"}`,
      }),
      settings: { logLevel: 'debug' },
      address: '#/log',
    });
    const { page, dataDir } = opened;
    await until('both are refused', () => statusCounts(dataDir)['failed'] === 2);
    const failures = page.getByRole('listbox', { name: 'Log lines' }).getByText('A session failed.');
    const level = (name: string) =>
      page
        .getByRole('radio', { name })
        .or(page.getByRole('button', { name, exact: true }))
        .first();
    await failures.nth(1).waitFor();
    await level('Errors').click();
    await page.getByText(/No lines at th/).waitFor();
    await level('All').click();
    await page.getByLabel('Search the log').fill('no such line');
    await page.getByText('No line holds this text.').waitFor();
    await page.getByLabel('Search the log').fill('SESSION FAILED');
    await page.getByText('2 lines, the latest first').waitFor();
    dropSession(dataDir, 'sent003', 9);
    await page.keyboard.press('Control+Enter');
    await page.getByText('3 lines, the latest first').waitFor();
    await failures.first().click();
    await page.getByRole('link', { name: 'sent003' }).click();
    await page.waitForURL(/open=sent003/);
    const { lines: all } = await opened.ask('getLog', { level: 'debug', limit: 2000 });
    expect(JSON.stringify(all)).not.toContain(patientName);
    if (host.name === 'desktop') expect(readFileSync(join(dataDir, 'desktop/courier.log'), 'utf8')).not.toContain(patientName);
    expect(opened.faults).toEqual([]);
  });
});

/** Without Chromium's own files, and without the file that only the service may read. */
const withoutProfile = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith('desktop/chromium') && name !== 'authorization'));
