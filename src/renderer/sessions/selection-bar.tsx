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
  isEnabled: boolean;
  onClear: () => void;
  onRetry: () => unknown;
  onIgnore: () => unknown;
  onRestore: () => unknown;
  onExport: () => unknown;
  onRemove: () => unknown;
}) {
  const isDisabled = !props.isEnabled;
  return (
    <div className="filter-bar" role="toolbar" aria-label="Selected sessions">
      <Button look="quiet" label="Clear selection" shortcut="Esc" icon={<X aria-hidden="true" />} onPress={props.onClear} />
      <b>{props.isAll ? `All ${counted(props.size, 'session')} that match` : `${counted(props.size, 'session')} selected`}</b>
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
