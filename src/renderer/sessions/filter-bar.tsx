/**
 * Search and filters; all of it is in the address, so that a view can be shared and saved.
 * May import: react, lucide-react.
 */
import { Bookmark, ChevronDown, EyeOff, Search, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { sessionState } from '../../common/console.ts';
import { useConsole, useMinute } from '../model/console.tsx';
import { count } from '../model/format.ts';
import { useKeys } from '../model/keys.ts';
import { setPreferences, usePreferences } from '../model/preferences.ts';
import { useQuery } from '../model/query.ts';
import { capturedSpans, capturedWords, filterKeys, isBackwards, statesOf } from '../model/session-filter.ts';
import { stateWords } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { StatusMark } from '../ui/marks.tsx';
import { PopoverButton } from '../ui/popover.tsx';
import { toast } from '../ui/toast.tsx';

type Change = (change: Record<string, string | null>, options?: { replace?: boolean }) => void;
/** How long typing pauses before the table follows. */
const typingMs = 160;

export function FilterBar({
  query,
  onChange,
  total,
  onDown,
}: {
  query: URLSearchParams;
  onChange: Change;
  total: number | null;
  /** From the search field down to the rows. */
  onDown: () => void;
}) {
  const all = useConsole(({ status }) =>
    status === null ? null : status.pending + status.submitted + status.failed + status.ignored,
  );
  const isFiltered = filterKeys.some((key) => query.has(key));
  return (
    <div className="filter-bar" role="search" aria-label="Filter sessions">
      <SearchText text={query.get('text') ?? ''} onChange={onChange} onDown={onDown} />
      <CapturedFilter query={query} onChange={onChange} />
      <StateFilter query={query} onChange={onChange} />
      <FacetFilter name="device" label="Device" value={query.get('device')} onChange={onChange} />
      <FacetFilter name="type" label="Type" value={query.get('type')} onChange={onChange} />
      <Toggle name="error" label="Has error" query={query} onChange={onChange} />
      {query.has('afterRetries') && <Toggle name="afterRetries" label="After retries" query={query} onChange={onChange} />}
      {query.has('cause') && <Toggle name="cause" label="One cause" query={query} onChange={onChange} />}
      <span className="space" />
      <span className="small text3 whole" role="status">
        {total === null ? '' : isFiltered && all !== null ? `${count(total)} of ${count(Math.max(all, total))}` : count(total)}
      </span>
      <SaveView query={query} />
      {query.has('text') && (
        <span className="small text3 hidden-fields">
          <EyeOff size={14} strokeWidth={1.5} aria-hidden="true" />
          Searching hidden fields
        </span>
      )}
    </div>
  );
}

function SearchText({ text, onChange, onDown }: { text: string; onChange: Change; onDown: () => void }) {
  const [typed, setTyped] = useState(text);
  const [known, setKnown] = useState(text);
  // The address may change by other means: Back, a saved view, the palette.
  if (known !== text) {
    setKnown(text);
    if (typed.trim() !== text) setTyped(text);
  }
  const input = useRef<HTMLInputElement>(null);
  useKeys(useMemo(() => ({ '/': () => input.current?.focus() }), []));
  useEffect(() => {
    if (typed.trim() === text) return;
    const timer = setTimeout(() => {
      onChange({ text: typed.trim() }, { replace: true });
    }, typingMs);
    return () => clearTimeout(timer);
  }, [typed, text, onChange]);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Escape') {
      if (typed === '') input.current?.blur();
      else setTyped('');
    } else if (event.key === 'Enter') {
      onChange({ text: typed.trim() }, { replace: true });
      // A scanner ends with Enter: its next scan takes the place of this one.
      input.current?.select();
    } else if (event.key === 'ArrowDown') onDown();
    else return;
    event.preventDefault();
  };
  return (
    <div className="search-text">
      <Search size={16} strokeWidth={1.5} aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label="Search sessions"
        placeholder="Barcode, order, patient, device ..."
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <kbd className="key">/</kbd>
    </div>
  );
}

function FilterButton({ label, value }: { label: string; value: string | null }) {
  return (
    <>
      {label}
      {value === null ? (
        <ChevronDown size={14} strokeWidth={1.5} aria-hidden="true" />
      ) : (
        <b className="medium cut filter-value">{value}</b>
      )}
    </>
  );
}
function Clear({ label, onClear }: { label: string; onClear: () => void }) {
  return (
    <button type="button" className="filter-clear" aria-label={`Clear filter ${label}`} onClick={onClear}>
      <X size={14} strokeWidth={1.5} aria-hidden="true" />
    </button>
  );
}

function CapturedFilter({ query, onChange }: { query: URLSearchParams; onChange: Change }) {
  const value = query.get('captured');
  const shown = capturedWords(query, useMinute());
  return (
    <span className={shown === null ? 'filter' : 'filter is-set'}>
      <PopoverButton label="Captured" button={<FilterButton label="Captured" value={shown} />} buttonClass="filter-button">
        {(close) => (
          <>
            <div className="choices" role="group" aria-label="Captured">
              {capturedSpans.map(({ id, label }) => (
                <button
                  key={id}
                  type="button"
                  aria-pressed={id === value}
                  onClick={() => {
                    onChange({ captured: id, from: null, to: null });
                    close();
                  }}
                >
                  {label}
                </button>
              ))}
            </div>
            <div className="captured-between">
              <TimeField name="from" label="From" query={query} onChange={onChange} />
              <TimeField name="to" label="Until" query={query} onChange={onChange} />
              {isBackwards(query) && <p className="small tone-retry">Until is before from: nothing can match.</p>}
            </div>
          </>
        )}
      </PopoverButton>
      {shown !== null && <Clear label="Captured" onClear={() => onChange({ captured: null, from: null, to: null })} />}
    </span>
  );
}
function TimeField({
  name,
  label,
  query,
  onChange,
}: {
  name: 'from' | 'to';
  label: string;
  query: URLSearchParams;
  onChange: Change;
}) {
  const [typed, setTyped] = useState(query.get(name) ?? '');
  return (
    <label className="text-field">
      <span>{label}</span>
      <input
        className="input"
        type="datetime-local"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          // Empty until every part is entered.
          onChange({ [name]: event.target.value, captured: null }, { replace: true });
        }}
      />
    </label>
  );
}

function StateFilter({ query, onChange }: { query: URLSearchParams; onChange: Change }) {
  const states = statesOf(query);
  const [only] = states;
  const shown = only === undefined ? null : states.length === 1 ? stateWords[only].word : `${states.length} states`;
  return (
    <span className={shown === null ? 'filter' : 'filter is-set'}>
      <PopoverButton label="State" button={<FilterButton label="State" value={shown} />} buttonClass="filter-button">
        {() =>
          sessionState.options.map((state) => (
            <Checkbox
              key={state}
              label={stateWords[state].word}
              isSelected={states.includes(state)}
              onChange={(isOn) =>
                onChange(
                  { state: (isOn ? [...states, state] : states.filter((each) => each !== state)).join(',') },
                  { replace: true },
                )
              }
            >
              <StatusMark word={stateWords[state]} />
            </Checkbox>
          ))
        }
      </PopoverButton>
      {shown !== null && <Clear label="State" onClear={() => onChange({ state: null })} />}
    </span>
  );
}

function FacetFilter(props: { name: 'device' | 'type'; label: string; value: string | null; onChange: Change }) {
  return (
    <span className={props.value === null ? 'filter' : 'filter is-set'}>
      <PopoverButton
        label={props.label}
        button={<FilterButton label={props.label} value={props.value} />}
        buttonClass="filter-button"
      >
        {(close) => (
          <FacetChoices
            name={props.name}
            value={props.value}
            onChoose={(value) => {
              props.onChange({ [props.name]: value });
              close();
            }}
          />
        )}
      </PopoverButton>
      {props.value !== null && <Clear label={props.label} onClear={() => props.onChange({ [props.name]: null })} />}
    </span>
  );
}
function FacetChoices({
  name,
  value,
  onChoose,
}: {
  name: 'device' | 'type';
  value: string | null;
  onChoose: (value: string) => void;
}) {
  const { data, error } = useQuery('getFacets', {});
  const facets = (name === 'device' ? data?.devices : data?.messageTypes) ?? [];
  if (error !== null && data === null) return <p className="small">{error}</p>;
  if (facets.length === 0) return <p className="small text2">{data === null ? 'Loading' : 'None yet.'}</p>;
  return (
    <div className="choices" role="group" aria-label={name}>
      {facets.map((facet) => (
        <button key={facet.value} type="button" aria-pressed={facet.value === value} onClick={() => onChoose(facet.value)}>
          <span className="cut">{facet.value}</span>
          <span className="text3 small">{count(facet.count)}</span>
        </button>
      ))}
    </div>
  );
}

function Toggle({ name, label, query, onChange }: { name: string; label: string; query: URLSearchParams; onChange: Change }) {
  const isOn = query.has(name);
  return (
    <span className={isOn ? 'filter is-set' : 'filter'}>
      <button
        type="button"
        className="filter-button"
        aria-pressed={isOn}
        onClick={() => onChange({ [name]: isOn ? null : 'true' })}
      >
        {label}
      </button>
      {isOn && <Clear label={label} onClear={() => onChange({ [name]: null })} />}
    </span>
  );
}

function SaveView({ query }: { query: URLSearchParams }) {
  const { savedViews } = usePreferences();
  const [name, setName] = useState('');
  const kept = new URLSearchParams(query);
  kept.delete('open');
  // What is searched may be a patient's: it is not kept.
  kept.delete('text');
  const existing = savedViews.find((view) => view.query === kept.toString());
  if (existing !== undefined)
    return (
      <Button
        look="quiet"
        icon={<Bookmark aria-hidden="true" />}
        onPress={() => {
          setPreferences({ savedViews: savedViews.filter((view) => view !== existing) });
          toast(`View “${existing.name}” removed.`, {
            label: 'Undo',
            run: () => setPreferences({ savedViews }),
            isUndo: true,
          });
        }}
      >
        Remove view
      </Button>
    );
  if (kept.size === 0) return null;
  return (
    <PopoverButton
      label="Save view"
      buttonClass="button quiet"
      button={
        <>
          <Bookmark aria-hidden="true" />
          Save view
        </>
      }
    >
      {(close) => (
        <form
          className="save-view"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() === '') return;
            setPreferences({ savedViews: [...savedViews, { name: name.trim().slice(0, 60), query: kept.toString() }] });
            close();
          }}
        >
          <TextInput label="Name of the view" isLabelHidden placeholder="Name" value={name} onChange={setName} autoFocus />
          <Button
            isDisabled={name.trim() === ''}
            onPress={() => {
              setPreferences({ savedViews: [...savedViews, { name: name.trim().slice(0, 60), query: kept.toString() }] });
              close();
            }}
          >
            Save
          </Button>
          {query.has('text') && <p className="small text2">The filters are kept, what is searched is not.</p>}
        </form>
      )}
    </PopoverButton>
  );
}
