/**
 * A place for files: dropped, pasted, or chosen by the button in it.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Button, DropZone, FileTrigger } from 'react-aria-components';

export function FileDrop(props: {
  /** What is done with them, for a screen reader. */
  label: string;
  button: string;
  icon?: ReactNode;
  children: ReactNode;
  /** Endings that the system's dialog offers first. */
  endings: readonly string[];
  isDisabled?: boolean;
  autoFocus?: boolean;
  onFiles: (files: File[]) => void;
}) {
  return (
    <DropZone
      className="file-drop"
      aria-label={props.label}
      isDisabled={props.isDisabled ?? false}
      getDropOperation={() => 'copy'}
      onDrop={({ items }) => {
        const dropped = items.flatMap((item) => (item.kind === 'file' ? [item.getFile()] : []));
        void Promise.all(dropped).then(props.onFiles);
      }}
    >
      <p>{props.children}</p>
      <FileTrigger
        allowsMultiple
        acceptedFileTypes={props.endings}
        onSelect={(files) => props.onFiles(files === null ? [] : [...files])}
      >
        <Button className="button plain" isDisabled={props.isDisabled ?? false} autoFocus={props.autoFocus ?? false}>
          {props.icon}
          {props.button}
        </Button>
      </FileTrigger>
    </DropZone>
  );
}
