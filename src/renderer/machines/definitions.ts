/**
 * The statecharts as graphs, read off the machine definitions themselves: states, frames of nested states, transitions with
 * the events that take them. What is drawn is what runs.
 * May import: xstate, machines.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { eventWord } from '../model/words.ts';

export interface ChartState {
  /** Path within the machine, joined by dots: `recovering.lastTry`. */
  id: string;
  name: string;
  parent: string | null;
  isFrame: boolean;
  isInitial: boolean;
  isFinal: boolean;
}
export interface ChartEdge {
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

/** Stands for every state, where the machine as a whole takes a transition. */
export const anyState = '*';

function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'root' in value && 'provide' in value;
}

function chartOf(machine: AnyStateMachine): Chart {
  const nodes = descendants(machine.root);
  const taken = [machine.root as AnyStateNode, ...nodes].flatMap((node) =>
    [...node.transitions.values()]
      .flat()
      .concat(node.always ?? [])
      .flatMap((transition): Taken[] =>
        (transition.target ?? []).map((target) => ({
          from: pathOf(node) || anyState,
          to: pathOf(target),
          event: transition.eventType,
        })),
      ),
  );
  const edges = new Map<string, ChartEdge>();
  for (const { from, to, event } of fromAnywhere(taken)) {
    const id = `${from} > ${to}`;
    const edge = edges.get(id) ?? { id, from, to, events: [] };
    const word = eventWord(event);
    if (!edge.events.includes(word)) edge.events.push(word);
    edges.set(id, edge);
  }
  const states = nodes.map(stateOf);
  if ([...edges.values()].some(({ from }) => from === anyState))
    states.push({ id: anyState, name: anyState, parent: null, isFrame: false, isInitial: false, isFinal: false });
  return { machine: machine.id, states, edges: [...edges.values()] };
}

interface Taken {
  from: string;
  to: string;
  event: string;
}
/** An event that leads to the same state from this many others is drawn once, from "any state". */
const anywhereMin = 3;
function fromAnywhere(taken: readonly Taken[]): Taken[] {
  const moving = taken.filter(({ from, to }) => from !== to && to !== '');
  const sources = Map.groupBy(moving, ({ to, event }) => `${event} > ${to}`);
  return moving.map((each) => {
    const all = new Set((sources.get(`${each.event} > ${each.to}`) ?? []).map(({ from }) => from));
    return all.size >= anywhereMin ? { from: anyState, to: each.to, event: each.event } : each;
  });
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  const children: AnyStateNode[] = Object.values(node.states);
  return children.concat(children.flatMap(descendants));
}
function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}
function stateOf(node: AnyStateNode): ChartState {
  const parent = node.path.slice(0, -1).join('.');
  return {
    id: pathOf(node),
    name: node.key,
    parent: parent === '' ? null : parent,
    isFrame: Object.keys(node.states).length > 0,
    isInitial: node.parent?.initial?.target?.includes(node) ?? false,
    isFinal: node.type === 'final',
  };
}

/** The paths of a snapshot's value: `{recovering: 'lastTry'}` is `recovering` and `recovering.lastTry`. */
export function activePaths(value: unknown, prefix = ''): string[] {
  const path = (key: string) => (prefix === '' ? key : `${prefix}.${key}`);
  if (typeof value === 'string') return [path(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [path(key)].concat(activePaths(child, path(key))));
}

/** Machines of the service; a build without one of them simply does not draw it. */
const modules = import.meta.glob<Record<string, unknown>>('../../../machines/{worker,session,endpoint,retention,capture}.ts', {
  eager: true,
});

export const charts: ReadonlyMap<string, Chart> = new Map(
  Object.values(modules)
    .flatMap((module) => Object.values(module))
    .filter(isMachine)
    .map((machine) => [machine.id, chartOf(machine)]),
);
