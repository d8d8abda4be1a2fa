/**
 * Answers and the headers that every one of them has.
 * May import: node, src/common.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CourierError } from '../../common/errors.ts';
import { allowedMethods } from './addresses.ts';
import { targetParts } from './gate.ts';
import { refusalPage } from './plain-pages.ts';
import { httpRefusal } from './refusals.ts';

/** The console's own files and nothing else; not in frames, not readable by other sites, not kept by anyone. */
export const safeHeaders: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  ],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
];

const hashedAsset = /[/\\]assets[/\\][^/\\]+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** `Cache-Control` of a file of the console: one whose name tells its content never changes. */
export function cachingOf(path: string): string {
  if (hashedAsset.test(path)) return 'private, max-age=31536000, immutable';
  return path.endsWith('.html') ? 'no-store' : 'no-cache';
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

export function answerPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

/** Refuses in the form the asker reads: a page for a browser that opens one, JSON for all else. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: { status: number; error: CourierError },
): void {
  const { path } = targetParts(request.url ?? '');
  if (refusal.status === 405) response.setHeader('allow', (allowedMethods(path) ?? []).join(', '));
  const isForBrowser =
    request.method === 'GET' && !path.startsWith('/api/') && (request.headers.accept ?? '').includes('text/html');
  if (!isForBrowser) answerJson(response, refusal.status, httpRefusal(refusal.error).body);
  else if (refusal.status !== 401) answerPage(response, refusal.status, refusalPage(refusal.error.message));
  else answerPage(response, 401, refusalPage("This page's key is no longer valid. Open the address that the service printed."));
}
