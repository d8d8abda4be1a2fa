/**
 * The one action of Overview and Sessions: a cycle now, or a try with one session while delivery is stopped.
 * May import: react, lucide-react.
 */
import { ArrowRight } from 'lucide-react';
import { useSessionActions } from '../model/actions.tsx';
import { useConsole } from '../model/console.tsx';
import { noEndpoint } from '../model/lights.ts';
import { Button } from '../ui/button.tsx';

export function SendNow() {
  const actions = useSessionActions();
  const hasNoEndpoint = useConsole(({ status }) => status !== null && noEndpoint(status));
  const isStopped = useConsole(({ status }) => status?.circuit?.state === 'open');
  return (
    <Button
      icon={<ArrowRight aria-hidden="true" />}
      isDisabled={!actions.isEnabled || hasNoEndpoint}
      onPress={() => actions.sendNow()}
    >
      {isStopped ? 'Try one now' : 'Send now'}
    </Button>
  );
}
