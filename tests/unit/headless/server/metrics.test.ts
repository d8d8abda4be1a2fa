/**
 * What Prometheus reads.
 */
import { expect, test } from 'vitest';
import type { Status } from '../../../../src/common/contract.ts';
import { courierMetrics } from '../../../../src/headless/server/metrics.ts';

const status: Status = {
  pending: 7,
  submitted: 120,
  failed: 2,
  ignored: 1,
  quarantined: 3,
  running: true,
  circuit: { state: 'open', reason: 'the endpoint refuses our credentials (401); check submissionAuthHeader' },
  oldestPendingAt: 1_000_000,
  lastAcceptedAt: 900_000,
  worker: { state: 'idle', inFlight: 2, queueSize: 5 },
  capture: { state: 'capturing', gaps: 4 },
  problems: [{ code: 'settings.damaged', message: 'x', since: 1 }],
};
const metrics = (getStatus = () => status) => courierMetrics({ getStatus, now: () => 1_090_000, process: false });

test('gauges say how things stand at the time of the scrape', async () => {
  const lines = await linesOf(metrics());
  expect(lines).toEqual(
    expect.arrayContaining([
      'hl7_courier_sessions{status="pending"} 7',
      'hl7_courier_sessions{status="submitted"} 120',
      'hl7_courier_sessions{status="failed"} 2',
      'hl7_courier_sessions{status="ignored"} 1',
      'hl7_courier_quarantined 3',
      'hl7_courier_in_flight 2',
      'hl7_courier_queue_size 5',
      'hl7_courier_circuit_state{state="closed"} 0',
      'hl7_courier_circuit_state{state="open"} 1',
      'hl7_courier_circuit_state{state="halfOpen"} 0',
      'hl7_courier_oldest_pending_age_seconds 90',
      'hl7_courier_last_accepted_timestamp_seconds 900',
      'hl7_courier_capture_gaps 4',
      'hl7_courier_problems 1',
    ]),
  );
});

test('a service that has nothing to say yet reads 0 everywhere', async () => {
  const bare: Status = { pending: 0, submitted: 0, failed: 0, ignored: 0, quarantined: 0, running: true };
  const lines = await linesOf(metrics(() => bare));
  expect(lines).toEqual(
    expect.arrayContaining([
      'hl7_courier_in_flight 0',
      'hl7_courier_queue_size 0',
      'hl7_courier_circuit_state{state="closed"} 1',
      'hl7_courier_oldest_pending_age_seconds 0',
      'hl7_courier_last_accepted_timestamp_seconds 0',
      'hl7_courier_capture_gaps 0',
      'hl7_courier_problems 0',
    ]),
  );
});

test('a clock that was set back makes no negative age', async () => {
  const future: Status = { ...status, oldestPendingAt: 2_000_000 };
  expect(await linesOf(metrics(() => future))).toContain('hl7_courier_oldest_pending_age_seconds 0');
});

test('attempts and results are counted by outcome, and exist at 0 from the start', async () => {
  const counted = metrics();
  counted.recordAttempt({ outcome: 'accepted', durationMs: 40 });
  counted.recordAttempt({ outcome: 'later', durationMs: 2000 });
  const ends = [
    ['s1', 'submitted'],
    ['s2', 'failed'],
    ['s3', 'pending'],
  ] as const;
  for (const [sessionId, submissionStatus] of ends)
    counted.recordEvent({
      name: 'onSubmissionResult',
      payload: { sessionId, success: submissionStatus === 'submitted', submissionStatus, submissionAttempts: 1 },
    });
  counted.recordEvent({ name: 'onSubmissionProgress', payload: { inFlight: 0, queueSize: 0, activeWorker: false } });
  const lines = await linesOf(counted);
  expect(lines).toEqual(
    expect.arrayContaining([
      'hl7_courier_attempts_total{outcome="accepted"} 1',
      'hl7_courier_attempts_total{outcome="later"} 1',
      'hl7_courier_attempts_total{outcome="unheard"} 0',
      'hl7_courier_submission_results_total{outcome="submitted"} 1',
      'hl7_courier_submission_results_total{outcome="failed"} 1',
      'hl7_courier_submission_results_total{outcome="deferred"} 1',
      'hl7_courier_submission_results_total{outcome="ignored"} 0',
      'hl7_courier_attempt_duration_seconds_bucket{le="0.03"} 0',
      'hl7_courier_attempt_duration_seconds_bucket{le="0.1"} 1',
      'hl7_courier_attempt_duration_seconds_sum 2.04',
      'hl7_courier_attempt_duration_seconds_count 2',
    ]),
  );
});

test('no id, address or reason is in any label', async () => {
  const counted = metrics();
  counted.recordEvent({
    name: 'onSubmissionResult',
    payload: { sessionId: 'secret-id', success: false, submissionStatus: 'failed', submissionAttempts: 1, error: 'Doe^Jane' },
  });
  const text = await counted.text();
  expect(text).not.toMatch(/secret-id|Doe|credentials/);
});

test('what Node measures of itself is there, the delay of its event loop included', async () => {
  const text = await courierMetrics({ getStatus: async () => status, now: () => 0 }).text();
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
});

async function linesOf({ text }: { text: () => Promise<string> }): Promise<string[]> {
  return (await text()).split('\n');
}
