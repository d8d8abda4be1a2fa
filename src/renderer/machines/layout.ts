/**
 * Where the states of a chart stand: positions from dagre, upright or lying, whichever fills its place better. The same
 * chart in the same place is always laid out alike.
 * May import: @dagrejs/dagre.
 */
import { graphlib, layout as layOut } from '@dagrejs/dagre';
import { edgeWord } from '../model/words.ts';
import { anyState, type Chart, type ChartEdge, type ChartState } from './definitions.ts';

export interface PlacedState extends ChartState {
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface PlacedEdge extends ChartEdge {
  points: { x: number; y: number }[];
  label: string;
  labelAt: { x: number; y: number };
}
export interface Layout {
  states: PlacedState[];
  edges: PlacedEdge[];
  width: number;
  height: number;
}

const letterPx = 6.6;
const labelLetterPx = 5.6;
const nodeHeight = 28;
/** A chart drawn larger than life looks coarse. */
const scaleMax = 1.1;
/** Below this, words on a small card cannot be read. */
const readableScale = 0.78;

/** @param space the size of the place, px; labels that do not fit are left out when `isSmall`. */
export function layoutOf(
  chart: Chart,
  {
    space,
    isSmall,
    labelOf,
  }: { space: { width: number; height: number }; isSmall: boolean; labelOf: (state: ChartState) => string },
): Layout {
  const scaleOf = ({ width, height }: Layout) => Math.min(scaleMax, space.width / width, space.height / height);
  // On a small card what is rare gives way: what any state does, then the labels.
  const variants = isSmall ? [chart, withoutAnyState(chart)] : [chart];
  const tries = variants.flatMap((drawn, index) =>
    (['LR', 'TB'] as const).flatMap((direction) =>
      (isSmall ? [true, false] : [true]).map((hasLabels) => {
        const layout = placed(drawn, { direction, hasLabels, isSmall, labelOf });
        const scale = scaleOf(layout);
        const isReadable = scale >= readableScale;
        return { layout, worth: scale * (hasLabels && isReadable ? 1.3 : 1) * (index === 0 && isReadable ? 1.3 : 1) };
      }),
    ),
  );
  return tries.reduce((best, each) => (each.worth > best.worth ? each : best)).layout;
}

function withoutAnyState({ machine, states, edges }: Chart): Chart {
  return {
    machine,
    states: states.filter(({ id }) => id !== anyState),
    edges: edges.filter(({ from }) => from !== anyState),
  };
}

function placed(
  chart: Chart,
  how: { direction: 'LR' | 'TB'; hasLabels: boolean; isSmall: boolean; labelOf: (state: ChartState) => string },
): Layout {
  const graph = new graphlib.Graph({ compound: true, multigraph: true });
  graph.setGraph({
    rankdir: how.direction,
    nodesep: how.isSmall ? 16 : 34,
    ranksep: how.isSmall ? 22 : 44,
    edgesep: how.isSmall ? 8 : 16,
    marginx: 6,
    marginy: 6,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const state of chart.states) {
    graph.setNode(state.id, { width: how.labelOf(state).length * letterPx + 26, height: nodeHeight });
    if (state.parent !== null) graph.setParent(state.id, state.parent);
  }
  const frames = new Set(chart.states.filter(({ isFrame }) => isFrame).map(({ id }) => id));
  // dagre cannot lead an edge to a frame: it leads to the frame's first state.
  const end = (id: string) =>
    frames.has(id) ? (chart.states.find(({ parent, isInitial }) => parent === id && isInitial)?.id ?? id) : id;
  for (const edge of chart.edges) {
    if (frames.has(end(edge.from)) || frames.has(end(edge.to)) || end(edge.from) === end(edge.to)) continue;
    const label = how.hasLabels ? labelOfEdge(chart.machine, edge, how.isSmall) : '';
    const size = label === '' ? {} : { width: label.length * labelLetterPx + 6, height: 14, labelpos: 'c' };
    graph.setEdge(end(edge.from), end(edge.to), size, edge.id);
  }
  layOut(graph);
  const states = chart.states.map((state): PlacedState => {
    const node = graph.node(state.id) as { x: number; y: number; width: number; height: number };
    return {
      ...state,
      label: how.labelOf(state),
      x: node.x - node.width / 2,
      y: node.y - node.height / 2,
      width: node.width,
      height: node.height,
    };
  });
  const edges = chart.edges.flatMap((edge): PlacedEdge[] => {
    const line = graph.edge({ v: end(edge.from), w: end(edge.to), name: edge.id }) as
      | { points: { x: number; y: number }[]; x?: number; y?: number }
      | undefined;
    if (line === undefined) return [];
    const middle = line.points[Math.floor(line.points.length / 2)] ?? { x: 0, y: 0 };
    return [
      {
        ...edge,
        points: line.points,
        label: how.hasLabels ? labelOfEdge(chart.machine, edge, how.isSmall) : '',
        labelAt: { x: line.x ?? middle.x, y: line.y ?? middle.y },
      },
    ];
  });
  const { width = 100, height = 100 } = graph.graph() as { width?: number; height?: number };
  return { states, edges, width, height };
}

function labelOfEdge(machine: string, edge: ChartEdge, isSmall: boolean): string {
  const known = edgeWord(machine, edge.id);
  if (known !== undefined) return known;
  const [first = ''] = edge.events;
  const shown = isSmall ? [first] : edge.events.slice(0, 2);
  const rest = edge.events.length - shown.length;
  const text = shown.join(', ');
  return rest > 0 ? `${text} +${rest}` : text;
}
