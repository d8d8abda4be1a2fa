/**
 * A machine on a card: its name, its state as a word, its chart.
 * May import: react.
 */
import { useState } from 'react';
import type { Transition } from '../../common/console.ts';
import type { Mirror } from '../../../machines/console-mirror.ts';
import { useConsole } from '../model/console.tsx';
import { useTick } from '../model/clock.ts';
import { noEndpoint } from '../model/lights.ts';
import { addressOf } from '../model/route.ts';
import { humanised, machineName, machineWords, type Word } from '../model/words.ts';
import { StatusChip } from '../ui/marks.tsx';
import { Empty } from '../ui/states.tsx';
import { StateChart, type Taken } from './chart.tsx';
import { activePaths } from './drawing.ts';
import { drawings } from './drawings.ts';

/** How long the last transition taken stays lit. */
const litMs = 3000;

/** A view that stands still: what was seen at one moment. */
export interface Still {
  snapshots: Mirror['snapshots'];
  transitions: Transition[];
  /** The service's clock, unix ms. */
  at: number;
}

const notSet: Word = { glyph: 'slash', tone: 'off', word: 'Not set' };

/** What is active in a machine, and the word for it. */
export function useMachine(
  machine: string,
  still: Still | null = null,
): { active: string[]; word: Word | null; taken: Taken | null; isUnset: boolean } {
  const live = useConsole(({ snapshots }) => snapshots[machine]?.value);
  const isOfMachine = (each: Transition) => each.machine === machine && each.from !== each.to;
  const liveLast = useConsole(({ transitions }) => transitions.find(isOfMachine));
  const offset = useConsole(({ clockOffsetMs }) => clockOffsetMs);
  const tick = useTick();
  const active = activePaths(still === null ? live : still.snapshots[machine]?.value);
  const last = still === null ? liveLast : still.transitions.find(isOfMachine);
  const now = still?.at ?? tick + offset;
  // Its machine is ready for an endpoint, but there is none that could accept anything.
  const isUnset = useConsole(({ status }) => machine === 'endpoint' && status !== null && noEndpoint(status));
  const deepest = active.at(-1);
  return {
    active,
    isUnset,
    word: isUnset ? notSet : deepest === undefined ? null : wordFor(machine, deepest),
    taken: last === undefined ? null : { from: last.from, to: last.to, isFresh: now - last.at < litMs },
  };
}
export function wordFor(machine: string, state: string): Word {
  const known = machineWords[machine]?.states[state];
  return known ?? { glyph: 'dots', tone: 'wait', word: humanised(state) };
}

export function MachineCard({ machine, frozen }: { machine: string; frozen: Still | null }) {
  const { active, word, taken, isUnset } = useMachine(machine, frozen);
  const [selected, setSelected] = useState<{ state: string; isLow: boolean } | null>(null);
  const [isOpen, setOpen] = useState(false);
  const drawing = drawings[machine];
  const meaning = selected === null ? null : meaningOf(machine, selected.state);
  return (
    <section className={isOpen ? 'panel machine-card is-open' : 'panel machine-card'} aria-label={machineName(machine)}>
      <div className="panel-head machine-head">
        <h2>
          <a href={addressOf('machines', machine)} title="On a page of its own, larger, with all its words">
            {machineName(machine)}
          </a>
        </h2>
        <span className="space" />
        {word === null ? <span className="small text3">not heard yet</span> : <StatusChip word={word} />}
        <button
          type="button"
          className="link-button small machine-unfold"
          aria-expanded={isOpen}
          aria-label={`Chart of ${machineName(machine)}`}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Fold' : 'Chart'}
        </button>
      </div>
      <div className="machine-chart">
        {drawing === undefined ? (
          <Empty>This build has no chart of it.</Empty>
        ) : (
          <StateChart
            drawing={drawing}
            active={active}
            taken={taken}
            isSmall
            isUnset={isUnset}
            onSelect={(state, isLow) => setSelected(state === selected?.state ? null : { state, isLow })}
          />
        )}
        {meaning !== null && (
          <button
            type="button"
            className={selected?.isLow === true ? 'machine-meaning is-above small' : 'machine-meaning small'}
            onClick={() => setSelected(null)}
          >
            <b>{meaning.word}</b> <span className="mono">{selected?.state}</span>
            <br />
            {meaning.text}
          </button>
        )}
      </div>
    </section>
  );
}

function meaningOf(machine: string, state: string): { word: string; text: string } {
  const known = machineWords[machine]?.states[state];
  return { word: known?.word ?? humanised(state), text: known?.meaning ?? 'A state within this machine.' };
}
