/**
 * A statechart as a Mermaid state diagram, drawn from the machine itself.
 */
import type { AnyStateMachine } from 'xstate';

/** One arrow for each pair of states, with all that leads from one to the other on it. */
export function stateDiagram(machine: AnyStateMachine): string {
  const lines = ['stateDiagram-v2'];
  const { root } = machine;
  const initial = root.initial.target[0]?.key;
  if (initial !== undefined) lines.push(`  [*] --> ${initial}`);
  for (const state of Object.values(root.states)) {
    const arrows = new Map<string, string[]>();
    for (const [eventType, transitions] of [...state.transitions, ['always', state.always ?? []] as const]) {
      for (const { target, guard } of transitions) {
        for (const { key } of target ?? []) {
          if (key === state.key && eventType !== 'settings.changed') continue;
          const label = labelOf(eventType, guard);
          arrows.set(
            key,
            [...(arrows.get(key) ?? []), label].filter((one, at, all) => all.indexOf(one) === at),
          );
        }
      }
    }
    for (const [target, labels] of arrows) lines.push(`  ${state.key} --> ${target}: ${labels.join(' / ')}`);
    if (state.type === 'final') lines.push(`  ${state.key} --> [*]`);
  }
  for (const [eventType, transitions] of root.transitions)
    for (const { target } of transitions)
      for (const { key } of target ?? []) lines.push(`  [*] --> ${key}: ${labelOf(eventType, undefined)} (from any state)`);
  return lines.join('\n');
}

function labelOf(eventType: string, guard: unknown): string {
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType)?.[1];
  const word =
    after !== undefined
      ? `after ${after}`
      : eventType.startsWith('xstate.done')
        ? 'done'
        : eventType.startsWith('xstate.error')
          ? 'error'
          : eventType;
  const name = typeof guard === 'string' ? guard : (guard as { type?: string } | undefined)?.type;
  const params = (guard as { params?: unknown } | undefined)?.params;
  const detail = typeof params === 'string' ? ` ${params}` : '';
  return name === undefined ? word : `${word} [${name}${detail}]`;
}
