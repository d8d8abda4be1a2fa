/**
 * What a collector needs of a database. Two implementations: sqlite-storage.ts (one process, nothing to install) and
 * postgres-storage.ts (several collectors on one database).
 * May import: nothing.
 */

/** A session as it is handed to the storage: columns for the list, and the body exactly as it was received. */
export interface ReceivedSession {
  sessionId: string;
  /** When it arrived here, unix ms. */
  receivedAt: number;
  /** First and last byte, unix ms, as the courier says. */
  startTime: number;
  endTime: number;
  deviceIP: string;
  lisIP: string;
  /** MSH-3 of the first message; empty when there is none. */
  device: string;
  /** MSH-9 of the first message, as `ORU^R01`; empty when there is none. */
  messageType: string;
  messageCount: number;
  /** Size of the body in bytes. */
  bytes: number;
  /** SHA-256 of the body in canonical form, hexadecimal: tells a repeat from a repeat with other content. */
  digest: string;
  /** JSON text, as received. */
  body: string;
}

/** What became of a session that was handed over; on disk before anyone is told. */
export type Receipt =
  | { duplicate: false; receivedAt: number }
  | {
      duplicate: true;
      /** The repeat's content is not the first one's; the first one was kept. */
      differs: boolean;
      /** When the first one arrived, unix ms. */
      receivedAt: number;
    };

/** One line of the list: no message content. */
export interface StoredSession extends Omit<ReceivedSession, 'body' | 'digest'> {
  /** How often it was sent again. */
  repeats: number;
  /** How many of those repeats had other content. */
  differing: number;
}

export interface SessionPage {
  total: number;
  sessions: StoredSession[];
}

export interface StorageTotals {
  count: number;
  repeats: number;
  differing: number;
}

export interface CollectorStorage {
  readonly kind: 'SQLite' | 'PostgreSQL';
  /** Keeps the session unless its id is known (first write wins); durable when the promise is fulfilled. */
  accept(session: ReceivedSession): Promise<Receipt>;
  /** Newest first. `text` is looked for in id, device label, device address and message type; empty finds all. */
  list(query: { text: string; offset: number; limit: number }): Promise<SessionPage>;
  /** One session with its body as received; null when the id is not known. */
  find(sessionId: string): Promise<{ session: StoredSession; body: string } | null>;
  totals(): Promise<StorageTotals>;
  /** Fulfilled when the database answers. */
  check(): Promise<void>;
  /** Ends what is under way and gives the database back. */
  close(): Promise<void>;
}

/** `text` as a pattern for LIKE ... ESCAPE '\' that finds it anywhere. */
export function containsPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
