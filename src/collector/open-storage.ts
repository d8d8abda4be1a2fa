/**
 * From `--db` to a storage: `postgres://...` is PostgreSQL, anything else the path of a SQLite file.
 * May import: src/common.
 */
import { openPostgresStorage } from './postgres-storage.ts';
import { openSqliteStorage } from './sqlite-storage.ts';
import type { CollectorStorage } from './storage.ts';

export const isPostgresAddress = (db: string): boolean => /^postgres(ql)?:\/\//i.test(db);

/**
 * @param db file, `:memory:` or `postgres://...`.
 * @param log one line for the operator, without secrets.
 * @throws CourierError `ERR_ARGUMENT_INVALID` when the database cannot be used.
 */
export async function openStorage(db: string, log: (line: string) => void): Promise<CollectorStorage> {
  if (!isPostgresAddress(db)) return openSqliteStorage(db);
  return openPostgresStorage(db, () => log('A connection to PostgreSQL was lost; it is made anew when it is needed.'));
}
