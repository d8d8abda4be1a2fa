/**
 * What consoles hear of causes, retries and the log: causes and retries four times a second at most, each as it is then; the
 * log twenty times, its last lines.
 * May import: src/common, src/service.
 */
import type { Cause, LogLine, RetryJob } from '../../common/console.ts';
import type { EventHub, Timers } from '../event-hub.ts';
import { Pace } from './pace.ts';

const causesPaceMs = 250;
const logPaceMs = 50;
const linesPerEvent = 500;

export class DeskNews {
  readonly #hub: Pick<EventHub, 'isHeard' | 'tell'>;
  readonly #causes = new Map<string, Cause>();
  readonly #jobs = new Map<string, RetryJob>();
  #lines: LogLine[] = [];
  readonly #causesPace: Pace;
  readonly #jobsPace: Pace;
  readonly #logPace: Pace;

  constructor(hub: Pick<EventHub, 'isHeard' | 'tell'>, timers: Timers) {
    this.#hub = hub;
    this.#causesPace = new Pace(timers, causesPaceMs, () => this.#tellCauses());
    this.#jobsPace = new Pace(timers, causesPaceMs, () => this.#tellJobs());
    this.#logPace = new Pace(timers, logPaceMs, () => this.#tellLines());
  }

  causeChanged(cause: Cause): void {
    this.#causes.set(cause.id, cause);
    this.#causesPace.request();
  }

  jobChanged(job: RetryJob): void {
    this.#jobs.set(job.id, job);
    this.#jobsPace.request();
  }

  line(line: LogLine): void {
    if (!this.#hub.isHeard) return;
    this.#lines.push(line);
    this.#logPace.request();
  }

  /** Tells what waits to be told, and nothing after that. */
  async close(): Promise<void> {
    await Promise.all([this.#causesPace, this.#jobsPace, this.#logPace].map((pace) => pace.close()));
  }

  #tellCauses(): void {
    const causes = [...this.#causes.values()];
    this.#causes.clear();
    if (this.#hub.isHeard) this.#hub.tell('onCauses', { causes });
  }

  #tellJobs(): void {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    if (this.#hub.isHeard) for (const job of jobs) this.#hub.tell('onRetryJob', job);
  }

  #tellLines(): void {
    const lines = this.#lines.slice(-linesPerEvent);
    this.#lines = [];
    if (this.#hub.isHeard) this.#hub.tell('onLog', { lines });
  }
}
