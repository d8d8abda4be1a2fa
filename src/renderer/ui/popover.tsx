/**
 * A button that opens a small surface of controls.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Button as AriaButton, Dialog, DialogTrigger, Popover } from 'react-aria-components';

/** A button that opens a small surface of controls. */
export function PopoverButton(props: {
  label: string;
  button: ReactNode;
  buttonClass?: string;
  children: (close: () => void) => ReactNode;
}) {
  return (
    <DialogTrigger>
      <AriaButton className={props.buttonClass ?? 'button plain'}>{props.button}</AriaButton>
      <Popover className="popover" placement="bottom start">
        <Dialog className="popover-body" aria-label={props.label}>
          {({ close }) => props.children(close)}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
