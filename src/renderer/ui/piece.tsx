/**
 * A piece of the build that is loaded when it is first needed, or before.
 * A browser remembers for the life of the page that a piece could not be loaded: only a new page asks for it again.
 * May import: react.
 */
import { use, type ComponentType } from 'react';

/** A piece that could not be loaded: the service that serves it was away. */
export class PieceMissing extends Error {
  override readonly name = 'PieceMissing';
}

export interface Piece<Props> {
  Shown: ComponentType<Props>;
  /** Loads it before it is needed; a failure is told when it is. */
  preload: () => void;
}

export function piece<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Piece<Props> {
  type Loaded = { default: ComponentType<Props> };
  let loaded: Loaded | null = null;
  let loading: Promise<Loaded> | null = null;
  const begin = () => {
    loading ??= load().then(
      (module) => (loaded = module),
      (error: unknown) => {
        throw new PieceMissing('A part of the console could not be loaded.', { cause: error });
      },
    );
    return loading;
  };
  return {
    Shown: function Shown(props: Props) {
      // What is here is shown at once: a promise, even a kept one, would make it wait.
      const { default: Part } = loaded ?? use(begin());
      return <Part {...props} />;
    },
    preload: () => void begin().catch(() => {}),
  };
}

const reloadedKey = 'hl7-courier.reloaded-at';
const onceInMs = 60_000;
/** A new page asks for what is missing; not again and again, should it be missing there too. */
export function reloadOnce(now: number = Date.now()): void {
  try {
    if (now - Number(sessionStorage.getItem(reloadedKey) ?? 0) < onceInMs) return;
    sessionStorage.setItem(reloadedKey, String(now));
  } catch {
    // Where nothing can be kept the operator reloads.
    return;
  }
  location.reload();
}
