/**
 * What a service says while 2,000 results a second arrive: each is new, and accepted an event later. Twenty events a
 * second, as the contract coalesces them. Rows are made from their number, so that the storm itself keeps none of them.
 *   node console-storm.ts; sends { url }, then answers "start", "stop" with { results, seconds }
 * May import: tests/support, src/common.
 */
import type { Transition } from '../../src/common/console.ts';
import type { SessionSummary } from '../../src/common/contract.ts';
import { fileOf, sessionsOf, underWayOf } from '../support/scripted-data.ts';
import { startScriptedService } from '../support/scripted-service.ts';

export interface StormCounts {
  results: number;
  seconds: number;
}

const eventsPerSecond = 20;
const resultsPerEvent = 100;
/** Of those under way at concurrency 10. */
const snapshotsPerEvent = 20;
/** What the table holds before the storm. */
const rowsBefore = 100_000;

const openedAt = Date.now();
const samples = sessionsOf('healthy', openedAt, 1000).filter(({ state }) => state === 'submitted');
let total = rowsBefore;
let begunAt = 0;
let timer: NodeJS.Timeout | undefined;

const service = await startScriptedService('busy');
service.answer('getSessions', ({ offset = 0, limit = 100 }) => {
  const first = total - 1 - Number(offset);
  const length = Math.max(0, Math.min(Number(limit), first + 1));
  return { total, sessions: Array.from({ length }, (_, index) => rowOf(first - index)) };
});
service.answer('getSession', ({ sessionId }) => {
  const summary = rowOf(Number.parseInt(String(sessionId).slice(-12), 16));
  return { summary, session: fileOf(summary) };
});

process.on('message', (word) => {
  clearInterval(timer);
  if (word === 'start') {
    begunAt = performance.now();
    timer = setInterval(catchUp, 1000 / eventsPerSecond);
    return;
  }
  process.send?.({ results: total - rowsBefore, seconds: (performance.now() - begunAt) / 1000 } satisfies StormCounts);
});
process.on('disconnect', () => process.exit());
process.send?.({ url: service.url });

/** Tells what is due by now: a timer that came late must not make the storm a breeze. */
function catchUp(): void {
  const due = ((performance.now() - begunAt) / 1000) * eventsPerSecond;
  for (let told = (total - rowsBefore) / resultsPerEvent; told < due; told += 1) blow();
}

/** One coalesced look: the results of the last are accepted, a hundred more are there. */
function blow(): void {
  const at = Date.now();
  total += resultsPerEvent;
  const rows = (first: number) => Array.from({ length: resultsPerEvent }, (_, index) => rowOf(first + index));
  const [added, changed] = [rows(total - resultsPerEvent), rows(total - 2 * resultsPerEvent)];
  for (const { sessionId: id } of added.slice(0, snapshotsPerEvent))
    service.tell({ name: 'onSnapshot', payload: { machine: 'session', id, value: 'attempt', context: { attempts: 0 } } });
  service.tell({ name: 'onUnderWay', payload: { ...underWayOf('busy', at), at } });
  service.tell({ name: 'onTransitions', payload: { transitions: [...added, ...changed].map(stepOf), dropped: 400 } });
  service.tell({ name: 'onSessionsChanged', payload: { added, changed, removed: [] } });
}

/** The latest hundred are on their way, all before them are accepted. */
function rowOf(number: number): SessionSummary {
  const sample = samples[number % samples.length] as SessionSummary;
  const startTime = openedAt + (number - rowsBefore) / 2;
  const row = {
    ...sample,
    sessionId: `018f-bench-${number.toString(16).padStart(12, '0')}`,
    counter: number,
    startTime,
    endTime: startTime + 1400,
    savedAt: startTime + 2000,
  };
  if (number < total - resultsPerEvent) return row;
  return { ...row, submissionStatus: 'pending', state: 'attempt', submissionAttempts: 0, attemptStartedAt: Date.now() };
}

function stepOf({ sessionId, counter, state }: SessionSummary): Transition {
  const isOnItsWay = state === 'attempt';
  return {
    at: Date.now(),
    machine: 'session',
    id: sessionId,
    counter,
    from: isOnItsWay ? 'ready' : 'recording',
    to: isOnItsWay ? 'attempt' : 'submitted',
    event: isOnItsWay ? 'slot.granted' : 'xstate.done.actor.0.session.recording',
  };
}
