/**
 * How far an export is, and how it ended; it goes on when another screen is opened.
 * May import: react, lucide-react.
 */
import { X } from 'lucide-react';
import { setExportState, useExportState, type ExportState } from '../model/export-state.ts';
import { count } from '../model/format.ts';

export function ExportPlace() {
  const state = useExportState();
  return (
    <div role="status" aria-live="polite" aria-atomic="true">
      {state !== null && (
        <div className="toast export-place">
          {state.type === 'running' ? <Running state={state} /> : <p>{state.text}</p>}
          {state.type === 'ended' && (
            <button type="button" className="toast-close" aria-label="Close message" onClick={() => setExportState(null)}>
              <X size={14} aria-hidden="true" />
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Running({ state: { phase, done, total, cancel } }: { state: Extract<ExportState, { type: 'running' }> }) {
  const words = phase === 'listing' ? 'Looking up sessions' : 'Exporting';
  return (
    <>
      {/* Read out once, not at every step. */}
      <span className="export-words">{words}</span>
      <progress aria-label={words} max={Math.max(1, total)} value={done} />
      <span className="export-figures" aria-hidden="true">{`${count(done)} of ${count(total)}`}</span>
      <button type="button" className="link-button" onClick={cancel}>
        Cancel
      </button>
    </>
  );
}
