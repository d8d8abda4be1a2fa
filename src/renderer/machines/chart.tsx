/**
 * One statechart, drawn: states, frames, transitions; the active state lit, the last transition taken in accent.
 * May import: react, @xyflow/react.
 */
import { Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useEffect, useMemo, useRef, useState } from 'react';
import { machineWords } from '../model/words.ts';
import { anyState, bestOf, edgeTaken, labelSize, type ChartState, type DrawnEdge, type Drawing, type Size } from './drawing.ts';

type StateNode = Node<{ state: ChartState; isActive: boolean; isHealthy: boolean }, 'state'>;
/** As large as the drawing: what is fitted into the place is this, labels included. */
type ExtentNode = Node<Record<string, never>, 'extent'>;
type TransitionEdge = Edge<{ edge: DrawnEdge; events: string[]; isLast: boolean; isFresh: boolean }, 'transition'>;

export interface Taken {
  from: string;
  to: string;
  isFresh: boolean;
}

/** @param active paths of the states that are active. */
export function StateChart(props: {
  drawing: Drawing;
  active: readonly string[];
  taken: Taken | null;
  isSmall: boolean;
  /** What it watches is not set: its resting place is nothing healthy. */
  isUnset: boolean;
  /** @param isLow the state is in the lower half of the drawing. */
  onSelect: (state: string, isLow: boolean) => void;
}) {
  const { drawing, active, taken, isSmall, isUnset } = props;
  const { chart } = drawing;
  const place = useRef<HTMLDivElement>(null);
  const [space, setSpace] = useState<Size | null>(null);
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
  const layout = space === null ? undefined : bestOf(isSmall ? drawing.small : drawing.large, unenlarged(space));
  const activeKey = active.join(' ');
  const nodes = useMemo((): (StateNode | ExtentNode)[] => {
    if (layout === undefined) return [];
    const isActive = new Set(activeKey.split(' '));
    const extent: ExtentNode = {
      id: 'extent',
      type: 'extent',
      position: { x: layout.x, y: layout.y },
      width: layout.width,
      height: layout.height,
      zIndex: -1,
      data: {},
    };
    const states = chart.states.flatMap((state): StateNode[] => {
      const box = layout.boxes[state.id];
      if (box === undefined) return [];
      return [
        {
          id: state.id,
          type: 'state',
          position: { x: box.x, y: box.y },
          width: box.width,
          height: box.height,
          zIndex: state.isFrame ? 0 : 2,
          data: {
            state,
            isActive: isActive.has(state.id),
            isHealthy: !isUnset && machineWords[chart.machine]?.states[state.id]?.tone === 'ok',
          },
        },
      ];
    });
    return [extent, ...states];
  }, [layout, activeKey, chart, isUnset]);
  const takenId = taken === null ? null : edgeTaken(chart.edges, taken);
  const isFresh = taken?.isFresh ?? false;
  const edges = useMemo(
    (): TransitionEdge[] =>
      (layout?.edges ?? []).map((edge) => {
        const { from = '', to = '', events = [] } = chart.edges.find(({ id }) => id === edge.id) ?? {};
        return {
          id: edge.id,
          type: 'transition',
          source: from,
          target: to,
          focusable: false,
          data: { edge, events, isLast: edge.id === takenId, isFresh: isFresh && edge.id === takenId },
          markerEnd: {
            type: MarkerType.ArrowClosed,
            width: 14,
            height: 14,
            color: isFresh && edge.id === takenId ? 'var(--accent)' : 'var(--field)',
          },
        };
      }),
    [layout, chart, takenId, isFresh],
  );
  return (
    <div className="chart-place" ref={place}>
      {layout !== undefined && (
        <ReactFlow<StateNode | ExtentNode, TransitionEdge>
          key={`${space?.width} ${space?.height}`}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={{ padding: 0.02, maxZoom: (isSmall ? 1 : 1.3) * remOf() }}
          minZoom={Math.min(1, 0.9 * fitOf(layout, space))}
          maxZoom={4}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          panOnDrag
          // What was zoomed can be moved within itself, and is in the middle again when it fits.
          translateExtent={[
            [layout.x, layout.y],
            [layout.x + layout.width, layout.y + layout.height],
          ]}
          zoomOnScroll={false}
          zoomOnDoubleClick={false}
          zoomActivationKeyCode="Control"
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
          onNodeClick={(_, node) => {
            if (node.type === 'state') props.onSelect(node.id, node.position.y > layout.y + layout.height / 2);
          }}
          aria-label={`Statechart of ${machineWords[chart.machine]?.name ?? chart.machine}`}
        />
      )}
    </div>
  );
}

/** How large a drawing is shown that fills its place. */
const fitOf = (drawn: Size, place: Size | null) =>
  place === null ? 1 : Math.min(place.width / drawn.width, place.height / drawn.height);

/** A chart is laid out in px and enlarged as a whole: its letters are not in rem. */
const unenlarged = ({ width, height }: Size): Size => ({ width: width / remOf(), height: height / remOf() });
/** How much larger than usual everything is, on a very wide screen. */
const remOf = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

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
  const { edge, events, isLast, isFresh } = data;
  const look = `transition ${isLast ? 'is-last' : ''} ${isFresh ? 'is-fresh' : ''}`;
  return (
    <g className={look}>
      <title>{events.join(', ')}</title>
      <path id={id} d={edge.path} fill="none" className="transition-line" {...(markerEnd === undefined ? {} : { markerEnd })} />
      <path d={edge.path} fill="none" className="transition-near" />
      {edge.label !== '' && <Label {...edge} />}
    </g>
  );
}
/** The line gives way to its word, between the words too. */
function Label({ label, labelX, labelY }: DrawnEdge) {
  const { width, height } = labelSize(label);
  return (
    <>
      <rect className="transition-behind" x={labelX - width / 2} y={labelY - height / 2} width={width} height={height} />
      <text x={labelX} y={labelY + 3.5} textAnchor="middle" className="transition-label">
        {label}
      </text>
    </>
  );
}
const Extent = () => null;
const nodeTypes = { state: StateBox, extent: Extent };
const edgeTypes = { transition: TransitionLine };
