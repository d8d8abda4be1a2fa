/**
 * Only one service may own a data directory (design section 8): a lock of the operating system, which ends with its
 * process however that dies (docs/decisions/owner-lock.md).
 *   owner.lock  locked by the kernel through SQLite;  owner.json  says who holds it
 * May import: node, src/common.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CourierError } from '../../common/errors.ts';
import { errnoOf, errnoWords } from './file-system.ts';

export interface Owner {
  pid: number;
  /** Unix ms. */
  startedAt: number;
  /** What was started: `serve`, `submit`. */
  command: string;
}

export interface Ownership {
  /** Gives the directory free for others. */
  release(): void;
}

const isDiskFull = (error: unknown) => ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5;

/**
 * Makes this process the owner of a data directory until `release` or its end.
 * @throws CourierError ERR_STORE_OWNED, naming the owner's process id; ERR_DATA_FOLDER_UNUSABLE.
 */
export async function acquireOwnership(
  dataDir: string,
  { command, now = Date.now }: { command: string; now?: () => number },
): Promise<Ownership> {
  const ownerFile = join(dataDir, 'owner.json');
  let database: DatabaseSync;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    database = await lock(join(dataDir, 'owner.lock'));
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) throw ownedBy(ownerOf(dataDir));
    throw unusable(error);
  }
  try {
    const owner: Owner = { pid: process.pid, startedAt: now(), command };
    writeFileSync(`${ownerFile}.tmp`, JSON.stringify(owner), { mode: 0o600 });
    renameSync(`${ownerFile}.tmp`, ownerFile);
  } catch (error) {
    if (!isDiskFull(error)) {
      database.close();
      throw unusable(error);
    }
    // The lock holds without a name, and what stays pending says what the disk did. The name of an earlier owner would be wrong.
    rmSync(`${ownerFile}.tmp`, { force: true });
    rmSync(ownerFile, { force: true });
  }
  return {
    release: () => {
      if (!database.isOpen) return;
      rmSync(ownerFile, { force: true });
      database.close();
    },
  };
}

/** Who wrote `owner.json` last; null when nobody did. The lock alone says whether that process still holds it. */
export function ownerOf(dataDir: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(join(dataDir, 'owner.json'), 'utf8')) as Partial<Owner>;
    return typeof owner.pid === 'number'
      ? { pid: owner.pid, startedAt: owner.startedAt ?? 0, command: owner.command ?? '' }
      : null;
  } catch {
    return null;
  }
}

async function lock(path: string): Promise<DatabaseSync> {
  const { DatabaseSync: Database } = await importQuietly();
  const database = new Database(path);
  try {
    // Nothing is ever written, so no journal has to lie beside the lock.
    database.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Some versions of Node warn that SQLite is experimental; an operator need not read that. */
async function importQuietly(): Promise<typeof import('node:sqlite')> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function ownedBy(owner: Owner | null): CourierError {
  const who = owner === null ? 'another process' : `process ${owner.pid}${owner.command === '' ? '' : ` (${owner.command})`}`;
  return new CourierError(
    'ERR_STORE_OWNED',
    `the data directory is in use by ${who}; stop it first, or choose another --data-dir`,
  );
}

function unusable(cause: unknown): CourierError {
  return new CourierError(
    'ERR_DATA_FOLDER_UNUSABLE',
    `the data directory could not be locked: ${errnoWords(cause)}; check that it is a folder this user may write to`,
    { cause },
  );
}
