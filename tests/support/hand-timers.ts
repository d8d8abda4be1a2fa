/**
 * A clock and timers that a test moves by hand, for parts of the service that take them as arguments.
 */
import type { Timers } from '../../src/service/event-hub.ts';

export class HandTimers implements Timers {
  nowMs: number;
  #waiting: { at: number; callback: () => void }[] = [];

  constructor(nowMs = 1_000_000) {
    this.nowMs = nowMs;
  }

  readonly now = (): number => this.nowMs;

  readonly setTimeout = (callback: () => void, ms: number): unknown => {
    const timer = { at: this.nowMs + ms, callback };
    this.#waiting.push(timer);
    return timer;
  };

  readonly clearTimeout = (timer: never): void => {
    this.#waiting = this.#waiting.filter((each) => each !== timer);
  };

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets time pass; promises settle after each timer. */
  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.callback();
      await settle();
    }
    this.nowMs = end;
  }
}

/** Lets promises settle; no time passes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
}
