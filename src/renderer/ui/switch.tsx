/**
 * On or off, said in a word too.
 * May import: react-aria-components.
 */
import { SwitchButton, SwitchField } from 'react-aria-components';

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
