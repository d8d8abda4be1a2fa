/**
 * One message at the foot of the page, at most one at a time, counted when it is repeated.
 * May import: lucide-react.
 */
import { X } from 'lucide-react';
import { sharedValue } from '../model/shared-value.ts';

interface Toast {
  text: string;
  times: number;
  action?: { label: string; run: () => unknown } | undefined;
}
const shownMs = 6000;
/** One that can be undone stays longer. */
const undoMs = 10_000;
let timer: ReturnType<typeof setTimeout> | null = null;
const current = sharedValue<Toast | null>(null);

export function toast(text: string, action?: Toast['action']): void {
  if (timer !== null) clearTimeout(timer);
  const before = current.read();
  current.set({ text, times: before?.text === text ? before.times + 1 : 1, action });
  timer = setTimeout(() => current.set(null), action === undefined ? shownMs : undoMs);
}
/** What Ctrl/Cmd-Z does: the action of the message that is shown. */
export function runToastAction(): boolean {
  const action = current.read()?.action;
  if (action === undefined) return false;
  current.set(null);
  action.run();
  return true;
}
export function ToastPlace() {
  const shown = current.use();
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
          <button type="button" className="toast-close" aria-label="Close message" onClick={() => current.set(null)}>
            <X size={14} aria-hidden="true" />
          </button>
        </div>
      )}
    </div>
  );
}
