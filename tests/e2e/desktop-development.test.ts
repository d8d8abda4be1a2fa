/**
 * `npm run desktop`, as a developer uses it: the window shows the console from the development server, on a service that
 * works, and what is changed in the sources is in the window at once. On the stand-in: a real Electron is not asked for its
 * debugging port here.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { test } from 'vitest';
import { projectRoot } from '../support/built-once.ts';
import { stepLimitMs } from '../support/browser.ts';
import { hasNoSignals, plainEnvironment, until } from '../support/courier-process.ts';
import { realElectron, standIn } from '../support/desktop.ts';
import { notRun } from '../support/not-run.ts';
import { startEndpoint } from '../support/scripted-endpoint.ts';
import { dropSession, makeDataDir, readStored } from '../support/session-folder.ts';

test('in development the window shows the sources as they are, delivers, and takes a change over while it is open', async (context) => {
  const { onTestFinished } = context;
  if (realElectron !== null) notRun(context, 'the stand-in alone says where its pages can be reached');
  if (hasNoSignals) notRun(context, 'Windows has no groups of processes to end');
  const dataDir = makeDataDir();
  const endpoint = await startEndpoint();
  writeFileSync(join(dataDir, 'settings.json'), JSON.stringify({ submissionEndpoint: endpoint.url }), { mode: 0o600 });
  dropSession(dataDir, 'first', 1);
  const built = makeDataDir();
  const words = ['dev', '--outDir', built, '--entry', join(built, 'main/index.js'), '--', '--data-dir', dataDir];
  const development = spawn(join(projectRoot, 'node_modules/.bin/electron-vite'), words, {
    cwd: projectRoot,
    env: plainEnvironment({ ELECTRON_EXEC_PATH: standIn }),
    // A group of its own, so that all of it can be ended.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [development.stdout, development.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const hasExited = new Promise((resolve) => development.once('exit', resolve));
  onTestFinished(async () => {
    if (development.exitCode === null) process.kill(-(development.pid ?? 0), 'SIGTERM');
    await hasExited;
  });

  const portFile = join(dataDir, 'desktop/chromium/DevToolsActivePort');
  // The browser makes the file first and writes its two lines after: the port, and the path that its pages are reached by.
  const [, port, path] = await until(
    'the window is there',
    () => {
      if (development.exitCode !== null) throw new Error(said);
      return existsSync(portFile) && /^(\d+)\n(\S+)$/.exec(readFileSync(portFile, 'utf8'));
    },
    // All is built first.
    2 * stepLimitMs,
  );
  const browser = await chromium.connectOverCDP(`ws://127.0.0.1:${port}${path}`);
  const pages = () => browser.contexts().flatMap((each) => each.pages());
  const page = await until('the page is there', () => pages().find((each) => each.url().startsWith('http://localhost:')));
  page.setDefaultTimeout(stepLimitMs);
  await page.getByText(/^Results are flowing/).waitFor();
  await until('it delivers', () => readStored(dataDir, 'first').submissionStatus === 'submitted');

  const source = join(projectRoot, 'src/renderer/overview/overview.css');
  const updates: string[] = [];
  page.on('console', (message) => updates.push(message.text()));
  let savedAt = -Infinity;
  await until('the change is taken over', () => {
    // Said to have changed, as an editor does that saves it; again from time to time, as the page may not listen yet.
    if (performance.now() - savedAt > 1000) {
      savedAt = performance.now();
      utimesSync(source, new Date(), new Date());
    }
    return updates.some((text) => /\[vite\].*hot updated: .*overview\.css/.test(text));
  });
  await page.getByText(/^Results are flowing/).waitFor();
});
