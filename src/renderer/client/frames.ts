/**
 * What arrives within one frame is handed on together, so that the console paints at most once a frame.
 * May import: nothing.
 */

/** A hidden page has no frames: its batches come by time. */
const hiddenFrameMs = 250;

export function inFrames<Item>(flushItems: (items: Item[]) => void): { add(item: Item): void; flush(): void; stop(): void } {
  let items: Item[] = [];
  let cancel: (() => void) | null = null;
  const flush = () => {
    cancel?.();
    cancel = null;
    if (items.length === 0) return;
    const batch = items;
    items = [];
    flushItems(batch);
  };
  return {
    add(item) {
      items.push(item);
      cancel ??= soon(flush);
    },
    flush,
    stop() {
      cancel?.();
      cancel = null;
      items = [];
    },
  };
}

function soon(run: () => void): () => void {
  if (document.visibilityState === 'visible') {
    const frame = requestAnimationFrame(run);
    // A page that is hidden before its frame comes would wait until it is shown again.
    const timer = setTimeout(run, hiddenFrameMs);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }
  const timer = setTimeout(run, hiddenFrameMs);
  return () => clearTimeout(timer);
}
