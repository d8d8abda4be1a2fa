/**
 * The import that is prepared, runs or has ended: it goes on when its window is closed, and is there when it is opened again.
 * May import: src/common.
 */
import type { ImportResult } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { Ask } from '../client/api.ts';
import { isImportOpen, openImport } from '../model/import-place.ts';
import { sharedValue } from '../model/shared-value.ts';
import { toast } from '../ui/toast.tsx';
import { runImport, type ChosenFile, type ImportProgress } from './import-run.ts';
import { inOrder, summaryOf } from './import-words.ts';

export type ImportState =
  | { type: 'choosing'; files: readonly ChosenFile[]; problem: string | null; isOtherRunning: boolean }
  | { type: 'running'; files: readonly ChosenFile[]; progress: ImportProgress | null; cancel: () => void }
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
  state.set({ type: 'running', files, progress: null, cancel });
  try {
    const end = await runImport(files, {
      ask,
      signal: ending.signal,
      onProgress: (progress) => state.set({ type: 'running', files, progress, cancel }),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    if (end.type === 'read') {
      state.set({ type: 'ended', files, result: end.result });
      tell(`Import ended. ${summaryOf(end.result)}`);
    } else state.set(choosing(files, 'Cancelled. What was read until then stays.'));
  } catch (error) {
    const isOtherRunning = error instanceof CourierError && error.code === 'ERR_STATE_CONFLICT';
    const reason = error instanceof Error ? error.message : 'The import failed.';
    state.set(
      choosing(
        files,
        isOtherRunning ? reason : `${reason} What was read until then stays; importing again adds nothing twice.`,
        isOtherRunning,
      ),
    );
    tell('The import failed.');
  }
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
