/**
 * A bulk retry as it runs: how far it is, why it stopped, and a way to cancel it.
 * May import: react, lucide-react.
 */
import { X } from 'lucide-react';
import type { RetryJob } from '../../common/console.ts';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk } from '../model/console.tsx';
import { counted } from '../model/format.ts';
import { retryEndWords } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { toast } from '../ui/toast.tsx';
import { retryFoot, retryProgress } from './retry-words.ts';
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
        <span className="text2">{retryProgress(job)}</span>
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
            <i className="is-withdrawn" style={{ flexGrow: job.withdrawn ?? 0 }} />
          </>
        )}
      </div>
      <p className="small text2">{retryFoot(job)}</p>
    </div>
  );
}

function boxesOf({ accepted, failed, sending, total, withdrawn = 0 }: RetryJob): { id: number; look: string }[] {
  return Array.from({ length: total }, (_, id) => {
    if (id < accepted) return { id, look: 'is-accepted' };
    if (id < accepted + failed) return { id, look: 'is-failed' };
    if (id < accepted + failed + sending) return { id, look: 'is-sending' };
    return { id, look: id < total - withdrawn ? '' : 'is-withdrawn' };
  });
}
const titleOf = (job: RetryJob) => (job.state === 'running' ? '' : retryEndWords[job.state]);
