/**
 * A bulk retry as it runs: how far it is, why it stopped, and a way to cancel it.
 * May import: react, lucide-react.
 */
import { X } from 'lucide-react';
import type { RetryJob } from '../../common/console.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk } from '../model/console.tsx';
import { count, counted } from '../model/format.ts';
import { retryEndWords, statusText } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/toast.tsx';
import './retry-run.css';

/** Up to this many sessions each has a box of its own. */
const boxesMax = 40;

export function RetryRun({ job }: { job: RetryJob }) {
  const ask = useAsk();
  const actions = useSessionActions();
  const cancel = async () => {
    const answer = await actions.attempt(() => ask('cancelRetryJob', { jobId: job.id }));
    if (answer !== null) toast(`Cancelled. ${counted(answer.job.toGo, 'session')} unchanged.`);
  };
  const isRunning = job.state === 'running';
  return (
    <div className="retry-run" role="status">
      <div className="row">
        <b>{isRunning ? `Retrying ${counted(job.total, 'session')}` : titleOf(job)}</b>
        <span className="text2">{progressOf(job)}</span>
        <span className="space" />
        {isRunning && (
          <Button isSmall icon={<X aria-hidden="true" />} isDisabled={!actions.isEnabled} onPress={cancel}>
            Cancel retry
          </Button>
        )}
      </div>
      <div
        className="retry-bar"
        role="progressbar"
        aria-label="Accepted"
        aria-valuemin={0}
        aria-valuemax={job.total}
        aria-valuenow={job.accepted}
      >
        {job.total <= boxesMax ? (
          boxesOf(job).map(({ id, look }) => <i key={id} className={look} />)
        ) : (
          <>
            <i className="is-accepted" style={{ flexGrow: job.accepted }} />
            <i className="is-failed" style={{ flexGrow: job.failed }} />
            <i className="is-sending" style={{ flexGrow: job.sending }} />
            <i style={{ flexGrow: job.toGo }} />
          </>
        )}
      </div>
      <p className="small text2">{footOf(job)}</p>
    </div>
  );
}

function boxesOf({ accepted, failed, sending, total }: RetryJob): { id: number; look: string }[] {
  return Array.from({ length: total }, (_, id) => {
    if (id < accepted) return { id, look: 'is-accepted' };
    if (id < accepted + failed) return { id, look: 'is-failed' };
    return { id, look: id < accepted + failed + sending ? 'is-sending' : '' };
  });
}
const titleOf = (job: RetryJob) => (job.state === 'running' ? '' : retryEndWords[job.state]);
function progressOf({ accepted, sending, failed, toGo, state }: RetryJob): string {
  const parts = [`${count(accepted)} accepted`];
  if (failed > 0) parts.push(`${count(failed)} failed`);
  if (sending > 0) parts.push(`${count(sending)} sending`);
  if (toGo > 0) parts.push(state === 'running' ? `${count(toGo)} to go` : `${count(toGo)} unchanged`);
  return parts.join(', ');
}
function footOf(job: RetryJob): string {
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
      // Those that were set back by themselves meanwhile, as the endpoint accepts again, are not this retry's any more.
      return 'None is left to retry.';
  }
}
