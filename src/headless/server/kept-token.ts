/**
 * `<data-dir>/console.key`, mode 0600: the token, kept over a restart, so that a console that is open goes on by itself when
 * the service is back. Whoever removes the file lets nobody in who was in before the next start.
 *   missing | damaged | open to others -> a new one;  else -> the one that is there
 * May import: node, src/common, src/service.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CourierError } from '../../common/errors.ts';
import { sweepLeftovers, writeText } from '../../service/settings/durable-text.ts';
import { errnoWords } from '../../service/store/file-system.ts';
import { makeToken } from './token.ts';

const fileName = 'console.key';
const pattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * The data directory's token. To be called by its owner.
 * @throws CourierError `ERR_DATA_FOLDER_UNUSABLE` when a new one cannot be written.
 */
export function keptToken(dataDir: string): string {
  const kept = readToken(join(dataDir, fileName));
  if (kept !== null) return kept;
  const token = makeToken();
  try {
    sweepLeftovers(dataDir, [fileName]);
    writeText(dataDir, fileName, '', token);
  } catch (error) {
    throw new CourierError(
      'ERR_DATA_FOLDER_UNUSABLE',
      `console.key cannot be written in the data folder: ${errnoWords(error)}; check its permissions and the free space.`,
      { cause: error },
    );
  }
  return token;
}

/** @returns null when there is none that may be used. */
function readToken(path: string): string | null {
  try {
    // Others may have read it. Windows has no such modes: a file has the rights of its folder there.
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) return null;
    const text = readFileSync(path, 'utf8').trim();
    return pattern.test(text) ? text : null;
  } catch {
    return null; // Not there or not to be read: a new one takes its place.
  }
}
