/**
 * What can be started and stopped beside the settings it belongs to: capture, and the clean-up.
 * May import: react, lucide-react.
 */
import { FolderOpen, Pause, Play, Sparkles, Square } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useSessionActions } from '../model/actions.tsx';
import { useAsk, useConsole } from '../model/console.tsx';
import { bytes, counted } from '../model/format.ts';
import { openImport } from '../model/import-place.ts';
import { Button } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { StatusChip } from '../ui/marks.tsx';
import { toast } from '../ui/toast.tsx';
import { useCaptureActions } from '../model/capture-actions.ts';
import { machineWords, type Word } from '../model/words.ts';

const off: Word = { glyph: 'slash', tone: 'off', word: 'Off' };

export function CaptureControl() {
  const { isEnabled } = useSessionActions();
  const { start, pause, resume, stop } = useCaptureActions();
  const capture = useConsole(({ status }) => status?.capture);
  const hasInterface = useConsole(({ settings }) => (settings?.settings.captureInterface ?? '') !== '');
  const state = capture?.state ?? 'stopped';
  const word = state === 'stopped' ? off : machineWords.capture?.states[state];
  const isDisabled = !isEnabled;
  return (
    <div className="setting">
      <div className="setting-label">Now</div>
      <div className="setting-field">
        <div className="row">
          {word !== undefined && <StatusChip word={word} />}
          {state === 'capturing' && (
            <Button icon={<Pause aria-hidden="true" />} isDisabled={isDisabled} onPress={pause}>
              Pause
            </Button>
          )}
          {state === 'paused' && (
            <Button look="primary" icon={<Play aria-hidden="true" />} isDisabled={isDisabled} onPress={resume}>
              Resume
            </Button>
          )}
          {(state === 'stopped' || state === 'failed') && (
            <Button icon={<Play aria-hidden="true" />} isDisabled={isDisabled || !hasInterface} onPress={start}>
              Start
            </Button>
          )}
          {state !== 'stopped' && (
            <Button look="quiet" icon={<Square aria-hidden="true" />} isDisabled={isDisabled} onPress={stop}>
              Stop
            </Button>
          )}
          <Button look="quiet" icon={<FolderOpen aria-hidden="true" />} isDisabled={isDisabled} onPress={openImport}>
            Import files
          </Button>
        </div>
        {!hasInterface && <p className="setting-help">Choose an interface and save: capture starts by itself.</p>}
        {capture?.reason !== undefined && <p className="setting-help">{capture.reason}</p>}
      </div>
    </div>
  );
}

export function CleanupControl() {
  const ask = useAsk();
  const confirm = useConfirm();
  const actions = useSessionActions();
  const summary = useConsole(({ cleanup }) => cleanup);
  const isAsked = useRef(false);
  // First it is found out what would move; the question follows with the figures.
  const begin = async () => {
    isAsked.current = true;
    const answer = await actions.attempt(() => ask('runCleanupNow', { dryRun: true }));
    if (answer === null) isAsked.current = false;
  };
  useEffect(() => {
    if (summary === null || !isAsked.current || !summary.dryRun) return;
    isAsked.current = false;
    const run = async () => {
      if (summary.filesDeleted === 0) {
        toast('Nothing is past its time.');
        return;
      }
      const isMeant = await confirm({
        title: 'Clean up now?',
        body: `Would move ${counted(summary.filesDeleted, 'session')}, delivered or ignored, to trash (${bytes(summary.bytesFreed)}).`,
        confirm: 'Clean up',
      });
      if (isMeant) await actions.attempt(() => ask('runCleanupNow', { dryRun: false }));
    };
    void run();
  }, [summary, confirm, actions, ask]);
  return (
    <div className="setting">
      <div className="setting-label">Now</div>
      <div className="setting-field">
        <Button icon={<Sparkles aria-hidden="true" />} isDisabled={!actions.isEnabled} onPress={begin}>
          Clean up now
        </Button>
        <p className="setting-help">
          {summary === null
            ? 'Says first what would move.'
            : `Last: ${counted(summary.filesDeleted, 'session')} ${summary.dryRun ? 'would move' : 'moved'}, ${bytes(summary.bytesFreed)}; ${counted(summary.filesInTrash, 'file')} in the trash.`}
        </p>
      </div>
    </div>
  );
}
