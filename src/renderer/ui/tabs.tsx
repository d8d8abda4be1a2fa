/**
 * Tabs: one of several contents, chosen with the arrow keys (WAI-ARIA Authoring Practices, tabs). Plain elements: a
 * collection of React Aria's is built twice, and takes longer than all else around the content.
 * May import: react.
 */
import { useId, useRef, type KeyboardEvent, type ReactNode } from 'react';

export function Tabs<Id extends string>(props: {
  label: string;
  tabs: readonly { id: Id; label: string }[];
  value: Id;
  onChange: (id: Id) => void;
  beside?: ReactNode;
  children: ReactNode;
}) {
  const { tabs, value } = props;
  const idBase = useId();
  const list = useRef<HTMLDivElement>(null);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const at = tabs.findIndex(({ id }) => id === value);
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const move = moves[event.key];
    const next = move === undefined ? undefined : tabs.at(move % tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    props.onChange(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  }
  return (
    <div className="tabs-place">
      <div className="tabs-bar">
        <div ref={list} className="tabs" role="tablist" aria-label={props.label} onKeyDown={onKeyDown}>
          {tabs.map(({ id, label }) => (
            <button
              key={id}
              type="button"
              role="tab"
              id={`${idBase}-${id}`}
              data-tab={id}
              aria-selected={id === value}
              aria-controls={`${idBase}-panel`}
              tabIndex={id === value ? 0 : -1}
              onClick={() => props.onChange(id)}
            >
              {label}
            </button>
          ))}
        </div>
        <span className="space" />
        {props.beside}
      </div>
      <div role="tabpanel" className="tab-panel" id={`${idBase}-panel`} aria-labelledby={`${idBase}-${value}`}>
        {props.children}
      </div>
    </div>
  );
}
