/**
 * Buttons, with the tooltip that an icon alone needs, and a switch between views.
 * May import: react-aria-components.
 */
import { useState, type ReactNode } from 'react';
import { Button as AriaButton, ToggleButton, ToggleButtonGroup, Tooltip, TooltipTrigger } from 'react-aria-components';

interface ButtonProps {
  children?: ReactNode;
  icon?: ReactNode;
  /** Accessible name and tooltip of a button that shows only an icon. */
  label?: string;
  /** The key that does the same. */
  shortcut?: string;
  look?: 'plain' | 'primary' | 'quiet' | 'danger';
  isSmall?: boolean;
  isDisabled?: boolean;
  autoFocus?: boolean;
  className?: string;
  /** A pressed button stays off until the promise settles: a second click does nothing. */
  onPress?: () => unknown;
}

export function Button(props: ButtonProps) {
  const { children, icon, label, shortcut, look = 'plain', isSmall = false, isDisabled = false, className = '' } = props;
  const [isBusy, setBusy] = useState(false);
  const press = () => {
    const done = props.onPress?.();
    if (!(done instanceof Promise)) return;
    setBusy(true);
    void done.finally(() => setBusy(false));
  };
  const button = (
    <AriaButton
      className={`button ${look} ${isSmall ? 'small' : ''} ${children === undefined ? 'only-icon' : ''} ${className}`}
      isDisabled={isDisabled || isBusy}
      onPress={press}
      {...(label === undefined ? {} : { 'aria-label': label })}
      {...(props.autoFocus === true ? { autoFocus: true } : {})}
    >
      {icon}
      {children}
      {shortcut !== undefined && label === undefined && (
        <kbd className="key" aria-hidden="true">
          {shortcut}
        </kbd>
      )}
    </AriaButton>
  );
  if (label === undefined) return button;
  return (
    <TooltipTrigger delay={400}>
      {button}
      <Tooltip className="tooltip" offset={6}>
        {label}
        {shortcut !== undefined && <kbd className="key">{shortcut}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}

/** One of a few views; arrow keys move. */
export function Segmented<Id extends string>(props: {
  label: string;
  options: readonly { id: Id; label: ReactNode }[];
  value: Id;
  onChange: (id: Id) => void;
}) {
  return (
    <ToggleButtonGroup
      className="segmented"
      aria-label={props.label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[props.value]}
      onSelectionChange={(keys) => {
        const [id] = keys;
        if (id !== undefined) props.onChange(id as Id);
      }}
    >
      {props.options.map(({ id, label }) => (
        <ToggleButton key={id} id={id}>
          {label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
