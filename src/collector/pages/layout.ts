/**
 * What every page of the collector has: head, header, and words for times and sizes.
 * May import: nothing.
 */
import { html } from './html.ts';
import type { Html } from './html.ts';

/** Seconds between two looks when a page refreshes itself. */
const refreshSeconds = 3;

/** A whole page. */
export function page({ title, body, isLive = false }: { title: string; body: Html; isLive?: boolean }): Html {
  const refresh = isLive ? html`<meta http-equiv="refresh" content="${refreshSeconds}" />` : html``;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${refresh}
        <title>${title} · HL7 Courier collector</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <div>
            <a href="/"><img src="/icon.svg" alt="" />HL7 Courier collector</a>
          </div>
        </header>
        <main>${body}</main>
      </body>
    </html> `;
}

/** `2026-11-24 19:05:12 UTC`, exact with milliseconds; a time that is none is shown as the number it is. */
export function instant(unixMs: number, { isExact = false } = {}): string {
  const date = new Date(unixMs);
  if (Number.isNaN(date.getTime())) return `${unixMs} ms`;
  return `${date
    .toISOString()
    .replace('T', ' ')
    .slice(0, isExact ? -1 : -5)} UTC`;
}

/** `8.2 KB`, in steps of 1,024. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/** `1,234` */
export const grouped = (number: number): string => number.toLocaleString('en-US');

/** Whether a session was sent again, in words. */
export function repeatsChip({ repeats, differing }: { repeats: number; differing: number }): Html {
  if (differing > 0) return html`<span class="chip warn">Repeat differs (${differing} of ${repeats})</span>`;
  if (repeats > 0) return html`<span class="chip">Repeated ${repeats === 1 ? 'once' : `${repeats} times`}</span>`;
  return html`<span class="quiet">once</span>`;
}
