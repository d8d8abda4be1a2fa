/**
 * One message at the foot of the page, at most one at a time, counted when it is repeated.
 * May import: lucide-react.
 */
import { X } from 'lucide-react';
import { sharedValue } from '../model/shared-value.ts';

export interface ToastAction {
  label: string;
  run: () => unknown;
  /** It takes back what the message tells of: Ctrl/Cmd-Z does it too. */
  isUndo?: boolean;
}
interface Toast {
  text: string;
  times: number;
  action?: ToastAction | undefined;
}
const shownMs = 6000;
/** One that can be undone stays longer. */
const undoMs = 10_000;
let timer: ReturnType<typeof setTimeout> | null = null;
const current = sharedValue<Toast | null>(null);
/** What can be taken back holds for its time, even when another message took its place. */
let undo: { action: ToastAction; timer: ReturnType<typeof setTimeout> } | null = null;

export function toast(text: string, given?: ToastAction): void {
  if (timer !== null) clearTimeout(timer);
  const before = current.read();
  const isRepeated = before?.text === text;
  const action = isRepeated ? both(before.action, given) : given;
  current.set({ text, times: isRepeated ? before.times + 1 : 1, action });
  timer = setTimeout(() => current.set(null), action === undefined ? shownMs : undoMs);
  if (action?.isUndo === true) keepUndo(action);
}
/** A message that counts two takes back two. */
function both(before: ToastAction | undefined, after: ToastAction | undefined): ToastAction | undefined {
  if (before?.isUndo !== true || after?.isUndo !== true) return after;
  return { ...after, run: () => Promise.all([after.run(), before.run()]) };
}
function keepUndo(action: ToastAction): void {
  forgetUndo();
  undo = { action, timer: setTimeout(forgetUndo, undoMs) };
}
function forgetUndo(): void {
  if (undo !== null) clearTimeout(undo.timer);
  undo = null;
}

/** What Ctrl/Cmd-Z does: takes back what the last message said that can be. */
export function runUndo(): boolean {
  if (undo === null) return false;
  run(undo.action);
  return true;
}
function run(action: ToastAction): void {
  if (current.read()?.action === action) current.set(null);
  if (undo?.action === action) forgetUndo();
  action.run();
}
export function ToastPlace() {
  const shown = current.use();
  const action = shown?.action;
  return (
    <div role="status" aria-live="polite">
      {shown !== null && (
        <div className="toast">
          <span>
            {shown.text}
            {shown.times > 1 && ` (${shown.times} times)`}
          </span>
          {action !== undefined && (
            <button type="button" className="link-button" onClick={() => run(action)}>
              {action.label}
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
