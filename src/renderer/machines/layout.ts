/**
 * Where the states of a chart stand. dagre is asked for many layouts (upright or lying, wide or narrow, states in this order
 * or that), and for each shape of place the one that reads best is kept: large, few crossings, no label on another or under
 * a line. No chance is in it, so a chart is always laid out alike. Used when the console is built, not in the page.
 * May import: @dagrejs/dagre, by way of placed.ts.
 */
import { anyState, type Chart, type Layout, type Size } from './drawing.ts';
import { directions, placed, type Gap, type Look } from './placed.ts';

interface Style extends Look {
  /** Of equally good ones the first wins. */
  gaps: readonly Gap[];
  /** On a card what is rare gives way where it could not be read: labels, and what any state does. */
  mayOmit: boolean;
}
export const smallStyle: Style = {
  nodeHeight: 24,
  gaps: [
    { nodes: 24, rows: 30 },
    { nodes: 12, rows: 20 },
    { nodes: 40, rows: 12 },
    // For the chart with the most transitions: with these its words have room on a card.
    { nodes: 8, rows: 12 },
  ],
  eventsMax: 1,
  omitsObvious: true,
  mayOmit: true,
};
export const largeStyle: Style = {
  nodeHeight: 30,
  gaps: [{ nodes: 48, rows: 50 }],
  eventsMax: 2,
  omitsObvious: false,
  mayOmit: false,
};

/** Smaller than this share of its size, a label cannot be read. */
const readableScale = 0.84;

/** The layout that reads best in each place, each once. */
export function layoutsOf(chart: Chart, style: Style, places: readonly Size[]): Layout[] {
  const tries = candidatesOf(chart, style);
  const best = places.map((place) => {
    const worth = (each: Candidate) => worthIn(each, place);
    return tries.reduce((found, each) => (worth(each) > worth(found) ? each : found));
  });
  return [...new Set(best)].map(({ layout }) => layout);
}

interface Candidate {
  layout: Layout;
  flaws: number;
  hasLabels: boolean;
}
function worthIn({ layout, flaws, hasLabels }: Candidate, place: Size): number {
  const scale = Math.min(1, place.width / layout.width, place.height / layout.height);
  const labels = hasLabels ? (scale >= readableScale ? 1.6 : 0.6) : 1;
  const isWhole = layout.boxes[anyState] === undefined ? 1 : 1.2;
  return scale * labels * isWhole * 0.93 ** flaws;
}

function candidatesOf(chart: Chart, style: Style): Candidate[] {
  const all: Candidate[] = [];
  for (const hasLabels of style.mayOmit ? [true, false] : [true])
    for (const drawn of style.mayOmit ? [chart, withoutAnyState(chart)] : [chart])
      for (const direction of directions)
        for (const gap of style.gaps)
          for (const order of ordersOf(drawn))
            all.push({ hasLabels, ...placed(order, { direction, gap, hasLabels, look: style }) });
  return all;
}

/** dagre starts from the order in which it is told: as written, and with all but the first state turned round. */
function ordersOf(chart: Chart): Chart[] {
  const [first, ...others] = chart.states;
  if (first === undefined) return [chart];
  const turned = { ...chart, states: [first, ...others.toReversed()] };
  return [chart, turned, { ...chart, edges: chart.edges.toReversed() }, { ...turned, edges: chart.edges.toReversed() }];
}

function withoutAnyState({ machine, states, edges }: Chart): Chart {
  return {
    machine,
    states: states.filter(({ id }) => id !== anyState),
    edges: edges.filter(({ from }) => from !== anyState),
  };
}
