/**
 * The statecharts as graphs, read off the machine definitions themselves: states, frames of nested states, transitions with
 * the events that take them. What is drawn is what runs. Used when the console is built, not in the page.
 * May import: xstate, machines.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { captureMachine } from '../../../machines/capture.ts';
import { endpointMachine } from '../../../machines/endpoint.ts';
import { retentionMachine } from '../../../machines/retention.ts';
import { sessionMachine } from '../../../machines/session.ts';
import { workerMachine } from '../../../machines/worker.ts';
import { eventWord, machineStateWord } from '../model/words.ts';
import { anyState, type Chart, type ChartEdge, type ChartState } from './drawing.ts';

/** The machines of the service that the console draws. */
export const drawnMachines: readonly AnyStateMachine[] = [
  captureMachine,
  workerMachine,
  endpointMachine,
  retentionMachine,
  sessionMachine,
];

export function chartOf(machine: AnyStateMachine): Chart {
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
  const states = nodes.map((node) => stateOf(machine.id, node));
  const edges = new Map<string, ChartEdge>();
  for (const { from, to, event } of fromAnywhere(taken, states)) {
    const id = `${from} > ${to}`;
    const edge = edges.get(id) ?? { id, from, to, events: [] };
    const word = eventWord(event);
    if (!edge.events.includes(word)) edge.events.push(word);
    edges.set(id, edge);
  }
  if ([...edges.values()].some(({ from }) => from === anyState))
    states.push({ id: anyState, label: 'Any state', parent: null, isFrame: false, isInitial: false, isFinal: false });
  return { machine: machine.id, states, edges: [...edges.values()] };
}

interface Taken {
  from: string;
  to: string;
  event: string;
}
/** An event that leads to one state from each of the others is drawn once, from "any state". */
function fromAnywhere(taken: readonly Taken[], states: readonly ChartState[]): Taken[] {
  const moving = taken.filter(({ from, to }) => from !== to && to !== '');
  return moving.map((each) => {
    const alike = moving.filter(({ to, event }) => to === each.to && event === each.event);
    const from = new Set(alike.map((other) => other.from));
    const others = states.filter(({ id, isFinal, isFrame }) => id !== each.to && !isFinal && !isFrame);
    const isFromAll = others.length > 2 && others.every(({ id }) => from.has(id));
    return isFromAll ? { from: anyState, to: each.to, event: each.event } : each;
  });
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  const children: AnyStateNode[] = Object.values(node.states);
  return children.concat(children.flatMap(descendants));
}
function pathOf(node: AnyStateNode): string {
  return node.path.join('.');
}
function stateOf(machine: string, node: AnyStateNode): ChartState {
  const id = pathOf(node);
  const parent = node.path.slice(0, -1).join('.');
  return {
    id,
    label: machineStateWord(machine, id),
    parent: parent === '' ? null : parent,
    isFrame: Object.keys(node.states).length > 0,
    isInitial: node.parent?.initial?.target?.includes(node) ?? false,
    isFinal: node.type === 'final',
  };
}
