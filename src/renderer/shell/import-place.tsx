/**
 * The window of an import, over whatever screen is shown; loaded when it is first opened.
 * May import: react.
 */
import { Suspense } from 'react';
import { closeImport, useImportOpen } from '../model/import-place.ts';
import { piece } from '../ui/piece.tsx';
import { ErrorBoundary } from '../ui/states.tsx';
import { toast } from '../ui/toast.tsx';

const importWindow = piece(() => import('../import/import-window.tsx'));
export const preloadImport = importWindow.preload;

function notLoaded(): void {
  closeImport();
  toast('This could not be shown. Load the page again when the service is back.', {
    label: 'Load again',
    run: () => location.reload(),
  });
}

export function ImportPlace() {
  if (!useImportOpen()) return null;
  return (
    <ErrorBoundary name="import" onFailed={notLoaded}>
      <Suspense>
        <importWindow.Shown />
      </Suspense>
    </ErrorBoundary>
  );
}
