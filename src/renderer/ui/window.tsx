/**
 * A window over the page: for confirmations, the palette and the keys.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

/** A window over the page; Esc and a click beside it close it. */
export function Window(props: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  role?: 'alertdialog';
  size?: 'wide' | 'full' | 'palette';
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
