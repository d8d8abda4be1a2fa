/**
 * Who looked at patient fields: `<data-dir>/desk/patient-access.jsonl`, one line `{at, sessionId, counter, action}` an
 * access, on disk before the console is answered; no patient data in it. At 10 MB the file becomes
 * `patient-access.1.jsonl`, and the one before that goes.
 * May import: node, src/common.
 */
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { patientAccess, type PatientAccess } from '../../common/console.ts';
import { CourierError } from '../../common/errors.ts';
import { errnoOf, errnoWords } from '../store/file-system.ts';
import { syncFolder } from './kept-file.ts';

const bytesMax = 10 * 1024 * 1024;
const shownMax = 200;

export interface PatientAccessOptions {
  /** The data directory. */
  dataDir: string;
  /** Size at which the file is put aside. */
  rotateAtBytes?: number;
}

export class PatientAccessLog {
  readonly #path: string;
  readonly #olderPath: string;
  readonly #rotateAtBytes: number;
  #file: FileHandle | null = null;
  /** One after the other: lines must not mix. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ dataDir, rotateAtBytes = bytesMax }: PatientAccessOptions) {
    this.#path = join(dataDir, 'desk', 'patient-access.jsonl');
    this.#olderPath = join(dataDir, 'desk', 'patient-access.1.jsonl');
    this.#rotateAtBytes = rotateAtBytes;
  }

  /** All of them or none. @throws CourierError `ERR_STORE_WRITE_FAILED` when not on disk; nothing may be shown then. */
  record(...entries: readonly PatientAccess[]): Promise<void> {
    return entries.length === 0 ? Promise.resolve() : this.#inTurn(() => this.#append(entries));
  }

  /** The latest first, at most 200. @param sessionId only of this session. */
  list(sessionId?: string): Promise<PatientAccess[]> {
    return this.#inTurn(async () => {
      const lines = [...(await linesOf(this.#olderPath)), ...(await linesOf(this.#path))];
      const entries: PatientAccess[] = [];
      for (let at = lines.length - 1; at >= 0 && entries.length < shownMax; at--) {
        const entry = entryOf(lines[at] as string);
        if (entry !== null && (sessionId === undefined || entry.sessionId === sessionId)) entries.push(entry);
      }
      return entries;
    });
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closeFile());
  }

  async #append(entries: readonly PatientAccess[]): Promise<void> {
    let before: number | null = null;
    try {
      await this.#rotateIfLarge();
      this.#file ??= await this.#openFile();
      before = (await this.#file.stat()).size;
      // A line that a crash cut short must not swallow this one: it begins on a line of its own.
      await this.#file.appendFile(`\n${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n`);
      await this.#file.sync();
    } catch (error) {
      // What a full disk took of them is no access: nothing is shown.
      if (before !== null) await this.#file?.truncate(before).catch(() => {});
      await this.#closeFile().catch(() => {});
      throw new CourierError(
        'ERR_STORE_WRITE_FAILED',
        `The access to patient fields could not be written down: ${errnoWords(error)}; nothing is shown until it can.`,
        { cause: error },
      );
    }
  }

  async #rotateIfLarge(): Promise<void> {
    if (this.#file === null || (await this.#file.stat()).size < this.#rotateAtBytes) return;
    await this.#closeFile();
    await rename(this.#path, this.#olderPath);
  }

  async #openFile(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = await open(this.#path, 'a', 0o600);
    await syncFolder(dirname(this.#path));
    return file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

async function linesOf(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new CourierError('ERR_DATA_FOLDER_UNUSABLE', `The list of accesses could not be read: ${errnoWords(error)}.`, {
      cause: error,
    });
  }
}

function entryOf(line: string): PatientAccess | null {
  try {
    return patientAccess.parse(JSON.parse(line));
  } catch {
    return null; // Empty, or cut short by a crash.
  }
}
