/**
 * Fields: text, choice, switch, box; each with its label, help and what is wrong with it.
 * May import: react-aria-components.
 */
import type { ReactNode, Ref } from 'react';
import {
  Button as AriaButton,
  Checkbox as AriaCheckbox,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  SwitchButton,
  SwitchField,
  TextArea,
  TextField,
} from 'react-aria-components';
import { ChevronDown } from 'lucide-react';

export function TextInput(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  isLabelHidden?: boolean;
  placeholder?: string;
  type?: 'text' | 'password' | 'search';
  isMono?: boolean;
  isMultiline?: boolean;
  isReadOnly?: boolean;
  isInvalid?: boolean;
  describedBy?: string;
  inputRef?: Ref<HTMLInputElement>;
  autoFocus?: boolean;
  className?: string;
}) {
  const look = `input ${props.isMono === true ? 'mono' : ''}`;
  return (
    <TextField
      className={`text-field ${props.className ?? ''}`}
      value={props.value}
      onChange={props.onChange}
      isReadOnly={props.isReadOnly ?? false}
      isInvalid={props.isInvalid ?? false}
      {...(props.type === undefined ? {} : { type: props.type })}
      {...(props.isLabelHidden === true ? { 'aria-label': props.label } : {})}
      {...(props.describedBy === undefined ? {} : { 'aria-describedby': props.describedBy })}
      {...(props.autoFocus === true ? { autoFocus: true } : {})}
      autoComplete="off"
    >
      {props.isLabelHidden !== true && <Label>{props.label}</Label>}
      {props.isMultiline === true ? (
        <TextArea className={look} rows={3} placeholder={props.placeholder ?? ''} spellCheck="false" />
      ) : (
        <Input
          className={look}
          placeholder={props.placeholder ?? ''}
          {...(props.inputRef === undefined ? {} : { ref: props.inputRef })}
          spellCheck="false"
        />
      )}
    </TextField>
  );
}

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

export function Switch(props: { label: string; value: boolean; onChange: (value: boolean) => void; isDisabled?: boolean }) {
  return (
    <SwitchField
      aria-label={props.label}
      isSelected={props.value}
      onChange={props.onChange}
      isDisabled={props.isDisabled ?? false}
    >
      <SwitchButton className="switch">
        <span className="switch-track" />
        {props.value ? 'On' : 'Off'}
      </SwitchButton>
    </SwitchField>
  );
}

export function Checkbox(props: {
  label: string;
  isLabelHidden?: boolean;
  isSelected: boolean;
  isIndeterminate?: boolean;
  onChange: (isSelected: boolean) => void;
  children?: ReactNode;
}) {
  return (
    <AriaCheckbox
      className="checkbox"
      isSelected={props.isSelected}
      isIndeterminate={props.isIndeterminate ?? false}
      onChange={props.onChange}
      {...(props.isLabelHidden === true || props.children !== undefined ? { 'aria-label': props.label } : {})}
    >
      <span className="checkbox-box" aria-hidden="true">
        <svg viewBox="0 0 16 16">
          <path
            d={props.isIndeterminate === true ? 'M4 8h8' : 'm3.6 8.4 2.8 2.8 6-6.4'}
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
          />
        </svg>
      </span>
      {props.isLabelHidden === true ? null : (props.children ?? props.label)}
    </AriaCheckbox>
  );
}
