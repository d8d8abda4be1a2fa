/**
 * A value that belongs to no screen: whoever shows it is told of each change, and it outlives them.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';

export interface SharedValue<Value> {
  read(): Value;
  set(next: Value): void;
  /** The value in a component, now and after each change. */
  use(): Value;
}

export function sharedValue<Value>(initial: Value): SharedValue<Value> {
  let current = initial;
  const listeners = new Set<() => void>();
  const read = () => current;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    read,
    set(next) {
      current = next;
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, read),
  };
}
