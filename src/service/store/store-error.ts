/**
 * The store's errors in words: what could not be done to which session, and what to do about it; no path, no content.
 * May import: src/common.
 */
import { CourierError } from '../../common/errors.ts';
import { errnoOf, errnoWords } from './file-system.ts';

const remedies: Record<string, string> = {
  ENOSPC: 'free disk space',
  EDQUOT: 'free disk space or raise the quota',
  EACCES: 'let the service write to its data directory',
  EPERM: 'let the service write to its data directory',
  EROFS: 'make the disk of the data directory writable',
};

/** Something was not written, or not durably. @param what the beginning of the sentence: `the result of session s1`. */
export function writeFailed(what: string, cause: unknown): CourierError {
  const remedy = remedies[errnoOf(cause) ?? ''] ?? 'check the disk of the data directory';
  return new CourierError('ERR_STORE_WRITE_FAILED', `${what} could not be saved: ${errnoWords(cause)}; ${remedy}`, { cause });
}

/** Something could not be read because the disk or the system erred. @param what the subject: `session s1`. */
export function errorReading(what: string, cause: unknown): CourierError {
  return new CourierError(
    'ERR_DATA_FOLDER_UNUSABLE',
    `${what} could not be read: ${errnoWords(cause)}; check the disk and the permissions of the data directory`,
    { cause },
  );
}

/** A line for the log that comes with an answer, because the store's threads have no log of their own. */
export interface StoreReport {
  level: 'info' | 'warn' | 'error';
  message: string;
  sessionId?: string;
}
