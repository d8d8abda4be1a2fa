/**
 * Tabs: one of several contents, chosen with the arrow keys.
 * May import: react-aria-components.
 */
import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from 'react-aria-components';

export function Tabs<Id extends string>(props: {
  label: string;
  tabs: readonly { id: Id; label: string }[];
  value: Id;
  onChange: (id: Id) => void;
  beside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <AriaTabs className="tabs-place" selectedKey={props.value} onSelectionChange={(id) => props.onChange(id as Id)}>
      <div className="tabs-bar">
        <TabList className="tabs" aria-label={props.label}>
          {props.tabs.map(({ id, label }) => (
            <Tab key={id} id={id}>
              {label}
            </Tab>
          ))}
        </TabList>
        <span className="space" />
        {props.beside}
      </div>
      {props.tabs.map(({ id }) => (
        // Only the chosen one is in the page.
        <TabPanel key={id} id={id} className="tab-panel">
          {props.children}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
