/**
 * The status and the progress as the contract has them, from the rooms that know a part of them.
 * May import: src/common, src/service.
 */
import type { EventPayload, Status } from '../common/contract.ts';
import type { Desk } from './desk/desk.ts';
import type { DestinationHolder } from './destination-holder.ts';
import type { Intake } from './intake.ts';
import type { SessionStore } from './store/session-store.ts';
import type { SubmissionWorker } from './submission-worker.ts';

export interface StatusSources {
  desk: Pick<Desk, 'statusExtras'>;
  intake: Pick<Intake, 'captureStatus'>;
  destinations: Pick<DestinationHolder, 'current'>;
  problems: NonNullable<Status['problems']>;
  isRunning: boolean;
  /** Unix ms. */
  startedAt: number;
  /** The demo: what is shown is invented. */
  isSampleData: boolean;
}

export function serviceStatus(counts: Awaited<ReturnType<SessionStore['counts']>>, sources: StatusSources): Status {
  const { heldBack, oldestPendingAt, lastAcceptedAt, pending, submitted, failed, ignored, quarantined } = counts;
  const { current } = sources.destinations;
  return {
    pending,
    submitted,
    failed,
    ignored,
    quarantined,
    running: sources.isRunning,
    heldBack,
    ...(oldestPendingAt === undefined ? {} : { oldestPendingAt }),
    ...(lastAcceptedAt === undefined ? {} : { lastAcceptedAt }),
    problems: sources.problems,
    startedAt: sources.startedAt,
    ...sources.desk.statusExtras(),
    capture: sources.intake.captureStatus(),
    ...(sources.isSampleData ? { sampleData: true } : {}),
    ...(current === null ? {} : { endpoint: current.shownUrl }),
  };
}

export function submissionProgress(worker: Pick<SubmissionWorker, 'status'>): EventPayload<'onSubmissionProgress'> {
  const { inFlight, queueSize, state } = worker.status();
  return { inFlight, queueSize, activeWorker: state === 'discovering' || state === 'dispatching' };
}
