/**
 * What lies over the page: menus, popovers, and dialogs (for confirmations only).
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  Dialog,
  DialogTrigger,
  Heading,
  Menu,
  MenuItem,
  MenuTrigger,
  Modal,
  ModalOverlay,
  Popover,
} from 'react-aria-components';

export interface MenuEntry {
  id: string;
  label: string;
  icon?: ReactNode;
  shortcut?: string;
  isDisabled?: boolean;
  onAction: () => void;
}
export function MenuButton(props: { label: string; children: ReactNode; entries: MenuEntry[]; className?: string }) {
  return (
    <MenuTrigger>
      <AriaButton className={props.className ?? 'button plain only-icon'} aria-label={props.label}>
        {props.children}
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={props.label}>
          {props.entries.map((entry) => (
            <MenuItem
              key={entry.id}
              id={entry.id}
              isDisabled={entry.isDisabled ?? false}
              onAction={entry.onAction}
              textValue={entry.label}
            >
              {entry.icon}
              <span>{entry.label}</span>
              {entry.shortcut !== undefined && <kbd className="key">{entry.shortcut}</kbd>}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

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

/** A window over the page; Esc and a click beside it close it. */
export function Window(props: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  role?: 'alertdialog';
  size?: 'wide' | 'palette';
}) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen={props.isOpen}
      isDismissable
      onOpenChange={(isOpen) => {
        if (!isOpen) props.onClose();
      }}
    >
      <Modal className={`window ${props.size ?? ''}`}>
        <Dialog
          className="window-body"
          {...(props.role === undefined ? {} : { role: props.role })}
          {...(props.size === 'palette' ? { 'aria-label': props.title } : {})}
        >
          {props.size !== 'palette' && (
            <Heading slot="title" className="window-title">
              {props.title}
            </Heading>
          )}
          {props.children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
