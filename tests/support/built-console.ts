/**
 * The console as it is shipped, where the headless host serves it from.
 * May import: tests/support, node.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtOnce, projectRoot } from './built-once.ts';

/** What it is made of. */
export const consoleSources = ['src/renderer', 'src/common', 'machines', 'package-lock.json'];

/** @returns out/renderer, built from the sources as they are; the folder is shared. */
export const builtConsole = (): Promise<string> =>
  builtOnce({
    name: 'console',
    sources: consoleSources,
    folder: join(projectRoot, 'out/renderer'),
    build: (folder) =>
      promisify(execFile)(
        join(projectRoot, 'node_modules/.bin/vite'),
        ['build', '--config', 'src/renderer/vite.config.ts', '--logLevel', 'error', '--outDir', folder, '--emptyOutDir'],
        // A test runner says `test`, which would build React for development.
        { cwd: projectRoot, env: { ...process.env, NODE_ENV: 'production' } },
      ),
  });
