/**
 * The console, built into a folder of its own, for tests that need it as it is shipped.
 * May import: vite, node.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';

/** @returns the folder; the caller removes it. */
export async function buildConsole(): Promise<string> {
  const root = resolve(import.meta.dirname, '../../src/renderer');
  const outDir = await mkdtemp(join(tmpdir(), 'hl7-courier-console-'));
  // A test runner says `test`, which would build React for development.
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir, emptyOutDir: true } });
  process.env.NODE_ENV = before;
  return outDir;
}
