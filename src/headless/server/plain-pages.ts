/**
 * The pages that need no console: what a browser is shown when it may not come in, and, where the console's pages are
 * not built, one page that says what runs. No script, no style: the Content-Security-Policy allows neither inline.
 * May import: src/common.
 */
import { eventNames, requestNames } from '../../common/contract.ts';
import type { Status } from '../../common/contract.ts';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapedHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const page = (title: string, body: string, head = ''): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">${head}
<title>${escapedHtml(title)}</title></head>
<body><main><h1>${escapedHtml(title)}</h1>
${body}
</main></body></html>
`;

/** Why a browser is not let in. */
export const refusalPage = (message: string): string => page('HL7 Courier', `<p>${escapedHtml(message)}</p>`);

/**
 * Leads to `/` from within. A SameSite=Strict cookie does not go along on a redirect that began on another site, say at
 * a link in a terminal that is itself a web page.
 */
export const openingPage = (): string =>
  page('HL7 Courier', '<p><a href="/">Open the console</a></p>', '<meta http-equiv="refresh" content="0; url=/">');

/** What runs, how it stands, and where the API is described. */
export function statusPage(version: string, status: Status): string {
  const rows: [string, string | number][] = [
    ['Version', version],
    ['Service', status.running ? 'running' : 'not running'],
    ['Endpoint', status.endpoint ?? 'not set'],
    ['Circuit', status.circuit === undefined ? 'unknown' : [status.circuit.state, status.circuit.reason ?? []].flat().join(': ')],
    ['Pending', status.pending],
    ['Submitted', status.submitted],
    ['Failed', status.failed],
    ['Ignored', status.ignored],
    ['Quarantined', status.quarantined],
    ['Capture', status.capture?.state ?? 'unknown'],
  ];
  const problems = (status.problems ?? []).map(({ message }) => `<li>${escapedHtml(message)}</li>`).join('');
  const cells = rows
    .map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escapedHtml(String(value))}</td></tr>`)
    .join('\n');
  return page(
    'HL7 Courier',
    `<table>
${cells}
</table>
${problems === '' ? '' : `<h2>Problems</h2>\n<ul>${problems}</ul>`}
<h2>API</h2>
<p>Described in docs/api.md. <code>POST /api/&lt;request&gt;</code>: ${requestNames.join(', ')}.
<code>GET /api/events</code>: ${eventNames.join(', ')}. <a href="/metrics">Metrics</a>, <a href="/healthz">health</a>.</p>`,
  );
}
