/**
 * Sessions taken along as files: asked first, patient fields masked unless the operator says otherwise, and logged.
 * May import: react, src/common.
 */
import { useCallback, useState } from 'react';
import type { SessionFile } from '../../common/session.ts';
import type { Selection } from '../model/actions.tsx';
import { useAsk } from '../model/console.tsx';
import { counted } from '../model/format.ts';
import { useConfirm } from '../ui/confirm.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { toast } from '../ui/toast.tsx';
import { saveText } from '../model/save.ts';
import { maskedFile } from './patient.ts';

/** They are fetched one by one and put into one file: more would take long and much memory. */
const exportMax = 500;

export function useExport(): (selection: Selection) => Promise<void> {
  const ask = useAsk();
  const confirm = useConfirm();
  return useCallback(
    async (selection) => {
      const size = selection.kind === 'all' ? selection.total : selection.sessions.length;
      if (size === 0) return;
      if (size > exportMax) {
        toast(`At most ${exportMax} sessions can be exported at once; ${size} are selected.`);
        return;
      }
      const options = { isMasked: true };
      const isMeant = await confirm({
        title: `Export ${counted(size, 'session')}?`,
        body: <ExportOptions onChange={(isMasked) => (options.isMasked = isMasked)} />,
        confirm: `Export ${size}`,
      });
      if (!isMeant) return;
      try {
        const sessions =
          selection.kind === 'some'
            ? selection.sessions
            : (await ask('getSessions', { filter: selection.filter, limit: exportMax })).sessions;
        const files: unknown[] = [];
        for (const { sessionId } of sessions) {
          if (!options.isMasked) await ask('recordPatientAccess', { sessionId, action: 'exported' });
          const { session } = await ask('getSession', { sessionId });
          files.push(options.isMasked ? maskedFile(session) : session);
        }
        save(files as SessionFile[]);
        toast(`${counted(files.length, 'session')} exported.`);
      } catch (error) {
        toast(error instanceof Error ? error.message : 'The export failed.');
      }
    },
    [ask, confirm],
  );
}

function ExportOptions({ onChange }: { onChange: (isMasked: boolean) => void }) {
  const [isMasked, setMasked] = useState(true);
  return (
    <>
      <p>{isMasked ? 'Patient fields and raw bytes are left out.' : 'Contains patient data. This is logged.'}</p>
      <Checkbox
        label="Mask patient fields"
        isSelected={isMasked}
        onChange={(isOn) => {
          setMasked(isOn);
          onChange(isOn);
        }}
      />
    </>
  );
}

/** One session as itself, more as a JSON array. */
function save(files: readonly SessionFile[]): void {
  const [only] = files;
  const name = files.length === 1 && only !== undefined ? `${only.id}.json` : `hl7-courier-${files.length}-sessions.json`;
  saveText(name, JSON.stringify(files.length === 1 ? only : files, null, 2));
}
