/**
 * A write that is whole or not at all, even when the power goes (design section 4):
 *   open(tmp, 'wx', 0600) -> write all -> fsync -> close -> rename;  then, shared by the writes of a batch, fsync of the folder
 * `write-file-atomic` and `atomically` are not used: on a full disk both rename a truncated file over the good one.
 * May import: node.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { errnoOf, type StoreFileSystem } from './file-system.ts';

/** How long a rename is tried again on Windows, where a virus scanner may hold the file. */
const renameRetryMsMax = 2000;
const renamePauseMs = 20;
const held = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** The file system and what a write needs beside it. */
export interface WriteTools {
  fileSystem: StoreFileSystem;
  /** Makes tmp names differ. */
  randomName?: () => string;
  /** Blocks the thread; only Windows' renames need it. */
  sleep?: (ms: number) => void;
}

/** A leftover of a write that did not end: `.<name>.<random>.tmp`. */
export const isTmpName = (name: string) => name.startsWith('.') && name.endsWith('.tmp');

/**
 * Puts `bytes` at `<folder>/<name><extension>`; durable once the folder is synced too. On any error the old file is as it
 * was, and no tmp file stays unless even its removal fails.
 */
export function writeReplacing(
  tools: WriteTools,
  { folder, name, extension }: { folder: string; name: string; extension: string },
  bytes: Uint8Array,
): void {
  const { fileSystem, randomName = tmpRandom } = tools;
  const tmp = join(folder, `.${name}.${randomName()}.tmp`);
  const fd = fileSystem.openNew(tmp);
  try {
    try {
      writeAll(fileSystem, fd, bytes);
      fileSystem.fsync(fd);
    } finally {
      fileSystem.close(fd);
    }
    renameFile(tools, tmp, join(folder, name + extension));
  } catch (error) {
    removeQuietly(fileSystem, tmp);
    throw error;
  }
}

/** Renames over what is there; on Windows a name that another program holds is tried again for up to 2 s. */
export function renameFile({ fileSystem, sleep = blockThread }: WriteTools, from: string, to: string): void {
  for (let waitedMs = 0; ; waitedMs += renamePauseMs) {
    try {
      fileSystem.rename(from, to);
      return;
    } catch (error) {
      const isHeld = fileSystem.platform === 'win32' && held.has(errnoOf(error) ?? '');
      if (!isHeld || waitedMs >= renameRetryMsMax) throw error;
      sleep(renamePauseMs);
    }
  }
}

function writeAll(fileSystem: StoreFileSystem, fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength;) {
    const written = fileSystem.write(fd, bytes, offset);
    // A disk that takes nothing and reports nothing must not hold the thread for ever.
    if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' });
    offset += written;
  }
}

/** The error that brought us here is the one to tell; the leftover is swept at the next start. */
function removeQuietly(fileSystem: StoreFileSystem, path: string): void {
  try {
    fileSystem.unlink(path);
  } catch {}
}

const tmpRandom = () => randomBytes(6).toString('hex');

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
