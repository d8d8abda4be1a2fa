/**
 * Where the operator is, as the address says it: `#/sessions?state=failed&open=<id>`. Back and shared links work. What is
 * searched for may be a patient's name, so it stays out of the address, which browsers keep and show to others: it lies in
 * the entry of the page's own history, where Back and a reload find it.
 * May import: react.
 */
import { useSyncExternalStore } from 'react';

const screens = ['overview', 'attention', 'sessions', 'machines', 'log', 'settings'] as const;
export type Screen = (typeof screens)[number];
export interface Route {
  screen: Screen;
  /** What follows the screen: a cause, a machine, a settings group. */
  place: string | null;
  query: URLSearchParams;
}

function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', ...rest] = path.split('/');
  const screen = screens.find((each) => each === name) ?? 'overview';
  return { screen, place: rest.length === 0 ? null : decodeURIComponent(rest.join('/')), query: new URLSearchParams(query) };
}

/** `text`: what is searched for. */
interface Entry {
  text?: string;
}
const entryNow = (): Entry => (history.state as Entry | null) ?? {};

let current = { key: '', route: routeOf('') };
function readRoute(): Route {
  const { text } = entryNow();
  const key = JSON.stringify([location.hash, text]);
  if (current.key !== key) {
    const route = routeOf(location.hash);
    // Words in the address are newer: somebody has just typed or followed it.
    if (text !== undefined && !route.query.has('text')) route.query.set('text', text);
    current = { key, route };
  }
  return current.route;
}
function onRouteChange(listener: () => void): () => void {
  const onChange = () => {
    const { bare, entry } = parted(location.hash);
    if (entry !== null) history.replaceState(entry, '', bare);
    listener();
  };
  // An address that came with words loses them before anything else is done with it.
  onChange();
  addEventListener('hashchange', onChange);
  addEventListener('popstate', onChange);
  return () => {
    removeEventListener('hashchange', onChange);
    removeEventListener('popstate', onChange);
  };
}

/** The address without the words of a search, and the entry that keeps them; null: there are none. */
export function parted(address: string): { bare: string; entry: Entry | null } {
  const [path = '', search = ''] = address.split('?', 2);
  const query = new URLSearchParams(search);
  const text = query.get('text');
  if (text === null) return { bare: address, entry: null };
  query.delete('text');
  return { bare: query.size === 0 ? path : `${path}?${query}`, entry: { text } };
}

export const useRoute = (): Route => useSyncExternalStore(onRouteChange, readRoute);

export function addressOf(screen: Screen, place: string | null = null, query?: URLSearchParams): string {
  const search = query === undefined || query.size === 0 ? '' : `?${query}`;
  return `#/${screen}${place === null ? '' : `/${encodeURIComponent(place)}`}${search}`;
}
/** @param replace the step is not one that Back should undo: a filter as it is typed. */
export function go(address: string, { replace = false } = {}): void {
  const { bare, entry } = parted(address);
  if (bare === location.hash && entry?.text === entryNow().text) return;
  if (replace) history.replaceState(entry, '', bare);
  else history.pushState(entry, '', bare);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
