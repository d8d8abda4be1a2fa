/**
 * One of a list, in a popover.
 * May import: react-aria-components, lucide-react.
 */
import { ChevronDown } from 'lucide-react';
import { Button as AriaButton, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';

export function Choice<Id extends string>(props: {
  label: string;
  options: readonly { id: Id; label: string }[];
  value: Id;
  onChange: (id: Id) => void;
  isDisabled?: boolean;
  isQuiet?: boolean;
}) {
  return (
    <Select
      aria-label={props.label}
      className="choice"
      value={props.value}
      isDisabled={props.isDisabled ?? false}
      onChange={(id) => {
        if (id !== null) props.onChange(id as Id);
      }}
    >
      <AriaButton className={props.isQuiet === true ? 'button quiet small' : 'button plain choice-button'}>
        <SelectValue />
        <ChevronDown size={14} strokeWidth={1.5} aria-hidden="true" />
      </AriaButton>
      <Popover className="popover">
        <ListBox className="menu">
          {props.options.map(({ id, label }) => (
            <ListBoxItem key={id} id={id} textValue={label}>
              {label}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
