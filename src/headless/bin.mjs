#!/usr/bin/env node
/**
 * Entry of the command line. Plain JavaScript, so that an old Node says what is missing instead of a syntax error.
 * In a clone the TypeScript sources run as they are; the published package carries them built, in out/headless.
 * May import: src/headless.
 */
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const needed = [24, 5];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `hl7-courier needs Node ${needed.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'In a clone, "npm ci" brings a fitting Node along: run "npx hl7-courier ..." there. Else install a newer Node.\n',
  );
  process.exitCode = 2;
} else {
  // A third of a start is compiling; a cron job need not do it every time. What is kept lies beside the code it came from:
  // in a folder for all, another user could put code of their own in its place.
  // Threads do not share what is enabled here; they look at the environment.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../node_modules/.cache/hl7-courier/compiled', import.meta.url));
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  const built = new URL('../../out/headless/main.js', import.meta.url);
  const isPublished = import.meta.url.includes('/node_modules/') && existsSync(built);
  const { run } = await import(isPublished ? built.href : './main.ts');
  await run(process.argv.slice(2));
}
