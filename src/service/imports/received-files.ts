/**
 * The files of one import while they come in: `<data-dir>/imports/<import>-<n>.tmp`, folder 0700, files 0600, removed when
 * the import ends. Names of our own: a file's name may hold patient data, and never leaves the console.
 * May import: node, src/common, src/service.
 */
import { lstat, mkdir, open, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CourierError } from '../../common/errors.ts';
import { spaceOf } from '../disk-space.ts';
import { errnoWords } from '../store/file-system.ts';

/** A file that is announced: its size, and its own time, unix ms. */
export interface AnnouncedFile {
  bytes: number;
  modifiedAt?: number | undefined;
}

/** Left free beside everything an import could need: live capture goes on meanwhile. */
export const reserveBytes = 256 * 1024 * 1024;
/** The file itself, and what its sessions take at most: hexadecimal bytes, and the text twice. */
const roomFactor = 5;

export const importsFolder = (dataDir: string): string => join(dataDir, 'imports');

/** Whether an earlier import did not come to its end. */
export async function wasLeftBehind(dataDir: string): Promise<boolean> {
  return lstat(importsFolder(dataDir)).then(
    () => true,
    () => false,
  );
}

/** Removes what earlier imports left behind. */
export async function sweepImports(dataDir: string): Promise<void> {
  await rm(importsFolder(dataDir), { recursive: true, force: true });
}

/**
 * Makes an empty folder for an import of these files.
 * @throws CourierError `ERR_STORE_WRITE_FAILED` when they do not fit or the disk errs.
 */
export async function prepareImports(
  dataDir: string,
  bytesTotal: number,
  freeBytesOf: (folder: string) => Promise<number> = freeBytes,
): Promise<void> {
  const needed = bytesTotal * roomFactor + reserveBytes;
  const free = await freeBytesOf(dataDir);
  if (free < needed)
    throw new CourierError(
      'ERR_STORE_WRITE_FAILED',
      `These files and their sessions could need ${megabytes(needed)} on the service's disk, and ${megabytes(free)} are free; make room, or import fewer at a time.`,
    );
  try {
    await sweepImports(dataDir);
    await mkdir(importsFolder(dataDir), { mode: 0o700 });
  } catch (error) {
    throw notKept(error);
  }
}

export class ReceivedFiles {
  /** In the order given. */
  readonly paths: readonly string[];
  readonly bytesTotal: number;
  readonly #files: readonly AnnouncedFile[];
  readonly #dataDir: string;
  #current = 0;
  #offset = 0;
  #handle: FileHandle | null = null;
  #writing: Promise<unknown> | null = null;
  #bytesReceived = 0;

  constructor(dataDir: string, importId: string, files: readonly AnnouncedFile[]) {
    this.#dataDir = dataDir;
    this.#files = files;
    this.paths = files.map((_, index) => join(importsFolder(dataDir), `${importId}-${index}.tmp`));
    this.bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /**
   * Writes the next piece.
   * @throws CourierError `ERR_STATE_CONFLICT` or `ERR_ARGUMENT_INVALID` for one that is not the next: nothing changed then;
   * `ERR_STORE_WRITE_FAILED` when the disk does not take it.
   */
  async add({ file, offset, data }: { file: number; offset: number; data: string }): Promise<void> {
    if (this.#writing !== null)
      throw new CourierError('ERR_STATE_CONFLICT', 'The piece before is still being written; send one at a time.');
    const piece = decoded(data);
    this.#skipEmpty();
    if (this.isWhole) throw new CourierError('ERR_STATE_CONFLICT', 'All pieces were sent; end the import.');
    const { bytes } = this.#files[this.#current] ?? { bytes: 0 };
    if (file !== this.#current || offset !== this.#offset)
      throw new CourierError(
        'ERR_STATE_CONFLICT',
        `This piece is out of order; the next one is of file ${this.#current} and begins at byte ${this.#offset}.`,
      );
    if (offset + piece.length > bytes)
      throw new CourierError('ERR_ARGUMENT_INVALID', `File ${file} was announced with ${bytes} bytes; this piece goes beyond.`);
    this.#writing = this.#write(piece);
    try {
      await this.#writing;
    } catch (error) {
      throw notKept(error);
    } finally {
      this.#writing = null;
    }
  }

  /** Whether every byte that was announced is here. */
  get isWhole(): boolean {
    return this.#bytesReceived === this.bytesTotal;
  }

  /** Makes the files ready to be read: empty ones exist, all have their own time. */
  async complete(): Promise<void> {
    try {
      await this.#closeCurrent();
      for (const [index, { bytes, modifiedAt }] of this.#files.entries()) {
        const path = this.paths[index] as string;
        if (bytes === 0) await (await open(path, 'wx', 0o600)).close();
        if (modifiedAt !== undefined) await utimes(path, modifiedAt / 1000, modifiedAt / 1000);
      }
    } catch (error) {
      throw notKept(error);
    }
  }

  async remove(): Promise<void> {
    await this.#writing?.catch(() => {});
    await this.#closeCurrent().catch(() => {});
    await sweepImports(this.#dataDir);
  }

  async #write(piece: Buffer): Promise<void> {
    this.#handle ??= await open(this.paths[this.#current] as string, 'wx', 0o600);
    // Writes all of it, unlike `write`.
    await this.#handle.writeFile(piece);
    this.#offset += piece.length;
    this.#bytesReceived += piece.length;
    if (this.#offset < (this.#files[this.#current]?.bytes ?? 0)) return;
    await this.#closeCurrent();
    this.#current += 1;
    this.#offset = 0;
  }

  #skipEmpty(): void {
    while (this.#offset === 0 && this.#files[this.#current]?.bytes === 0) this.#current += 1;
  }

  async #closeCurrent(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

function decoded(data: string): Buffer {
  const piece = Buffer.from(data, 'base64');
  // Node passes over what is not base64; the length tells.
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  if (piece.length > 0 && data.length % 4 === 0 && piece.length === (data.length / 4) * 3 - padding) return piece;
  throw new CourierError('ERR_ARGUMENT_INVALID', 'The data of a piece must be base64, with padding, and not empty.');
}

async function freeBytes(folder: string): Promise<number> {
  try {
    return (await spaceOf(folder)).freeBytes;
  } catch {
    // A system that does not say: a disk that is full says so at the write.
    return Number.POSITIVE_INFINITY;
  }
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;

function notKept(error: unknown): CourierError {
  return new CourierError(
    'ERR_STORE_WRITE_FAILED',
    `The files could not be kept while they are read: ${errnoWords(error)}; make room on the service's disk, or check its rights.`,
    { cause: error },
  );
}
