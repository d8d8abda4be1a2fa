/**
 * The import that is prepared, runs or has ended: it goes on when its window is closed, and is there when it is opened again.
 * May import: src/common.
 */
import type { ImportResult, ImportStanding } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { Ask } from '../client/api.ts';
import { isImportOpen, openImport } from '../model/import-place.ts';
import { sharedValue } from '../model/shared-value.ts';
import { toast } from '../ui/toast.tsx';
import { followImport, runImport, type ChosenFile, type ImportProgress } from './import-run.ts';
import { inOrder, restOf, summaryOf } from './import-words.ts';

export type ImportState =
  | { type: 'choosing'; files: readonly ChosenFile[]; problem: string | null; isOtherRunning: boolean }
  | { type: 'running'; files: readonly ChosenFile[]; progress: ImportProgress | null; cancel: () => void }
  /** Without `files` where another page sent them: what they are called is known there alone. */
  | { type: 'ended'; files: readonly ChosenFile[]; result: ImportResult };

const choosing = (files: readonly ChosenFile[], problem: string | null = null, isOtherRunning = false): ImportState => ({
  type: 'choosing',
  files,
  problem,
  isOtherRunning,
});
const state = sharedValue<ImportState>(choosing([]));
export const useImportState = state.use;

export const beginAnew = (): void => state.set(choosing([]));
export const chooseFiles = (files: readonly ChosenFile[]): void => state.set(choosing(files));
export const keyOf = ({ name, size, lastModified }: ChosenFile): string => `${name} ${size} ${lastModified}`;
/** Behind those that are there already, the new ones in the order of their names; none twice. */
export function addFiles(more: readonly ChosenFile[]): void {
  if (state.read().type !== 'choosing' || more.length === 0) return;
  const known = new Map([...state.read().files, ...inOrder(more)].map((file) => [keyOf(file), file]));
  state.set(choosing([...known.values()]));
}

export async function startImport(ask: Ask): Promise<void> {
  const { type, files } = state.read();
  if (type !== 'choosing' || files.length === 0) return;
  const ending = new AbortController();
  const cancel = () => ending.abort();
  let phase: ImportProgress['phase'] | null = null;
  const endGuard = guardAgainstLeaving(() => phase !== 'reading');
  state.set({ type: 'running', files, progress: null, cancel });
  try {
    const end = await runImport(files, {
      ask,
      signal: ending.signal,
      onProgress: (progress) => {
        ({ phase } = progress);
        state.set({ type: 'running', files, progress, cancel });
      },
      wait,
    });
    if (end.type === 'read') {
      state.set({ type: 'ended', files, result: end.result });
      tell(`Import ended. ${summaryOf(end.result)}`);
    } else if (end.type === 'cancelled') state.set(choosing(files, `Cancelled. ${restOf(end.isPartlyRead)}`));
    // The window asks the service itself, as soon as it is back.
    else state.set(choosing([]));
  } catch (error) {
    const isRefused = error instanceof CourierError && error.code === 'ERR_STATE_CONFLICT';
    // Before the first step it is another import that is in the way; later the service says what became of this one.
    const isOtherRunning = isRefused && phase === null;
    const reason = error instanceof Error ? error.message : 'The import failed.';
    state.set(choosing(files, isRefused ? reason : `${reason} ${restOf(phase === 'reading')}`, isOtherRunning));
    tell('The import failed.');
  } finally {
    endGuard();
  }
}

/** Goes on with showing an import that the service reads for a page that is not there any more. */
export async function takeOverImport(ask: Ask, standing: ImportStanding): Promise<void> {
  if (state.read().type !== 'choosing') return;
  const cancel = () => void ask('cancelImport', { importId: standing.importId }).catch(() => {});
  try {
    const end = await followImport(standing, {
      ask,
      onProgress: (progress) => state.set({ type: 'running', files: [], progress, cancel }),
      wait,
    });
    if (end?.result !== undefined) {
      state.set({ type: 'ended', files: [], result: end.result });
      tell(`Import ended. ${summaryOf(end.result)}`);
    } else state.set(choosing([], end?.reason ?? null));
  } catch (error) {
    state.set(choosing([], error instanceof Error ? error.message : 'That did not work.'));
  }
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks before a browser's page is left while files are still sent: it could not go on. @returns ends it. */
function guardAgainstLeaving(isNeeded: () => boolean): () => void {
  // The desktop hides its window; were it asked, it could not be quit.
  if (globalThis.window?.electron !== undefined) return () => {};
  const ask = (event: Event) => {
    if (isNeeded()) event.preventDefault();
  };
  globalThis.addEventListener('beforeunload', ask);
  return () => globalThis.removeEventListener('beforeunload', ask);
}

/** Ends the import of another console, or of a page that was closed meanwhile. */
export async function cancelOther(ask: Ask): Promise<void> {
  const { type, files: chosen } = state.read();
  const files = type === 'choosing' ? chosen : [];
  try {
    const { import: standing } = await ask('getImport', {});
    if (standing?.state === 'receiving' || standing?.state === 'reading')
      await ask('cancelImport', { importId: standing.importId });
    state.set(choosing(files));
  } catch (error) {
    state.set(choosing(files, error instanceof Error ? error.message : 'That did not work.', true));
  }
}

/** For whoever went on with something else meanwhile. */
function tell(text: string): void {
  if (!isImportOpen()) toast(text, { label: 'Show', run: openImport });
}
