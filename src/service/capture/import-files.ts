/**
 * Imports files: captures (pcap, pcapng) and HL7 text, in the order given, so that a connection may go on in the next
 * one. What a file is, its content says, not its name. A file that cannot be read is its own problem; the others go on.
 *   file -> head -> reader -> sessions -> store
 * May import: src/common, src/service/capture, node:fs.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { SessionFile } from '../../common/session.ts';
import { CapturePipeline, type PipelineFigures } from './capture-pipeline.ts';
import type { CaptureProblem } from './capture-problem.ts';
import { hl7FileReader, isHl7File } from './hl7-file.ts';
import { captureReader, isCaptureFile } from './pcap-reader.ts';
import type { CaptureSettings } from './session-builder.ts';
import { contentId } from './session-id.ts';

const chunkBytes = 512 * 1024;
/** Sessions that are handed to the store at once: it shares its folder syncs among them. */
const addsAtOnce = 32;

export interface ImportedFile {
  path: string;
  /** Sessions that ended in this file; those the files end in count for the last one. */
  sessions: number;
  added: number;
  /** Imported before: nothing was written. */
  alreadyThere: number;
  problems: CaptureProblem[];
  /** Places where bytes are missing. */
  gaps: number;
}
export interface ImportProgress {
  path: string;
  bytesRead: number;
  bytesTotal: number;
  sessions: number;
}
export interface ImportTools {
  /** Keeps a session unless one of the same id is there; rejects when it cannot be written. */
  add: (session: SessionFile) => Promise<{ added: boolean }>;
  settings: CaptureSettings;
  now: () => number;
  nextCounter: () => number;
  onProgress?: (progress: ImportProgress) => void;
}

/** Whether a problem means that the file could not be read at all, or to its end. */
export function isReadFailure({ kind }: CaptureProblem): boolean {
  return kind !== 'nothingFound';
}

/**
 * Imports `paths` in this order.
 * @throws what `add` rejects with: a disk that is full concerns all files.
 */
export async function importFiles(paths: readonly string[], tools: ImportTools): Promise<{ files: ImportedFile[] }> {
  const run = new ImportRun(tools);
  for (const path of paths) await run.file(path);
  await run.end();
  return { files: run.files };
}

class ImportRun {
  readonly files: ImportedFile[] = [];
  readonly #tools: ImportTools;
  readonly #pipeline: CapturePipeline;
  #waiting: SessionFile[] = [];
  #current: ImportedFile | null = null;
  #gaps = 0;
  /** The disk's error concerns all files, not the one that is read. */
  #hasStoreFailed = false;

  constructor(tools: ImportTools) {
    this.#tools = tools;
    const { settings, now, nextCounter } = tools;
    this.#pipeline = new CapturePipeline({
      settings,
      stamp: { idOf: contentId, nextCounter, now },
      onSession: (session) => this.#waiting.push(session),
      onGap: () => {
        this.#gaps += 1;
      },
    });
  }

  async file(path: string): Promise<void> {
    const file: ImportedFile = { path, sessions: 0, added: 0, alreadyThere: 0, problems: [], gaps: 0 };
    this.files.push(file);
    this.#current = file;
    let handle: FileHandle | null = null;
    try {
      handle = await open(path, 'r');
      await this.#read(handle, file);
    } catch (error) {
      const code = fileErrorCode(error);
      if (code === null || this.#hasStoreFailed) throw error;
      file.problems.push({ kind: 'unreadable', message: `It could not be read (${code}); check the path and the rights to it.` });
    } finally {
      await handle?.close();
    }
  }

  /** All files were read: connections and sessions end. */
  async end(): Promise<void> {
    this.#pipeline.flush();
    await this.#store();
    this.#takeGaps();
  }

  async #read(handle: FileHandle, file: ImportedFile): Promise<void> {
    const { size, mtimeMs } = await handle.stat();
    const before = this.#pipeline.figures;
    let reader: { push(chunk: Buffer): void; end(): CaptureProblem | null } | null = null;
    let bytesRead = 0;
    for (;;) {
      // A new one each time: the reader may keep what it cannot use yet.
      const chunk = Buffer.allocUnsafeSlow(chunkBytes);
      const length = await filled(handle, chunk);
      if (length === 0) break;
      const bytes = chunk.subarray(0, length);
      reader ??= this.#readerFor(bytes, mtimeMs);
      bytesRead += length;
      if (reader === null) break;
      reader.push(bytes);
      await this.#store();
      this.#tools.onProgress?.({ path: file.path, bytesRead, bytesTotal: size, sessions: file.sessions });
    }
    if (reader === null) file.problems.push(unrecognised(bytesRead));
    const problem = reader?.end() ?? null;
    if (problem !== null) file.problems.push(problem);
    await this.#store();
    this.#takeGaps();
    file.problems.push(...hints(before, this.#pipeline.figures, this.#tools.settings));
  }

  #readerFor(head: Buffer, mtimeMs: number) {
    if (isCaptureFile(head)) return captureReader(this.#pipeline.packet, { timelessAtMs: mtimeMs });
    if (!isHl7File(head)) return null;
    const { now, nextCounter, settings } = this.#tools;
    return hl7FileReader({
      stamp: { idOf: contentId, nextCounter, now, retentionDays: settings.retentionDays },
      fileTimeMs: mtimeMs,
      onSession: (session) => this.#waiting.push(session),
    });
  }

  async #store(): Promise<void> {
    const sessions = this.#waiting;
    this.#waiting = [];
    const file = this.#current;
    if (file === null) return;
    for (let from = 0; from < sessions.length; from += addsAtOnce) {
      const results = await Promise.all(sessions.slice(from, from + addsAtOnce).map((session) => this.#add(session)));
      for (const { added } of results) {
        file.sessions += 1;
        if (added) file.added += 1;
        else file.alreadyThere += 1;
      }
    }
  }

  async #add(session: SessionFile): Promise<{ added: boolean }> {
    try {
      return await this.#tools.add(session);
    } catch (error) {
      this.#hasStoreFailed = true;
      throw error;
    }
  }

  #takeGaps(): void {
    if (this.#current !== null) this.#current.gaps += this.#gaps;
    this.#gaps = 0;
  }
}

/** Reads until `chunk` is full or the file ends. */
async function filled(handle: FileHandle, chunk: Buffer): Promise<number> {
  let length = 0;
  while (length < chunk.length) {
    const { bytesRead } = await handle.read(chunk, length, chunk.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function unrecognised(bytes: number): CaptureProblem {
  return {
    kind: 'unrecognised',
    offset: 0,
    message:
      bytes === 0
        ? 'It is empty.'
        : 'It is neither a pcap or pcapng capture nor HL7 text; a compressed file must be unpacked first.',
  };
}

/** What to tell an operator whose capture gave nothing. */
function hints(
  before: PipelineFigures,
  after: PipelineFigures,
  { capturePorts, captureDevicePorts }: CaptureSettings,
): CaptureProblem[] {
  const problems: CaptureProblem[] = [];
  const unknown = after.unknownLinkTypes.filter((linkType) => !before.unknownLinkTypes.includes(linkType));
  if (unknown.length > 0)
    problems.push({
      kind: 'unsupported',
      message: `Packets of link type ${unknown.join(', ')} cannot be read; capture on Ethernet or another IP interface.`,
    });
  if (after.packets === before.packets || after.segments > before.segments || unknown.length > 0) return problems;
  const ports = after.unwatchedPorts.filter((port) => !before.unwatchedPorts.includes(port));
  const watched = [...capturePorts, ...captureDevicePorts].join(', ');
  const advice =
    ports.length > 0
      ? `HL7 was seen on ${ports.join(', ')}: set capturePorts to that.`
      : 'Set capturePorts to the port of the LIS.';
  problems.push({ kind: 'nothingFound', message: `It holds no traffic on TCP port ${watched}. ${advice}` });
  return problems;
}

/** The code of an error of the file system, or null when it is something else. */
function fileErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  return String(error.code);
}
