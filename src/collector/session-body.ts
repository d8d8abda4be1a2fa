/**
 * The body of a POST (design section 6): read, checked and summed up. Strict about the types of what it knows, tolerant
 * of fields it does not know: the body is kept as it was received.
 *   bytes -> UTF-8 -> JSON -> schema -> ReceivedSession
 * May import: zod, src/common, node.
 */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { z } from 'zod';
import { sessionId } from '../common/session.ts';
import { Problem } from './problem.ts';
import type { ReceivedSession } from './storage.ts';

const unixMs = z.number({ error: 'must be a number of milliseconds since 1970' }).nonnegative({
  error: 'must be a number of milliseconds since 1970',
});
const address = z.string({ error: 'must be text' }).max(256, { error: 'must be text of at most 256 characters' });

/** What a courier POSTs. */
const sessionBody = z.looseObject(
  {
    sessionId: z.string({ error: 'must be text' }).pipe(sessionId),
    startTime: unixMs,
    endTime: unixMs,
    deviceIP: address,
    lisIP: address,
    messages: z.array(z.string({ error: 'must be text' }), { error: 'must be a list of texts' }),
    /** A FHIR reference. */
    performer: z.string({ error: 'must be text' }).max(1024, { error: 'must be text of at most 1024 characters' }).optional(),
  },
  { error: 'must be a JSON object' },
);

/** Deeper nesting than any session needs; PostgreSQL's own parser gives up at some thousands. */
const nestingMax = 64;

/**
 * Feeds `value` to the hash as JSON with sorted keys, piece by piece: the same content gives the same digest, and a large
 * body is not held in memory once more.
 */
function hashCanonical(hash: Hash, value: unknown, depth = 0): void {
  if (depth > nestingMax) throw new Problem('body_invalid', `The body is nested deeper than ${nestingMax} levels.`);
  if (Array.isArray(value)) {
    hash.update('[');
    for (const item of value) {
      hashCanonical(hash, item, depth + 1);
      hash.update(',');
    }
    hash.update(']');
  } else if (typeof value === 'object' && value !== null) {
    hash.update('{');
    for (const [key, member] of Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))) {
      hash.update(`${JSON.stringify(key)}:`);
      hashCanonical(hash, member, depth + 1);
      hash.update(',');
    }
    hash.update('}');
  } else hash.update(JSON.stringify(value));
}

function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  hashCanonical(hash, value);
  return hash.digest('hex');
}

/** Text for a column: without control characters (PostgreSQL takes no NUL) and lone surrogates, at most 256 characters. */
const columnText = (text: string): string =>
  text
    .slice(0, 256)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .trim();

/** MSH-3 and MSH-9 of a message; empty when it does not begin with MSH. The separators are the header's own. */
function headerOf(message: string): { device: string; messageType: string } {
  if (!message.startsWith('MSH') || message.length < 8) return { device: '', messageType: '' };
  const header = message.slice(0, 4096).split(/[\r\n]/, 1)[0] ?? '';
  const fieldSeparator = header.charAt(3);
  const componentSeparator = header.charAt(4);
  const fields = header.split(fieldSeparator);
  const [code = '', trigger = ''] = (fields[8] ?? '').split(componentSeparator);
  return {
    device: columnText((fields[2] ?? '').split(componentSeparator)[0] ?? ''),
    messageType: columnText(trigger === '' ? code : `${code}^${trigger}`),
  };
}

function parsedJson(bytes: Uint8Array): { text: string; value: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'is not valid JSON' : 'is not valid UTF-8';
    throw new Problem('body_not_json', `The body ${what}; send one JSON object in UTF-8.`, { cause });
  }
}

/**
 * The session in a request's body.
 * @param bytes the body as received.
 * @param receivedAt unix ms.
 * @throws Problem `body_not_json` or `body_invalid`, which names the field and never its value.
 */
export function receivedSession(bytes: Uint8Array, receivedAt: number): ReceivedSession {
  const { text, value } = parsedJson(bytes);
  const parsed = sessionBody.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? 'The body' : fieldName(issue.path);
    throw new Problem('body_invalid', `${place} ${issue?.message ?? 'is not valid'}.`);
  }
  const body = parsed.data;
  const header = headerOf(body.messages[0] ?? '');
  return {
    sessionId: body.sessionId,
    receivedAt,
    startTime: body.startTime,
    endTime: body.endTime,
    deviceIP: columnText(body.deviceIP),
    lisIP: columnText(body.lisIP),
    ...header,
    messageCount: body.messages.length,
    bytes: bytes.length,
    digest: digestOf(value),
    body: text,
  };
}

/** `messages[2]` from `['messages', 2]`. */
const fieldName = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`)).join('');
