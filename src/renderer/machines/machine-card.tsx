/**
 * A machine on a card: its name, its state as a word, its chart.
 * May import: react.
 */
import { useState } from 'react';
import { useConsole } from '../model/console.tsx';
import { useTick } from '../model/clock.ts';
import { addressOf } from '../model/route.ts';
import { humanised, machineName, machineWords, type Word } from '../model/words.ts';
import { StatusChip } from '../ui/marks.tsx';
import { Empty } from '../ui/states.tsx';
import { StateChart, type Taken } from './chart.tsx';
import { activePaths } from './drawing.ts';
import { drawings } from './drawings.ts';

/** How long the last transition taken stays lit. */
const litMs = 3000;

/** What is active in a machine, and the word for it. */
export function useMachine(machine: string): { active: string[]; word: Word | null; taken: Taken | null } {
  const value = useConsole(({ snapshots }) => snapshots[machine]?.value);
  const last = useConsole(({ transitions }) => transitions.find((each) => each.machine === machine && each.from !== each.to));
  const offset = useConsole(({ clockOffsetMs }) => clockOffsetMs);
  const tick = useTick();
  const active = activePaths(value);
  const deepest = active.at(-1);
  return {
    active,
    word: deepest === undefined ? null : wordFor(machine, deepest),
    taken: last === undefined ? null : { from: last.from, to: last.to, isFresh: tick + offset - last.at < litMs },
  };
}
export function wordFor(machine: string, state: string): Word {
  const known = machineWords[machine]?.states[state];
  return known ?? { glyph: 'dots', tone: 'wait', word: humanised(state) };
}

export function MachineCard({ machine }: { machine: string }) {
  const { active, word, taken } = useMachine(machine);
  const [selected, setSelected] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const drawing = drawings[machine];
  const meaning = selected === null ? null : meaningOf(machine, selected);
  return (
    <section className={isOpen ? 'panel machine-card is-open' : 'panel machine-card'} aria-label={machineName(machine)}>
      <div className="panel-head machine-head">
        <h2>
          <a href={addressOf('machines', machine)}>{machineName(machine)}</a>
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
            onSelect={(state) => setSelected(state === selected ? null : state)}
          />
        )}
        {meaning !== null && (
          <button type="button" className="machine-meaning small" onClick={() => setSelected(null)}>
            <b>{meaning.word}</b> <span className="mono">{selected}</span>
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
