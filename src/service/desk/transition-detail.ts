/**
 * A few words on a transition, from what the machine knows: figures, statuses and codes, never free text.
 * May import: machines, src/common.
 */
import type { Outcome } from '../../common/outcome.ts';
import type { WorkerContext } from '../../../machines/worker.ts';

const detailMax = 120;

export interface Step {
  machine: string;
  from: string;
  to: string;
  /** The event's type. */
  event: string;
  /** Of the machine, after the transition. */
  context: unknown;
  /** `backoffWait`: how long the wait is. */
  waitMs?: number | undefined;
}

/** What a session's context holds that the lanes and the details need. */
export interface SeenSession {
  id: string;
  attempts: number;
  answer: { outcome: Outcome; startedAt: number; durationMs: number } | null;
  withdrawn: string | null;
}

/** `503`, or `no answer (ECONNREFUSED)`; undefined before the first answer. */
export function answerWords(outcome: Outcome | undefined): string | undefined {
  if (outcome === undefined) return undefined;
  if (outcome.httpStatus !== undefined)
    return outcome.code === undefined ? `${outcome.httpStatus}` : `${outcome.httpStatus} ${outcome.code}`;
  return outcome.code === undefined ? 'no answer' : `no answer (${outcome.code})`;
}

export function transitionDetail(step: Step): string | undefined {
  const detail =
    step.machine === 'session' ? sessionDetail(step) : step.machine === 'worker' ? workerDetail(step) : endpointDetail(step);
  return detail?.slice(0, detailMax);
}

function sessionDetail({ from, to, event, context, waitMs }: Step): string | undefined {
  const { answer, withdrawn } = context as SeenSession;
  const words = answerWords(answer?.outcome);
  switch (to) {
    case 'recording':
      return words === undefined ? 'the answer again' : `answer ${words}`;
    case 'submitted':
      return 'on disk';
    case 'failed':
      return answer?.outcome.kind === 'refused' ? `refused ${words}` : words;
    case 'backoffWait':
      return waitMs === undefined ? words : `${words}, ${(waitMs / 1000).toFixed(1)} s`;
    case 'deferred':
      return withdrawn ?? words;
    case 'ready':
      return from !== 'backoffWait' ? undefined : event.startsWith('xstate.after') ? 'wait over' : 'asked for';
    default:
      return undefined;
  }
}

function workerDetail({ from, to, context }: Step): string | undefined {
  const { queue, tally } = context as WorkerContext;
  if (to === 'dispatching') return `found ${queue.length}`;
  if (from !== 'dispatching') return undefined;
  const parts = [
    [tally.submitted, 'accepted'],
    [tally.failed, 'failed'],
    [tally.deferred, 'deferred'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return said.length === 0 ? 'nothing to do' : said.join(', ');
}

function endpointDetail({ machine, to, context }: Step): string | undefined {
  if (machine !== 'endpoint' || to !== 'open') return undefined;
  const { cause } = context as { cause: { httpStatus?: number; code?: string } | null };
  const detail = cause?.httpStatus ?? cause?.code;
  return detail === undefined ? undefined : String(detail);
}
