/**
 * Bytes to session and back (design section 4): reads both older spellings, keeps unknown fields, and says in one sentence
 * without patient data why a file is no session.
 *   bytes -> text -> JSON -> spelling of today -> schema -> SessionFile -> bytes
 * May import: zod, src/common.
 */
import type { z } from 'zod';
import { sessionFile, type SessionFile } from '../../common/session.ts';

/** Larger files are not read: no session of a device comes near it. */
export const sessionBytesMax = 64 * 1024 * 1024;
export const sessionExtension = '.json';
/** Deeper than any program nests fields of its own, and far from where writing a session back would overflow the stack. */
const nestingMax = 100;

const dayMs = 86_400_000;
const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export type ParsedSession = { type: 'session'; session: SessionFile } | { type: 'damaged'; reason: string };

/**
 * @param bytes a file's content, with or without a byte order mark.
 * @param expectedId the file's name without `.json`.
 * @param wasChecked the same bytes were found to be a session before: their fields are not checked again.
 */
export function parseSession(bytes: Uint8Array, expectedId: string, { wasChecked = false } = {}): ParsedSession {
  if (bytes.byteLength === 0) return damaged('The file is empty.');
  if (bytes.every((byte) => byte === 0)) return damaged('The file holds nothing but zero bytes; a power cut can leave it so.');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return damaged('The file is not valid UTF-8.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return damaged(syntaxReason(error as SyntaxError, text.length));
  }
  if (!isObject(value)) return damaged('The file does not hold one JSON object.');
  const respelled = inTodaysSpelling(value);
  if (respelled !== null) return damaged(respelled);
  const checked = wasChecked ? null : sessionFile.safeParse(value);
  if (checked?.success === false) return damaged(schemaReason(checked.error, value));
  if (!wasChecked && isNestedDeeper(value, nestingMax))
    return damaged(`The file nests its fields more than ${nestingMax} levels deep.`);
  // The object itself is kept, not the schema's copy of it: unknown fields stay where they are.
  const session = value as SessionFile;
  session.submissionStatus ??= 'pending';
  session.submissionAttempts ??= 0;
  session.submissionHistory ??= [];
  if (session.id !== expectedId) return damaged('The id in the file does not match the name of the file.');
  return { type: 'session', session };
}

export function serialiseSession(session: SessionFile): Uint8Array {
  return encoder.encode(JSON.stringify(session));
}

/** Why an object cannot be written as a session file; null when it can. */
export function objectionTo(session: SessionFile): string | null {
  const checked = sessionFile.safeParse(session);
  return checked.success ? null : schemaReason(checked.error, session);
}

function damaged(reason: string): ParsedSession {
  return { type: 'damaged', reason };
}

/** V8's message quotes the text around the fault, which may be a patient's: only its place is taken over. */
function syntaxReason({ message }: SyntaxError, length: number): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (/end of JSON input|Unterminated/.test(message) || Number(position) >= length)
    return 'The file ends in the middle: its JSON is cut short.';
  return position === undefined ? 'The file is not JSON.' : `The file is not JSON: the fault is at character ${position}.`;
}

function schemaReason(error: z.ZodError, value: object): string {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const name = issue.path.reduce<string>(
    (path, key) => (typeof key === 'number' ? `${path}[${key}]` : path === '' ? String(key) : `${path}.${String(key)}`),
    '',
  );
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
  if (found === undefined) return `The field "${name}" is missing.`;
  switch (issue.code) {
    case 'invalid_type':
      return `The field "${name}" must be of type ${issue.expected}.`;
    case 'invalid_value':
      return `The field "${name}" must be ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}.`;
    case 'invalid_union':
      return `The field "${name}" has none of the forms it may have.`;
    default:
      return `The field "${name}" is not valid: ${issue.message.replace(/^Invalid string: /, '')}.`;
  }
}

/**
 * Turns the two older spellings into today's, in place.
 * @returns why that is not possible; null when all is well.
 */
function inTodaysSpelling(session: Record<string, unknown>): string | null {
  const { _metadata: metadata, elements } = session;
  if (session['_version'] === undefined && isObject(metadata)) {
    const savedAt = timeOf(metadata['savedAt']);
    session['_version'] = 1;
    if (savedAt !== undefined) session['_saved_at'] ??= savedAt;
    if (savedAt !== undefined && typeof metadata['retentionDays'] === 'number')
      session['persistedUntil'] ??= savedAt + metadata['retentionDays'] * dayMs;
    delete session['_metadata'];
  }
  if (!Array.isArray(elements)) return null;
  for (const [index, element] of elements.entries()) {
    if (!isObject(element) || element['hexData'] !== undefined || element['rawBytes'] === undefined) continue;
    const raw = element['rawBytes'];
    const bytes = isObject(raw) && raw['type'] === 'Buffer' ? raw['data'] : undefined;
    if (!Array.isArray(bytes) || !bytes.every(isByte)) return `The field "elements[${index}].rawBytes" must be a list of bytes.`;
    element['hexData'] = Buffer.from(bytes).toString('hex');
    delete element['rawBytes'];
  }
  return null;
}

/** The older spelling had times as numbers or as text. */
function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : value;
  return typeof time === 'number' && Number.isFinite(time) ? time : undefined;
}

function isNestedDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return (Array.isArray(value) ? value : Object.values(value)).some((child) => isNestedDeeper(child, levels - 1));
}

const isByte = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
