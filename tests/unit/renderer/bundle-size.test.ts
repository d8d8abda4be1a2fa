/** What the browser has to load: the first screen and each further one stay within their budgets (gzip). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { builtConsole } from '../../support/built-console.ts';

const kilobyte = 1000;
let folder: string;
const pieces = new Map<string, { size: number; imports: string[] }>();

beforeAll(async () => {
  folder = await builtConsole();
  const names = (await readdir(join(folder, 'assets'))).filter((name) => name.endsWith('.js'));
  for (const name of names) {
    const code = await readFile(join(folder, 'assets', name), 'utf8');
    const imports = [...code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map((match) => match[1] ?? '');
    pieces.set(name, { size: gzipSync(code).length, imports });
  }
});

test('the first screen is at most 200 KB of JavaScript', async () => {
  const size = sizeOf(await firstPieces());
  console.log(`first screen: ${Math.round(size / kilobyte)} KB`);
  expect(size).toBeLessThan(200 * kilobyte);
});

test.each([
  ['machines', 80],
  ['sessions', 92],
  ['settings', 57],
  ['attention', 50],
  ['log', 20],
])('the screen %s adds at most %i KB', async (name, budget) => {
  const first = await firstPieces();
  const entry = [...pieces.keys()].find((piece) => piece.startsWith(`${name}-`));
  if (entry === undefined) throw new Error(`no piece for ${name}`);
  const size = sizeOf(new Set([...reached(entry)].filter((piece) => !first.has(piece))));
  console.log(`${name}: ${Math.round(size / kilobyte)} KB more`);
  expect(size).toBeLessThan(budget * kilobyte);
});

test('the page holds no inline script or style', async () => {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/);
});

async function firstPieces(): Promise<Set<string>> {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const entry = /src="\.\/assets\/([^"]+\.js)"/.exec(page)?.[1] ?? '';
  return reached(entry);
}
function reached(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const next of pieces.get(name)?.imports ?? []) reached(next, seen);
  return seen;
}
const sizeOf = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + (pieces.get(name)?.size ?? 0), 0);
