/**
 * What a Prometheus server may read: counts and durations, never an id, an address or a message.
 *   CourierApi events, recordAttempt -> counters;  getStatus, at each scrape -> gauges
 * May import: prom-client, src/common.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CourierEvent, Status } from '../../common/contract.ts';
import type { CircuitState, OutcomeClass } from '../../common/outcome.ts';
import { outcomeClass } from '../../common/outcome.ts';
import type { SubmissionStatus } from '../../common/session.ts';

export interface CourierMetrics {
  /** Counts one POST. */
  recordAttempt(attempt: { outcome: OutcomeClass; durationMs: number }): void;
  /** Counts what an event says; hand it every event of `CourierApi.subscribe`. */
  recordEvent(event: CourierEvent): void;
  /** All metrics in Prometheus' text format, gauges as they are now. */
  text(): Promise<string>;
}

const circuitStates: readonly CircuitState[] = ['closed', 'open', 'halfOpen'];
/** What a result is called here: one that leaves the session pending is a deferred delivery. */
const resultOutcomes: Record<SubmissionStatus, string> = {
  submitted: 'submitted',
  failed: 'failed',
  pending: 'deferred',
  ignored: 'ignored',
};

/**
 * @param options.now unix ms, for ages.
 * @param options.process whether to add what Node itself measures: memory, CPU, delay of the event loop.
 */
export function courierMetrics(options: {
  getStatus: () => Status | Promise<Status>;
  now: () => number;
  process?: boolean;
}): CourierMetrics {
  const registry = new Registry();
  const registers = [registry];
  if (options.process ?? true) collectDefaultMetrics({ register: registry });
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge<Label>({ name: `hl7_courier_${name}`, help, labelNames, registers });
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter<Label>({ name: `hl7_courier_${name}`, help, labelNames, registers });

  const sessions = gauge('sessions', 'Sessions on disk, by submission status.', ['status']);
  const quarantined = gauge('quarantined', 'Files in quarantine.');
  const inFlight = gauge('in_flight', 'Requests to the endpoint under way.');
  const queueSize = gauge('queue_size', 'Sessions that wait for a slot in this cycle.');
  const circuit = gauge('circuit_state', 'State of the circuit to the endpoint: 1 for the current one.', ['state']);
  const oldestAge = gauge('oldest_pending_age_seconds', 'Age of the oldest session that is still pending; 0 without one.');
  const lastAccepted = gauge(
    'last_accepted_timestamp_seconds',
    'When the endpoint last accepted a session, unix time; 0 if never.',
  );
  const captureGaps = gauge('capture_gaps', 'Gaps in what was captured.');
  const problems = gauge('problems', 'What keeps the service from its work at this time; the console says what it is.');
  const results = counter('submission_results_total', 'Deliveries that ended, by outcome.', ['outcome']);
  const attempts = counter('attempts_total', 'Requests to the endpoint, by class of the answer.', ['outcome']);
  const duration = new Histogram({
    name: 'hl7_courier_attempt_duration_seconds',
    help: 'How long a request to the endpoint took.',
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300],
    registers,
  });
  // Counters that exist from the start at 0: otherwise the first increase is invisible to `increase()`.
  for (const outcome of Object.values(resultOutcomes)) results.inc({ outcome }, 0);
  for (const outcome of outcomeClass.options) attempts.inc({ outcome }, 0);

  function look(status: Status): void {
    for (const name of ['pending', 'submitted', 'failed', 'ignored'] as const) sessions.set({ status: name }, status[name]);
    quarantined.set(status.quarantined);
    inFlight.set(status.worker?.inFlight ?? 0);
    queueSize.set(status.worker?.queueSize ?? 0);
    const current = status.circuit?.state ?? 'closed';
    for (const state of circuitStates) circuit.set({ state }, state === current ? 1 : 0);
    const oldest = status.oldestPendingAt;
    oldestAge.set(oldest === undefined ? 0 : Math.max(0, options.now() - oldest) / 1000);
    lastAccepted.set((status.lastAcceptedAt ?? 0) / 1000);
    captureGaps.set(status.capture?.gaps ?? 0);
    problems.set(status.problems?.length ?? 0);
  }

  return {
    recordAttempt: ({ outcome, durationMs }) => {
      attempts.inc({ outcome });
      duration.observe(durationMs / 1000);
    },
    recordEvent: (event) => {
      if (event.name === 'onSubmissionResult') results.inc({ outcome: resultOutcomes[event.payload.submissionStatus] });
    },
    text: async () => {
      look(await options.getStatus());
      return registry.metrics();
    },
  };
}
