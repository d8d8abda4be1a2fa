/**
 * Whether the window of an import is open, for whatever screen is shown. An import goes on when it is closed.
 * May import: nothing of others.
 */
import { sharedValue } from './shared-value.ts';

const place = sharedValue(false);

export const openImport = (): void => place.set(true);
export const closeImport = (): void => place.set(false);
export const { read: isImportOpen, use: useImportOpen } = place;
