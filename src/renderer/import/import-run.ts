/**
 * One import from the console's side: files to the service piece by piece, one at a time, so that neither holds more than
 * one in memory; then the service reads them, and is asked how far it is. Names of files stay here.
 *   beginImport -> sendImportPiece ... -> endImport (getImport meanwhile) -> result
 * May import: src/common.
 */
import { importPieceBytesMax, type ImportResult, type ImportStanding } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { Ask } from '../client/api.ts';

/** The part of a browser's `File` that is used. */
export type ChosenFile = Pick<File, 'name' | 'size' | 'lastModified' | 'slice'>;

export interface ImportProgress {
  phase: 'sending' | 'reading';
  /** Which file is sent, from 0. */
  file: number;
  done: number;
  total: number;
}
export type ImportEnd =
  | { type: 'read'; result: ImportResult }
  /** `isPartlyRead`: what was read until then stays. */
  | { type: 'cancelled'; isPartlyRead: boolean }
  /** Its end was not heard: the service reads on without this page, if it is still there. */
  | { type: 'unheard' };

export interface ImportTools {
  ask: Ask;
  signal: AbortSignal;
  onProgress: (progress: ImportProgress) => void;
  /** Resolves after so many milliseconds. */
  wait: (ms: number) => Promise<void>;
}

/** How often it is asked how far reading is. */
const lookMs = 400;

/** @throws CourierError when the service refuses or is gone, or a file cannot be read: nothing is left there then. */
export async function runImport(files: readonly ChosenFile[], tools: ImportTools): Promise<ImportEnd> {
  const { ask, signal } = tools;
  const { importId } = await ask('beginImport', {
    files: files.map(({ size, lastModified }) => ({ bytes: size, modifiedAt: Math.max(0, lastModified) })),
  });
  const cancel = () => ask('cancelImport', { importId }).then(ignore, ignore);
  let isSent = false;
  try {
    await send(importId, files, tools);
    if (signal.aborted) {
      await cancel();
      return { type: 'cancelled', isPartlyRead: false };
    }
    isSent = true;
    signal.addEventListener('abort', cancel);
    return { type: 'read', result: await ended(importId, tools) };
  } catch (error) {
    if (signal.aborted) return { type: 'cancelled', isPartlyRead: isSent };
    // Not a reason to end what has all that it needs; a page that is loaded again hears its requests fail, too.
    if (isSent && error instanceof CourierError && error.code === 'ERR_SERVICE_NOT_RUNNING') return { type: 'unheard' };
    // What cannot be gone on with need not wait there for ten minutes.
    await cancel();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/**
 * One that the service reads without this page, which was loaded again meanwhile.
 * @returns how it ended; undefined: the service knows no more of it.
 */
export async function followImport(
  begun: ImportStanding,
  { ask, onProgress, wait }: Omit<ImportTools, 'signal'>,
): Promise<ImportStanding | undefined> {
  let standing: ImportStanding | undefined = begun;
  while (standing?.importId === begun.importId && standing.state === 'reading') {
    onProgress({ phase: 'reading', file: 0, done: standing.bytesRead, total: standing.bytesTotal });
    await wait(lookMs);
    ({ import: standing } = await ask('getImport', {}));
  }
  return standing?.importId === begun.importId ? standing : undefined;
}

async function send(importId: string, files: readonly ChosenFile[], { ask, signal, onProgress }: ImportTools): Promise<void> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const [index, file] of files.entries())
    for (let offset = 0; offset < file.size; offset += importPieceBytesMax) {
      if (signal.aborted) return;
      onProgress({ phase: 'sending', file: index, done, total });
      const data = await pieceOf(file, offset);
      ({ bytesReceived: done } = await ask('sendImportPiece', { importId, file: index, offset, data }));
    }
}

async function ended(importId: string, { ask, onProgress, wait }: ImportTools): Promise<ImportResult> {
  const ending = new AbortController();
  const over = ask('endImport', { importId }).finally(() => ending.abort());
  const watch = async () => {
    while (!ending.signal.aborted) {
      const { import: standing } = await ask('getImport', {});
      if (standing?.importId === importId && !ending.signal.aborted)
        onProgress({ phase: 'reading', file: 0, done: standing.bytesRead, total: standing.bytesTotal });
      await Promise.race([wait(lookMs), over]);
    }
  };
  // Whether it can be watched or not, its end is what counts.
  const watched = watch().catch(ignore);
  const result = await over;
  await watched;
  return result;
}

async function pieceOf(file: ChosenFile, offset: number): Promise<string> {
  try {
    return base64(new Uint8Array(await file.slice(offset, offset + importPieceBytesMax).arrayBuffer()));
  } catch (error) {
    throw new CourierError(
      'ERR_ARGUMENT_INVALID',
      `${file.name} cannot be read any more: it was changed or moved meanwhile. Choose it again.`,
      { cause: error },
    );
  }
}

/** As many characters as a call may have arguments, with room. */
const charactersAtOnce = 8192;
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += charactersAtOnce)
    text += String.fromCharCode(...bytes.subarray(at, at + charactersAtOnce));
  return btoa(text);
}

const ignore = () => {};
