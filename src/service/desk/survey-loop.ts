/**
 * What only a look over all sessions can tell: soon after something changed, and now and then in any case, because time
 * changes things too. One look at a time; a store that cannot be asked is asked again.
 *   (2 s) -> look, if something changed or it is time -> (2 s) ...
 * May import: src/common, src/service.
 */
import type { Device } from '../../common/console.ts';
import type { Timers } from '../event-hub.ts';
import type { Survey } from '../store/session-survey.ts';
import { midnightBefore } from './day.ts';
import type { DeskStore } from './desk-needs.ts';

const tickMs = 2_000;
const ticksPerSurvey = 8;
const ticksPerDeviceLook = 30;

export interface SurveyLoopTools {
  store: Pick<DeskStore, 'survey' | 'counts' | 'devices'>;
  now: () => number;
  timers: Timers;
  /** @param look.askedAt when: what happened since is not in it. */
  onSurvey: (survey: Survey, look: { quarantined: number; askedAt: number }) => void;
  onDevices: (devices: readonly Device[]) => void;
  onError: (error: unknown) => void;
}

export class SurveyLoop {
  readonly #tools: SurveyLoopTools;
  readonly #closing = new AbortController();
  #timer: unknown = null;
  #ticks = 0;
  /** Something changed since the latest look began. */
  #isDirty = true;

  constructor(tools: SurveyLoopTools) {
    this.#tools = tools;
  }

  start(): void {
    this.#timer = this.#tools.timers.setTimeout(
      () => void this.#tick().finally(() => this.#closing.signal.aborted || this.start()),
      tickMs,
    );
  }

  /** The next look would find something else. */
  noteChange(): void {
    this.#isDirty = true;
  }

  close(): void {
    this.#closing.abort();
    if (this.#timer !== null) this.#tools.timers.clearTimeout(this.#timer as never);
  }

  async #tick(): Promise<void> {
    const tick = this.#ticks++;
    try {
      if (this.#isDirty || tick % ticksPerSurvey === 0) await this.#lookAtSessions();
      if (tick % ticksPerDeviceLook === 0) await this.#lookAtDevices();
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#tools.onError(error);
    }
  }

  async #lookAtSessions(): Promise<void> {
    const { store, now, onSurvey } = this.#tools;
    this.#isDirty = false;
    const askedAt = now();
    const [survey, { quarantined }] = await Promise.all([store.survey(midnightBefore(askedAt)), store.counts()]);
    onSurvey(survey, { quarantined, askedAt });
  }

  async #lookAtDevices(): Promise<void> {
    const { store, now, onDevices } = this.#tools;
    onDevices(await store.devices(midnightBefore(now())));
  }
}
