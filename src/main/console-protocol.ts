/**
 * Serves the built console under `app://console/`: files of one folder and nothing else, with the headers that keep the
 * page from everything but itself. A scheme of our own, because pages from files may read other files.
 * May import: node, src/main.
 */
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { isOwnPage } from './own-page.ts';
import { stoppingPage, stoppingPath } from './stopping-page.ts';

/** The console's own files and nothing else. It talks to the host by the bridge, so no connection is allowed at all. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'none'; frame-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const safeHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** Kinds of files a build of the console consists of; a file of another kind is not served. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** @param folder the built console. */
export async function answerConsolePage(request: { url: string; method: string }, folder: string): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET.');
  if (!isOwnPage(request.url, null)) return plain(404, 'Not found.');
  const { pathname } = new URL(request.url);
  if (pathname === stoppingPath) return answer(stoppingPage, '.html');
  const path = await servedPath(folder, pathname === '/' ? '/index.html' : pathname);
  if (path === null) return plain(404, 'Not found.');
  try {
    return answer(await readFile(path), extname(path));
  } catch {
    return plain(404, 'Not found.');
  }
}

/**
 * The file that an address means, or null when it means none of ours. URL parsing has taken `..` out already; what comes
 * encoded, with backslashes or by a link out of the folder is refused here.
 */
async function servedPath(folder: string, pathname: string): Promise<string | null> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (!/^(\/[A-Za-z0-9_@~-][A-Za-z0-9._@~-]*)+$/.test(decoded) || types[extname(decoded)] === undefined) return null;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, decoded));
    return path.startsWith(root + sep) ? path : null;
  } catch {
    return null;
  }
}

const answer = (body: string | Buffer<ArrayBuffer>, extension: string) =>
  new Response(body, { status: 200, headers: { ...safeHeaders, 'content-type': types[extension] ?? 'text/plain' } });
const plain = (status: number, text: string) =>
  new Response(text, { status, headers: { ...safeHeaders, 'content-type': 'text/plain; charset=utf-8' } });
