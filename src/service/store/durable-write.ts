/**
 * A write that is whole or not at all, even when the power goes (design section 4):
 *   open(tmp, 'wx', 0600) -> write all -> fsync -> close -> rename;  then, shared by the writes of a batch, fsync of the folder
 * A staged file does the same without blocking the thread, so that several can wait for the disk together.
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

/** What is to be a file: first written aside and synced, then put in place. */
export interface StagedFile {
  byteLength: number;
  /** Writes it aside, and syncs it. On an error no tmp file stays, unless even its removal fails. */
  writeAside(): Promise<void>;
  /** Puts it in place, once it is written. On an error the old file is as it was, and the tmp file is removed. */
  publish(): void;
  /** The same without blocking the thread. */
  publishAside(): Promise<void>;
  /** Removes the tmp file, if there is one. */
  drop(): void;
}

/** Stages `bytes` for `<folder>/<name><extension>`; nothing is written yet. */
export function stageReplacing(tools: WriteTools, target: WriteTarget, bytes: Uint8Array): StagedFile {
  const { fileSystem } = tools;
  const { tmp, path } = pathsOf(tools, target);
  let content: Uint8Array | null = bytes;
  let isAside = false;
  const drop = () => {
    if (isAside) quietly(() => fileSystem.unlink(tmp));
    isAside = false;
  };
  return {
    byteLength: bytes.byteLength,
    writeAside: async () => {
      const fd = fileSystem.openNew(tmp);
      isAside = true;
      try {
        try {
          writeAll(fileSystem, fd, content as Uint8Array);
          await fileSystem.fsyncAside(fd);
        } finally {
          fileSystem.close(fd);
        }
      } catch (error) {
        drop();
        throw error;
      }
      // Many may be written aside before the last of them is in place.
      content = null;
    },
    publish: () => {
      try {
        renameFile(tools, tmp, path);
        isAside = false;
      } finally {
        drop();
      }
    },
    publishAside: async () => {
      try {
        await renameFileAside(tools, tmp, path);
        isAside = false;
      } finally {
        drop();
      }
    },
    drop,
  };
}

/**
 * Puts `bytes` at `<folder>/<name><extension>`; durable once the folder is synced too. On any error the old file is as it
 * was, and no tmp file stays unless even its removal fails.
 */
export function writeReplacing(tools: WriteTools, target: WriteTarget, bytes: Uint8Array): void {
  const { fileSystem } = tools;
  const { tmp, path } = pathsOf(tools, target);
  const fd = fileSystem.openNew(tmp);
  try {
    try {
      writeAll(fileSystem, fd, bytes);
      fileSystem.fsync(fd);
    } finally {
      fileSystem.close(fd);
    }
    renameFile(tools, tmp, path);
  } catch (error) {
    quietly(() => fileSystem.unlink(tmp));
    throw error;
  }
}

function pathsOf({ randomName = tmpRandom }: WriteTools, { folder, name, extension }: WriteTarget) {
  return { tmp: join(folder, `.${name}.${randomName()}.tmp`), path: join(folder, name + extension) };
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

/** Random bytes are drawn for many names at once: a call for six costs as much as one for a thousand. */
const tmpRandomBytes = 6;
let drawn = Buffer.alloc(0);
let used = 0;

function tmpRandom(): string {
  if (used === drawn.byteLength) {
    drawn = randomBytes(tmpRandomBytes * 128);
    used = 0;
  }
  used += tmpRandomBytes;
  return drawn.toString('hex', used - tmpRandomBytes, used);
}

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
