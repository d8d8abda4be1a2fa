/**
 * What this operator prefers on this computer: look, keys, saved views, columns. Kept by the browser, holds no patient data.
 * May import: zod.
 */
import { z } from 'zod';
import { sharedValue } from './shared-value.ts';

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
const current = sharedValue(stored());
export const { read: readPreferences, use: usePreferences } = current;

function stored(): Preferences {
  let kept: unknown = {};
  try {
    kept = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
  } catch {
    // Storage may be forbidden or damaged: the defaults do.
  }
  return preferences.parse(typeof kept === 'object' && kept !== null ? kept : {});
}
export function setPreferences(change: Partial<Preferences>): void {
  const next = { ...current.read(), ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(next));
  } catch {
    // It then holds for this page only.
  }
  applyLook(next);
  current.set(next);
}
/** Puts theme and density on the page's root, where the style sheets read them. */
export function applyLook({ theme, density }: Pick<Preferences, 'theme' | 'density'> = current.read()): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  root.dataset.density = density;
}
