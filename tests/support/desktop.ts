/**
 * The desktop application as it is built, started by Playwright: on a real Electron where `COURIER_ELECTRON` names its
 * executable, else on the stand-in (electron-stand-in/).
 * May import: playwright-core, vitest, tests/support, node.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { stepLimitMs } from './browser.ts';
import { builtConsole, consoleSources } from './built-console.ts';
import { buildCache, builtOnce, projectRoot as root } from './built-once.ts';
import { plainEnvironment } from './courier-process.ts';

export const standIn = join(import.meta.dirname, 'electron-stand-in/electron');
export const realElectron = process.env['COURIER_ELECTRON'] ?? null;
const executable = realElectron ?? standIn;

/** Host, preload script and console, built from the sources as they are. @returns the folder, which is shared. */
export const builtDesktop = (): Promise<string> =>
  builtOnce({
    name: 'desktop',
    sources: [...consoleSources, 'src/main', 'src/preload', 'src/service', 'electron.vite.config.ts'],
    folder: join(buildCache, 'desktop'),
    async build(folder) {
      const pages = await builtConsole();
      await promisify(execFile)(
        join(root, 'node_modules/.bin/electron-vite'),
        ['build', '--outDir', folder, '--config', 'tests/support/desktop-build.config.ts'],
        { cwd: root },
      );
      await cp(pages, join(folder, 'renderer'), { recursive: true });
    },
  });

export interface Desktop {
  app: ElectronApplication;
  page: Page;
  /** What the page and its policy complained of. */
  faults: string[];
}

/** Starts the application on a data directory and waits for its window; it is closed after the test. */
export async function startDesktop(
  folder: string,
  dataDir: string,
  {
    args = [],
    environment = {},
    finished = onTestFinished,
  }: {
    args?: readonly string[];
    environment?: NodeJS.ProcessEnv;
    finished?: (close: () => Promise<void>) => unknown;
  } = {},
): Promise<Desktop> {
  const app = await _electron.launch({
    executablePath: executable,
    args: [join(folder, 'main/index.js'), '--data-dir', dataDir, ...args],
    cwd: root,
    env: plainEnvironment(environment) as Record<string, string>,
    timeout: stepLimitMs,
    // Else the system would ask where to.
    acceptDownloads: true,
  });
  finished(async () => {
    await app.close().catch(() => {});
  });
  app.context().setDefaultTimeout(stepLimitMs);
  const page = await app.firstWindow({ timeout: stepLimitMs });
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.locator('#root > *').first().waitFor();
  return { app, page, faults };
}

/** Starts the application as a person does, without Playwright. */
export function spawnDesktop(
  folder: string,
  dataDir: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess & { ended: Promise<{ code: number | null; stderr: string }> } {
  const child = spawn(executable, [join(folder, 'main/index.js'), '--data-dir', dataDir, ...args], {
    cwd: root,
    env: plainEnvironment(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return Object.assign(child, { ended });
}
