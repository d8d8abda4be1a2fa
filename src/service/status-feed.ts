/**
 * The status as consoles see it: told when it changed, at most four times a second, and every five seconds as a sign of
 * life (docs/console-contract.md).
 * May import: src/common, src/service.
 */
import type { Status } from '../common/contract.ts';
import { Pace } from './desk/pace.ts';
import type { EventHub, Timers } from './event-hub.ts';

const paceMs = 250;
const signOfLifeMs = 5_000;

export interface StatusFeedDeps {
  status: () => Promise<Status>;
  hub: Pick<EventHub, 'isHeard' | 'tell'>;
  timers: Timers;
  onError: (error: unknown) => void;
}

export class StatusFeed {
  readonly #deps: StatusFeedDeps;
  readonly #pace: Pace;
  #latest: Status | null = null;
  #timer: unknown = null;

  constructor(deps: StatusFeedDeps) {
    this.#deps = deps;
    this.#pace = new Pace(deps.timers, paceMs, () => this.#tell());
  }

  /** The status as it was told last; null before the first look. */
  get latest(): Status | null {
    return this.#latest;
  }

  start(): void {
    this.changed();
    this.#timer = this.#deps.timers.setTimeout(() => this.start(), signOfLifeMs);
  }

  /** Something of it may be different now. */
  changed(): void {
    this.#pace.request();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) this.#deps.timers.clearTimeout(this.#timer as never);
    await this.#pace.close();
  }

  async #tell(): Promise<void> {
    try {
      this.#latest = await this.#deps.status();
      if (this.#deps.hub.isHeard) this.#deps.hub.tell('onStatus', this.#latest);
    } catch (error) {
      this.#deps.onError(error);
    }
  }
}
