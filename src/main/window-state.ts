/**
 * Where the window was, so that it comes back there: `<data-dir>/desktop/window.json`. A place that no screen shows any
 * more is not used.
 * May import: node, zod.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const bounds = z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int(), height: z.number().int() });
const windowState = z.object({ bounds, isMaximized: z.boolean() });
export type Bounds = z.infer<typeof bounds>;
export type WindowState = z.infer<typeof windowState>;

export const smallest = { width: 900, height: 600 };
const usual = { width: 1280, height: 800 };
/** Of the window's title, at least this much must be in reach of the pointer. */
const reachable = { width: 120, height: 40 };

/** The remembered state; null when there is none that can be read. */
export function readWindowState(path: string): WindowState | null {
  try {
    return windowState.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** A convenience and no record: not synced, and whoever calls may ignore the system's error. */
export function writeWindowState(path: string, state: WindowState): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/**
 * Where the window opens.
 * @param screens the parts of all screens that windows may use, in pixels of the desktop.
 * @returns a size alone (the system then chooses the place), or size and place.
 */
export function openingBounds(state: WindowState | null, screens: readonly Bounds[]): Partial<Bounds> & typeof usual {
  const [first] = screens;
  const largest = first ?? { ...usual, x: 0, y: 0 };
  const size = {
    width: Math.max(smallest.width, Math.min(state?.bounds.width ?? usual.width, largest.width)),
    height: Math.max(smallest.height, Math.min(state?.bounds.height ?? usual.height, largest.height)),
  };
  if (state === null || !screens.some((screen) => isInReach(state.bounds, screen))) return size;
  return state.bounds;
}

function isInReach(window: Bounds, screen: Bounds): boolean {
  const width = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x);
  const isTitleOnIt = window.y >= screen.y && window.y + reachable.height <= screen.y + screen.height;
  return width >= reachable.width && isTitleOnIt;
}
