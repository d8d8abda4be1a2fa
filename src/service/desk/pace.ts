/**
 * Something done at most so often: many wishes within a span become one act at its end, and never two at a time.
 *   request -> (span) -> act -> [requested meanwhile] -> (span) -> act
 * May import: src/service.
 */
import type { Timers } from '../event-hub.ts';

export class Pace {
  readonly #timers: Timers;
  readonly #spanMs: number;
  readonly #act: () => void | Promise<void>;
  #timer: unknown = null;
  #running: Promise<void> | null = null;
  #isWanted = false;
  #isClosed = false;

  /** @param act handles its own errors: a rejection is a bug and rises to the host. */
  constructor(timers: Timers, spanMs: number, act: () => void | Promise<void>) {
    this.#timers = timers;
    this.#spanMs = spanMs;
    this.#act = act;
  }

  request(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    if (this.#timer === null && this.#running === null) this.#arm();
  }

  /** Does at once what is wanted. @returns when all that was wanted before is done. */
  async hurry(): Promise<void> {
    await this.#running;
    this.#disarm();
    await (this.#isWanted ? this.#run() : this.#running);
  }

  /** Does at once what is wanted, and nothing after that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#disarm();
    await this.#running;
    if (this.#isWanted) await this.#run();
  }

  #arm(): void {
    this.#timer = this.#timers.setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, this.#spanMs);
  }

  #disarm(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer as never);
    this.#timer = null;
  }

  async #run(): Promise<void> {
    this.#isWanted = false;
    this.#running = (async () => this.#act())();
    await this.#running;
    this.#running = null;
    if (this.#isWanted && !this.#isClosed) this.#arm();
  }
}
