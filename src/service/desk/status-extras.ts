/**
 * What `status` holds beside the store's counts: rates, today, disk, the worker's figures, the circuit.
 * May import: src/common, src/service.
 */
import type { Status } from '../../common/contract.ts';
import type { Survey } from '../store/session-survey.ts';
import type { WorkerStatus } from '../submission-worker.ts';
import type { Disk } from './disk-watch.ts';
import type { Lane } from './machine-watch.ts';

/** Rates are per minute over the last five. */
const rateMinutes = 5;
const rateWindowMs = rateMinutes * 60_000;

export interface Extras {
  now: number;
  version: string;
  host: string;
  worker: WorkerStatus;
  lanes: Iterable<Lane>;
  slots: number;
  survey: Survey | null;
  savedRecently: number;
  disk: Disk | undefined;
  openCauses: number;
  lastInterruptionEndedAt: number | undefined;
}

export function statusExtras(extras: Extras): Partial<Status> {
  const { now, version, host, worker, survey, disk, openCauses, lastInterruptionEndedAt } = extras;
  return {
    now,
    version,
    host,
    openCauses,
    circuit: worker.circuit,
    worker: workerFigures(extras),
    ...(survey === null ? {} : { today: survey.today, rates: ratesOf(survey, extras.savedRecently) }),
    ...(disk === undefined ? {} : { disk }),
    ...(lastInterruptionEndedAt === undefined ? {} : { lastInterruptionEndedAt }),
  };
}

function ratesOf({ recent: { captured, accepted } }: Survey, saved: number): NonNullable<Status['rates']> {
  return { captured: captured / rateMinutes, saved: saved / rateMinutes, accepted: accepted / rateMinutes };
}

function workerFigures({ worker, lanes, slots }: Extras): NonNullable<Status['worker']> {
  const counts = { ready: 0, recording: 0, backoffWait: 0 };
  let nextRetryAt = Infinity;
  for (const { state, until } of lanes) {
    if (state === 'ready' || state === 'recording' || state === 'backoffWait') counts[state] += 1;
    if (state === 'backoffWait' && until !== undefined && until < nextRetryAt) nextRetryAt = until;
  }
  const { state, inFlight, queueSize, nextCycleAt } = worker;
  return {
    state,
    inFlight,
    queueSize,
    ...(nextCycleAt === undefined ? {} : { nextCycleAt }),
    slots,
    ready: counts.ready,
    recording: counts.recording,
    delayed: counts.backoffWait,
    ...(nextRetryAt === Infinity ? {} : { nextRetryAt }),
  };
}

/** How many sessions were written for the first time in the last five minutes, counted by the second. */
export class SavedCount {
  readonly #bySecond = new Map<number, number>();

  add(count: number, now: number): void {
    if (count === 0) return;
    const second = Math.floor(now / 1000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + count);
  }

  recent(now: number): number {
    let sum = 0;
    for (const [second, count] of this.#bySecond) {
      if (second * 1000 <= now - rateWindowMs) this.#bySecond.delete(second);
      else sum += count;
    }
    return sum;
  }
}
