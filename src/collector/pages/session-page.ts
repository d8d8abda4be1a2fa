/**
 * One session with its messages: the only page that shows patient data. What a device sent is shown as text; of very
 * long ones the beginning, and the whole in the JSON.
 * May import: nothing.
 */
import type { StoredSession } from '../storage.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { grouped, instant, page, repeatsChip, size } from './layout.ts';

/** Characters of messages that a page shows, in all and of one segment. */
const charactersMax = 300_000;
const segmentCharactersMax = 4_000;

function segmentItem(segment: string): Html {
  const name = /^[A-Z][A-Z0-9]{2}(?=\W)/.exec(segment)?.[0] ?? '';
  const shown = segment.slice(name.length, segmentCharactersMax).toWellFormed();
  const left = segment.length - segmentCharactersMax;
  return html`<li><b>${name}</b>${shown}${left > 0 ? html`<i> … ${grouped(left)} more characters</i>` : null}</li> `;
}

function messagePanel(message: string, index: number, budget: number): Html {
  const segments = message
    .slice(0, budget)
    .split(/\r\n?|\n/)
    .filter((segment) => segment !== '');
  const left = message.length - Math.min(message.length, budget);
  return html`<h2>Message ${index + 1}</h2>
    <div class="panel">
      <ol class="segments">
        ${segments.map(segmentItem)}${left > 0 ? html`<li><i>… ${grouped(left)} more characters of this message are in the JSON.</i></li>` : null}
      </ol>
    </div> `;
}

function messagePanels(messages: readonly string[]): Html[] {
  const panels: Html[] = [];
  let budget = charactersMax;
  for (const [index, message] of messages.entries()) {
    if (budget <= 0) {
      panels.push(html`<p class="quiet">${grouped(messages.length - index)} more messages are in the JSON.</p>`);
      break;
    }
    panels.push(messagePanel(message, index, budget));
    // An empty message costs something too: a session may hold a million of them.
    budget -= message.length + 100;
  }
  return panels;
}

/** The page at `/sessions/<id>`. */
export function sessionPage(session: StoredSession, body: { messages: readonly string[]; performer?: string | undefined }): Html {
  const differs =
    session.differing > 0
      ? html`<p class="notice">
          <strong>A repeat had other content.</strong> The same id came again with a body that differs from this one
          (${grouped(session.differing)} of ${grouped(session.repeats)} repeats); the first one was kept.
        </p>`
      : null;
  return page({
    title: session.sessionId,
    body: html`<div class="row">
        <h1 class="id">${session.sessionId}</h1>
        <a class="button" href="/">All sessions</a>
      </div>
      ${differs}
      <div class="panel">
        <dl class="facts">
          <dt>Received</dt>
          <dd>${instant(session.receivedAt)}</dd>
          <dt>Sent</dt>
          <dd>${repeatsChip(session)}</dd>
          <dt>Device</dt>
          <dd>${session.device === '' ? '–' : session.device} <span class="quiet">${session.deviceIP}</span></dd>
          <dt>LIS</dt>
          <dd>${session.lisIP === '' ? '–' : session.lisIP}</dd>
          <dt>First byte</dt>
          <dd>${instant(session.startTime, { isExact: true })}</dd>
          <dt>Last byte</dt>
          <dd>${instant(session.endTime, { isExact: true })}</dd>
          <dt>Type</dt>
          <dd>${session.messageType === '' ? '–' : session.messageType}</dd>
          ${
            body.performer === undefined
              ? null
              : html`<dt>Performer</dt>
                  <dd>${body.performer}</dd>`
          }
          <dt>Size</dt>
          <dd>
            ${size(session.bytes)}, ${grouped(session.messageCount)} ${session.messageCount === 1 ? 'message' : 'messages'} ·
            <a href="/api/sessions/${session.sessionId}">JSON as received</a>
          </dd>
        </dl>
      </div>
      ${messagePanels(body.messages)}`,
  });
}
