/**
 * A button with a menu of actions.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';

interface MenuEntry {
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
