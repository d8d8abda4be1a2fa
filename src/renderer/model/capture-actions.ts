/**
 * What an operator can do with capture, with the questions it takes: for Settings and for the palette.
 * May import: react.
 */
import { useMemo } from 'react';
import { useConfirm } from '../ui/confirm.tsx';
import { useSessionActions } from './actions.tsx';
import { useAsk } from './console.tsx';

export interface CaptureActions {
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export function useCaptureActions(): CaptureActions {
  const ask = useAsk();
  const confirm = useConfirm();
  const { attempt } = useSessionActions();
  return useMemo(
    () => ({
      async start() {
        await attempt(() => ask('startCapture', {}));
      },
      async pause() {
        const isMeant = await confirm({
          title: 'Pause capture?',
          body: 'Devices go on sending; what passes meanwhile is not recorded.',
          confirm: 'Pause',
          isDangerous: true,
        });
        if (isMeant) await attempt(() => ask('pauseCapture', {}));
      },
      async resume() {
        await attempt(() => ask('resumeCapture', {}));
      },
      async stop() {
        const isMeant = await confirm({
          title: 'Stop capture?',
          body: 'Devices go on sending; what passes from now on is not recorded.',
          confirm: 'Stop',
          isDangerous: true,
        });
        if (isMeant) await attempt(() => ask('stopCapture', {}));
      },
    }),
    [ask, attempt, confirm],
  );
}
