/**
 * One statechart, drawn: states, frames, transitions; the active state lit, the last transition taken in accent.
 * May import: react, @xyflow/react.
 */
import { Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useMemo, useRef, useState } from 'react';
import { machineStateWord, machineWords } from '../model/words.ts';
import { anyState, type Chart, type ChartState } from './definitions.ts';
import { layoutOf, type PlacedEdge, type PlacedState } from './layout.ts';

type StateNode = Node<{ state: PlacedState; isActive: boolean; isHealthy: boolean }, 'state'>;
/** As large as the drawing: what is fitted into the place is this, labels included. */
type ExtentNode = Node<Record<string, never>, 'extent'>;
type TransitionEdge = Edge<{ edge: PlacedEdge; isLast: boolean; isFresh: boolean }, 'transition'>;

export interface Taken {
  from: string;
  to: string;
  isFresh: boolean;
}

/** @param active paths of the states that are active. */
export function StateChart(props: {
  chart: Chart;
  active: readonly string[];
  taken: Taken | null;
  isSmall: boolean;
  onSelect: (state: string) => void;
}) {
  const { chart, active, taken, isSmall } = props;
  const place = useRef<HTMLDivElement>(null);
  const [space, setSpace] = useState<{ width: number; height: number } | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      setSpace((before) => (before?.width === width && before.height === height ? before : { width, height }));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const layout = useMemo(
    () =>
      space === null || space.width < 40 || space.height < 40
        ? null
        : layoutOf(chart, { space, isSmall, labelOf: (state: ChartState) => labelOf(chart.machine, state) }),
    [chart, space, isSmall],
  );
  const activeKey = active.join(' ');
  const nodes = useMemo((): (StateNode | ExtentNode)[] => {
    if (layout === null) return [];
    const isActive = new Set(activeKey.split(' '));
    const extent: ExtentNode = {
      id: 'extent',
      type: 'extent',
      position: { x: 0, y: 0 },
      width: layout.width,
      height: layout.height,
      zIndex: -1,
      data: {},
    };
    const states = layout.states.map((state): StateNode => ({
      id: state.id,
      type: 'state',
      position: { x: state.x, y: state.y },
      width: state.width,
      height: state.height,
      zIndex: state.isFrame ? 0 : 2,
      data: {
        state,
        isActive: isActive.has(state.id),
        isHealthy: machineWords[chart.machine]?.states[state.id]?.tone === 'ok',
      },
    }));
    return [extent, ...states];
  }, [layout, activeKey, chart.machine]);
  const takenId = taken === null ? '' : `${taken.from} > ${taken.to}`;
  const isFresh = taken?.isFresh ?? false;
  const edges = useMemo(
    (): TransitionEdge[] =>
      (layout?.edges ?? []).map((edge) => ({
        id: edge.id,
        type: 'transition',
        source: edge.from,
        target: edge.to,
        focusable: false,
        data: { edge, isLast: edge.id === takenId, isFresh: isFresh && edge.id === takenId },
        markerEnd: {
          type: MarkerType.ArrowClosed,
          width: 14,
          height: 14,
          color: isFresh && edge.id === takenId ? 'var(--accent)' : 'var(--field)',
        },
      })),
    [layout, takenId, isFresh],
  );
  return (
    <div className="chart-place" ref={place}>
      {layout !== null && (
        <ReactFlow<StateNode | ExtentNode, TransitionEdge>
          key={`${space?.width} ${space?.height}`}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={{ padding: 0.02, maxZoom: (isSmall ? 1 : 1.15) * remOf() }}
          minZoom={0.3}
          maxZoom={4}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          panOnDrag={!isSmall}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          zoomActivationKeyCode="Control"
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
          onNodeClick={(_, node) => {
            if (node.type === 'state') props.onSelect(node.id);
          }}
          aria-label={`Statechart of ${machineWords[chart.machine]?.name ?? chart.machine}`}
        />
      )}
    </div>
  );
}

/** How much larger than usual everything is, on a very wide screen. */
const remOf = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

const labelOf = (machine: string, { id }: ChartState) => (id === anyState ? 'Any state' : machineStateWord(machine, id));

function StateBox({ data }: NodeProps<StateNode>) {
  const { state, isActive, isHealthy } = data;
  const look = [
    'state-box',
    state.isFrame ? 'is-frame' : '',
    state.isFinal ? 'is-final' : '',
    state.id === anyState ? 'is-any' : '',
    isActive ? 'is-active' : '',
    isActive && isHealthy ? 'is-healthy' : '',
  ];
  return (
    <div className={look.join(' ')} title={state.id}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span>
        {state.label}
        {isActive && <span className="hidden-text"> (now)</span>}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function TransitionLine({ id, data, markerEnd }: EdgeProps<TransitionEdge>) {
  if (data === undefined) return null;
  const { edge, isLast, isFresh } = data;
  const look = `transition ${isLast ? 'is-last' : ''} ${isFresh ? 'is-fresh' : ''}`;
  return (
    <g className={look}>
      <path
        id={id}
        d={curveOf(edge.points)}
        fill="none"
        className="transition-line"
        {...(markerEnd === undefined ? {} : { markerEnd })}
      >
        <title>{edge.events.join(', ')}</title>
      </path>
      {edge.label !== '' && (
        <text x={edge.labelAt.x} y={edge.labelAt.y + 3.5} textAnchor="middle" className="transition-label">
          {edge.label}
        </text>
      )}
    </g>
  );
}
const Extent = () => null;
const nodeTypes = { state: StateBox, extent: Extent };
const edgeTypes = { transition: TransitionLine };

/** A smooth line through the points that dagre gives. */
function curveOf(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  if (rest.length < 2) return `M${first.x},${first.y} ${rest.map(({ x, y }) => `L${x},${y}`).join(' ')}`;
  let path = `M${first.x},${first.y}`;
  for (let index = 0; index < rest.length - 1; index += 1) {
    const here = rest[index] ?? first;
    const next = rest[index + 1] ?? first;
    const isLast = index === rest.length - 2;
    const end = isLast ? next : { x: (here.x + next.x) / 2, y: (here.y + next.y) / 2 };
    path += ` Q${here.x},${here.y} ${end.x},${end.y}`;
  }
  return path;
}
