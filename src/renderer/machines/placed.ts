/**
 * One layout of a chart by dagre, and how well it reads. Used when the console is built, not in the page.
 * May import: @dagrejs/dagre.
 */
import { graphlib, layout as layOut } from '@dagrejs/dagre';
import { curveOf, type Point } from './curve.ts';
import { labelSize, type Box, type Chart, type ChartEdge, type Layout } from './drawing.ts';
import { edgeWord } from './edge-words.ts';
import { flawsOf, type Line } from './flaws.ts';

/** From left to right, or from top to bottom. */
export const directions = ['LR', 'TB'] as const;
/** Within a row of states, and between rows, px. */
export interface Gap {
  nodes: number;
  rows: number;
}
export interface Look {
  nodeHeight: number;
  /** Events named in a label, where the transition has no word of its own. */
  eventsMax: number;
  /** Leaves out a label that the state it leads to says as well: `pause` to Paused. */
  omitsObvious: boolean;
}
interface How {
  direction: (typeof directions)[number];
  gap: Gap;
  hasLabels: boolean;
  look: Look;
}

const letterPx = 6.7;
const marginPx = 3;

export function placed(chart: Chart, { direction, gap, hasLabels, look }: How): { layout: Layout; flaws: number } {
  const frames = new Set(chart.states.filter(({ isFrame }) => isFrame).map(({ id }) => id));
  const graph = new graphlib.Graph({ compound: frames.size > 0, multigraph: true });
  graph.setGraph({ rankdir: direction, nodesep: gap.nodes, ranksep: gap.rows, edgesep: gap.nodes / 2 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, label, parent } of chart.states) {
    graph.setNode(id, { width: Math.round(label.length * letterPx) + 22, height: look.nodeHeight });
    if (parent !== null) graph.setParent(id, parent);
  }
  // dagre cannot lead an edge to a frame: it leads to the frame's first state.
  const end = (id: string) =>
    frames.has(id) ? (chart.states.find(({ parent, isInitial }) => parent === id && isInitial)?.id ?? id) : id;
  const drawn = chart.edges
    .map((edge) => ({ ...edge, from: end(edge.from), to: end(edge.to), label: hasLabels ? labelOf(chart, edge, look) : '' }))
    .filter(({ from, to }) => !frames.has(from) && !frames.has(to) && from !== to);
  for (const { id, from, to, label } of drawn)
    graph.setEdge(from, to, label === '' ? {} : { ...labelSize(label), labelpos: 'c' }, id);
  layOut(graph);
  const boxes = Object.fromEntries(chart.states.map(({ id }) => [id, cornered(graph.node(id) as Box)]));
  const lines = drawn.map(({ id, from, to, label }): Line => {
    const { points, x = 0, y = 0 } = graph.edge({ v: from, w: to, name: id }) as { points: Point[] } & Partial<Point>;
    return { id, from, to, points, label: label === '' ? null : { text: label, x, y, ...labelSize(label) } };
  });
  return {
    flaws: flawsOf(boxes, frames, lines),
    layout: {
      ...extentOf(Object.values(boxes), lines),
      boxes,
      edges: lines.map(({ id, points, label }) => ({
        id,
        path: curveOf(points, label !== null),
        label: label?.text ?? '',
        labelX: Math.round(label?.x ?? 0),
        labelY: Math.round(label?.y ?? 0),
      })),
    },
  };
}

/** dagre gives a box by its middle. */
const cornered = ({ x, y, width, height }: Box): Box => ({
  x: Math.round(x - width / 2),
  y: Math.round(y - height / 2),
  width: Math.round(width),
  height: Math.round(height),
});

/** What the drawing covers: dagre's own figure leaves out lines without a label. */
function extentOf(boxes: readonly Box[], lines: readonly Line[]): Box {
  const all = boxes.concat(
    lines.flatMap(({ label }) => (label === null ? [] : [cornered(label)])),
    lines.flatMap(({ points }) => points.map(({ x, y }) => ({ x, y, width: 0, height: 0 }))),
  );
  const x = Math.floor(Math.min(...all.map((each) => each.x))) - marginPx;
  const y = Math.floor(Math.min(...all.map((each) => each.y))) - marginPx;
  const right = Math.ceil(Math.max(...all.map((each) => each.x + each.width))) + marginPx;
  const bottom = Math.ceil(Math.max(...all.map((each) => each.y + each.height))) + marginPx;
  return { x, y, width: right - x, height: bottom - y };
}

function labelOf({ machine, states }: Chart, { id, to, events }: ChartEdge, { eventsMax, omitsObvious }: Look): string {
  const known = edgeWord(machine, id);
  const target = states.find((state) => state.id === to)?.label.toLowerCase() ?? '';
  if (known !== undefined) return omitsObvious && target.startsWith(known) ? '' : known;
  const shown = events.slice(0, eventsMax);
  const rest = events.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} +${rest}` : shown.join(', ');
}
