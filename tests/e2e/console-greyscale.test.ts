/**
 * The console without colour, in a real Chromium: every state is told by the shape of its mark and by a word, series of
 * charts by more than their colour, and in forced colours nothing vanishes.
 */
import type { Locator, Page } from 'playwright-core';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { machineWords, stateWords, type Glyph, type Word } from '../../src/renderer/model/words.ts';
import { GlyphMark, glyphs, StatusChip, StatusMark } from '../../src/renderer/ui/marks.tsx';
import type { Scenario } from '../support/scripted-data.ts';
import { scriptedConsoles } from '../support/scripted-consoles.ts';

/** Of the ink of two marks together, at least this share is in one of them only: less is one shape. */
const differenceMin = 0.2;
/** Between two fills, on average over their pixels, of 255 greys. */
const greysApartMin = 24;
/** A mark in a list, in a chip, and the smallest there is, px. */
const sizes = [15, 14, 12];
/** WCAG 2, text of usual size. */
const contrastMin = 4.5;
const themes = ['light', 'dark'] as const;

const { open, newPage } = scriptedConsoles();

describe.each(themes)('in the %s theme', (colorScheme) => {
  test('without colour every mark has a shape of its own, at every size it is shown in', async () => {
    const { page } = await open('healthy', '#/overview', { colorScheme });
    await seeWithoutColour(page);
    for (const size of sizes) {
      const shapes = await shapesOf(page, size);
      expect(tooAlike(shapes), `${size} px`).toEqual([]);
      // The check sees a mark that is drawn like another.
      expect(tooAlike(new Map(shapes).set('bar', shapes.get('cross') ?? []))).toEqual(['cross and bar']);
    }
  });

  test('with the colours of the system every mark keeps its shape, in the colour of text', async () => {
    const { page } = await open('healthy', '#/overview', { colorScheme });
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    expect(tooAlike(await shapesOf(page, 14))).toEqual([]);
    const marks = await page.locator('#sheet .glyph').evaluateAll((all) => all.map((mark) => getComputedStyle(mark).color));
    expect(new Set(marks)).toEqual(new Set([await systemColour(page, 'CanvasText')]));
  });

  test('the word of every state can be read on its tint, on a panel and in a row', async () => {
    const { page } = await open('healthy', '#/overview', { colorScheme });
    const words = [...allWords()];
    await show(
      page,
      words.flatMap((word) => [StatusChip, StatusMark].map((mark) => renderToStaticMarkup(createElement(mark, { word })))),
      { cell: 0 },
    );
    const unread: string[] = [];
    for (const ground of ['panel', 'bg', 'hover'])
      for (const { text, contrast } of await contrastsOn(page, ground))
        if (contrast < contrastMin) unread.push(`${text} on ${ground}: ${contrast.toFixed(2)}`);
    expect(unread).toEqual([]);
  });

  test('on the timeline each state has a pattern of its own', async () => {
    const { page } = await open('busy', '#/machines', { colorScheme });
    await page.getByText('Timeline').click();
    const fills = page.locator('.timeline-key .stretch');
    await fills.first().waitFor();
    await seeWithoutColour(page);
    expect(await fills.locator('xpath=..').allInnerTexts()).toEqual(['Waiting', 'Sending', 'Saving', 'Retry wait']);
    await tooAlikeFills(page, fills);
    await page.emulateMedia({ forcedColors: 'active', colorScheme });
    await tooAlikeFills(page, fills);
  });
});

const screens: { scenario: Scenario; address: string; shows: string }[] = [
  { scenario: 'healthy', address: '#/overview', shows: 'Results are flowing' },
  { scenario: 'stopped', address: '#/overview', shows: 'the endpoint refuses our credentials' },
  { scenario: 'busy', address: '#/attention', shows: 'The endpoint refuses these sessions' },
  { scenario: 'busy', address: '#/sessions', shows: 'Retry in' },
  { scenario: 'busy', address: '#/machines', shows: 'Retry wait' },
  { scenario: 'busy', address: '#/machines/session', shows: 'What the states mean' },
  { scenario: 'busy', address: '#/log', shows: 'the latest first' },
];
test.each(screens)('at $address ($scenario) every mark has a word beside it, or one that is read out', async (screen) => {
  const { page } = await open(screen.scenario, screen.address);
  for (const size of [
    { width: 1440, height: 900 },
    { width: 1280, height: 720 },
  ]) {
    await page.setViewportSize(size);
    await page.getByText(screen.shows).first().waitFor();
    expect(await page.locator('.glyph').count()).toBeGreaterThan(3);
    expect(await wordlessMarks(page)).toEqual([]);
  }
});

test('the series of the outcomes are told by their words, their order and a table', async () => {
  const { page } = await open('healthy', '#/overview');
  await page.getByText('Results are flowing').waitFor();
  const panel = page.getByRole('region', { name: 'Outcomes per minute' });
  expect((await panel.locator('.legend > span').allInnerTexts()).map((text) => text.replace(/\s+[\d,]+$/, ''))).toEqual([
    'Accepted',
    'Failed',
    'Ignored',
  ]);
  expect(await panel.getByRole('img').getAttribute('aria-label')).toMatch(/accepted, \d+ failed, \d+ ignored/);
  await panel.getByRole('button', { name: 'Show as table' }).click();
  expect(await panel.getByRole('columnheader').allInnerTexts()).toEqual(
    expect.arrayContaining(['Accepted', 'Failed', 'Ignored']),
  );
});

test('a chart shows its active state and the last transition by more than colour', async () => {
  const { page } = await open('busy', '#/machines');
  const chart = page.getByRole('region', { name: 'Worker', exact: true });
  const active = chart.locator('.state-box.is-active');
  await active.waitFor();
  expect(await active.innerText()).toContain('(now)');
  const weights = (selector: string) =>
    chart
      .locator(selector)
      .first()
      .evaluate((box) => Number(getComputedStyle(box).fontWeight));
  expect(await weights('.is-active')).toBeGreaterThan(await weights('.state-box:not(.is-active)'));
  const widths = (selector: string) =>
    chart
      .locator(selector)
      .first()
      .evaluate((line) => Number.parseFloat(getComputedStyle(line).strokeWidth));
  expect(await widths('.is-last .transition-line')).toBeGreaterThan(await widths('.transition:not(.is-last) .transition-line'));
});

test('with the colours of the system the edges of panels, chips, boxes and states are drawn in the colour of text', async () => {
  const { page } = await open('busy', '#/machines');
  await page.locator('.state-box').first().waitFor();
  await page.emulateMedia({ forcedColors: 'active' });
  const [text, highlight] = [await systemColour(page, 'CanvasText'), await systemColour(page, 'Highlight')];
  for (const part of ['.panel', '.chip', '.button', '.box-cell', '.lane-head', '.retry-band', '.state-box:not(.is-active)'])
    expect(
      await page
        .locator(part)
        .first()
        .evaluate((box) => getComputedStyle(box).borderTopColor),
      part,
    ).toBe(text);
  expect(
    await page
      .locator('.state-box.is-active')
      .first()
      .evaluate((box) => getComputedStyle(box).borderTopColor),
  ).toBe(highlight);
  expect(
    await page
      .locator('.slot-bar')
      .first()
      .evaluate((bar) => getComputedStyle(bar).backgroundColor),
  ).toBe(text);
  expect(
    await page
      .locator('.transition-line')
      .first()
      .evaluate((line) => getComputedStyle(line).stroke),
  ).toBe(text);
});

/** What is seen of each mark, as ink per pixel, 0-1, in its own tone. */
async function shapesOf(page: Page, size: number): Promise<Map<Glyph, number[]>> {
  const toneOf = new Map([...allWords()].map(({ glyph, tone }) => [glyph, tone]));
  const cell = 24;
  await show(
    page,
    glyphs.map((glyph) => renderToStaticMarkup(createElement(GlyphMark, { glyph, tone: toneOf.get(glyph) ?? 'wait' }))),
    { cell, size },
  );
  const picture = await greys(page, { x: 0, y: 0, width: cell * glyphs.length, height: cell });
  const background = picture.at(0, 0);
  return new Map(
    glyphs.map((glyph, index) => {
      const ink = Array.from({ length: cell * cell }, (_, pixel) =>
        Math.abs(picture.at(index * cell + (pixel % cell), Math.floor(pixel / cell)) - background),
      );
      const most = Math.max(...ink);
      return [glyph, ink.map((each) => each / most)];
    }),
  );
}
/** Pairs whose shapes differ too little. */
function tooAlike(shapes: ReadonlyMap<Glyph, readonly number[]>): string[] {
  const all = [...shapes];
  return all.flatMap(([one, a], index) =>
    all.slice(index + 1).flatMap(([other, b]) => (differenceOf(a, b) < differenceMin ? [`${one} and ${other}`] : [])),
  );
}
function differenceOf(a: readonly number[], b: readonly number[]): number {
  let apart = 0;
  let together = 0;
  for (const [pixel, ink] of a.entries()) {
    const other = b[pixel] ?? 0;
    apart += Math.abs(ink - other);
    together += Math.max(ink, other);
  }
  return together === 0 ? 0 : apart / together;
}

async function tooAlikeFills(page: Page, fills: Locator): Promise<void> {
  const pictures = await Promise.all(
    (await fills.all()).map(async (fill) => {
      const box = await fill.boundingBox();
      if (box === null) throw new Error('a fill is not shown');
      const clip = { x: Math.ceil(box.x) + 2, y: Math.ceil(box.y) + 2, width: 18, height: 8 };
      const { at } = await greys(page, clip);
      return Array.from({ length: clip.width * clip.height }, (_, pixel) =>
        at(pixel % clip.width, Math.floor(pixel / clip.width)),
      );
    }),
  );
  for (const [index, one] of pictures.entries())
    for (const other of pictures.slice(index + 1)) {
      const apart = one.reduce((sum, grey, pixel) => sum + Math.abs(grey - (other[pixel] ?? 0)), 0) / one.length;
      expect(apart).toBeGreaterThan(greysApartMin);
    }
}

/** Marks with neither a word in their nearest surroundings nor one that is read out, by what is there instead. */
const wordlessMarks = (page: Page) =>
  page.locator('.glyph').evaluateAll((marks) => {
    const word = /\p{L}{2,}/u;
    const isNamed = (place: Element | null, depth: number): boolean =>
      place !== null &&
      depth > 0 &&
      (word.test(place.textContent) ||
        word.test(place.getAttribute('aria-label') ?? '') ||
        isNamed(place.parentElement, depth - 1));
    return marks.filter((mark) => !isNamed(mark.parentElement, 2)).map((mark) => mark.parentElement?.outerHTML.slice(0, 300));
  });

/** WCAG 2 contrast of each word shown on the sheet with what is behind it. */
const contrastsOn = (page: Page, ground: string) =>
  page.evaluate((token) => {
    const sheet = document.querySelector<HTMLElement>('#sheet');
    if (sheet === null) throw new Error('nothing is shown');
    sheet.style.background = `var(--${token})`;
    const numbers = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = numbers(colour).map((each) => {
        const share = each / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const isClear = (colour: string) => numbers(colour)[3] === 0;
    return [...sheet.querySelectorAll('.chip, .mark')].map((mark) => {
      const { color, backgroundColor } = getComputedStyle(mark);
      const behind = isClear(backgroundColor) ? getComputedStyle(sheet).backgroundColor : backgroundColor;
      const [light = 0, dark = 0] = [luminance(color), luminance(behind)].toSorted((a, b) => b - a);
      return { text: mark.textContent, contrast: (light + 0.05) / (dark + 0.05) };
    });
  }, ground);

/** A colour of the system as the page computes it. */
const systemColour = (page: Page, name: string) =>
  page.evaluate((colour) => {
    const probe = document.createElement('div');
    probe.style.color = colour;
    document.body.append(probe);
    const computed = getComputedStyle(probe).color;
    probe.remove();
    return computed;
  }, name);

/** Every word with its mark, of sessions and of machines. */
function* allWords(): Generator<Word> {
  yield* Object.values(stateWords);
  for (const { states } of Object.values(machineWords)) yield* Object.values(states);
}

/** As somebody sees it who sees no colour. */
async function seeWithoutColour(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
}
/** Puts pieces of the console's own markup over the page, one beside the other. */
async function show(page: Page, markups: string[], { cell, size }: { cell: number; size?: number }): Promise<void> {
  await page.evaluate(
    ({ pieces, cellPx, sizePx }) => {
      document.querySelector('#sheet')?.remove();
      const sheet = document.createElement('div');
      sheet.id = 'sheet';
      Object.assign(sheet.style, { position: 'fixed', inset: '0', zIndex: '9999', background: 'var(--panel)' });
      for (const [index, piece] of pieces.entries()) {
        const place = document.createElement('div');
        place.innerHTML = piece;
        Object.assign(place.style, { position: 'absolute', left: `${index * cellPx + 4}px`, top: '4px', lineHeight: '0' });
        const svg = place.querySelector('svg');
        if (svg !== null && sizePx !== undefined) Object.assign(svg.style, { width: `${sizePx}px`, height: `${sizePx}px` });
        sheet.append(place);
      }
      document.body.append(sheet);
    },
    { pieces: markups, cellPx: cell, sizePx: size },
  );
}
/** A part of the page as greys, 0-255; fails when there is a colour in it. */
async function greys(page: Page, clip: { x: number; y: number; width: number; height: number }) {
  const png = await page.screenshot({ clip });
  // The console's own policy lets no page of it read a picture.
  const reader = await newPage();
  const pixels = await reader.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context?.drawImage(bitmap, 0, 0);
    return { width: bitmap.width, data: [...(context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? [])] };
  }, png.toString('base64'));
  await reader.close();
  for (let index = 0; index < pixels.data.length; index += 4) {
    const [red = 0, green = 0, blue = 0] = pixels.data.slice(index, index + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > 2) throw new Error(`a colour is left: ${red} ${green} ${blue}`);
  }
  return { at: (x: number, y: number) => pixels.data[(y * pixels.width + x) * 4] ?? 0 };
}
