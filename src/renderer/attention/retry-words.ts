/**
 * A bulk retry in words: how far it is, and what happens or happened to it. The figures of the first add up to the number
 * that was asked for.
 * May import: src/common.
 */
import type { RetryJob } from '../../common/console.ts';
import { count } from '../model/format.ts';
import { statusText } from '../model/words.ts';

export function retryProgress({ accepted, sending, failed, toGo, withdrawn = 0, state }: RetryJob): string {
  const parts = [`${count(accepted)} accepted`];
  if (failed > 0) parts.push(`${count(failed)} failed`);
  if (sending > 0) parts.push(`${count(sending)} sending`);
  if (toGo > 0) parts.push(state === 'running' ? `${count(toGo)} to go` : `${count(toGo)} unchanged`);
  // Set back by themselves as the endpoint accepts again, or changed by somebody: either way this retry has them no more.
  if (withdrawn > 0) parts.push(`${count(withdrawn)} went on without it`);
  return parts.join(', ');
}

export function retryFoot(job: RetryJob): string {
  switch (job.state) {
    case 'running':
      return `Starts with one, then doubles: now ${count(job.ramp)} at a time. Stops by itself if the same refusal comes back.`;
    case 'stopped': {
      const { httpStatus, code } = job.stoppedBy ?? {};
      const what = httpStatus === undefined ? (code ?? 'no answer') : statusText(httpStatus);
      return `Stopped after ${count(job.accepted + job.failed)}: the same refusal came back (${what}). ${count(job.toGo)} unchanged.`;
    }
    case 'cancelled':
      return `What was on its way ended by itself. ${count(job.toGo)} unchanged.`;
    case 'done':
      return 'None is left to retry.';
  }
}
