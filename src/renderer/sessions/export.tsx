/**
 * Sessions taken along as files: the form is asked for first, patient fields are hidden unless the operator says otherwise,
 * and then it is written down. What is done then, export-run.ts says.
 * May import: react, src/common.
 */
import { useCallback, useState } from 'react';
import { setExportState, readExportState } from '../model/export-state.ts';
import type { Selection } from '../model/actions.tsx';
import { useAsk } from '../model/console.tsx';
import { count, counted } from '../model/format.ts';
import { saveFile } from '../model/save.ts';
import { Segmented } from '../ui/button.tsx';
import { useConfirm } from '../ui/confirm.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { toast } from '../ui/toast.tsx';
import type { ExportForm, LeftOut } from './export-formats.ts';

interface Options {
  form: ExportForm;
  isMasked: boolean;
}

export function useExport(): (selection: Selection) => Promise<void> {
  const ask = useAsk();
  const confirm = useConfirm();
  return useCallback(
    async (selection) => {
      const size = selection.kind === 'all' ? selection.total : selection.sessions.length;
      if (size === 0) return;
      if (readExportState()?.type === 'running') {
        toast('An export is running. Wait for its end, or cancel it.');
        return;
      }
      const options: Options = { form: 'json', isMasked: true };
      const isMeant = await confirm({
        title: `Export ${counted(size, 'session')}?`,
        body: <ExportOptions first={options} onChange={(next) => Object.assign(options, next)} />,
        confirm: `Export ${count(size)}`,
      });
      if (!isMeant) return;
      const ending = new AbortController();
      const cancel = () => ending.abort();
      setExportState({ type: 'running', phase: 'listing', done: 0, total: size, cancel });
      try {
        const { runExport } = await import('./export-run.ts');
        const end = await runExport(
          { selection, ...options },
          {
            ask,
            now: Date.now,
            signal: ending.signal,
            onProgress: paced((progress) => setExportState({ type: 'running', ...progress, cancel })),
          },
        );
        setExportState(null);
        if (end.type === 'made') {
          saveFile(end.name, end.file);
          tell(end.sessions, end.left);
        } else if (end.type === 'cancelled') toast('Export cancelled. No file was made.');
        else setExportState({ type: 'ended', text: end.message });
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'The export failed.';
        setExportState({ type: 'ended', text: `${reason} No file was made.` });
      }
    },
    [ask, confirm],
  );
}

/** What was left out stays to be read; that all went well does not. */
function tell(sessions: number, { gone, unfit }: LeftOut): void {
  const done = `${counted(sessions, 'session')} exported.`;
  if (gone === 0 && unfit === 0) {
    toast(done);
    return;
  }
  const deleted = gone === 0 ? '' : ` ${counted(gone, 'session')} left out: deleted meanwhile.`;
  const other = unfit === 0 ? '' : ` ${counted(unfit, 'text')} left out: no HL7 message.`;
  setExportState({ type: 'ended', text: done + deleted + other });
}

/** Painting every step would take longer than the steps. */
const paintMs = 100;
function paced<Progress>(show: (progress: Progress) => void): (progress: Progress) => void {
  let shownAt = 0;
  return (progress) => {
    if (performance.now() - shownAt < paintMs) return;
    shownAt = performance.now();
    show(progress);
  };
}

const forms: readonly { id: ExportForm; label: string; says: string }[] = [
  { id: 'json', label: 'Sessions, JSON', says: 'Whole sessions in one file: messages, attempts, what was done.' },
  { id: 'hl7', label: 'Messages, HL7', says: 'The HL7 messages alone, one after the other.' },
  {
    id: 'csv',
    label: 'Table, CSV',
    says: 'What the table knows, a line for each session, for a spreadsheet. Holds no patient fields.',
  },
];

function ExportOptions({ first, onChange }: { first: Options; onChange: (options: Options) => void }) {
  const [options, setOptions] = useState({ ...first });
  const change = (part: Partial<Options>) => {
    const next = { ...options, ...part };
    setOptions(next);
    onChange(next);
  };
  const { form, isMasked } = options;
  return (
    <div className="export-options">
      <Segmented label="Form" options={forms} value={form} onChange={(id) => change({ form: id })} />
      <p>{forms.find(({ id }) => id === form)?.says}</p>
      {form !== 'csv' && (
        <>
          <Checkbox label="Mask patient fields" isSelected={isMasked} onChange={(isOn) => change({ isMasked: isOn })} />
          <p>
            {isMasked ? 'Patient fields and raw bytes are left out.' : 'Contains patient data. This is logged for each session.'}
          </p>
        </>
      )}
    </div>
  );
}
