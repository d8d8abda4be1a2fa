/**
 * The console in a real Chromium: its start, a storm of results on a table of 100,000 rows, the way from a result on disk
 * to pixels, and a search, each beside its target.
 *   node tests/bench/console.bench.ts [--json]; BENCH_CONSOLE_SECONDS (60; 600 for the ten minutes), BENCH_FILES (100,000)
 * May import: tests/bench, tests/support, playwright-core.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { builtConsole } from '../support/built-console.ts';
import { surroundings, sized } from './bench-process.ts';
import { type Figure, giveReport, tellProgress } from './bench-report.ts';
import { figuresOfService } from './console-service.ts';
import type { StormCounts } from './console-storm.ts';
import { percentile } from './console-numbers.ts';
import { settledMemory, takeCounts, watchPage } from './console-watch.ts';

const seconds = sized('BENCH_CONSOLE_SECONDS', 60);
const heapEveryMs = 30_000;
const files = sized('BENCH_FILES', 100_000);

await builtConsole();
const browser = await openBrowser();
try {
  const onStorm = await figuresOfStorm(browser);
  const onService = await figuresOfService(browser, files);
  giveReport({
    title: 'Console',
    setting: `Chromium ${browser.version()} without GPU, ${files} files on the real service; ${surroundings()}`,
    figures: [...onService.start, ...onStorm, ...onService.pixels, ...onService.search],
  });
} finally {
  await browser.close();
}

async function figuresOfStorm(chromium: Browser): Promise<Figure[]> {
  const storm = fork(resolve(import.meta.dirname, 'console-storm.ts'));
  const answer = async <Message>() => ((await once(storm, 'message')) as [Message])[0];
  const { url } = await answer<{ url: string }>();
  const context = await chromium.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', locale: 'en-GB' });
  await watchPage(context);
  const page = await context.newPage();
  await page.goto(`${url}#/sessions`);
  const grid = page.getByRole('grid', { name: 'Sessions' });
  await page.locator('.table-row').nth(10).waitFor();
  await grid.focus();

  tellProgress(`2,000 results a second for ${seconds} s`);
  storm.send('start');
  // Down the list, far down, a mark and back to the top; then into a session, to the next one and out of it.
  const keysInTable = [...Array.from({ length: 8 }, () => 'ArrowDown'), 'PageDown', 'PageDown', 'x', 'x', 'Home'];
  const keysOfSession = ['Enter', 'j', 'Escape'];
  const table: number[] = [];
  const session: number[] = [];
  let frames = 0;
  let worstFrameMs = 0;
  const pressAll = async (keys: readonly string[], inputs: number[]) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      await pause(100);
    }
    const counts = await takeCounts(page);
    inputs.push(...counts.inputs);
    frames += counts.frames;
    worstFrameMs = Math.max(worstFrameMs, counts.worstFrameMs);
  };
  // Once before it counts: what is loaded and compiled for the first time does not grow the heap again.
  await pressAll([...keysInTable, ...keysOfSession, 'Home'], []);
  const before = await settledMemory(page);
  await takeCounts(page);
  [frames, worstFrameMs] = [0, 0];
  const startedAt = performance.now();
  const heaps: number[] = [];
  while (performance.now() - startedAt < seconds * 1000) {
    await pressAll(keysInTable, table);
    await pressAll(keysOfSession, session);
    if (performance.now() - startedAt > (heaps.length + 1) * heapEveryMs) {
      heaps.push((await settledMemory(page)).heapMb);
      // The keys waited for the collection, not for the console.
      await takeCounts(page);
    }
  }
  const lastedSeconds = (performance.now() - startedAt) / 1000;
  await page.keyboard.press('Escape');
  await page.keyboard.press('Home');
  await pause(1000);
  const after = await settledMemory(page);
  storm.send('stop');
  const counts = await answer<StormCounts>();
  const rows = Number(await grid.getAttribute('aria-rowcount')) - 1;
  await context.close();
  storm.disconnect();
  if (rows < 100_000) throw new Error(`the table held ${rows} rows`);
  const rate = Math.round(counts.results / counts.seconds);
  return [
    { what: 'storm: results a second', value: rate, unit: '/s', note: `for ${Math.round(counts.seconds)} s, into ${rows} rows` },
    ...keyFigures('of all', [...table, ...session]),
    ...keyFigures('in the table', table),
    ...keyFigures('into a session and out of it', session),
    { what: 'storm: frames a second', value: frames / lastedSeconds, unit: '/s', note: 'target 30' },
    { what: 'storm: longest frame', value: worstFrameMs, unit: 'ms' },
    { what: 'storm: heap at the start', value: before.heapMb, unit: 'MB', note: 'after a collection' },
    { what: 'storm: heap growth', value: after.heapMb - before.heapMb, unit: 'MB', note: `target flat; over ${seconds} s` },
    { what: 'storm: arrays beside the heap at the start', value: before.arraysMb, unit: 'MB' },
    { what: 'storm: their growth', value: after.arraysMb - before.arraysMb, unit: 'MB', note: 'target flat' },
    ...heaps.map((value, index) => ({
      what: `storm: heap after ${((index + 1) * heapEveryMs) / 1000} s`,
      value,
      unit: 'MB',
    })),
  ];
}

function keyFigures(where: string, inputs: readonly number[]): Figure[] {
  const what = `storm: key ${where} to paint`;
  return [
    { what: `${what}, p95`, value: percentile(inputs, 95), unit: 'ms', note: `target 50; ${inputs.length} keys` },
    { what: `${what}, median`, value: percentile(inputs, 50), unit: 'ms' },
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
