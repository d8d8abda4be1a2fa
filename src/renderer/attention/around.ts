/**
 * What else is known while a cause stands: what is said of it must hold beside the rest of the page.
 * May import: react.
 */
import { useConsole } from '../model/console.tsx';
import type { Around } from '../model/reasons.ts';

export function useAround(): Around {
  const isStopped = useConsole(({ status }) => status?.circuit?.state === 'open');
  const lastAcceptedAt = useConsole(({ status }) => status?.lastAcceptedAt);
  return { isStopped, lastAcceptedAt };
}
