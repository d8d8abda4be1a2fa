/**
 * What this operator prefers on this computer: look, keys, saved views, columns. Kept by the browser, holds no patient data.
 * May import: zod, react.
 */
import { useSyncExternalStore } from 'react';
import { z } from 'zod';

/** Columns of the sessions table, in their order. */
export const columnIds = [
  'state',
  'captured',
  'session',
  'id',
  'device',
  'address',
  'lisAddress',
  'type',
  'messages',
  'size',
  'tries',
  'httpStatus',
  'lastAttempt',
  'accepted',
  'waited',
  'reason',
] as const;
export type ColumnId = (typeof columnIds)[number];
export const standardColumns: readonly ColumnId[] = ['state', 'captured', 'session', 'device', 'type', 'tries', 'reason'];

const savedView = z.object({ name: z.string().max(60), query: z.string().max(1000) });
const preferences = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  density: z.enum(['compact', 'comfortable']).catch('compact'),
  singleKeys: z.boolean().catch(true),
  // What a later version knows and this one does not is left out, the rest stays.
  columns: z
    .array(z.enum(columnIds).nullable().catch(null))
    .transform((ids) => ids.filter((id) => id !== null))
    .catch([...standardColumns]),
  savedViews: z
    .array(savedView)
    .max(20)
    .catch([
      { name: 'Failed', query: 'state=failed' },
      { name: 'Accepted after retries', query: 'afterRetries=true' },
    ]),
});
export type Preferences = z.infer<typeof preferences>;

const storageKey = 'hl7-courier.preferences';
const listeners = new Set<() => void>();
let current: Preferences = read();

function read(): Preferences {
  let stored: unknown = {};
  try {
    stored = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
  } catch {
    // Storage may be forbidden or damaged: the defaults do.
  }
  return preferences.parse(typeof stored === 'object' && stored !== null ? stored : {});
}
export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // It then holds for this page only.
  }
  applyLook();
  for (const listener of listeners) listener();
}
/** Puts theme and density on the page's root, where the style sheets read them. */
export function applyLook(): void {
  const root = document.documentElement;
  if (current.theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = current.theme;
  root.dataset.density = current.density;
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current);
export const readPreferences = (): Preferences => current;
