/**
 * The heads of the table's columns: sort by them, select all, choose which are shown.
 * May import: react, lucide-react.
 */
import { ArrowDown, ArrowUp, Columns3 } from 'lucide-react';
import type { SessionSort } from '../../common/contract.ts';
import { setPreferences, standardColumns, usePreferences } from '../model/preferences.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { PopoverButton } from '../ui/popover.tsx';
import type { Chosen } from './choice-of-rows.ts';
import { allColumns, classOf, firmColumn, type Column, type Layout } from './columns.tsx';

interface HeadProps {
  layout: Layout;
  /** Places of columns among all that are chosen, shown or not, counted from 1. */
  placeOf: (column: Column) => number;
  total: number;
  sort: SessionSort;
  onSort: (by: SessionSort['by']) => void;
  chosen: Chosen;
  onChooseAll: (isAll: boolean) => void;
}

export const headId = 'sessions-head';

/** The first row of the grid, which owns it: it stays where it is while the others are scrolled. */
export function TableHead(props: HeadProps) {
  const { layout, chosen } = props;
  return (
    <div className="table-head" id={headId} role="row" aria-rowindex={1}>
      <span className="col-check" role="columnheader" aria-colindex={1}>
        <input
          type="checkbox"
          className="box"
          aria-label="Select all that match"
          checked={chosen.isAll}
          ref={(element) => {
            if (element !== null) element.indeterminate = chosen.ids.size > 0 || chosen.coming !== null;
          }}
          disabled={props.total === 0}
          onChange={(event) => props.onChooseAll(event.target.checked)}
        />
      </span>
      {layout.shown.map((column) => (
        <ColumnHead key={column.id} column={column} {...props} />
      ))}
    </div>
  );
}

function ColumnHead({ column, placeOf, sort, onSort }: { column: Column } & HeadProps) {
  const { by, label, hint } = column;
  const common = {
    role: 'columnheader',
    className: classOf(column).replace(' mono', ''),
    'aria-colindex': placeOf(column),
    ...(hint === undefined ? {} : { title: `${label}: ${hint}` }),
  };
  if (by === undefined) return <span {...common}>{label}</span>;
  const isSorted = sort.by === by;
  const isDown = sort.descending === true;
  return (
    <span {...common} {...(isSorted ? { 'aria-sort': isDown ? ('descending' as const) : ('ascending' as const) } : {})}>
      <button
        type="button"
        onClick={() => onSort(by)}
        aria-label={isSorted ? `${label}, sorted ${isDown ? 'downwards' : 'upwards'}` : `Sort by ${label}`}
      >
        {label}
        {isSorted && (isDown ? <ArrowDown size={13} aria-hidden="true" /> : <ArrowUp size={13} aria-hidden="true" />)}
      </button>
    </span>
  );
}

/** Which columns are shown; kept on this computer. */
export function ColumnChooser({ layout }: { layout: Layout }) {
  const { columns } = usePreferences();
  const isStandard = columns.length === standardColumns.length && standardColumns.every((id) => columns.includes(id));
  return (
    <PopoverButton
      label="Columns"
      buttonClass="columns-button"
      button={<Columns3 size={15} strokeWidth={1.5} aria-label="Columns" role="img" />}
    >
      {() => (
        <>
          <div className="column-choices" role="group" aria-label="Columns">
            {allColumns
              .filter(({ id }) => id !== firmColumn)
              .map(({ id, label, hint }) => {
                const isChosen = columns.includes(id);
                const hasRoom = layout.shown.some((column) => column.id === id);
                return (
                  <Checkbox
                    key={id}
                    label={isChosen && !hasRoom ? `${label}, no room now` : label}
                    isSelected={isChosen}
                    onChange={(isOn) =>
                      setPreferences({ columns: isOn ? [...columns, id] : columns.filter((each) => each !== id) })
                    }
                  >
                    <span>{label}</span>
                    {isChosen && !hasRoom ? (
                      <span className="small tone-retry">no room now</span>
                    ) : (
                      hint !== undefined && <span className="small text3">{hint}</span>
                    )}
                  </Checkbox>
                );
              })}
          </div>
          <Button isSmall isDisabled={isStandard} onPress={() => setPreferences({ columns: [...standardColumns] })}>
            Standard columns
          </Button>
        </>
      )}
    </PopoverButton>
  );
}
