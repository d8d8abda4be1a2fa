/**
 * The export that runs or has just ended, for whatever screen is shown: at most one at a time.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';

export type ExportState =
  | { type: 'running'; phase: 'listing' | 'fetching'; done: number; total: number; cancel: () => void }
  /** Stays until it is closed: it says what was left out, or why there is no file. */
  | { type: 'ended'; text: string };

let current: ExportState | null = null;
const listeners = new Set<() => void>();

export function setExportState(next: ExportState | null): void {
  current = next;
  for (const listener of listeners) listener();
}
export const readExportState = (): ExportState | null => current;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export const useExportState = (): ExportState | null => useSyncExternalStore(subscribe, readExportState);
