/**
 * Log: what did it say? Recent lines by level and text; new ones come in while it follows.
 * May import: react, @tanstack/react-virtual.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { lineHolds, logLevel, type LogLevel, type LogLine } from '../../common/console.ts';
import { useConsole, useMinute } from '../model/console.tsx';
import { brief, clockMs, counted, exact, shortId } from '../model/format.ts';
import { useKeys } from '../model/keys.ts';
import { useQuery } from '../model/query.ts';
import { addressOf } from '../model/route.ts';
import type { Glyph, Tone } from '../model/words.ts';
import { TopBar } from '../shell/top-bar.tsx';
import { Segmented } from '../ui/button.tsx';
import { Switch } from '../ui/switch.tsx';
import { GlyphMark } from '../ui/marks.tsx';
import { useRem } from '../ui/rem.ts';
import { Bones, Empty } from '../ui/states.tsx';
import { visible } from '../model/visible.ts';
import './log.css';

const levels: Record<LogLevel, { word: string; glyph: Glyph; tone: Tone }> = {
  error: { word: 'Error', glyph: 'cross', tone: 'fail' },
  warn: { word: 'Warning', glyph: 'warning', tone: 'retry' },
  info: { word: 'Info', glyph: 'dots', tone: 'wait' },
  debug: { word: 'Debug', glyph: 'dashed', tone: 'off' },
};
const views: readonly { id: LogLevel; label: string }[] = [
  { id: 'error', label: 'Errors' },
  { id: 'warn', label: 'Warnings' },
  { id: 'info', label: 'Info' },
  { id: 'debug', label: 'All' },
];
const linesMax = 1000;
/** A line whose details are not shown. Of lines of another height the virtualizer keeps that of each, gone or not. */
const lineRem = 2;

export default function Log() {
  const [level, setLevel] = useState<LogLevel>('info');
  const [text, setText] = useState('');
  const [isFollowing, setFollowing] = useState(true);
  const [kept, setKept] = useState<LogLine[] | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const { data, error, isLoading } = useQuery('getLog', { level, text: text.trim().slice(0, 256), limit: linesMax });
  const heard = useConsole((context) => context.lines);
  useKeys(useMemo(() => ({ '/': () => search.current?.focus() }), []));
  const live = useMemo(
    () => merged({ heard, answered: data?.lines ?? [], level, text: text.trim() }),
    [heard, data, level, text],
  );
  const lines = isFollowing ? live : (kept ?? live);
  return (
    <>
      <TopBar title="Log" beside={<Segmented label="Level" options={views} value={level} onChange={setLevel} />} />
      <div className="filter-bar" role="search" aria-label="Filter the log">
        <div className="search-text log-search">
          <input
            ref={search}
            type="search"
            aria-label="Search the log"
            placeholder="Words, or a session's id"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.currentTarget.blur();
              document.querySelector<HTMLElement>('.log')?.focus();
            }}
          />
          <kbd className="key">/</kbd>
        </div>
        <span className="small text3" role="status">
          {data === null ? '' : `${counted(lines.length, 'line')}, the latest first`}
        </span>
        <span className="space" />
        <span className="small text2">Follow</span>
        <Switch
          label="Follow"
          value={isFollowing}
          onChange={(isOn) => {
            setFollowing(isOn);
            setKept(isOn ? null : live);
          }}
        />
      </div>
      {isLoading && <Bones lines={12} />}
      {error !== null && data === null && <Empty>{error}</Empty>}
      {data !== null && lines.length === 0 && <NoLines text={text} />}
      {lines.length > 0 && <Lines lines={lines} />}
    </>
  );
}

function NoLines({ text }: { text: string }) {
  const startedAt = useConsole(({ status }) => status?.startedAt);
  const now = useMinute();
  const since = startedAt === undefined ? '' : ` since ${brief(startedAt, now)}`;
  return <Empty>{text.trim() === '' ? `No lines at this level${since}.` : 'No line holds this text.'}</Empty>;
}

/** What was asked for and what was heard since, each line once, the latest first. */
function merged(from: { heard: LogLine[]; answered: LogLine[]; level: LogLevel; text: string }): LogLine[] {
  const order = logLevel.options;
  const newest = from.answered[0]?.seq ?? 0;
  const fresh = from.heard.filter(
    (line) =>
      // The console's own lines have no number.
      (line.seq === 0 || line.seq > newest) &&
      order.indexOf(line.level) <= order.indexOf(from.level) &&
      lineHolds(line, from.text),
  );
  return [...fresh, ...from.answered];
}

function Lines({ lines }: { lines: LogLine[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  // The line that is marked stays marked while others come in above it.
  const [atKey, setAtKey] = useState<string | null>(null);
  const at = Math.max(0, atKey === null ? 0 : lines.findIndex((line) => keyOf(line) === atKey));
  const setAt = (index: number) => setAtKey(keyOf(lines[index]));
  const hasRooms = lines.some(({ room }) => room !== undefined);
  const [openKey, setOpenKey] = useState<string | null>(null);
  const linePx = lineRem * useRem();
  // Its functions change with every scroll; nothing memoised is given them.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => linePx,
    overscan: 10,
    getItemKey: (index) => keyOf(lines[index]),
  });
  useLayoutEffect(() => virtual.measure(), [virtual, linePx]);
  function onKeyDown(event: KeyboardEvent): void {
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      Home: 0,
      End: lines.length - 1,
    };
    const move = moves[event.key];
    if (event.ctrlKey || event.metaKey) return;
    if (move !== undefined) {
      const next = Math.max(0, Math.min(lines.length - 1, move));
      setAt(next);
      virtual.scrollToIndex(next);
    } else if (event.key === 'Enter') setOpenKey((before) => (before === keyOf(lines[at]) ? null : keyOf(lines[at])));
    else if (event.key === 'Escape' && openKey !== null) setOpenKey(null);
    else return;
    event.preventDefault();
  }
  return (
    <div
      ref={scroller}
      className={hasRooms ? 'scroll log' : 'scroll log without-rooms'}
      role="listbox"
      aria-label="Log lines"
      tabIndex={0}
      data-area
      onKeyDown={onKeyDown}
      aria-activedescendant={`line-${at}`}
    >
      <div className="log-inner" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const isOpen = openKey === key;
          return (
            <div
              key={key}
              id={`line-${index}`}
              ref={virtual.measureElement}
              data-index={index}
              role="option"
              aria-selected={index === at}
              className={`log-line level-${line.level} ${index === at ? 'is-at' : ''}`}
              style={{ transform: `translateY(${start}px)` }}
              onClick={() => {
                setAt(index);
                setOpenKey(isOpen ? null : String(key));
              }}
            >
              <span className="text3 figures" title={exact(line.at)}>
                {clockMs(line.at)}
              </span>
              <span className={`mark small tone-${levels[line.level].tone}`}>
                <GlyphMark glyph={levels[line.level].glyph} />
                {levels[line.level].word}
              </span>
              {hasRooms && <span className="text2 cut">{line.room ?? ''}</span>}
              <span className={isOpen ? 'log-message' : 'log-message cut'}>
                <bdi>{visible(line.message)}</bdi>
                {!isOpen && <bdi className="text3 log-more">{visible(moreOf(line))}</bdi>}
              </span>
              {isOpen && <LineDetails line={line} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}
/** What belongs to the message, in one line: `session 0198c1…7e4d, error HTTP 422`. */
function moreOf({ sessionId, details = {} }: LogLine): string {
  const parts = Object.entries(details).map(([key, value]) => `${key} ${String(value)}`);
  return [...(sessionId === undefined ? [] : [`session ${shortId(sessionId)}`]), ...parts].join(', ');
}
const keyOf = (line: LogLine | undefined) => (line === undefined ? '' : `${line.seq} ${line.at} ${line.message.slice(0, 40)}`);

function LineDetails({ line }: { line: LogLine }) {
  return (
    <dl className="log-details mono">
      <div>
        <dt>at</dt>
        <dd>{new Date(line.at).toISOString()}</dd>
      </div>
      {line.sessionId !== undefined && (
        <div>
          <dt>session</dt>
          <dd>
            <a href={addressOf('sessions', null, new URLSearchParams({ open: line.sessionId }))}>{line.sessionId}</a>
          </dd>
        </div>
      )}
      {Object.entries(line.details ?? {}).map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            <bdi>{visible(String(value))}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
