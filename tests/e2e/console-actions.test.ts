/**
 * What an operator meets that a real service seldom says, on the built console over a scripted one: garbled words, a
 * storm of changes, very long sessions. What is done over a real service is in the other files, on both hosts.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { type ConsolePage, ofFocused, pressTogether, violationsOf } from '../support/console-page.ts';
import { fileOf } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();
/** The tenth session of the busy scenario: refused with 422. */
const failed = ({ service }: Pick<ConsolePage, 'service'>) => service.sessions[9]?.sessionId ?? '';
const askedFor = ({ service }: ConsolePage, name: string) =>
  service.asked.filter((each) => each.name === name).map(({ params }) => params);

describe('many sessions', () => {
  test('all that match and can be are retried by one job, and the dialog says how many that is', async () => {
    const shown = await open('busy', '#/sessions?state=failed,deferred,submitted');
    const { page } = shown;
    await page.getByText('Failed').nth(1).waitFor();
    await page.getByLabel('Select all that match').check();
    await page.getByText(/^All [\d,]+ sessions that match$/).waitFor();
    await page.getByRole('button', { name: 'Retry' }).click();
    const dialog = page.getByRole('alertdialog');
    expect(await dialog.innerText()).toMatch(/Retry 7 sessions\?[\s\S]*2,9\d\d of the selected stay as they are\./);
    await dialog.getByRole('button', { name: 'Retry 7', exact: true }).click();
    await page.getByText('Retrying 7 sessions, one first.').waitFor();
    const filter = { state: ['failed', 'deferred', 'submitted'], status: ['failed', 'ignored'] };
    expect(askedFor(shown, 'startRetryJob')).toEqual([{ filter }]);
    // What matched need not match any more: it is selected no longer, and a key goes on from wherever the focus is.
    await page.getByRole('button', { name: 'Has error' }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('j');
    await page.keyboard.press('i');
    await page.getByText('Nothing to ignore: only what is not delivered can be.').waitFor();
  });
});

test('what is done in the open session is done to it, not to a row that had the focus or is selected', async () => {
  const shown = await open('busy', '#/sessions');
  const { page, service } = shown;
  await page.getByRole('row').nth(2).click();
  await page.keyboard.press('x');
  service.answer('retrySubmission', () => {
    throw new Error('not now');
  });
  await page.evaluate((id) => (location.hash = `#/sessions?open=${id}`), failed(shown));
  await page.getByText('The endpoint refuses this session (422).').waitFor();
  await page.getByRole('button', { name: 'Retry and next' }).click();
  await page.locator('.toast').waitFor();
  // What was not done is still looked at.
  expect(page.url()).toContain(failed(shown));
  const far = service.sessions[2900]?.sessionId ?? '';
  await page.evaluate((id) => (location.hash = `#/sessions?open=${id}`), far);
  const drawer = page.getByRole('complementary', { name: `Session ${service.sessions[2900]?.counter}` });
  await drawer.getByRole('button', { name: 'Move to trash' }).click();
  await page.getByText('Moved to trash for 7 days.').waitFor();
  expect(askedFor(shown, 'deleteSession')).toEqual([{ sessionIds: [far] }]);
});

describe('finding', () => {
  test('a filter is in the address, can be saved as a view and removed again', async () => {
    const { page } = await open('busy', '#/sessions');
    await page.getByRole('button', { name: 'Has error' }).click();
    await page.getByLabel('Search sessions').fill('HEMA');
    await page.getByText('Searching hidden fields').waitFor();
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByText('The filters are kept, what is searched is not.').waitFor();
    await page.getByLabel('Name of the view').fill('With errors');
    await page.keyboard.press('Enter');
    const view = page.getByRole('link', { name: /^With errors/ });
    expect(await view.getAttribute('href')).toMatch(/error=true$/);
    await page.getByRole('button', { name: 'Remove view' }).click();
    await page.getByText('View “With errors” removed.').waitFor();
    await page.goBack();
    await page.waitForURL(/#\/sessions$/);
    await expect.poll(() => page.getByLabel('Search sessions').inputValue()).toBe('');
  });

  test('new sessions are counted while the operator reads, and come in when asked for', async () => {
    const { page, service } = await open('busy', '#/sessions');
    await page.getByRole('row').nth(3).click();
    const [first] = service.sessions;
    if (first === undefined) throw new Error('no session');
    for (let index = 1; index <= 14; index += 1)
      service.sessions.unshift({
        ...first,
        sessionId: `new-${index}`,
        counter: 90_000 + index,
        startTime: first.startTime + index,
      });
    service.tell({ name: 'onSessionsChanged', payload: { added: service.sessions.slice(0, 14), changed: [], removed: [] } });
    await page.getByRole('button', { name: '14 new' }).click();
    await page.getByText('90014').waitFor();
  });
});

describe('settings', () => {
  test('the connection test tells apart what works and what does not, and sends no session', async () => {
    const shown = await open('stopped', '#/overview');
    const { page } = shown;
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page.getByText('Credentials refused').waitFor();
    for (const step of ['Name found', 'Proxy not used', 'Connected', 'Certificate trusted', 'Path not checked'])
      await page.getByText(step).waitFor();
    expect(askedFor(shown, 'testConnection')).toEqual([{}]);
  });
});

test('a connection test that meets a redirect names the host it leads to', async () => {
  const { page, service } = await open('stopped', '#/settings/endpoint');
  const message = 'The endpoint points elsewhere (HTTP 308 Permanent Redirect, to https://new.example:8443).';
  const steps = [{ step: 'path', result: 'failed', httpStatus: 308, message }];
  service.answer('testConnection', () => ({ at: Date.now(), durationMs: 12, result: 'failed', message, steps }));
  await page.getByRole('button', { name: 'Test connection' }).click();
  await page.getByText('Endpoint points elsewhere', { exact: true }).waitFor();
  await page.locator('.test-message').getByText('to https://new.example:8443').waitFor();
});

describe('a service that stumbles', () => {
  test('a malformed event is reported once and ignored, a malformed answer too', async () => {
    const { page, service } = await open('healthy', '#/overview');
    for (const text of ['{"machine":7}', 'no json', '{"machine":7}']) service.tellRaw('onSnapshot', text);
    service.answer('getDevices', () => ({ devices: 'none' }));
    await page.getByText('Results are flowing').waitFor();
    await pressTogether(page, 'g', 'l');
    const line = page.getByText('A message from the service could not be understood (onSnapshot). Ignored.');
    await line.waitFor();
    expect(await line.count()).toBe(1);
  });
});

describe('a hundred thousand sessions', () => {
  test('scroll to the end at once, and stay smooth while two thousand change every second', async () => {
    const { page, service } = await open('large', '#/sessions');
    await page.getByText('108250').waitFor();
    await page.getByRole('grid', { name: 'Sessions' }).focus();
    await page.keyboard.press('End');
    await page.getByText('8252', { exact: true }).waitFor();
    await page.keyboard.press('Home');
    await page.getByText('108250').waitFor();
    const calmMs = await usualGapMs(page, 40);
    const storm = setInterval(() => {
      service.tell({ name: 'onSessionsChanged', payload: { added: [], changed: service.sessions.slice(0, 100), removed: [] } });
    }, 50);
    const stormMs = await usualGapMs(page, 80);
    clearInterval(storm);
    // 30 frames a second on a quiet machine, half of what scrolling alone gives; a slow or loaded one is held to its own measure.
    expect(stormMs).toBeLessThan(Math.max(100, 8 * calmMs));
    expect(await page.locator('.table-row').count()).toBeLessThan(120);
  });
});

/** Between two frames while the table scrolls on, the middle one of so many. */
async function usualGapMs(page: Page, frames: number): Promise<number> {
  const gaps = await page.evaluate(
    (wanted) =>
      new Promise<number[]>((done) => {
        const measured: number[] = [];
        let before = performance.now();
        const rows = document.querySelector('[role=grid]');
        const step = (now: number) => {
          measured.push(now - before);
          before = now;
          rows?.scrollBy(0, 40);
          if (measured.length < wanted) requestAnimationFrame(step);
          else done(measured);
        };
        requestAnimationFrame(step);
      }),
    frames,
  );
  return gaps.toSorted((a, b) => a - b)[Math.floor(frames / 2)] ?? Infinity;
}

describe('the message of a refused session', () => {
  test('shows the field that the refusal names, from every tab, and copies its value', async () => {
    const { page, faults } = await open('busy', (service) => `#/sessions?open=${failed({ service })}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const field = page.getByRole('treeitem', { name: /^OBX-3 .*named in the refusal$/ });
    await field.first().waitFor();
    const isInView = () => field.first().evaluate((line) => line.getBoundingClientRect().bottom < innerHeight);
    await expect.poll(isInView).toBe(true);
    await page.getByRole('tab', { name: 'Message' }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Raw', selected: true }).waitFor();
    await page.getByRole('button', { name: 'Show OBX-3' }).click();
    await field.first().waitFor();
    await expect.poll(() => ofFocused(page, 'role')).toBe('tree');
    // Who moves on within the open session is in the next one, not at the begin of the page.
    await page.keyboard.press('j');
    await page.getByRole('complementary', { name: 'Session 48241' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('.drawer') !== null)).toBe(true);
    await page.getByRole('button', { name: 'Previous session' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Session 48242' }).waitFor();
    await expect.poll(() => ofFocused(page, 'aria-label')).toBe('Previous session');
    await page.getByRole('button', { name: 'Show OBX-3' }).click();
    await expect.poll(() => ofFocused(page, 'role')).toBe('tree');
    await page.keyboard.press('Control+c');
    await page.getByText('Copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('GLU-X2^Glucose^L');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('treeitem', { name: /^MSH /, expanded: false }).waitFor();
    await page.keyboard.down('Shift');
    await pressTogether(page, 'P', 'I', 'D');
    await page.keyboard.up('Shift');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.locator('.tree .is-at').innerText()).toContain('PID-1');
    expect(faults).toEqual([]);
  });

  test('of a long history the last attempts are shown, the others when asked for', async () => {
    const { page } = await open('busy', (service) => `#/sessions?open=${failed({ service })}`, {
      fileFor: (summary) => {
        const file = fileOf(summary);
        const attempts = Array.from({ length: 30 }, (_, index) => ({
          attempt: index + 1,
          startedAt: summary.endTime + index * 300_000,
          durationMs: 200,
          outcome: 'later' as const,
          httpStatus: 503,
        }));
        return { ...file, submissionHistory: attempts };
      },
    });
    await page.getByRole('button', { name: 'Show 26 earlier' }).click();
    await page.getByRole('region', { name: 'All attempts' }).getByRole('cell', { name: '1', exact: true }).waitFor();
    await page
      .getByRole('treeitem', { name: /^OBX-3 / })
      .first()
      .waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  test('a message of three hundred results is listed at once, result by result', async () => {
    const { page } = await open('busy', (service) => `#/sessions?open=${service.sessions[5]?.sessionId}`, {
      fileFor: (summary) => {
        const file = fileOf(summary);
        const results = Array.from(
          { length: 300 },
          (_, index) => `\rOBX|${index}|NM|T${index}^Test ${index}^L||${index}.5|mmol/L`,
        );
        return { ...file, messages: [`${file.messages[0] ?? ''}${results.join('')}`] };
      },
    });
    await page.getByRole('treeitem', { name: /^OBX 3 / }).waitFor();
    expect(await page.locator('.tree [role=treeitem]').count()).toBeLessThan(60);
    await page.getByRole('tree', { name: 'Message' }).focus();
    await page.keyboard.press('End');
    const last = page.getByRole('treeitem', { name: 'OBX 302 Observation Test 299 299.5 mmol/L' });
    await last.click();
    await page.getByRole('treeitem', { name: /^OBX-5 Observation value 299\.5/ }).waitFor();
  });
});
