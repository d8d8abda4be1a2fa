/**
 * Keys of the whole page (design brief, section 7). Single keys are off in text fields, in dialogs and menus, and can be
 * turned off altogether (WCAG 2.1.4).
 * May import: react.
 */
import { useEffect, useRef } from 'react';
import { readPreferences } from './preferences.ts';

/** `mod+k`, `shift+r`, `/`, `g o` (one after the other). True: handled, nothing else happens. */
export type KeyMap = Record<string, (event: KeyboardEvent) => boolean | void>;

const maps: { current: KeyMap }[] = [];
/** A key that is held down moves on and on; what changes something happens once. */
const isMove = (name: string): boolean => /^(shift\+)?([jk]|Arrow.*|Page.*|Home|End)$/.test(name);
/** How long the first key of a pair is remembered. */
const pairMs = 1200;
let first: { key: string; at: number } | null = null;

function nameOf(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push('mod');
  // Of a sign like `?` or `[` the shift that types it is not part.
  if (event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key))) parts.push('shift');
  parts.push(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  return parts.join('+');
}
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
  );
}
/** In something that lies over the page; a list that is part of a screen is not. */
const isOver = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('[role=dialog], [role=alertdialog], [role=menu], .popover') !== null;

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey) return;
  const name = nameOf(event);
  const isSingle = !name.startsWith('mod+') && event.key.length === 1;
  if (!name.startsWith('mod+') && event.key !== 'F6' && (isTyping(event.target) || isOver(event.target))) return;
  if (name !== 'mod+k' && isOver(event.target)) return;
  if (name.startsWith('mod+') && name !== 'mod+k' && name !== 'mod+Enter' && isTyping(event.target)) return;
  if (isSingle && !readPreferences().singleKeys) return;
  if (event.repeat && !isMove(name)) return;
  const pair = first !== null && event.timeStamp - first.at < pairMs ? `${first.key} ${name}` : null;
  first = null;
  for (const tried of pair === null ? [name] : [pair, name]) {
    for (const map of maps.toReversed()) {
      const handler = map.current[tried];
      if (handler === undefined || handler(event) === false) continue;
      event.preventDefault();
      return;
    }
  }
  if (name === 'g') first = { key: name, at: event.timeStamp };
}

/** Keys that hold while the component is shown; the latest shown wins. A handler that returns false passes the key on. */
export function useKeys(map: KeyMap): void {
  const latest = useRef(map);
  useEffect(() => {
    latest.current = map;
  });
  useEffect(() => {
    if (maps.length === 0) addEventListener('keydown', onKeyDown);
    maps.push(latest);
    return () => {
      maps.splice(maps.indexOf(latest), 1);
      if (maps.length === 0) removeEventListener('keydown', onKeyDown);
    };
  }, []);
}
const isMac = /mac/i.test(navigator.userAgent);
export const modKey = isMac ? '⌘' : 'Ctrl';

export const keyHelp: readonly { title: string; keys: readonly [string, string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      [`${modKey} K`, 'Search and commands'],
      ['/', 'Search on this screen, or everywhere'],
      ['?', 'These keys'],
      ['g then o a s m l t', 'Overview, Attention, Sessions, Machines, Log, Settings'],
      [`${modKey} Enter`, 'Send now'],
      [`${modKey} Z`, 'Undo what the message says'],
      ['F6  Shift F6', 'Next area, the one before'],
      ['Esc', 'Close, leave a field'],
    ],
  },
  {
    title: 'Sessions',
    keys: [
      ['j k or arrows', 'Next, previous'],
      ['Enter', 'Open'],
      ['Esc', 'Close'],
      ['x', 'Select'],
      ['Shift arrows', 'Extend selection'],
      [`${modKey} A`, 'Select all that match'],
      ['r', 'Retry'],
      ['Shift R', 'Retry and next'],
      ['i', 'Ignore'],
      ['u', 'Restore'],
      ['Del', 'Move to trash'],
      ['e', 'Export'],
      ['Home End', 'First, last'],
    ],
  },
  {
    title: 'Open session',
    keys: [
      ['[ ]', 'Message, Raw, Bytes, File'],
      ['p', 'Show or hide patient fields'],
      ['Shift O B X', 'Go to the next OBX of the message'],
      [`${modKey} C`, 'Copy the value of the line'],
    ],
  },
  {
    title: 'Attention',
    keys: [
      ['j k or arrows', 'Next, previous cause'],
      ['r', 'Retry all of a cause'],
      ['i', 'Ignore all of a cause'],
    ],
  },
  {
    title: 'Log',
    keys: [
      ['j k or arrows', 'Next, previous line'],
      ['Home End', 'Latest, oldest'],
      ['Enter', 'Details of a line'],
    ],
  },
  {
    title: 'Machines',
    keys: [[`${modKey} wheel`, 'Enlarge a chart']],
  },
];
