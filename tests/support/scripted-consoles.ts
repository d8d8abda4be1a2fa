/**
 * What a file of specs on scripted services shares: one browser and the built console, opened before its first test, closed
 * after its last; what a test opened is closed after it.
 * May import: playwright-core, vitest, tests/support.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openBrowser } from './browser.ts';
import { builtConsole } from './built-console.ts';
import { closeOpened, openConsole, type ConsolePage } from './console-page.ts';

type Opening = Parameters<typeof openConsole> extends [Browser, string, ...infer Rest] ? Rest : never;

/** To be called once, at the top of the file. */
export function scriptedConsoles(): {
  open(...opening: Opening): Promise<ConsolePage>;
  /** A page of the same browser, with nothing in it. */
  newPage(): Promise<Page>;
} {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    [browser, folder] = await Promise.all([openBrowser(), builtConsole()]);
  });
  afterAll(() => browser.close());
  afterEach(closeOpened);
  return {
    open: (...opening) => openConsole(browser, folder, ...opening),
    newPage: () => browser.newPage(),
  };
}
