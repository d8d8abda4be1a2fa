/**
 * Work that is done once and waited for, as commands ask for it: a cycle, a clean-up.
 * May import: src/common, machines, src/service.
 */
import type { WithdrawnReason } from '../common/delivery.ts';
import type { SessionOutput } from '../../machines/session.ts';
import type { CycleEnd } from '../../machines/worker.ts';
import { type CleanupSummary, Retention, type RetentionDeps } from './retention/retention.ts';
import type { SubmissionWorker } from './submission-worker.ts';

/** What one run of the worker came to, for the command line. */
export interface RunResult {
  /** Last word on each session of this run. */
  verdicts: Map<string, SessionOutput['verdict']>;
  end: CycleEnd;
}

const isSettledElsewhere = new Set<WithdrawnReason>(['deleted', 'ignored', 'submitted', 'failed', 'unreadable']);

/** Starts the worker, and resolves after its first cycle and those that follow it at once. */
export async function oneCycle(worker: SubmissionWorker, onDelivery?: (output: SessionOutput) => void): Promise<RunResult> {
  const verdicts = new Map<string, SessionOutput['verdict']>();
  const { promise, resolve } = Promise.withResolvers<CycleEnd>();
  const ignore = worker.on({
    deliveryEnded: (output) => {
      // Gone, or settled by another hand before its POST: it is not pending, so this run did not put it off.
      if (output.withdrawn !== null && isSettledElsewhere.has(output.withdrawn)) return;
      verdicts.set(output.id, output.verdict);
      onDelivery?.(output);
    },
    cycleEnded: (end, _tally, isFollowed) => {
      if (!isFollowed) resolve(end);
    },
  });
  worker.start();
  const end = await promise;
  ignore();
  return { verdicts, end };
}

/** A clean-up beside nothing else. @throws what kept it from its work. */
export async function oneCleanUp(
  deps: Pick<RetentionDeps, 'store' | 'settings' | 'now'>,
  wish: { isDryRun: boolean },
): Promise<CleanupSummary> {
  const { promise, resolve, reject } = Promise.withResolvers<CleanupSummary>();
  const retention = new Retention({ ...deps, onSummary: resolve, onFailure: reject });
  retention.start();
  retention.request(wish);
  try {
    return await promise;
  } finally {
    retention.stop();
  }
}
