/**
 * Sessions in one SQLite file, with the SQLite that is built into Node (docs/decisions/collector-database.md).
 * Sessions that arrive in the same turn of the event loop share one transaction, and so one fsync.
 *   accept -> waiting -> (next turn) BEGIN, all inserts, COMMIT with fsync -> receipts
 * May import: node, src/common.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../common/errors.ts';
import { containsPattern } from './storage.ts';
import type { CollectorStorage, Receipt, ReceivedSession, StoredSession } from './storage.ts';

/** Marks the file as a collector's ("HL7C"), so that no other program's database is written to. */
const applicationId = 0x484c3743;
const schemaVersion = 1;

/** The body comes last: a look at the list then never reads it. */
const schema = `
  CREATE TABLE sessions (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id    TEXT    NOT NULL UNIQUE,
    received_at   INTEGER NOT NULL,
    start_time    REAL    NOT NULL,
    end_time      REAL    NOT NULL,
    device_ip     TEXT    NOT NULL,
    lis_ip        TEXT    NOT NULL,
    device        TEXT    NOT NULL,
    message_type  TEXT    NOT NULL,
    message_count INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    repeats       INTEGER NOT NULL DEFAULT 0,
    differing     INTEGER NOT NULL DEFAULT 0,
    digest        TEXT    NOT NULL,
    body          TEXT    NOT NULL
  ) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

const summaryColumns = `session_id AS sessionId, received_at AS receivedAt, start_time AS startTime, end_time AS endTime,
  device_ip AS deviceIP, lis_ip AS lisIP, device, message_type AS messageType, message_count AS messageCount, bytes,
  repeats, differing`;
const matches = `session_id LIKE :pattern ESCAPE '\\' OR device LIKE :pattern ESCAPE '\\'
  OR device_ip LIKE :pattern ESCAPE '\\' OR message_type LIKE :pattern ESCAPE '\\'`;

interface Waiting {
  session: ReceivedSession;
  resolve: (receipt: Receipt) => void;
  reject: (error: unknown) => void;
}

/** The file is made with mode 0600, because it holds patient data, and its name is on disk before the first session. */
function createFile(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(file)) return;
  closeSync(openSync(file, 'a', 0o600));
  if (process.platform === 'win32') return; // Windows has no fsync of folders.
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function openDatabase(file: string): DatabaseSync {
  if (file !== ':memory:') createFile(file);
  const database = new DatabaseSync(file, { timeout: 10_000 });
  // FULL: in WAL mode every commit is synced, not only every checkpoint.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
  return database;
}

function prepareSchema(database: DatabaseSync, file: string): void {
  // Two processes may meet at a new file: the second waits here and then finds the table.
  database.exec('BEGIN IMMEDIATE');
  const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const tables = Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);
  if (tables > 0 && pragma('application_id') !== applicationId)
    throw new CourierError('ERR_ARGUMENT_INVALID', `${file} is the database of another program; name another file.`);
  if (pragma('user_version') > schemaVersion)
    throw new CourierError(
      'ERR_ARGUMENT_INVALID',
      `${file} was written by a newer version of the collector; use that version or name another file.`,
    );
  if (tables === 0) database.exec(schema);
  database.exec('COMMIT');
}

/**
 * Opens or creates the file.
 * @param path of the file, or `:memory:` for a trial that keeps nothing.
 * @param options.pagesMax bound on the file's size in pages of 4 KB, for an installation that must leave room for others.
 * @throws CourierError `ERR_ARGUMENT_INVALID` when it cannot be used as a collector's database.
 */
export function openSqliteStorage(path: string, { pagesMax }: { pagesMax?: number } = {}): CollectorStorage {
  const file = path === ':memory:' ? path : resolve(path);
  let database: DatabaseSync | null = null;
  try {
    database = openDatabase(file);
    prepareSchema(database, file);
    if (pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${pagesMax}`);
  } catch (cause) {
    database?.close();
    if (cause instanceof CourierError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CourierError('ERR_ARGUMENT_INVALID', `${file} cannot be used as a database: ${reason}.`, { cause });
  }
  return storageOn(database);
}

function storageOn(database: DatabaseSync): CollectorStorage {
  const insert = database.prepare(`INSERT INTO sessions (session_id, received_at, start_time, end_time, device_ip, lis_ip,
      device, message_type, message_count, bytes, digest, body)
    VALUES (:sessionId, :receivedAt, :startTime, :endTime, :deviceIP, :lisIP, :device, :messageType, :messageCount, :bytes,
      :digest, :body)
    ON CONFLICT (session_id) DO NOTHING`);
  const countRepeat = database.prepare(`UPDATE sessions SET repeats = repeats + 1, differing = differing + (digest <> :digest)
    WHERE session_id = :sessionId RETURNING digest <> :digest AS differs, received_at AS receivedAt`);
  let waiting: Waiting[] = [];

  function keep(session: ReceivedSession): Receipt {
    if (insert.run({ ...session }).changes === 1) return { duplicate: false, receivedAt: session.receivedAt };
    const first = countRepeat.get({ sessionId: session.sessionId, digest: session.digest });
    return { duplicate: true, differs: Boolean(first?.['differs']), receivedAt: Number(first?.['receivedAt']) };
  }

  /** One transaction for all that wait: they are kept together or not at all. */
  function commitWaiting(): void {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      const receipts = batch.map(({ session }) => keep(session));
      database.exec('COMMIT');
      for (const [index, { resolve: answer }] of batch.entries()) answer(receipts[index] as Receipt);
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    kind: 'SQLite',
    accept: (session) =>
      new Promise<Receipt>((resolveReceipt, reject) => {
        if (waiting.push({ session, resolve: resolveReceipt, reject }) === 1) setImmediate(commitWaiting);
      }),
    list: async ({ text, offset, limit }) => {
      const pattern = containsPattern(text);
      const total = database.prepare(`SELECT count(*) AS total FROM sessions WHERE ${matches}`).get({ pattern });
      const rows = database
        .prepare(`SELECT ${summaryColumns} FROM sessions WHERE ${matches} ORDER BY sequence DESC LIMIT :limit OFFSET :offset`)
        .all({ pattern, limit, offset });
      return { total: Number(total?.['total']), sessions: rows as unknown as StoredSession[] };
    },
    find: async (sessionId) => {
      const row = database.prepare(`SELECT ${summaryColumns}, body FROM sessions WHERE session_id = ?`).get(sessionId);
      if (row === undefined) return null;
      const { body, ...session } = row;
      return { session: session as unknown as StoredSession, body: String(body) };
    },
    totals: async () => {
      const row = database
        .prepare('SELECT count(*) AS count, total(repeats) AS repeats, total(differing) AS differing FROM sessions')
        .get();
      return { count: Number(row?.['count']), repeats: Number(row?.['repeats']), differing: Number(row?.['differing']) };
    },
    check: async () => {
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
    },
    close: async () => {
      commitWaiting();
      database.close();
    },
  };
}
