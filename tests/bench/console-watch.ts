/**
 * What a page measures on itself: first content, frames, how long an input waits for its paint, when a row shows a text.
 *   watchPage(context) before the page opens -> the page holds `bench` -> takeCounts, sawAccepted
 * May import: playwright-core.
 */
import type { BrowserContext, Page } from 'playwright-core';

interface Bench {
  /** ms from navigation start to the headline's paint. */
  firstContentMs: number | null;
  inputs: number[];
  frames: number;
  worstFrameMs: number;
  /** Unix ms of the paint that shows this row as accepted after so many tries. */
  sawAccepted(counter: number, tries: number): Promise<number>;
}
declare global {
  interface Window {
    bench: Bench;
  }
}

/** Every page of this context watches itself from its first line on. */
export async function watchPage(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const hearing = new MessageChannel();
    let painted: (() => void)[] = [];
    hearing.port1.addEventListener('message', () => {
      const callbacks = painted;
      painted = [];
      for (const callback of callbacks) callback();
    });
    hearing.port1.start();
    // A task that is posted by a frame's own callback runs once that frame is painted.
    const afterPaint = (callback: () => void) =>
      requestAnimationFrame(() => {
        painted.push(callback);
        hearing.port2.postMessage(null);
      });

    const bench: Bench = {
      firstContentMs: null,
      inputs: [],
      frames: 0,
      worstFrameMs: 0,
      sawAccepted: (counter, tries) =>
        new Promise((seen) => {
          const look = () => {
            const isThere = [...document.querySelectorAll('.table-row')].some((row) => {
              const textOf = (column: string) => row.querySelector(column)?.textContent.trim();
              return (
                textOf('.col-session') === String(counter) &&
                textOf('.col-state') === 'Accepted' &&
                textOf('.col-tries') === String(tries)
              );
            });
            if (!isThere) return;
            observer.disconnect();
            afterPaint(() => seen(Date.now()));
          };
          const observer = new MutationObserver(look);
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
          look();
        }),
    };
    window.bench = bench;

    const observer = new MutationObserver(() => {
      if (document.querySelector('.headline-text') === null) return;
      observer.disconnect();
      afterPaint(() => (bench.firstContentMs = performance.now()));
    });
    observer.observe(document, { subtree: true, childList: true });

    // The event's own time is when the browser got it, so that waiting for a busy page counts.
    const onInput = (event: Event) => afterPaint(() => bench.inputs.push(performance.now() - event.timeStamp));
    addEventListener('keydown', onInput, { capture: true });
    addEventListener('pointerdown', onInput, { capture: true });

    let lastFrameAt = performance.now();
    const onFrame = (at: number) => {
      bench.frames += 1;
      bench.worstFrameMs = Math.max(bench.worstFrameMs, at - lastFrameAt);
      lastFrameAt = at;
      requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
  });
}

/** What was counted since the last call. */
export function takeCounts(page: Page): Promise<Pick<Bench, 'inputs' | 'frames' | 'worstFrameMs'>> {
  return page.evaluate(() => {
    const { inputs, frames, worstFrameMs } = window.bench;
    Object.assign(window.bench, { inputs: [], frames: 0, worstFrameMs: 0 });
    return { inputs, frames, worstFrameMs };
  });
}

export const firstContentMs = (page: Page): Promise<number> =>
  page.waitForFunction(() => window.bench.firstContentMs).then(async (handle) => (await handle.jsonValue()) ?? Number.NaN);

/** In use after a collection, in MB: the heap, and the arrays of numbers that are kept beside it. */
export async function settledMemory(page: Page): Promise<{ heapMb: number; arraysMb: number }> {
  const client = await page.context().newCDPSession(page);
  // The first collection lets finalizers run, whose finds the second one takes.
  for (let time = 0; time < 2; time += 1) await client.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await client.send('Runtime.getHeapUsage');
  await client.detach();
  return { heapMb: usedSize / 1024 / 1024, arraysMb: backingStorageSize / 1024 / 1024 };
}
