/**
 * The export that runs or has just ended, for whatever screen is shown: at most one at a time.
 * May import: nothing of others.
 */
import { sharedValue } from './shared-value.ts';

export type ExportState =
  | { type: 'running'; phase: 'listing' | 'fetching'; done: number; total: number; cancel: () => void }
  /** Stays until it is closed: it says what was left out, or why there is no file. */
  | { type: 'ended'; text: string };

const shown = sharedValue<ExportState | null>(null);

export const { set: setExportState, read: readExportState, use: useExportState } = shown;
