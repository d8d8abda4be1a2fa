/**
 * A data directory for tests of the command line, and session files in it, as another program would write them.
 * May import: node.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export type StoredFields = Record<string, unknown> & { id: string };
export interface StoredHistory {
  attempt?: number;
  startedAt?: number;
  durationMs?: number;
  outcome: string;
  httpStatus?: number;
  error?: string;
  at?: number;
  reason?: string;
}
export interface Stored {
  submissionStatus?: string;
  submissionAttempts?: number;
  submissionError?: string;
  submittedAt?: number;
  submissionHistory?: StoredHistory[];
  [field: string]: unknown;
}

const day = 86_400_000;
/** What only a patient's record may hold; no log, error or answer but `getSession` may show it. */
export const patientName = 'ZUCKERMANDL';

/** An empty data directory. `finished` is the test's own `onTestFinished` when tests run beside each other. */
export function makeDataDir(finished: typeof onTestFinished = onTestFinished): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'hl7-courier-cli-'));
  // A Chromium that was just killed may have a process left that writes its last file.
  finished(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));
  return dataDir;
}

/** The fields of a whole, pending session; `minute` orders sessions by their start. */
export function sessionFields(id: string, minute = 0, more: Record<string, unknown> = {}): StoredFields {
  const startTime = Date.now() - day + minute * 60_000;
  return {
    _version: 1,
    _saved_at: startTime + 900,
    id,
    sessionId: minute + 1,
    startTime,
    endTime: startTime + 800,
    deviceIP: '10.0.0.21',
    lisIP: '10.0.0.2',
    elements: [{ id: `${id}-1`, timestamp: startTime, direction: 'device-to-pc', type: 'message', hexData: '4d5348' }],
    messages: [
      `MSH|^~\\&|XN-1000|LAB|LIS|HOSP|20260101120000||ORU^R01|${id}|P|2.5.1\rPID|1||4711||${patientName}^ANNA\rOBX|1|NM|WBC||7.1\r`,
    ],
    isComplete: true,
    persistedUntil: startTime + 30 * day,
    submissionStatus: 'pending',
    submissionAttempts: 0,
    submissionHistory: [],
    ...more,
  };
}

export const sessionPath = (dataDir: string, id: string): string => join(dataDir, 'sessions', `${id}.json`);

export function dropSession(dataDir: string, id: string, minute = 0, more: Record<string, unknown> = {}): StoredFields {
  const fields = sessionFields(id, minute, more);
  dropFile(dataDir, `${id}.json`, JSON.stringify(fields));
  return fields;
}

/** Puts any file into the folder, whole at once: a service that runs may look at any time. */
export function dropFile(dataDir: string, name: string, content: string | Buffer): string {
  mkdirSync(join(dataDir, 'sessions'), { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'sessions', name);
  const beside = join(dataDir, `.dropped-${name}`);
  writeFileSync(beside, content, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, path);
  return path;
}

/** `count` sessions in the order of their ids, `prefix001`, `prefix002`, ... */
export function dropSessions(dataDir: string, prefix: string, count: number, firstMinute = 0): string[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `${prefix}${String(index + 1).padStart(3, '0')}`;
    dropSession(dataDir, id, firstMinute + index);
    return id;
  });
}

export const readStored = (dataDir: string, id: string): Stored =>
  JSON.parse(readFileSync(sessionPath(dataDir, id), 'utf8')) as Stored;

/** How many sessions stand in which status. */
export function statusCounts(dataDir: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(join(dataDir, 'sessions')).filter((one) => /^[^.].*\.json$/.test(one))) {
    const status = readStored(dataDir, name.slice(0, -5)).submissionStatus ?? 'pending';
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

export const outcomes = (dataDir: string, id: string): string[] =>
  (readStored(dataDir, id).submissionHistory ?? []).map(({ outcome }) => outcome);

/**
 * Every file below `folder` with its content: what "nothing changed" is checked against. What goes away while it is looked
 * at, such as a file that is renamed once it is whole, is not there.
 */
export function contentsOf(folder: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of orGone(() => readdirSync(folder)) ?? []) {
    const path = join(folder, name);
    const kind = orGone(() => lstatSync(path));
    if (kind?.isDirectory() === true) Object.assign(found, contentsOf(path, `${below}${name}/`));
    else if (kind !== null) {
      const content = orGone(() => contentOf(path, kind));
      if (content !== null) found[below + name] = content;
    }
  }
  return found;
}
function contentOf(path: string, kind: Stats): string {
  if (kind.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!kind.isFile()) return 'special';
  return kind.size < 10_000_000 ? readFileSync(path, 'utf8') : `${kind.size} bytes`;
}
function orGone<Value>(look: () => Value): Value | null {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whether the mode is `mode`, such as `600`; Windows has no modes, access lists take their place. */
export const hasMode = (path: string, mode: string): boolean =>
  process.platform === 'win32' || (lstatSync(path).mode & 0o777).toString(8) === mode;
