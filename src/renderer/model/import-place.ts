/**
 * Whether the window of an import is open, for whatever screen is shown. An import goes on when it is closed.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';

let isOpen = false;
const listeners = new Set<() => void>();

function change(next: boolean): void {
  isOpen = next;
  for (const listener of listeners) listener();
}
export const openImport = (): void => change(true);
export const closeImport = (): void => change(false);
export const isImportOpen = (): boolean => isOpen;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export const useImportOpen = (): boolean => useSyncExternalStore(subscribe, isImportOpen);
