/**
 * The console on `hl7-courier serve` over a folder of sessions that were all accepted: how soon it shows, how soon a
 * result that was just recorded is seen, how soon a search is answered.
 * May import: tests/bench, tests/support, playwright-core, node.
 */
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type RunningService, setOptions, startService } from '../support/courier-process.ts';
import { inFreshFolder, serveSessions } from './bench-process.ts';
import { type Figure, tellProgress } from './bench-report.ts';
import { messageNamed, settleDisk, writeBacklog } from './bench-sessions.ts';
import { percentile } from './console-numbers.ts';
import { firstContentMs, watchPage } from './console-watch.ts';

const starts = 7;
const results = 40;
const searches = 40;

export async function figuresOfService(
  browser: Browser,
  files: number,
): Promise<Record<'start' | 'pixels' | 'search', Figure[]>> {
  const endpoint = await serveSessions();
  return inFreshFolder(async (dataDir) => {
    tellProgress(`${files} files are written`);
    writeBacklog(dataDir, { count: files, bytes: 1024, standing: 'submitted' });
    settleDisk();
    const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url, logLevel: 'error' }));
    try {
      await allAreKnown(service, files);
      return {
        start: await startsOf(browser, service),
        pixels: await pixelsOf(browser, service, dataDir),
        search: await searchesOf(service),
      };
    } finally {
      await service.stop();
      endpoint.stop();
    }
  });
}

async function allAreKnown({ api }: RunningService, files: number): Promise<void> {
  for (;;) {
    const { body } = await api<{ total: number }>('getSessions', { limit: 0 });
    if (body.total >= files) return;
    await new Promise((wake) => setTimeout(wake, 200));
  }
}

/** Each time a browser that was never here: nothing is in its cache. */
async function startsOf(browser: Browser, service: RunningService): Promise<Figure[]> {
  tellProgress(`the console is opened ${starts} times`);
  const times: number[] = [];
  for (let time = 0; time < starts; time += 1) {
    const context = await watchedContext(browser);
    times.push(await firstContentMs(await openAt(context, service, 'overview')));
    await context.close();
  }
  return [
    {
      what: 'start to first content',
      value: percentile(times, 50),
      unit: 'ms',
      note: `target 1,000; median of ${starts}, empty cache`,
    },
    { what: 'start to first content, longest', value: Math.max(...times), unit: 'ms' },
  ];
}

/** The table at its top follows what arrives. `ctime` of the file is when its last version was put in its place. */
async function pixelsOf(browser: Browser, service: RunningService, dataDir: string): Promise<Figure[]> {
  tellProgress(`${results} results are put on disk and sent, then sent again`);
  const context = await watchedContext(browser);
  const page = await openAt(context, service, 'sessions');
  await page.locator('.table-row').nth(10).waitFor();
  const arrivals: number[] = [];
  const changes: number[] = [];
  for (let index = 0; index < results; index += 1) {
    const counter = 900_000 + index;
    const id = `seen-${counter}`;
    const seenFirst = sawAccepted(page, counter, 1);
    dropResult(dataDir, id, counter);
    await service.api('triggerSubmissionNow');
    arrivals.push((await seenFirst) - recordedAt(dataDir, id));
    const seenAgain = sawAccepted(page, counter, 2);
    await service.api('retrySubmission', { sessionId: id, again: true });
    changes.push((await seenAgain) - recordedAt(dataDir, id));
  }
  await context.close();
  const figures = (what: string, times: number[], target: string): Figure[] => [
    { what: `${what}, p95`, value: percentile(times, 95), unit: 'ms', note: `target 150${target}` },
    { what: `${what}, median`, value: percentile(times, 50), unit: 'ms' },
  ];
  return [
    ...figures('disk to pixels, a new result as Accepted', arrivals, `; ${results} results`),
    ...figures('disk to pixels, a row that changes', changes, `; ${results} sent again`),
  ];
}

async function searchesOf({ api }: RunningService): Promise<Figure[]> {
  const times: Record<'some' | 'none', number[]> = { some: [], none: [] };
  for (let index = 0; index < searches; index += 1)
    for (const [which, text] of [
      ['some', `-0000${10 + index}`],
      ['none', `no such text ${index}`],
    ] as const) {
      const startedAt = performance.now();
      await api('getSessions', { filter: { text }, limit: 200 });
      times[which].push(performance.now() - startedAt);
    }
  return [
    { what: 'search over HTTP, p95', value: percentile(times.some, 95), unit: 'ms', note: `target 200; ${searches} searches` },
    { what: 'search over HTTP, nothing found, p95', value: percentile(times.none, 95), unit: 'ms' },
  ];
}

async function watchedContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', locale: 'en-GB' });
  await watchPage(context);
  return context;
}

async function openAt(context: BrowserContext, { file }: RunningService, screen: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${file.url}/?token=${file.token}#/${screen}`);
  return page;
}

const sawAccepted = (page: Page, counter: number, tries: number): Promise<number> =>
  page.evaluate(([row, times]) => window.bench.sawAccepted(row, times), [counter, tries] as const);

const pathOf = (dataDir: string, id: string) => join(dataDir, 'sessions', `${id}.json`);
const recordedAt = (dataDir: string, id: string): number => statSync(pathOf(dataDir, id)).ctimeMs;

/** As another program would: written beside, then put in its place. */
function dropResult(dataDir: string, id: string, counter: number): void {
  const startTime = Date.now();
  const session = {
    _version: 1,
    _saved_at: startTime,
    id,
    sessionId: counter,
    startTime,
    endTime: startTime,
    deviceIP: '10.0.0.21',
    lisIP: '10.0.1.2',
    elements: [],
    messages: [messageNamed(id, 400)],
    isComplete: true,
    persistedUntil: startTime + 86_400_000,
    submissionStatus: 'pending',
    submissionAttempts: 0,
    submissionHistory: [],
  };
  const written = join(dataDir, 'sessions', `.${id}.bench.tmp`);
  writeFileSync(written, JSON.stringify(session), { mode: 0o600 });
  renameSync(written, pathOf(dataDir, id));
}
