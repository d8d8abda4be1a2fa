/**
 * The two hosts of the console, each on a real service, a real data directory and a scripted endpoint: what holds for
 * an operator is said once and tried on both.
 *   browser: `hl7-courier serve` as a process, its printed address in a real Chromium
 *   desktop: the built Electron host, on a real Electron or on the stand-in (desktop.ts)
 * May import: playwright-core, vitest, src/common, tests/support, node.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import type { Params, RequestName, Result } from '../../src/common/contract.ts';
import { openBrowser } from './browser.ts';
import { builtConsole } from './built-console.ts';
import { openPage } from './console-page.ts';
import { hasNoSignals, type RunningService, startService } from './courier-process.ts';
import { builtDesktop, realElectron, startDesktop } from './desktop.ts';
import { type Script, type ScriptedEndpoint, startEndpoint } from './scripted-endpoint.ts';
import { makeDataDir } from './session-folder.ts';

type Finished = typeof onTestFinished;
/** A disk that frees the blocks of each file at once needs a minute and more for 100,000 of them. */
const closingTimeoutMs = 300_000;
/**
 * For what all tests of a block share: called in the block itself, it closes after the block, the last one first, what is
 * handed to it in `beforeAll`. (A hook that is added while hooks run is not run.)
 */
export function afterBlock(): Finished {
  const closings: (() => unknown)[] = [];
  afterAll(async () => {
    for (const close of closings.toReversed()) await close();
  }, closingTimeoutMs);
  return ((close: () => unknown) => void closings.push(close)) as Finished;
}

export interface OpenOptions {
  /** One that is there already; else a fresh one. */
  dataDir?: string;
  /** Fills the data directory before the start. */
  prepare?: (dataDir: string) => unknown;
  /** In the settings file at the start; the endpoint is among them unless `submissionEndpoint` says otherwise. */
  settings?: Record<string, unknown>;
  answer?: Script;
  environment?: NodeJS.ProcessEnv;
  /** Further words on the command line. */
  args?: readonly string[];
  /** `#/sessions?state=failed` */
  address?: string;
  finished?: Finished;
}
export interface OpenedConsole {
  page: Page;
  dataDir: string;
  endpoint: ScriptedEndpoint;
  /** Errors on the console of the page, uncaught ones, and violations of its policy. */
  faults: string[];
  /** Goes to a screen. */
  show(address: string): Promise<void>;
  /** Asks the service past the screen: to arrange something, or to look. */
  ask<Name extends RequestName>(name: Name, params: Params<Name>): Promise<Result<Name>>;
  /** The service hangs: it holds its lines and says nothing. */
  freeze(): void;
  thaw(): void;
  /** The process of the service, where the host and the service are not one. */
  service: RunningService | null;
}
export interface ConsoleHost {
  name: 'browser' | 'desktop';
  begin(): Promise<void>;
  end(): Promise<void>;
  open(options?: OpenOptions): Promise<OpenedConsole>;
}

let browser: Browser | null = null;
let desktopFolder = '';

const browserHost: ConsoleHost = {
  name: 'browser',
  async begin() {
    [browser] = await Promise.all([openBrowser(), builtConsole()]);
  },
  async end() {
    await browser?.close();
  },
  async open(options = {}) {
    if (browser === null) throw new Error('the browser has not begun');
    const { dataDir, endpoint, finished } = await prepared(options);
    const service = await startService(dataDir, options.args, options.environment);
    const signals = stoppable(service.pid);
    finished(async () => {
      signals.thaw();
      await service.stop();
    });
    const { context, page, faults } = await openPage(browser);
    finished(() => context.close());
    await page.goto(addressOf(service, options.address));
    await page.locator('.lights > div').first().waitFor();
    return {
      page,
      dataDir,
      endpoint,
      faults,
      show: (address) => goTo(page, address),
      async ask<Name extends RequestName>(name: Name, params: Params<Name>) {
        return (await service.api<Result<Name>>(name, params)).body;
      },
      ...signals,
      service,
    };
  },
};

const desktopHost: ConsoleHost = {
  name: 'desktop',
  async begin() {
    desktopFolder = await builtDesktop();
  },
  async end() {},
  async open(options = {}) {
    const { dataDir, endpoint, finished } = await prepared(options);
    const { app, page, faults } = await startDesktop(desktopFolder, dataDir, {
      args: options.args ?? [],
      environment: options.environment ?? {},
      finished,
    });
    const signals = stoppable(app.process().pid ?? 0);
    finished(() => signals.thaw());
    await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.locator('.lights > div').first().waitFor();
    if (options.address !== undefined) await goTo(page, options.address);
    return {
      page,
      dataDir,
      endpoint,
      faults,
      show: (address) => goTo(page, address),
      ask: <Name extends RequestName>(name: Name, params: Params<Name>) =>
        page.evaluate(
          ([asked, given]) =>
            (window as unknown as { electron: { request(name: string, params: unknown): Promise<unknown> } }).electron.request(
              asked,
              given,
            ),
          [name, params] as const,
        ) as Promise<Result<Name>>,
      ...signals,
      service: null,
    };
  },
};

/** The same specs on each host. `concurrent`: those that mostly wait; each then hands `open` its own `finished`. */
export function onEveryHost(specs: (host: ConsoleHost) => void, options: { concurrent?: true } = {}): void {
  describe.each([browserHost, desktopHost])('$name:', options, (host) => {
    beforeAll(() => host.begin());
    afterAll(() => host.end());
    specs(host);
  });
}
/** What only the one host has. */
export function onHost(name: ConsoleHost['name'], specs: (host: ConsoleHost) => void): void {
  const host = name === 'browser' ? browserHost : desktopHost;
  describe(`${name}:`, () => {
    beforeAll(() => host.begin());
    afterAll(() => host.end());
    specs(host);
  });
}

/** Why the host's process cannot be stopped and gone on with while its page is looked at; null: it can. */
export function whyNoFreeze(host: ConsoleHost): string | null {
  if (hasNoSignals) return 'Windows has no signals that stop a process';
  if (host.name === 'browser' || realElectron === null) return null;
  return 'a real Electron is one process with its Chromium, so the page is stopped with it';
}

/** The address that the service printed, at a screen. */
export const addressOf = ({ file }: RunningService, address = ''): string => `${file.url}/?token=${file.token}${address}`;

async function prepared({ prepare, settings = {}, answer, finished = onTestFinished, ...given }: OpenOptions) {
  const dataDir = given.dataDir ?? makeDataDir(finished);
  const endpoint = await startEndpoint(answer, finished);
  const stored = { submissionEndpoint: endpoint.url, submissionBackoffJitter: 0, ...settings };
  writeFileSync(join(dataDir, 'settings.json'), JSON.stringify(stored), { mode: 0o600 });
  prepare?.(dataDir);
  return { dataDir, endpoint, finished };
}

async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate((hash) => void (location.hash = hash), address);
}

function stoppable(pid: number) {
  return {
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw() {
      if (hasNoSignals) return;
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It has ended.
      }
    },
  };
}
