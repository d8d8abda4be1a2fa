/**
 * A write that is whole or not at all, even when the power goes (design section 4):
 *   open(tmp, 'wx', 0600) -> write all -> fsync -> close -> rename;  then, shared by the writes of a batch, fsync of the folder
 * Staging is all before the fsync, publishing all after it, so that writes that wait together can be synced together.
 * `write-file-atomic` and `atomically` are not used: on a full disk both rename a truncated file over the good one.
 * May import: node.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { errnoOf, type StoreFileSystem } from './file-system.ts';

/** How long a rename is tried again on Windows, where a virus scanner may hold the file. */
const renameRetryMsMax = 2000;
const renamePauseMs = 20;
const heldCodes = new Set(['EPERM', 'EBUSY', 'EACCES']);

/** The file system and what a write needs beside it. */
export interface WriteTools {
  fileSystem: StoreFileSystem;
  /** Makes tmp names differ. */
  randomName?: () => string;
  /** Blocks the thread; only Windows' renames need it. */
  sleep?: (ms: number) => void;
  /** Waits without blocking the thread, for the same. */
  pause?: (ms: number) => Promise<unknown>;
}

/** A leftover of a write that did not end: `.<name>.<random>.tmp`. */
export const isTmpName = (name: string) => name.startsWith('.') && name.endsWith('.tmp');

export interface WriteTarget {
  folder: string;
  name: string;
  extension: string;
}

/** A file that is written under its tmp name, and neither synced nor in place. It is open until one of both is called. */
export interface StagedFile {
  fd: number;
  /** Puts it in place, once it is synced. On an error the old file is as it was, and the tmp file is removed. */
  publish(): void;
  /** The same without blocking the thread. */
  publishAside(): Promise<void>;
  /** Removes it; does nothing when it was published or dropped. */
  drop(): void;
}

/**
 * Writes `bytes` beside `<folder>/<name><extension>`. What is staged must be synced before it is published.
 * @throws the system's error; no tmp file stays then, unless even its removal fails.
 */
export function stageReplacing(tools: WriteTools, { folder, name, extension }: WriteTarget, bytes: Uint8Array): StagedFile {
  const { fileSystem, randomName = tmpRandom } = tools;
  const tmp = join(folder, `.${name}.${randomName()}.tmp`);
  const fd = fileSystem.openNew(tmp);
  // The number of a closed file may be another file's: it is closed once, whatever happens.
  let isOpen = true;
  const close = () => {
    isOpen = false;
    fileSystem.close(fd);
  };
  const to = join(folder, name + extension);
  const staged: StagedFile = {
    fd,
    publish: () => {
      try {
        close();
        renameFile(tools, tmp, to);
      } catch (error) {
        quietly(() => fileSystem.unlink(tmp));
        throw error;
      }
    },
    publishAside: async () => {
      try {
        close();
        await renameFileAside(tools, tmp, to);
      } catch (error) {
        quietly(() => fileSystem.unlink(tmp));
        throw error;
      }
    },
    drop: () => {
      if (!isOpen) return;
      quietly(close);
      quietly(() => fileSystem.unlink(tmp));
    },
  };
  try {
    writeAll(fileSystem, fd, bytes);
  } catch (error) {
    staged.drop();
    throw error;
  }
  return staged;
}

/**
 * Puts `bytes` at `<folder>/<name><extension>`; durable once the folder is synced too. On any error the old file is as it
 * was, and no tmp file stays unless even its removal fails.
 */
export function writeReplacing(tools: WriteTools, target: WriteTarget, bytes: Uint8Array): void {
  const staged = stageReplacing(tools, target, bytes);
  try {
    tools.fileSystem.fsync(staged.fd);
  } catch (error) {
    staged.drop();
    throw error;
  }
  staged.publish();
}

/** Renames over what is there; on Windows a name that another program holds is tried again for up to 2 s. */
export function renameFile(tools: WriteTools, from: string, to: string): void {
  const { fileSystem, sleep = blockThread } = tools;
  for (let waitedMs = 0; ; waitedMs += renamePauseMs) {
    try {
      fileSystem.rename(from, to);
      return;
    } catch (error) {
      if (!isHeld(fileSystem, error) || waitedMs >= renameRetryMsMax) throw error;
      sleep(renamePauseMs);
    }
  }
}

/** The same without blocking the thread: while one waits, others go on. */
async function renameFileAside({ fileSystem, pause = wait }: WriteTools, from: string, to: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += renamePauseMs) {
    try {
      await fileSystem.renameAside(from, to);
      return;
    } catch (error) {
      if (!isHeld(fileSystem, error) || waitedMs >= renameRetryMsMax) throw error;
      await pause(renamePauseMs);
    }
  }
}

const isHeld = ({ platform }: StoreFileSystem, error: unknown) => platform === 'win32' && heldCodes.has(errnoOf(error) ?? '');

function writeAll(fileSystem: StoreFileSystem, fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength;) {
    const written = fileSystem.write(fd, bytes, offset);
    // A disk that takes nothing and reports nothing must not hold the thread for ever.
    if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' });
    offset += written;
  }
}

/** The error that brought us here is the one to tell; a leftover is swept at the next start. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {}
}

const tmpRandom = () => randomBytes(6).toString('hex');

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
