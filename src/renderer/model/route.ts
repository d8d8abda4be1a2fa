/**
 * Where the operator is, as the address says it: `#/sessions?state=failed&open=<id>`. Back and shared links work.
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

let current = { hash: '', route: routeOf('') };
function readRoute(): Route {
  if (current.hash !== location.hash) current = { hash: location.hash, route: routeOf(location.hash) };
  return current.route;
}
function onHashChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export const useRoute = (): Route => useSyncExternalStore(onHashChange, readRoute);

export function addressOf(screen: Screen, place: string | null = null, query?: URLSearchParams): string {
  const search = query === undefined || query.size === 0 ? '' : `?${query}`;
  return `#/${screen}${place === null ? '' : `/${encodeURIComponent(place)}`}${search}`;
}
/** @param replace the step is not one that Back should undo: a filter as it is typed. */
export function go(address: string, { replace = false } = {}): void {
  if (!replace) location.hash = address;
  else {
    history.replaceState(null, '', address);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }
}
