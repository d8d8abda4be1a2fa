/**
 * What is drawn of a statechart: its states and transitions, and how they may be laid out. Made when the console is built
 * (drawings.ts); here is what the page does with it.
 * May import: nothing.
 */

export interface ChartState {
  /** Path within the machine, joined by dots: `recovering.lastTry`. */
  id: string;
  /** In words. */
  label: string;
  parent: string | null;
  isFrame: boolean;
  isInitial: boolean;
  isFinal: boolean;
}
export interface ChartEdge {
  /** `from > to` */
  id: string;
  from: string;
  to: string;
  /** In words, each once. */
  events: string[];
}
export interface Chart {
  machine: string;
  states: ChartState[];
  edges: ChartEdge[];
}
/** px at the usual size of letters; top left is 0, 0. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface DrawnEdge {
  id: string;
  /** An SVG path. */
  path: string;
  /** Empty where it would not be readable. */
  label: string;
  labelX: number;
  labelY: number;
}
/** Where it begins and how large it is, labels included; and what is in it. */
export interface Layout extends Box {
  /** By the state's id. */
  boxes: Record<string, Box>;
  edges: DrawnEdge[];
}
export interface Drawing {
  chart: Chart;
  /** On a card: one layout for each shape of card that occurs. */
  small: Layout[];
  /** On a page of its own. */
  large: Layout[];
}

const labelLetterPx = 5.8;
const labelHeightPx = 13;
/** How much place a label takes. */
export const labelSize = (label: string): Size => ({
  width: Math.round(label.length * labelLetterPx) + 4,
  height: labelHeightPx,
});

/** Stands for every state, where the machine as a whole takes a transition. */
export const anyState = '*';

/** The layout that is shown largest in a place; none is drawn larger than life. */
export function bestOf(layouts: readonly Layout[], place: Size): Layout | undefined {
  return layouts.toSorted((a, b) => scaleIn(b, place) - scaleIn(a, place))[0];
}
const scaleIn = (drawn: Size, place: Size) => Math.min(1, place.width / drawn.width, place.height / drawn.height);

/** The edge that a transition took: its own, or the one from any state. */
export function edgeTaken(edges: readonly ChartEdge[], taken: { from: string; to: string }): string | null {
  const own = edges.find(({ from, to }) => from === taken.from && to === taken.to);
  return (own ?? edges.find(({ from, to }) => from === anyState && to === taken.to))?.id ?? null;
}

/** The paths of a snapshot's value: `{recovering: 'lastTry'}` is `recovering` and `recovering.lastTry`. */
export function activePaths(value: unknown, prefix = ''): string[] {
  const path = (key: string) => (prefix === '' ? key : `${prefix}.${key}`);
  if (typeof value === 'string') return [path(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [path(key)].concat(activePaths(child, path(key))));
}
