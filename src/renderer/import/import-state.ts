/**
 * The import that is prepared, runs or has ended: it goes on when its window is closed, and is there when it is opened again.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';
import type { ImportResult } from '../../common/contract.ts';
import { CourierError } from '../../common/errors.ts';
import type { Ask } from '../client/api.ts';
import { isImportOpen, openImport } from '../model/import-place.ts';
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
let current: ImportState = choosing([]);
const listeners = new Set<() => void>();

function change(next: ImportState): void {
  current = next;
  for (const listener of listeners) listener();
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export const useImportState = (): ImportState => useSyncExternalStore(subscribe, () => current);

export const beginAnew = (): void => change(choosing([]));
export const chooseFiles = (files: readonly ChosenFile[]): void => change(choosing(files));
export const keyOf = ({ name, size, lastModified }: ChosenFile): string => `${name} ${size} ${lastModified}`;
/** Behind those that are there already, the new ones in the order of their names; none twice. */
export function addFiles(more: readonly ChosenFile[]): void {
  if (current.type !== 'choosing' || more.length === 0) return;
  const known = new Map([...current.files, ...inOrder(more)].map((file) => [keyOf(file), file]));
  change(choosing([...known.values()]));
}

export async function startImport(ask: Ask): Promise<void> {
  if (current.type !== 'choosing' || current.files.length === 0) return;
  const { files } = current;
  const ending = new AbortController();
  const cancel = () => ending.abort();
  change({ type: 'running', files, progress: null, cancel });
  try {
    const end = await runImport(files, {
      ask,
      signal: ending.signal,
      onProgress: (progress) => change({ type: 'running', files, progress, cancel }),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    if (end.type === 'read') {
      change({ type: 'ended', files, result: end.result });
      tell(`Import ended. ${summaryOf(end.result)}`);
    } else change(choosing(files, 'Cancelled. What was read until then stays.'));
  } catch (error) {
    const isOtherRunning = error instanceof CourierError && error.code === 'ERR_STATE_CONFLICT';
    const reason = error instanceof Error ? error.message : 'The import failed.';
    change(
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
  const { files } = current.type === 'choosing' ? current : { files: [] };
  try {
    const { import: standing } = await ask('getImport', {});
    if (standing?.state === 'receiving' || standing?.state === 'reading')
      await ask('cancelImport', { importId: standing.importId });
    change(choosing(files));
  } catch (error) {
    change(choosing(files, error instanceof Error ? error.message : 'That did not work.', true));
  }
}

/** For whoever went on with something else meanwhile. */
function tell(text: string): void {
  if (!isImportOpen()) toast(text, { label: 'Show', run: openImport });
}
