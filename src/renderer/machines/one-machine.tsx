/**
 * One machine, or one session: its chart at full size, what its states mean, its own transitions.
 * May import: react, lucide-react.
 */
import { ArrowLeft } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Transition } from '../../common/console.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { moment } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { addressOf, go } from '../model/route.ts';
import { machineName, machineWords, stateOf, stateWords, wordOf } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { GlyphMark, StatusChip } from '../ui/marks.tsx';
import { Empty } from '../ui/states.tsx';
import { StateChart, type Taken } from './chart.tsx';
import { anyState } from './drawing.ts';
import { drawings } from './drawings.ts';
import { useMachine, wordFor } from './machine-card.tsx';
import { Transitions } from './transitions.tsx';

interface Shown {
  title: string;
  chip: ReactNode;
  active: readonly string[];
  taken: Taken | null;
  isUnset?: boolean;
  transitions: readonly Transition[];
}

export function OneMachine({ machine, sessionId }: { machine: string; sessionId: string | null }) {
  if (machine !== 'session') return <LiveMachine machine={machine} />;
  if (sessionId !== null) return <LiveSession key={sessionId} id={sessionId} />;
  return (
    <ChartPage
      machine="session"
      shown={{ title: 'One session', chip: null, active: [], taken: null, transitions: [] }}
      chooser={<SessionChooser />}
    />
  );
}

function LiveMachine({ machine }: { machine: string }) {
  const { active, word, taken, isUnset } = useMachine(machine);
  const { data } = useQuery('getTransitions', { machine }, 2000);
  const chip = word === null ? null : <StatusChip word={word} />;
  return (
    <ChartPage
      machine={machine}
      shown={{ title: machineName(machine), chip, active, taken, isUnset, transitions: data?.transitions ?? [] }}
    />
  );
}

/** One session: from the lanes while it is under way, else from its file. */
function LiveSession({ id }: { id: string }) {
  const now = useNow();
  const lane = useConsole(({ underWay }) => underWay?.sessions.find(({ sessionId }) => sessionId === id));
  const { data, error } = useQuery('getSession', { sessionId: id }, 3000);
  const transitions = useQuery('getTransitions', { machine: 'session', id }, 2000).data?.transitions ?? [];
  const summary = data?.summary;
  const state = lane?.state ?? (summary === undefined ? null : stateOf(summary));
  const counter = lane?.counter ?? summary?.counter;
  const [last] = transitions;
  // One that is gone, or cannot be asked for, does not stand where it was seen last.
  const isKnown = lane !== undefined || error === null;
  const chip = !isKnown ? (
    <span className="small text2" role="status">
      {error}
    </span>
  ) : state === null ? null : (
    <StatusChip word={summary !== undefined && lane === undefined ? wordOf(summary, now) : stateWords[state]} />
  );
  return (
    <ChartPage
      machine="session"
      shown={{
        title: counter === undefined ? 'One session' : `Session ${counter}`,
        chip,
        active: state === null || !isKnown ? [] : [state === 'held' || state === 'incomplete' ? 'ready' : state],
        taken: last === undefined ? null : { from: last.from, to: last.to, isFresh: false },
        transitions,
      }}
      chooser={<SessionChooser />}
    />
  );
}

function ChartPage({ machine, shown, chooser }: { machine: string; shown: Shown; chooser?: ReactNode }) {
  const drawing = drawings[machine];
  const [selected, setSelected] = useState<string | null>(null);
  const states = machineWords[machine]?.states ?? {};
  if (drawing === undefined)
    return (
      <section className="panel column space">
        <Empty actions={<Button onPress={() => go(addressOf('machines'))}>All machines</Button>}>
          There is no chart of “{machine}”.
        </Empty>
      </section>
    );
  return (
    <div className="one-machine">
      <section className="panel column one-chart" aria-label={shown.title}>
        <div className="panel-head">
          <Button
            look="quiet"
            isSmall
            label="All machines"
            icon={<ArrowLeft aria-hidden="true" />}
            onPress={() => go(addressOf('machines'))}
          />
          <h2>{shown.title}</h2>
          <span className="space" />
          {shown.chip}
        </div>
        {chooser}
        <StateChart
          drawing={drawing}
          active={shown.active}
          taken={shown.taken}
          isSmall={false}
          isUnset={shown.isUnset ?? false}
          onSelect={(state) => setSelected(state)}
        />
        <p className="one-hint small text3">Ctrl and wheel to zoom, drag to move, click a state for its meaning.</p>
      </section>
      <div className="one-side">
        <section className="panel column scroll" aria-label="States" tabIndex={0}>
          <div className="panel-head">
            <h2>What the states mean</h2>
          </div>
          <dl className="meanings">
            {drawing.chart.states
              .filter(({ id }) => id !== anyState)
              .map(({ id }) => {
                const word = wordFor(machine, id);
                return (
                  <div
                    key={id}
                    className={`${id === selected ? 'is-selected' : ''} ${shown.active.includes(id) ? 'is-now' : ''}`}
                  >
                    <dt>
                      <GlyphMark glyph={word.glyph} tone={word.tone} />
                      <b>{word.word}</b>
                      <span className="mono text3">{id}</span>
                    </dt>
                    <dd className="small text2">{states[id]?.meaning ?? ''}</dd>
                  </div>
                );
              })}
          </dl>
        </section>
        <Transitions transitions={shown.transitions} isFixed />
      </div>
    </div>
  );
}

function SessionChooser() {
  const now = useNow();
  const { data } = useQuery('getSessions', { sort: { by: 'savedAt', descending: true }, limit: 8 }, 5000);
  return (
    <div className="session-chooser" role="group" aria-label="Choose a session">
      {(data?.sessions ?? []).map((summary) => (
        <a
          key={summary.sessionId}
          className="tag"
          href={addressOf('machines', 'session', new URLSearchParams({ id: summary.sessionId }))}
        >
          <GlyphMark glyph={wordOf(summary, now).glyph} tone={wordOf(summary, now).tone} />
          <span className="hidden-text">{wordOf(summary, now).word}, session</span>
          <span className="mono">{summary.counter}</span> {moment(summary.startTime, now)}
        </a>
      ))}
    </div>
  );
}
