/**
 * The bulk retry that was started in Sessions: it belongs to no cause, so it runs before the operator's eyes here, and
 * stays until its end was seen.
 * May import: react, lucide-react.
 */
import { X } from 'lucide-react';
import { useState } from 'react';
import { RetryRun } from '../attention/retry-run.tsx';
import { useConsole } from '../model/console.tsx';
import { Button } from '../ui/button.tsx';

/** Those whose end was seen; the screen comes and goes. */
const seen = new Set<string>();

export function OwnRetry() {
  const [, setSeen] = useState(0);
  const job = useConsole(({ jobs }) =>
    Object.values(jobs).findLast(({ id, causeId, state }) => causeId === undefined && (state === 'running' || !seen.has(id))),
  );
  if (job === undefined) return null;
  return (
    <div className="own-retry">
      <RetryRun job={job} />
      {job.state !== 'running' && (
        <Button
          look="quiet"
          isSmall
          label="Close the ended retry"
          icon={<X aria-hidden="true" />}
          onPress={() => {
            seen.add(job.id);
            setSeen(seen.size);
          }}
        />
      )}
    </div>
  );
}
