/**
 * What can be done with the sessions that are selected; in place of the filters while something is.
 * May import: react, lucide-react.
 */
import { Ban, Download, RotateCcw, RotateCw, Trash2, X } from 'lucide-react';
import { counted } from '../model/format.ts';
import { Button } from '../ui/button.tsx';

export function SelectionBar(props: {
  size: number;
  isAll: boolean;
  /** They are still being looked up. */
  isComing: boolean;
  isEnabled: boolean;
  onClear: () => void;
  onRetry: () => unknown;
  onIgnore: () => unknown;
  onRestore: () => unknown;
  onExport: () => unknown;
  onRemove: () => unknown;
}) {
  const isDisabled = !props.isEnabled || props.isComing;
  return (
    <div className="filter-bar" role="toolbar" aria-label="Selected sessions">
      <Button look="quiet" label="Clear selection" shortcut="Esc" icon={<X aria-hidden="true" />} onPress={props.onClear} />
      <b role="status">{wordsFor(props)}</b>
      <span className="space" />
      <Button look="primary" icon={<RotateCw aria-hidden="true" />} shortcut="R" isDisabled={isDisabled} onPress={props.onRetry}>
        Retry
      </Button>
      <Button icon={<Ban aria-hidden="true" />} shortcut="I" isDisabled={isDisabled} onPress={props.onIgnore}>
        Ignore
      </Button>
      <Button icon={<RotateCcw aria-hidden="true" />} shortcut="U" isDisabled={isDisabled} onPress={props.onRestore}>
        Restore
      </Button>
      <Button icon={<Download aria-hidden="true" />} shortcut="E" isDisabled={isDisabled} onPress={props.onExport}>
        Export
      </Button>
      <Button
        icon={<Trash2 aria-hidden="true" />}
        label="Move to trash"
        shortcut="Del"
        isDisabled={isDisabled}
        onPress={props.onRemove}
      />
    </div>
  );
}

function wordsFor({ size, isAll, isComing }: { size: number; isAll: boolean; isComing: boolean }): string {
  const sessions = counted(size, 'session');
  if (isAll) return `All ${sessions} that match`;
  return isComing ? `Selecting ${sessions} ...` : `${sessions} selected`;
}
