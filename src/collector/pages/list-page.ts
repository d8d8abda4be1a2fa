/**
 * What arrived, newest first, without message content.
 * May import: nothing.
 */
import type { SessionPage, StorageTotals, StoredSession } from '../storage.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { grouped, instant, page, repeatsChip, size } from './layout.ts';

export interface ListQuery {
  text: string;
  /** From 1. */
  pageNumber: number;
  isLive: boolean;
}

/** The list's address with some of its parts changed. */
function listAddress(query: ListQuery, change: Partial<ListQuery>): string {
  const { text, pageNumber, isLive } = { ...query, ...change };
  const parameters = new URLSearchParams();
  if (text !== '') parameters.set('q', text);
  if (pageNumber > 1) parameters.set('page', String(pageNumber));
  if (isLive) parameters.set('live', '1');
  return parameters.size === 0 ? '/' : `/?${parameters}`;
}

const row = (session: StoredSession): Html =>
  html`<tr>
    <td>
      <a class="id" href="/sessions/${session.sessionId}">${session.sessionId}</a
      ><small>received ${instant(session.receivedAt)}</small>
    </td>
    <td>${session.device === '' ? '–' : session.device}<small>${session.deviceIP}</small></td>
    <td>${session.messageType === '' ? '–' : session.messageType}</td>
    <td class="number">${grouped(session.messageCount)}</td>
    <td class="number wide">${size(session.bytes)}</td>
    <td class="wide">${instant(session.startTime)}</td>
    <td>${repeatsChip(session)}</td>
  </tr> `;

const table = (sessions: readonly StoredSession[]): Html =>
  html`<div class="panel">
    <table>
      <thead>
        <tr>
          <th>Session</th>
          <th>Device</th>
          <th>Type</th>
          <th class="number">Messages</th>
          <th class="number wide">Size</th>
          <th class="wide">Began</th>
          <th>Sent</th>
        </tr>
      </thead>
      <tbody>
        ${sessions.map(row)}
      </tbody>
    </table>
  </div>`;

const empty = (query: ListQuery, endpoint: string): Html =>
  query.text === ''
    ? html`<div class="panel empty">
        <strong>Nothing has arrived yet</strong>Sessions appear here as soon as a courier delivers them to<br /><code
          >${endpoint}</code
        >
      </div>`
    : html`<div class="panel empty">
        <strong>No session matches “${query.text}”</strong>The search looks at id, device, address and message type.
        <a href="${listAddress(query, { text: '', pageNumber: 1 })}">Show all</a>
      </div>`;

/**
 * The page at `/`.
 * @param endpoint where sessions are POSTed, to show in an empty list.
 * @param pageSize sessions on one page.
 */
export function listPage(
  query: ListQuery,
  found: SessionPage,
  totals: StorageTotals,
  { endpoint, pageSize }: { endpoint: string; pageSize: number },
): Html {
  const pages = Math.max(1, Math.ceil(found.total / pageSize));
  const { pageNumber } = query;
  return page({
    title: 'Sessions',
    isLive: query.isLive,
    body: html`<dl class="figures">
        <div>
          <dt>Sessions kept</dt>
          <dd>${grouped(totals.count)}</dd>
        </div>
        <div>
          <dt>Repeats, answered and not kept again</dt>
          <dd>${grouped(totals.repeats)}</dd>
        </div>
        <div>
          <dt>Repeats with other content</dt>
          <dd>${grouped(totals.differing)}</dd>
        </div>
      </dl>
      <div class="row">
        <h1>Sessions</h1>
        <a class="button${query.isLive ? ' on' : ''}" href="${listAddress(query, { isLive: !query.isLive })}"
          >${query.isLive ? 'Live: on' : 'Live: off'}</a
        >
        <form action="/" method="get" role="search">
          ${query.isLive ? html`<input type="hidden" name="live" value="1" />` : null}<input
            type="search"
            name="q"
            value="${query.text}"
            placeholder="Id, device or type"
            aria-label="Search by id, device or message type"
          /><button>Search</button>
        </form>
      </div>
      ${found.sessions.length === 0 ? empty(query, endpoint) : table(found.sessions)}
      <nav class="pages" aria-label="Pages">
        ${grouped(found.total)} ${found.total === 1 ? 'session' : 'sessions'} · page ${grouped(pageNumber)} of ${grouped(pages)}
        ${pageNumber > 1 ? html`<a class="button" href="${listAddress(query, { pageNumber: Math.min(pages, pageNumber - 1) })}">Newer</a>` : null}
        ${pageNumber < pages ? html`<a class="button" href="${listAddress(query, { pageNumber: pageNumber + 1 })}">Older</a>` : null}
      </nav>`,
  });
}
