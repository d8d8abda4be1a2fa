/**
 * The service's log: JSON lines by pino, or plain English for a terminal, and the last lines for the console.
 *   call -> level -> flat fields, secrets out -> line -> stream, ring, listeners
 * A call is a fixed message and a few small fields; what could hold patient data or a secret does not get through, and
 * of an error only its name, code and place are kept, because its message may quote what it was reading.
 * May import: node, pino, src/common.
 */
import { pino } from 'pino';
import { lineHolds, type LogLevel, type LogLine } from '../common/console.ts';
import { CourierError } from '../common/errors.ts';

/** What a room needs of the log; `fields` are numbers, words and flags, and `err` for an error. */
export interface Log {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  /** Writes the line once for each `key` in the life of the log. */
  once(key: string, level: LogLevel, fields: object, message: string): void;
}

export interface ServiceLog extends Log {
  setLevel(level: LogLevel): void;
  /** A log whose lines say which room spoke. */
  room(name: string): Log;
  /** Lines in memory, the latest first: at least as severe as `level`, with `text` in the message. */
  recent(wanted?: { level?: LogLevel | undefined; text?: string | undefined; limit?: number | undefined }): LogLine[];
  /** Hears every line from now on; the returned function ends it. */
  onLine(listener: (line: LogLine) => void): () => void;
}

export interface LogOptions {
  level: LogLevel;
  /** Where lines go; on a host that is stderr. */
  stream: { write(text: string): unknown };
  /** Plain English in place of JSON lines. */
  pretty?: boolean;
  /** What is less severe is kept for the console but not written, unless the level is `debug`. */
  streamLevel?: LogLevel;
  /** Current time, unix ms. */
  now?: () => number;
}

/** Lines kept for the console (docs/console-contract.md). */
export const linesKeptMax = 5_000;
const onceKeysMax = 10_000;
const fieldLengthMax = 300;
/** Named like this, a value is a secret or patient data, whatever it holds. */
const redactedNames = [
  'authorization',
  'Authorization',
  'authHeader',
  'submissionAuthHeader',
  'HL7_COURIER_AUTH_HEADER',
  'messages',
  'content',
  'decodedMessage',
  'hexData',
  'rawBytes',
  'elements',
  'body',
  'token',
  'cookie',
  'password',
];
const severities: Record<LogLevel, number> = { error: 3, warn: 2, info: 1, debug: 0 };

export function makeLog({ level, stream, pretty = false, streamLevel = 'debug', now = Date.now }: LogOptions): ServiceLog {
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  const written = new Set<string>();
  let seq = 0;

  const keep = (text: string) => {
    seq += 1;
    const line = lineOf(text, seq);
    lines.push(line);
    // Dropped a thousand at a time: moving the whole list for every line would cost more than the line.
    if (lines.length >= linesKeptMax + 1_000) lines.splice(0, lines.length - linesKeptMax);
    const isWritten = severities[line.level] >= severities[streamLevel] || logger.level === 'debug';
    if (isWritten) stream.write(pretty ? prettyLine(line) : text);
    for (const listener of listeners) listener(line);
  };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":${now()}`,
      formatters: { level: (label) => ({ level: label }), log: flatFields },
      redact: { paths: redactedNames, censor: '[redacted]' },
    },
    { write: keep },
  );
  const logOf = (room: string | null): Log => {
    const named = room === null ? {} : { room };
    const log: Log = {
      error: (fields, message) => logger.error({ ...named, ...fields }, message),
      warn: (fields, message) => logger.warn({ ...named, ...fields }, message),
      info: (fields, message) => logger.info({ ...named, ...fields }, message),
      debug: (fields, message) => logger.debug({ ...named, ...fields }, message),
      once(key, lineLevel, fields, message) {
        if (written.has(key) || written.size >= onceKeysMax) return;
        written.add(key);
        log[lineLevel](fields, message);
      },
    };
    return log;
  };
  return {
    ...logOf(null),
    setLevel: (next) => void (logger.level = next),
    room: logOf,
    recent({ level: least = 'debug', text = '', limit = 500 } = {}) {
      return lines
        .slice(-linesKeptMax)
        .filter((line) => severities[line.level] >= severities[least] && lineHolds(line, text))
        .toReversed()
        .slice(0, limit);
    },
    onLine(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Numbers, flags and short words stay; anything nested goes, because nobody can tell what is in it. */
function flatFields(fields: object): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) Object.assign(flat, errorFields(value));
    else if (typeof value === 'number' || typeof value === 'boolean') flat[name] = value;
    else if (typeof value === 'string') flat[name] = value.slice(0, fieldLengthMax);
    else if (value !== undefined && value !== null) flat[name] = '[not shown]';
  }
  return flat;
}

function errorFields(error: Error): Record<string, string> {
  const code = 'code' in error ? String(error.code) : undefined;
  // Our own errors are written to be read; the message of any other may quote a path, a header or a session.
  const words = error instanceof CourierError ? { reason: error.message } : {};
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  const place = error instanceof CourierError ? undefined : frames.slice(0, 3).map(shortFrame).join(' < ');
  return {
    errorName: error.name.slice(0, 80),
    ...(code === undefined ? {} : { errorCode: code.slice(0, 80) }),
    ...words,
    ...(place === undefined ? {} : { errorPlace: place.slice(0, fieldLengthMax) }),
  };
}

/** `attempt (post-session.ts:52:9)`: without the folders, which tell of the machine and its users. */
const shortFrame = (frame: string) =>
  frame
    .trim()
    .replace(/^at /, '')
    .replace(/(?:file:\/\/)?[^\s()]*[/\\]/g, '');

/** The line that the console shows, from pino's. */
function lineOf(text: string, seq: number): LogLine {
  const { level, time, msg, room, sessionId, ...details } = JSON.parse(text) as Record<string, string | number | boolean>;
  return {
    seq,
    at: Number(time),
    level: level as LogLevel,
    message: String(msg),
    ...(typeof room === 'string' ? { room } : {}),
    ...(typeof sessionId === 'string' ? { sessionId } : {}),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

/** `2026-11-24 10:00:00 warn  The disk is nearly full.  (room: store, freeMb: 120)`, in local time. */
function prettyLine({ at, level, message, room, sessionId, details }: LogLine): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const rest = Object.entries({
    ...(room === undefined ? {} : { room }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...details,
  });
  const shown = rest.map(([name, value]) => `${name}: ${value}`).join(', ');
  // One line is one line: a control character in a field must not make it two, or colour the terminal.
  const line = `${day} ${time} ${level.padEnd(5)} ${message}${shown === '' ? '' : `  (${shown})`}`;
  return `${line.replaceAll(/\p{Cc}/gu, ' ')}\n`;
}
