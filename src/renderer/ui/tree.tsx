/**
 * A tree of lines, walked with the arrow keys. It has the focus, the line that is meant is its active descendant. Of many
 * lines only those in or near view are in the page; a few are all there, so that the browser finds and selects among them.
 * May import: react, @tanstack/react-virtual, lucide-react.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight, Copy } from 'lucide-react';
import {
  memo,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
} from 'react';
import { modKey } from '../model/keys.ts';
import { lineNamed, moveOf, openedFirst, treeLines, type TreeLine, type TreeNode } from './tree-lines.ts';

export interface TreeHandle {
  /** Opens what holds the last of these nodes, goes there and takes the focus. */
  goTo(path: readonly string[]): void;
}
interface TreeProps {
  ref?: Ref<TreeHandle>;
  label: string;
  nodes: readonly TreeNode[];
  /** Ids from the top down to the line that is in view at the start. */
  startAt?: readonly string[] | null;
  onCopy: (text: string) => void;
}
/** Heights in rem until a line is measured: one that can be opened, one that cannot. */
const usualRem = { branch: 1.8125, leaf: 1.625 };
/** So many lines are all in the page: one after the other they cost less than to be measured and placed. */
const wholeMax = 100;
/** Letters typed within this time belong together. */
const typingMs = 1000;

export function Tree({ ref, label, nodes, startAt = null, onCopy }: TreeProps) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => openedFirst(nodes, new Set(startAt?.slice(0, -1))));
  const [cursor, setCursor] = useState<string | null>(startAt?.at(-1) ?? null);
  const [hovered, setHovered] = useState<string | null>(null);
  /** Comes into view once its line is there. */
  const wanted = useRef(startAt?.at(-1) ?? null);
  const [remPx] = useState(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const typed = useRef({ text: '', at: 0 });
  const lines = useMemo(() => treeLines(nodes, opened), [nodes, opened]);
  const at = Math.max(0, cursor === null ? 0 : lines.findIndex(({ node }) => node.id === cursor));
  const isWhole = lines.length <= wholeMax;
  // Its functions change with every scroll; nothing memoised is given them.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: lines.length,
    enabled: !isWhole,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => usualRem[lines[index]?.node.children === undefined ? 'leaf' : 'branch'] * remPx,
    getItemKey: (index) => lines[index]?.node.id ?? index,
    overscan: 6,
  });
  const shown = isWhole ? lines.map((_, index) => index) : virtual.getVirtualIndexes();
  const scrollTo = (index: number, align: 'auto' | 'center') => {
    if (!isWhole) virtual.scrollToIndex(index, { align });
    else if (scroller.current !== null) scrollTree(scroller.current, index, align);
  };

  useLayoutEffect(() => {
    const index = wanted.current === null ? -1 : lines.findIndex(({ node }) => node.id === wanted.current);
    if (index >= 0) scrollTo(index, 'center');
    wanted.current = null;
  });
  useImperativeHandle(ref, () => ({
    goTo: (path) => {
      const last = path.at(-1) ?? '';
      open(path.slice(0, -1));
      setCursor(last);
      wanted.current = last;
      scroller.current?.focus({ preventScroll: true });
    },
  }));

  function open(ids: readonly string[]): void {
    setOpened(new Set([...opened, ...ids]));
  }
  function close(closed: string): void {
    setOpened(new Set([...opened].filter((each) => each !== closed)));
  }
  function to(index: number): void {
    setCursor(lines[index]?.node.id ?? null);
    scrollTo(index, 'auto');
  }

  function onKeyDown(event: KeyboardEvent): void {
    // A button in a line has its own keys.
    if (event.target !== event.currentTarget || event.altKey) return;
    const isHandled =
      event.ctrlKey || event.metaKey ? copiesLine(event.key) : walks(event.key) || (event.shiftKey && finds(event));
    if (isHandled) event.preventDefault();
  }
  function walks(key: string): boolean {
    const pageLines = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / (usualRem.branch * remPx)) - 1);
    const move = moveOf(key, lines, at, pageLines);
    if (move === null) return false;
    if ('to' in move) to(move.to);
    else if ('open' in move) open(move.open);
    else close(move.close);
    return true;
  }
  /** Capital letters find a line: small ones are keys of the page. */
  function finds({ key, timeStamp }: KeyboardEvent): boolean {
    if (!/^[A-Z0-9]$/.test(key)) return false;
    const text = timeStamp - typed.current.at < typingMs ? typed.current.text + key : key;
    const index = lineNamed(text, lines, at);
    if (index === null) return false;
    typed.current = { text, at: timeStamp };
    to(index);
    return true;
  }
  /** Where text is selected, that is what the browser copies. */
  function copiesLine(key: string): boolean {
    const text = lines[at]?.node.copy;
    if (key !== 'c' || text === undefined || getSelection()?.isCollapsed === false) return false;
    onCopy(text);
    return true;
  }
  function onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const line = lines[indexOf(target) ?? -1];
    if (line === undefined) return;
    setCursor(line.node.id);
    // Who selected text with the mouse did not mean to open or close.
    if (target.closest('button') !== null || line.node.children === undefined || getSelection()?.isCollapsed === false) return;
    if (line.isOpen) close(line.node.id);
    else open([line.node.id]);
  }

  return (
    <div
      ref={scroller}
      className="tree"
      role="tree"
      aria-label={label}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onPointerOver={(event) => setHovered(lines[indexOf(event.target as HTMLElement) ?? -1]?.node.id ?? null)}
      onPointerLeave={() => setHovered(null)}
      {...(shown.includes(at) ? { 'aria-activedescendant': `${id}-${at}` } : {})}
    >
      <div role="none" className="tree-inner" {...(isWhole ? {} : { style: { height: virtual.getTotalSize() } })}>
        <div
          role="none"
          {...(isWhole
            ? {}
            : { className: 'tree-lines', style: { transform: `translateY(${virtual.getVirtualItems()[0]?.start ?? 0}px)` } })}
        >
          {shown.map((index) => {
            const line = lines[index];
            if (line === undefined) return null;
            const { node, level, place, size, isOpen } = line;
            return (
              <Line
                key={node.id}
                id={`${id}-${index}`}
                {...{ node, level, place, size, isOpen, index, onCopy }}
                isAt={index === at}
                isNear={node.id === hovered || node.id === cursor}
                measure={isWhole ? null : virtual.measureElement}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The tree alone, not what it lies in. */
function scrollTree(tree: HTMLElement, index: number, align: 'auto' | 'center'): void {
  const line = tree.querySelector<HTMLElement>(`[data-index="${index}"]`);
  if (line === null) return;
  const room = tree.clientHeight - line.offsetHeight;
  if (align === 'center') tree.scrollTop = line.offsetTop - room / 2;
  else tree.scrollTop = Math.max(line.offsetTop - room, Math.min(line.offsetTop, tree.scrollTop));
}

function indexOf(target: HTMLElement): number | null {
  const index = target.closest<HTMLElement>('[data-index]')?.dataset.index;
  return index === undefined ? null : Number(index);
}

interface LineProps extends Omit<TreeLine, 'parent'> {
  id: string;
  index: number;
  isAt: boolean;
  /** The pointer or the cursor is on it. */
  isNear: boolean;
  measure: ((element: Element | null) => void) | null;
  onCopy: (text: string) => void;
}
const Line = memo(function Line({ node, level, place, size, isOpen, id, index, isAt, isNear, measure, onCopy }: LineProps) {
  const isBranch = node.children !== undefined;
  return (
    <div
      ref={measure}
      id={id}
      data-index={index}
      role="treeitem"
      className={`tree-${isBranch ? 'branch' : 'leaf'} ${isAt ? 'is-at' : ''} ${node.isMarked === true ? 'is-marked' : ''}`}
      aria-level={level}
      aria-posinset={place}
      aria-setsize={size}
      {...(isBranch ? { 'aria-expanded': isOpen } : {})}
    >
      {isBranch && <ChevronRight size={14} className={isOpen ? 'tree-chevron is-open' : 'tree-chevron'} aria-hidden="true" />}
      {node.content(isOpen)}
      {isNear && node.copy !== undefined && (
        // For the mouse alone: keys copy the line that is meant, and its name shall not end with this.
        <button
          type="button"
          className="tree-copy"
          tabIndex={-1}
          aria-hidden="true"
          title={`Copy (${modKey} C)`}
          onClick={() => onCopy(node.copy ?? '')}
        >
          <Copy size={13} strokeWidth={1.5} aria-hidden="true" />
        </button>
      )}
    </div>
  );
});
