/**
 * One clock for the whole page: components that show a time are painted together, once a second.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';

const tickMs = 1000;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** This computer's time, unix ms, as of the last tick. */
export const useTick = (): number => useSyncExternalStore(subscribe, () => now);
