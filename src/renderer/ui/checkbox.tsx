/**
 * A box to tick.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Checkbox as AriaCheckbox } from 'react-aria-components';

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
