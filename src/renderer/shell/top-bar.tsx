/**
 * The top of every screen: its title, its views, the palette's field, its one action.
 * May import: react, lucide-react.
 */
import { Search } from 'lucide-react';
import { createContext, useContext, type ReactNode } from 'react';
import { modKey } from '../model/keys.ts';

export const PaletteContext = createContext<() => void>(() => {});

export function TopBar({ title, beside, action }: { title: string; beside?: ReactNode; action?: ReactNode }) {
  const openPalette = useContext(PaletteContext);
  return (
    <header className="top">
      <h1>{title}</h1>
      {beside}
      <span className="space" />
      <button type="button" className="find" onClick={openPalette} aria-haspopup="dialog">
        <Search size={16} strokeWidth={1.5} aria-hidden="true" />
        <span className="cut">Search sessions or run a command</span>
        <span className="space" />
        <kbd className="key">{modKey} K</kbd>
      </button>
      {action}
    </header>
  );
}
