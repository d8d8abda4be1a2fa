/**
 * Reads the files of one import in a thread of its own, and keeps what it finds.
 *   import-thread.ts: session -> store -> answer;  progress -> console;  ended -> result
 * May import: node, src/common, src/service.
 */
import { Worker } from 'node:worker_threads';
import type { ImportResult } from '../../common/contract.ts';
import type { SessionFile } from '../../common/session.ts';
import { isReadFailure, type ImportedFile } from '../capture/import-files.ts';
import type { CaptureSettings } from '../capture/session-builder.ts';

/** What the thread is given. */
export interface ImportOrder {
  paths: readonly string[];
  settings: CaptureSettings;
}
export type FromImportThread =
  | { type: 'session'; number: number; session: SessionFile }
  | { type: 'progress'; bytesRead: number }
  | { type: 'ended'; files: ImportedFile[] };
/** The session of this number is on disk, now or from before. */
export interface SessionAnswer {
  number: number;
  added: boolean;
}

export interface ReadingTools {
  /** Keeps a session unless one of the same id is there; rejects when it cannot be written, and that ends the import. */
  add: (session: SessionFile) => Promise<{ added: boolean }>;
  nextCounter: () => number;
  onProgress: (bytesRead: number) => void;
  /** Ends the work: what was kept stays. */
  signal: AbortSignal;
}

const entry = `./import-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;

/**
 * @returns what came of each file, in the order given.
 * @throws what `add` rejects with, the signal's reason, or what ended the thread.
 */
export async function readImport(
  { paths, settings }: ImportOrder,
  { add, nextCounter, onProgress, signal }: ReadingTools,
): Promise<ImportResult> {
  signal.throwIfAborted();
  const { capturePorts, captureDevicePorts, captureFraming, captureIdleMinutes, captureMarkers, retentionDays } = settings;
  const needed = { capturePorts, captureDevicePorts, captureFraming, captureIdleMinutes, captureMarkers, retentionDays };
  const thread = new Worker(new URL(entry, import.meta.url), {
    name: 'import',
    workerData: { paths, settings: needed } satisfies ImportOrder,
  });
  const { promise, resolve, reject } = Promise.withResolvers<ImportedFile[]>();
  const times: { earliestAt?: number; latestAt?: number } = {};

  const keep = async (number: number, session: SessionFile): Promise<void> => {
    const { startTime } = session;
    try {
      const { added } = await add({ ...session, sessionId: nextCounter() });
      times.earliestAt = Math.min(times.earliestAt ?? startTime, startTime);
      times.latestAt = Math.max(times.latestAt ?? startTime, startTime);
      thread.postMessage({ number, added } satisfies SessionAnswer, []);
    } catch (error) {
      reject(error);
    }
  };
  thread.on('message', (said: FromImportThread) => {
    if (said.type === 'session') void keep(said.number, said.session);
    else if (said.type === 'progress') onProgress(said.bytesRead);
    else resolve(said.files);
  });
  thread.on('error', reject);
  thread.on('exit', () => reject(new Error('the thread of an import ended before its files did')));
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return { files: (await promise).map(shown), ...times };
  } finally {
    signal.removeEventListener('abort', abort);
    await thread.terminate();
  }
}

/** Without its path, which is one of ours. */
function shown({ sessions, added, alreadyThere, gaps, problems }: ImportedFile): ImportResult['files'][number] {
  return { isRead: !problems.some(isReadFailure), sessions, added, alreadyThere, gaps, problems };
}
