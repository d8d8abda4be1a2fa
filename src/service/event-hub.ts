/**
 * Where the service tells its consoles what happens: results at once and none dropped, frequent news coalesced to at
 * most 20 a second with the last of a burst always sent, and the current state first for a console that comes late
 * (design section 7).
 * May import: src/common.
 */
import type { CourierEvent, EventName, EventPayload } from '../common/contract.ts';

/** Coalesced news go out this often at most. */
const coalescingMs = 50;

export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: never): void;
}

export class EventHub {
  readonly #listeners = new Set<(event: CourierEvent) => void>();
  readonly #latest = new Map<string, CourierEvent>();
  readonly #currentState: () => CourierEvent[];
  readonly #timers: Timers;
  #timer: unknown = null;

  /** @param currentState what a console that connects hears first. */
  constructor(currentState: () => CourierEvent[], timers: Timers = { setTimeout, clearTimeout }) {
    this.#currentState = currentState;
    this.#timers = timers;
  }

  /** Whether anybody listens: what costs work to say need not be said otherwise. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Tells it at once. */
  tell<Name extends EventName>(name: Name, payload: EventPayload<Name>): void {
    this.#send({ name, payload } as CourierEvent);
  }

  /** Tells the latest of each `key`, at most 20 times a second. */
  tellLatest<Name extends EventName>(name: Name, key: string, payload: EventPayload<Name>): void {
    if (!this.isHeard) return;
    const place = `${name} ${key}`;
    // Moved to the end, so that news go out in the order in which they became true.
    this.#latest.delete(place);
    this.#latest.set(place, { name, payload } as CourierEvent);
    this.#timer ??= this.#timers.setTimeout(() => this.flush(), coalescingMs);
  }

  /** Sends what waits to be sent. */
  flush(): void {
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer as never);
    this.#timer = null;
    const events = [...this.#latest.values()];
    this.#latest.clear();
    for (const event of events) this.#send(event);
  }

  subscribe(listener: (event: CourierEvent) => void): () => void {
    for (const event of this.#currentState()) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #send(event: CourierEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
