/**
 * Runs an application on the stand-in, as Electron's executable would: `electron [flags] <main script or folder> [arguments]`.
 * Under Playwright (`--remote-debugging-port=0`) it says where Chromium listens, and is ready when Playwright is.
 * May import: node.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';
import { chromium } from './chromium.ts';

const given = process.argv.slice(2);
const at = given.findIndex((argument) => !argument.startsWith('-'));
const [script = '.', ...args] = given.slice(at);
const isUnderPlaywright = given.slice(0, at).includes('--remote-debugging-port=0');
// As Electron has it: executable, script, arguments.
process.argv = [process.execPath, script, ...args];
Object.defineProperty(process, 'type', { value: 'browser' });

const { promise: asked, resolve: run } = Promise.withResolvers<void>();
Object.assign(globalThis, { __playwright_run: run });

await import(pathToFileURL(entryOf(resolve(script))).href);
if (isUnderPlaywright) {
  const { address } = await chromium(app.profile());
  process.stderr.write(`DevTools listening on ${address}\n`);
  await asked;
}
app.becomeReady();

/** A folder stands for the `main` of its package.json. */
function entryOf(path: string): string {
  if (!statSync(path).isDirectory()) return path;
  const { main } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { main: string };
  return join(path, main);
}
