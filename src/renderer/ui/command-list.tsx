/**
 * A field above a list: typing narrows, arrows choose while the field keeps the focus.
 * May import: react-aria-components, lucide-react.
 */
import { Search } from 'lucide-react';
import { Autocomplete, Input, Menu, MenuItem, SearchField } from 'react-aria-components';

export interface Command {
  id: string;
  label: string;
  detail?: string;
  shortcut?: string;
  run: () => unknown;
}

export function CommandList(props: { text: string; onText: (text: string) => void; commands: Command[]; onClose: () => void }) {
  return (
    <Autocomplete inputValue={props.text} onInputChange={props.onText}>
      <SearchField
        className="palette-field"
        aria-label="Search sessions or run a command"
        autoFocus
        onKeyDown={(event) => {
          // Esc closes at once; the field's own habit is to be emptied first.
          if (event.key === 'Escape') props.onClose();
        }}
      >
        <Search size={18} strokeWidth={1.5} aria-hidden="true" />
        <Input placeholder="Search sessions or run a command" spellCheck="false" />
      </SearchField>
      <Menu
        className="menu palette-list"
        aria-label="Found"
        items={props.commands}
        renderEmptyState={() => <div className="empty">Nothing found.</div>}
        onAction={(id) => {
          props.onClose();
          props.commands.find((command) => command.id === id)?.run();
        }}
      >
        {(command) => (
          <MenuItem id={command.id} textValue={command.label}>
            <span>{command.label}</span>
            {command.detail !== undefined && <span className="text3 small cut">{command.detail}</span>}
            {command.shortcut !== undefined && <kbd className="key">{command.shortcut}</kbd>}
          </MenuItem>
        )}
      </Menu>
    </Autocomplete>
  );
}
