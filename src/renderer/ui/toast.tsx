/**
 * One message at the foot of the page, at most one at a time, counted when it is repeated.
 * May import: react, lucide-react.
 */
import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';

interface Toast {
  text: string;
  times: number;
  action?: { label: string; run: () => unknown } | undefined;
}
const shownMs = 6000;
/** One that can be undone stays longer. */
const undoMs = 10_000;
let current: Toast | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;
const listeners = new Set<() => void>();

function change(next: Toast | null): void {
  current = next;
  for (const listener of listeners) listener();
}
export function toast(text: string, action?: Toast['action']): void {
  if (timer !== null) clearTimeout(timer);
  change({ text, times: current?.text === text ? current.times + 1 : 1, action });
  timer = setTimeout(() => change(null), action === undefined ? shownMs : undoMs);
}
/** What Ctrl/Cmd-Z does: the action of the message that is shown. */
export function runToastAction(): boolean {
  const action = current?.action;
  if (action === undefined) return false;
  change(null);
  action.run();
  return true;
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function ToastPlace() {
  const shown = useSyncExternalStore(subscribe, () => current);
  return (
    <div role="status" aria-live="polite">
      {shown !== null && (
        <div className="toast">
          <span>
            {shown.text}
            {shown.times > 1 && ` (${shown.times} times)`}
          </span>
          {shown.action !== undefined && (
            <button type="button" className="link-button" onClick={runToastAction}>
              {shown.action.label}
            </button>
          )}
          <button type="button" className="toast-close" aria-label="Close message" onClick={() => change(null)}>
            <X size={14} aria-hidden="true" />
          </button>
        </div>
      )}
    </div>
  );
}
