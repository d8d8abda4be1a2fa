/**
 * Keeps the tray up to date without asking the service too often: at most once a second, and every five seconds in any
 * case, because time changes things too.
 * May import: src/common, src/main.
 */
import type { Status } from '../common/contract.ts';
import { type Standing, standingOf } from './standing.ts';

const pauseMs = 1_000;
const tickMs = 5_000;

export class StandingWatch {
  readonly #status: () => Promise<Status>;
  readonly #show: (standing: Standing) => void;
  #soon: NodeJS.Timeout | null = null;
  #tick: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(status: () => Promise<Status>, show: (standing: Standing) => void) {
    this.#status = status;
    this.#show = show;
  }

  /** Something changed: looks soon. */
  look(): void {
    if (this.#isStopped) return;
    this.#soon ??= setTimeout(() => void this.#lookNow(), pauseMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#soon ?? undefined);
    clearTimeout(this.#tick ?? undefined);
  }

  async #lookNow(): Promise<void> {
    clearTimeout(this.#tick ?? undefined);
    this.#soon = null;
    try {
      const status = await this.#status();
      if (!this.#isStopped) this.#show(standingOf(status));
    } catch {
      // The store is closing or its thread died; the service says so by its own means.
    }
    if (!this.#isStopped) this.#tick = setTimeout(() => this.look(), tickMs);
  }
}
