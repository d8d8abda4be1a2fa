/**
 * The Machines screen in a real Chromium: nothing covers anything at any size, states say what they mean, the charts zoom
 * only when asked to, and a frozen view stands still.
 */
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { LaneSession, SessionState, Transition, UnderWay } from '../../src/common/console.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

const { open } = scriptedConsoles();

const sizes = [
  // 1440 and 1280 px of width at twice their size.
  { width: 720, height: 900 },
  { width: 640, height: 400 },
  { width: 900, height: 1000 },
  { width: 1280, height: 720 },
  { width: 1440, height: 900 },
  { width: 3840, height: 2160 },
];

test.each(sizes)('at $width x $height no session under way covers another, and no text is cut', async (size) => {
  const { page, service, faults } = await open('busy', '#/machines', { size });
  const now = Date.now();
  service.tell({ name: 'onUnderWay', payload: crowded(now) });
  await page.getByText('+5').first().waitFor();
  const boxes = page.locator('.band-box');
  await boxes.first().waitFor();
  expect(overlaps(await boundsOf(boxes))).toEqual([]);
  expect(overlaps(await boundsOf(page.locator('.cells .box-cell')))).toEqual([]);
  expect(await cutTexts(page)).toEqual([]);
  const [board] = await boundsOf(page.locator('.board'));
  for (const each of await boundsOf(page.locator('.board h2, .lane-head, .cells, .loop-up, .loop-down, .retry-band')))
    expect(board !== undefined && isWithin(each, board)).toBe(true);
  for (const each of await boundsOf(page.getByRole('button', { name: /^Chart of|Freeze view/ })))
    expect(each.x + each.width).toBeLessThanOrEqual(size.width);
  // Read in one go: places change four times a second.
  const shown = await page.locator('.band-axis').evaluate((band) => {
    const more = [...band.querySelectorAll('.band-more')].map((text) => Number(text.textContent));
    return more.reduce((sum, each) => sum + each, band.querySelectorAll('.band-box').length);
  });
  expect(shown).toBe(crowded(now).sessions.filter(({ state }) => state === 'backoffWait').length);
  expect(faults).toEqual([]);
});

test.each(sizes)('at $width x $height no label of a chart covers a state or another label', async (size) => {
  const { page } = await open('busy', '#/machines', { size });
  await page.locator('.machine-card').first().waitFor();
  for (const unfold of await page.getByRole('button', { name: /^Chart of/ }).all())
    if (await unfold.isVisible()) await unfold.click();
  for (const name of ['Capture', 'Worker', 'Endpoint', 'Clean-up']) {
    const chart = page.getByRole('region', { name, exact: true });
    await chart.locator('.state-box').first().waitFor();
    const { card, states, ...read } = await partsOf(chart);
    const labels = read.labels.map(shrunk);
    expect(overlaps(states), name).toEqual([]);
    expect(overlaps(labels), name).toEqual([]);
    expect(
      labels.flatMap((label) => states.filter((state) => overlap(label, state))),
      name,
    ).toEqual([]);
    for (const each of [...states, ...labels]) expect(isWithin(each, card), name).toBe(true);
  }
});

test('a state that is clicked says what it means and its exact name', async () => {
  const { page } = await open('busy', '#/machines');
  const card = page.getByRole('region', { name: 'Endpoint', exact: true });
  await card.locator('.state-box', { hasText: 'Testing with one' }).click();
  const meaning = card.locator('.machine-meaning');
  expect(await meaning.innerText()).toMatch(/Testing with one halfOpen\s+One session is sent\. Accepted: the others follow\./);
  await meaning.click();
  await meaning.waitFor({ state: 'detached' });
});

test('a chart zooms with Ctrl and the wheel, and with the wheel alone it does not', async () => {
  const { page } = await open('busy', '#/machines/worker');
  const state = page.locator('.state-box').first();
  await state.waitFor();
  // The chart is drawn anew when its place gets another size, as it does while the page fills.
  await page.getByText('What the states mean').waitFor();
  await page.evaluate(() => document.fonts.ready);
  const width = async () => (await state.boundingBox())?.width ?? 0;
  const before = await width();
  const place = await page.locator('.chart-place').boundingBox();
  await page.mouse.move((place?.x ?? 0) + 40, (place?.y ?? 0) + 40);
  await page.mouse.wheel(0, -300);
  await page.waitForTimeout(200);
  expect(await width()).toBe(before);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -300);
  await page.keyboard.up('Control');
  await expect.poll(width).toBeGreaterThan(before * 1.1);
});

test('the last transition is lit for three seconds, also where it is taken from any state', async () => {
  const { page, service } = await open('busy', '#/machines');
  const card = page.getByRole('region', { name: 'Worker', exact: true });
  await card.locator('.state-box').first().waitFor();
  const lit = card.locator('.transition.is-fresh');
  await expect
    .poll(
      () => {
        // Taken again each time it is looked for, so that a slow machine sees it lit too.
        service.tell({
          name: 'onTransitions',
          payload: { transitions: [moved('worker', 'dispatching', 'stopping')], dropped: 0 },
        });
        return lit.locator('.transition-label').allTextContents();
      },
      { interval: 300 },
    )
    .toEqual(['quit']);
  await lit.waitFor({ state: 'detached' });
  expect(await card.locator('.transition.is-last .transition-label').textContent()).toBe('quit');
});

test('a frozen view stands still, charts and lanes, until it goes on', async () => {
  const { page, service } = await open('busy', '#/machines');
  const active = page.getByRole('region', { name: 'Worker', exact: true }).locator('.state-box.is-active');
  await active.waitFor();
  await page.getByRole('button', { name: 'Freeze view' }).click();
  await page.getByText(/^As of \d\d:\d\d:\d\d$/).waitFor();
  const boxes = await page.locator('.band-box').count();
  expect(boxes).toBeGreaterThan(0);
  service.tell({ name: 'onSnapshot', payload: { machine: 'worker', id: 'worker', value: 'stopping', context: {} } });
  service.tell({ name: 'onUnderWay', payload: { ...crowded(Date.now()), sessions: [] } });
  await page.waitForTimeout(500);
  expect(await active.innerText()).toContain('Sending out');
  expect(await page.locator('.band-box').count()).toBe(boxes);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => active.innerText()).toContain('Stopping');
  await expect.poll(() => page.locator('.band-box').count()).toBe(0);
});

test('a lane that moves too fast to follow is only counted', async () => {
  const { page, service } = await open('busy', '#/machines');
  await page.locator('.lane-sending .box-cell').first().waitFor();
  const sentence = page.getByText('More than 10 moves a second: only counted.');
  await expect
    .poll(
      () => {
        const transitions = Array.from({ length: 40 }, (_, index) => moved('session', 'ready', 'attempt', `s${index}`));
        service.tell({ name: 'onTransitions', payload: { transitions, dropped: 0 } });
        return sentence.count();
      },
      { interval: 300 },
    )
    .toBe(2);
  expect(await page.locator('.lane-sending .lane-figure').innerText()).toBe('10 / 10');
  // Calm again, the lane shows its sessions.
  await expect.poll(() => page.locator('.lane-sending .box-cell').count()).toBe(10);
});

test('below 800 px of height the charts are folded to their heads, and the lanes are whole', async () => {
  const { page } = await open('busy', '#/machines', { size: { width: 1280, height: 720 } });
  await page.locator('.retry-band').waitFor();
  expect(await page.locator('.react-flow').first().isVisible()).toBe(false);
  const [band] = await boundsOf(page.locator('.retry-band'));
  expect((band?.y ?? 0) + (band?.height ?? 0)).toBeLessThanOrEqual(720);
  await page.getByRole('button', { name: 'Chart of Worker' }).click();
  await page.getByRole('region', { name: 'Worker', exact: true }).locator('.state-box').first().waitFor();
});

/** More under way than there is room for, with long numbers; a third of those that wait are due now. */
function crowded(now: number): UnderWay {
  const many = (length: number, state: SessionState, more: (index: number) => Partial<LaneSession> = () => ({})) =>
    Array.from({ length }, (_, index): LaneSession => {
      const counter = 51_000 + index + length * 100;
      return { sessionId: `${state}${index}`, counter, state, since: now, attempt: 1 + (index % 3), ...more(index) };
    });
  return {
    at: now,
    slots: 10,
    underWayMax: 40,
    queueSize: 3000,
    endedPerSecond: 12,
    ended: many(8, 'failed', () => ({ reason: 'a reason that is longer than the lane is wide' })),
    sessions: [
      ...many(20, 'ready'),
      ...many(7, 'attempt', (index) => ({ since: now - index * 4000, until: now - index * 4000 + 30_000 })),
      ...many(12, 'recording'),
      ...many(36, 'backoffWait', (index) => ({ until: now + (index % 3 === 0 ? 0 : (index * 1371) % 64_000) })),
    ],
  };
}
const moved = (machine: string, from: string, to: string, id = machine): Transition => ({
  machine,
  id,
  from,
  to,
  event: 'stop.requested',
  at: Date.now(),
});

interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}
const boundsOf = (all: Locator): Promise<Bounds[]> =>
  all.evaluateAll((elements) =>
    elements.map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    }),
  );
/** Read in one go: the chart is drawn anew when its place gets another size. */
const partsOf = (chart: Locator): Promise<{ card: Bounds; states: Bounds[]; labels: Bounds[] }> =>
  chart.evaluate((card) => {
    const bounds = (element: Element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    };
    const all = (selector: string) => [...card.querySelectorAll(selector)].map(bounds);
    return { card: bounds(card), states: all('.state-box'), labels: all('.transition-label') };
  });
/** An edge on an edge is no overlap. */
const overlap = (a: Bounds, b: Bounds) =>
  a.x + 1 < b.x + b.width && b.x + 1 < a.x + a.width && a.y + 1 < b.y + b.height && b.y + 1 < a.y + a.height;
const overlaps = (all: readonly Bounds[]) =>
  all.flatMap((one, index) => all.slice(index + 1).flatMap((other) => (overlap(one, other) ? [[one, other]] : [])));
const isWithin = (inner: Bounds, outer: Bounds) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
/** The line of a text is higher than its letters. */
const shrunk = ({ x, y, width, height }: Bounds): Bounds => ({ x, y: y + height * 0.15, width, height: height * 0.7 });

/** Numbers and times that reach past their box. */
const cutTexts = (page: Page) =>
  page.locator('.box-cell .mono, .band-box b, .lane-figure, .slot .figures').evaluateAll((texts) =>
    texts.flatMap((text) => {
      const box = text.closest('.box-cell, .lane-head')?.getBoundingClientRect();
      const { right, bottom } = text.getBoundingClientRect();
      return box !== undefined && bottom <= box.bottom && right > box.right ? [text.textContent] : [];
    }),
  );
