/**
 * A field for text.
 * May import: react-aria-components.
 */
import type { Ref } from 'react';
import { Input, Label, TextArea, TextField } from 'react-aria-components';

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
