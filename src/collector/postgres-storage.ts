/**
 * Sessions in PostgreSQL, for several collectors on one database: the primary key decides who was first, no collector
 * holds state of its own. A commit is durable as PostgreSQL's `synchronous_commit` says, which is switched on where it
 * is off.
 * May import: pg, src/common.
 */
import { Pool } from 'pg';
import { CourierError } from '../common/errors.ts';
import { containsPattern } from './storage.ts';
import type { CollectorStorage, StoredSession } from './storage.ts';

/** Key of the advisory lock under which the schema is made ("HL7C"): collectors may start at the same time. */
const schemaLock = 0x484c3743;

/** `json` keeps the text as received; `jsonb` would refuse \u0000, which damaged messages hold. */
const schema = `
  CREATE TABLE IF NOT EXISTS hl7_courier_sessions (
    session_id    text             PRIMARY KEY,
    sequence      bigint           NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    received_at   bigint           NOT NULL,
    start_time    double precision NOT NULL,
    end_time      double precision NOT NULL,
    device_ip     text             NOT NULL,
    lis_ip        text             NOT NULL,
    device        text             NOT NULL,
    message_type  text             NOT NULL,
    message_count integer          NOT NULL,
    bytes         integer          NOT NULL,
    repeats       integer          NOT NULL DEFAULT 0,
    differing     integer          NOT NULL DEFAULT 0,
    digest        text             NOT NULL,
    body          json             NOT NULL
  )`;

const summaryColumns = `session_id AS "sessionId", received_at AS "receivedAt", start_time AS "startTime",
  end_time AS "endTime", device_ip AS "deviceIP", lis_ip AS "lisIP", device, message_type AS "messageType",
  message_count AS "messageCount", bytes, repeats, differing`;
const matches = `session_id ILIKE $1 OR device ILIKE $1 OR device_ip ILIKE $1 OR message_type ILIKE $1`;

/** Host, port and name of a database, never its user or password. */
export function shownDatabase(connectionString: string): string {
  if (!URL.canParse(connectionString)) return 'the given address';
  const url = new URL(connectionString);
  return `${url.host === '' ? 'the local socket' : url.host}${url.pathname}`;
}

/** bigint columns come as text, so that no digit is lost; ours are below 2^53. */
const storedSession = (row: Record<string, unknown>): StoredSession =>
  ({ ...row, receivedAt: Number(row['receivedAt']) }) as unknown as StoredSession;

async function prepareSchema(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
    if (rows[0]?.server_encoding !== 'UTF8')
      throw new CourierError('ERR_ARGUMENT_INVALID', `it stores text as ${rows[0]?.server_encoding}, and a collector needs UTF8`);
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [schemaLock]);
    await client.query(schema);
    await client.query('COMMIT');
  } finally {
    // Not given back to the pool: a failed transaction may still be open on it.
    client.release(true);
  }
}

/**
 * Connects, and makes the table if there is none.
 * @param connectionString `postgres://[user[:password]@]host[:port]/database`; PGPASSWORD and the like are honoured.
 * @param onConnectionLost told when an idle connection breaks; the pool makes a new one by itself.
 * @throws CourierError `ERR_ARGUMENT_INVALID` when the database cannot be used; names it without its credentials.
 */
export async function openPostgresStorage(
  connectionString: string,
  onConnectionLost: (error: Error) => void,
): Promise<CollectorStorage> {
  const pool = new Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
    application_name: 'hl7-courier-collector',
    onConnect: async (client) => {
      await client.query(
        `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
      );
    },
  });
  pool.on('error', onConnectionLost);
  try {
    await prepareSchema(pool);
  } catch (cause) {
    await pool.end();
    throw new CourierError(
      'ERR_ARGUMENT_INVALID',
      `The PostgreSQL database ${shownDatabase(connectionString)} cannot be used: ${reasonOf(cause)}.`,
      { cause },
    );
  }
  return storageOn(pool);
}

/** PostgreSQL's own words for what is wrong with an address hold no session; refused connections have only a code. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' && !(cause instanceof CourierError) ? ` (${cause.code})` : '';
  return `${cause.message === '' ? 'no connection' : cause.message}${code}`;
}

function storageOn(pool: Pool): CollectorStorage {
  return {
    kind: 'PostgreSQL',
    accept: async (session) => {
      // Waits for a transaction that inserts the same id, and then sees its row: exactly one is first.
      const inserted = await pool.query(
        `INSERT INTO hl7_courier_sessions (session_id, received_at, start_time, end_time, device_ip, lis_ip, device,
           message_type, message_count, bytes, digest, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (session_id) DO NOTHING`,
        [
          session.sessionId,
          session.receivedAt,
          session.startTime,
          session.endTime,
          session.deviceIP,
          session.lisIP,
          session.device,
          session.messageType,
          session.messageCount,
          session.bytes,
          session.digest,
          session.body,
        ],
      );
      if (inserted.rowCount === 1) return { duplicate: false, receivedAt: session.receivedAt };
      const { rows } = await pool.query<{ differs: boolean; receivedAt: string }>(
        `UPDATE hl7_courier_sessions SET repeats = repeats + 1, differing = differing + (digest <> $2)::integer
         WHERE session_id = $1 RETURNING digest <> $2 AS differs, received_at AS "receivedAt"`,
        [session.sessionId, session.digest],
      );
      const first = rows[0];
      if (first === undefined) throw new Error('the first session was deleted from the database while its repeat arrived');
      return { duplicate: true, differs: first.differs, receivedAt: Number(first.receivedAt) };
    },
    list: async ({ text, offset, limit }) => {
      const pattern = containsPattern(text);
      const counted = await pool.query<{ total: string }>(`SELECT count(*) AS total FROM hl7_courier_sessions WHERE ${matches}`, [
        pattern,
      ]);
      const { rows } = await pool.query<Record<string, unknown>>(
        `SELECT ${summaryColumns} FROM hl7_courier_sessions WHERE ${matches} ORDER BY sequence DESC LIMIT $2 OFFSET $3`,
        [pattern, limit, offset],
      );
      return { total: Number(counted.rows[0]?.total), sessions: rows.map(storedSession) };
    },
    find: async (sessionId) => {
      const { rows } = await pool.query<Record<string, unknown>>(
        `SELECT ${summaryColumns}, body::text AS body FROM hl7_courier_sessions WHERE session_id = $1`,
        [sessionId],
      );
      if (rows[0] === undefined) return null;
      const { body, ...session } = rows[0];
      return { session: storedSession(session), body: String(body) };
    },
    totals: async () => {
      const { rows } = await pool.query<{ count: string; repeats: string; differing: string }>(
        `SELECT count(*) AS count, coalesce(sum(repeats), 0) AS repeats, coalesce(sum(differing), 0) AS differing
         FROM hl7_courier_sessions`,
      );
      return {
        count: Number(rows[0]?.count),
        repeats: Number(rows[0]?.repeats),
        differing: Number(rows[0]?.differing),
      };
    },
    check: async () => {
      await pool.query('SELECT 1 FROM hl7_courier_sessions LIMIT 1');
    },
    close: () => pool.end(),
  };
}
