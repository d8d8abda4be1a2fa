/**
 * The file system as the store sees it: a few synchronous calls, so that a simulated one (page cache, crash, full disk)
 * can stand in. The store makes them in worker threads, never on the host's event loop (design section 4). Those that
 * wait for the disk are there in the thread pool as well, so that many files can wait together.
 * May import: node, src/common.
 */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { CourierError } from '../../common/errors.ts';

export type FileKind = 'file' | 'folder' | 'link' | 'other';

/** What tells one state of a file from another without reading it. */
export interface FileFacts {
  kind: FileKind;
  /** File number; folded to 53 bits where the system's is wider (Windows). */
  ino: number;
  size: number;
  ctimeMs: number;
  mtimeMs: number;
}

/** Of these, what a change of the content cannot leave as it was. */
export type FileState = Pick<FileFacts, 'ino' | 'size' | 'ctimeMs'>;

/** Every call throws an error with an errno `code` when the system refuses. */
export interface StoreFileSystem {
  platform: NodeJS.Platform;
  /** Names in a folder, in no order. */
  list(folder: string): string[];
  /** Null when there is nothing of that name; a symbolic link is not followed. */
  lstat(path: string): FileFacts | null;
  /** Never follows a link and never waits, as opening a pipe would. */
  openToRead(path: string): number;
  /** Creates the file with mode 0600; throws EEXIST when there is one. */
  openNew(path: string): number;
  fstat(fd: number): FileFacts;
  /** Reads on into `buffer` from `offset`. @returns bytes read; 0 at the end of the file. */
  read(fd: number, buffer: Uint8Array, offset: number): number;
  /** Writes on from `offset` of `bytes`. @returns bytes written, maybe fewer than there are. */
  write(fd: number, bytes: Uint8Array, offset: number): number;
  fsync(fd: number): void;
  /** `fsync` in the process's thread pool, so that several are under way at once: the disk commits them together. */
  fsyncAside(fd: number): Promise<void>;
  close(fd: number): void;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): void;
  /** `rename` in the thread pool: where it frees the blocks of what it replaces at once, it waits for the disk. */
  renameAside(from: string, to: string): Promise<void>;
  unlink(path: string): void;
  /** Creates a folder and those above it, with mode 0700; nothing happens when it exists. */
  makeFolder(path: string): void;
  /** Makes the names in a folder durable. Does nothing on Windows, which has no such call and needs none. */
  fsyncFolder(folder: string): void;
}

const { O_RDONLY } = fs.constants;
// Windows has neither: there a link is told by lstat, and pipes are not in folders.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants as Partial<typeof fs.constants>;

/** The real file system. @param platform Windows has wider file numbers, and no sync of a folder. */
export function fileSystemOf(platform: NodeJS.Platform): StoreFileSystem {
  const isWindows = platform === 'win32';
  return {
    platform,
    list: (folder) => fs.readdirSync(folder),
    lstat: isWindows
      ? (path) => factsOf(narrowed(fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })))
      : (path) => factsOf(fs.lstatSync(path, { throwIfNoEntry: false })),
    openToRead: (path) => fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
    openNew: (path) => fs.openSync(path, 'wx', 0o600),
    fstat: isWindows
      ? (fd) => factsOf(narrowed(fs.fstatSync(fd, { bigint: true }))) as FileFacts
      : (fd) => factsOf(fs.fstatSync(fd)) as FileFacts,
    read: (fd, buffer, offset) => fs.readSync(fd, buffer, offset, buffer.byteLength - offset, null),
    write: (fd, bytes, offset) => fs.writeSync(fd, bytes, offset, bytes.byteLength - offset),
    fsync: (fd) => fs.fsyncSync(fd),
    fsyncAside: promisify(fs.fsync),
    close: (fd) => fs.closeSync(fd),
    rename: (from, to) => fs.renameSync(from, to),
    renameAside: promisify(fs.rename),
    unlink: (path) => fs.unlinkSync(path),
    makeFolder: (path) => void fs.mkdirSync(path, { recursive: true, mode: 0o700 }),
    fsyncFolder: isWindows ? () => {} : syncFolder,
  };
}

export const nodeFileSystem: StoreFileSystem = fileSystemOf(process.platform);

function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function kindOf(stats: Stats): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

type Stats = Pick<fs.Stats, 'ino' | 'size' | 'ctimeMs' | 'mtimeMs' | 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

function factsOf(stats: Stats | undefined): FileFacts | null {
  if (stats === undefined) return null;
  return { kind: kindOf(stats), ino: stats.ino, size: stats.size, ctimeMs: stats.ctimeMs, mtimeMs: stats.mtimeMs };
}

/** 64-bit numbers as doubles: file numbers are folded, or two of Windows' could look the same. */
function narrowed(stats: fs.BigIntStats | undefined): Stats | undefined {
  if (stats === undefined) return undefined;
  return {
    ino: foldedNumber(stats.ino),
    size: Number(stats.size),
    ctimeMs: Number(stats.ctimeNs) / 1e6,
    mtimeMs: Number(stats.mtimeNs) / 1e6,
    isFile: () => stats.isFile(),
    isDirectory: () => stats.isDirectory(),
    isSymbolicLink: () => stats.isSymbolicLink(),
  };
}

export function foldedNumber(wide: bigint): number {
  return Number(BigInt.asUintN(53, wide ^ (wide >> 53n)));
}

export function isSameState(a: FileState, b: FileState): boolean {
  return a.ino === b.ino && a.size === b.size && a.ctimeMs === b.ctimeMs;
}

/** What became of reading a file; `changed` while it was read counts as an error of the moment. */
export type ReadResult =
  | { type: 'read'; bytes: Uint8Array; facts: FileFacts }
  | { type: 'missing' }
  | { type: 'notAFile' }
  | { type: 'tooLarge'; facts: FileFacts };

/**
 * Reads a whole file in one consistent state.
 * @param bytesMax larger files are not read.
 * @throws the system's error; `EAGAIN` when the file was being written.
 */
export function readWhole(fileSystem: StoreFileSystem, path: string, bytesMax: number): ReadResult {
  let fd: number;
  try {
    fd = fileSystem.openToRead(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { type: 'missing' };
    // ELOOP: a symbolic link. ENXIO: a socket, or a device without a driver.
    if (errnoOf(error) === 'ELOOP' || errnoOf(error) === 'ENXIO') return { type: 'notAFile' };
    throw error;
  }
  try {
    const facts = fileSystem.fstat(fd);
    if (facts.kind !== 'file') return { type: 'notAFile' };
    if (facts.size > bytesMax) return { type: 'tooLarge', facts };
    const bytes = new Uint8Array(facts.size);
    let length = 0;
    while (length < bytes.byteLength) {
      const count = fileSystem.read(fd, bytes, length);
      if (count === 0) break;
      length += count;
    }
    if (length < bytes.byteLength || !isSameState(fileSystem.fstat(fd), facts))
      throw Object.assign(new Error('the file changed while it was read'), { code: 'EAGAIN' });
    return { type: 'read', bytes, facts };
  } finally {
    fileSystem.close(fd);
  }
}

/** The system's code of an error (`ENOSPC`); undefined when it is no error of the system. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof CourierError || !(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const wordsByErrno: Record<string, string> = {
  EACCES: 'permission denied',
  EAGAIN: 'it was being written',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reported an error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ENOSPC: 'no space left on the disk',
  EPERM: 'not permitted',
  EBUSY: 'in use by another program',
  EROFS: 'the disk is read-only',
};

/** An error of the system in a few words, without the path that Node's own message holds. */
export function errnoWords(error: unknown): string {
  const code = errnoOf(error);
  if (code === undefined) return 'unexpected error';
  return wordsByErrno[code] === undefined ? code : `${wordsByErrno[code]} (${code})`;
}
