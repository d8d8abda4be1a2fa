/**
 * A page of the console in a real browser, on a scripted service; what must never happen is collected while it is open.
 * May import: playwright-core, axe-core, tests/support.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import type { SessionSummary } from '../../src/common/contract.ts';
import type { SessionFile } from '../../src/common/session.ts';
import { stepLimitMs } from './browser.ts';
import type { Scenario } from './scripted-data.ts';
import { startScriptedService, type ScriptedService } from './scripted-service.ts';

export interface ConsolePage {
  page: Page;
  service: ScriptedService;
  /** Errors on the browser's console, uncaught ones, and violations of the Content-Security-Policy. */
  faults: string[];
  close(): Promise<void>;
}
const opened = new Set<ConsolePage>();
/** For `afterEach`: what a failed test left open would slow down the next. */
export async function closeOpened(): Promise<void> {
  await Promise.all([...opened].map((each) => each.close()));
}
export interface PageOptions {
  colorScheme?: 'light' | 'dark';
  size?: { width: number; height: number };
  total?: number;
  fileFor?: (summary: SessionSummary) => SessionFile;
}

export async function openConsole(
  browser: Browser,
  consoleFolder: string,
  scenario: Scenario,
  address: string | ((service: ScriptedService) => string),
  options: PageOptions = {},
): Promise<ConsolePage> {
  const service = await startScriptedService(scenario, {
    consoleFolder,
    ...(options.total === undefined ? {} : { total: options.total }),
    ...(options.fileFor === undefined ? {} : { fileFor: options.fileFor }),
  });
  const { context, page, faults } = await openPage(browser, options);
  await page.goto(service.url + (typeof address === 'string' ? address : address(service)));
  await page.locator('.lights > div').first().waitFor();
  const consolePage: ConsolePage = {
    page,
    service,
    faults,
    async close() {
      opened.delete(consolePage);
      await context.close();
      await service.close();
    },
  };
  opened.add(consolePage);
  return consolePage;
}

/** A page without anything in it yet, as an operator's browser has it. */
export async function openPage(browser: Browser, { size, colorScheme }: Pick<PageOptions, 'size' | 'colorScheme'> = {}) {
  const context = await browser.newContext({
    viewport: size ?? { width: 1440, height: 900 },
    colorScheme: colorScheme ?? 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    acceptDownloads: true,
  });
  context.setDefaultTimeout(stepLimitMs);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error') faults.push(line.text());
  });
  await page.exposeFunction('reportViolation', (what: string) => faults.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (globalThis as unknown as { reportViolation(what: string): void }).reportViolation(
        `${event.violatedDirective} ${event.blockedURI}`,
      );
    });
  });
  return { context, page, faults };
}

/**
 * Keys that belong together, with nothing awaited between them: on a loaded machine the page would have forgotten the first
 * when the second comes.
 */
export async function pressTogether(page: Page, ...keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

/** An attribute of what has the focus; to be waited for, as the focus often comes a moment after what is to have it. */
export const ofFocused = (page: Page, attribute: string): Promise<string | null> =>
  page.evaluate((name) => document.activeElement?.getAttribute(name) ?? null, attribute);

/** The command that Enter would run in the palette; to be waited for, as the list follows what is typed. */
export const commandChosen = (page: Page): Promise<string | null> =>
  page.evaluate(() => {
    const id = document.activeElement?.getAttribute('aria-activedescendant') ?? '';
    return document.getElementById(id)?.querySelector('span')?.textContent ?? null;
  });

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What axe finds, as `rule: selector`; run past the page's policy, as a browser's own tools are. */
export const violationsOf = (page: Page): Promise<string[]> => found(page, {});
/** What another theme can do wrong: colours alone. */
export const contrastViolationsOf = (page: Page): Promise<string[]> => found(page, { runOnly: ['color-contrast'] });

async function found(page: Page, options: object): Promise<string[]> {
  const hasAxe = await page.evaluate(() => 'axe' in globalThis);
  if (!hasAxe) await page.evaluate(axeSource);
  return page.evaluate(async (chosen) => {
    interface Found {
      violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[];
    }
    const { axe } = globalThis as unknown as { axe: { run(root: Document, options: object): Promise<Found> } };
    const { violations } = await axe.run(document, { resultTypes: ['violations'], ...chosen });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
    );
  }, options);
}
