/**
 * What the service tells of its work, to consoles and in its log: results, ends of cycles, the circuit, clean-ups.
 * May import: src/common, machines, src/service.
 */
import type { Circuit } from '../common/outcome.ts';
import type { SessionOutput } from '../../machines/session.ts';
import type { CycleEnd, CycleTally } from '../../machines/worker.ts';
import type { EventHub } from './event-hub.ts';
import type { Log } from './log.ts';
import type { Problems } from './problems.ts';
import type { CleanupSummary } from './retention/retention.ts';
import type { SubmissionWorkerEvents } from './submission-worker.ts';

export const noEndpoint = 'No endpoint is set (submissionEndpoint), so nothing is sent. Sessions are kept and wait.';

export interface NewsDeps {
  hub: Pick<EventHub, 'tell'>;
  log: Log;
  problems: Problems;
  /** Why an endpoint that is set cannot be used; null when there is nothing to complain about. */
  endpointComplaint: () => string | null;
}

export class ServiceNews {
  readonly #deps: NewsDeps;
  /** For `SubmissionWorker.on`. */
  readonly ofWorker: Omit<SubmissionWorkerEvents, 'changed'>;

  constructor(deps: NewsDeps) {
    this.#deps = deps;
    this.ofWorker = {
      deliveryEnded: (output) => this.#deliveryEnded(output),
      deliveryBroken: (id, error) =>
        deps.log.error({ sessionId: id, err: error }, 'A delivery broke inside; its session stays pending.'),
      cycleEnded: (end, tally, isFollowed) => this.#cycleEnded(end, tally, isFollowed),
      circuitChanged: (circuit) => this.#circuitChanged(circuit),
    };
  }

  cleanedUp(summary: CleanupSummary): void {
    const { hub, log } = this.#deps;
    hub.tell('onCleanupSummary', summary);
    const { filesDeleted, bytesFreed, filesPurged, dryRun } = summary;
    log.info(
      { filesDeleted, bytesFreed, filesPurged, dryRun },
      dryRun ? 'A clean-up was tried out; nothing was moved.' : 'A clean-up ended.',
    );
  }

  #circuitChanged({ state, reason }: Circuit): void {
    const { log } = this.#deps;
    if (state === 'open') log.warn({}, `Delivery stopped: ${reason}. Nothing is lost; the next cycle tries one session.`);
    if (state === 'closed') log.info({}, 'Delivery goes on: the endpoint accepts sessions again.');
  }

  #deliveryEnded({ recorded, unrecorded, outcome }: SessionOutput): void {
    const { hub, log, problems } = this.#deps;
    if (unrecorded !== null)
      problems.open(
        'store.writeFailed',
        'Answers of the endpoint cannot be saved; free space or check the disk. The writes are tried again every cycle.',
      );
    if (recorded === null) return;
    const { id: sessionId, submissionStatus, submissionAttempts, submittedAt } = recorded;
    const error = submissionStatus === 'submitted' ? undefined : outcome?.error;
    problems.end('store.writeFailed');
    hub.tell('onSubmissionResult', {
      sessionId,
      success: submissionStatus === 'submitted',
      submissionStatus,
      submissionAttempts,
      ...(error === undefined ? {} : { error }),
      ...(submittedAt === undefined ? {} : { submittedAt }),
    });
    if (submissionStatus === 'failed') log.warn({ sessionId, error }, 'A session failed.');
  }

  #cycleEnded(end: CycleEnd, tally: CycleTally, isFollowed: boolean): void {
    const { log, problems, endpointComplaint } = this.#deps;
    problems[end === 'storeUnreadable' ? 'open' : 'end'](
      'store.readFailed',
      'The folder of sessions cannot be read; check the disk and its permissions. It is tried again every cycle.',
    );
    // An endpoint that is set but unusable was logged as a problem when it was read.
    if (end === 'noEndpoint' && endpointComplaint() === null) log.once('noEndpoint', 'warn', {}, noEndpoint);
    const hasWorked = tally.submitted + tally.failed + tally.deferred > 0;
    log[hasWorked ? 'info' : 'debug']({ ...tally, end, isFollowed }, 'A cycle ended.');
  }
}
