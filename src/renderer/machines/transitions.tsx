/**
 * The last transitions with their events: the text twin of the charts. It does not speak by itself: a summary does, at
 * most every five seconds.
 * May import: react.
 */
import { useEffect, useRef, useState } from 'react';
import type { Transition } from '../../common/console.ts';
import { clock, counted, exact } from '../model/format.ts';
import { addressOf } from '../model/route.ts';
import { eventWord, machineName, machineStateWord } from '../model/words.ts';
import { Empty } from '../ui/states.tsx';

const shownMax = 80;
const summaryMs = 5000;
const machines = [
  { id: 'all', label: 'All' },
  { id: 'session', label: 'Sessions' },
  { id: 'worker', label: 'Worker' },
  { id: 'endpoint', label: 'Endpoint' },
  { id: 'capture', label: 'Capture' },
  { id: 'retention', label: 'Clean-up' },
] as const;
type Shown = (typeof machines)[number]['id'];

export function Transitions({ transitions, isFixed = false }: { transitions: readonly Transition[]; isFixed?: boolean }) {
  const [machine, setMachine] = useState<Shown>('all');
  const shown = (machine === 'all' ? transitions : transitions.filter((each) => each.machine === machine)).slice(0, shownMax);
  return (
    <section className="panel column transitions" aria-label="Last transitions">
      <div className="panel-head">
        <h2>Last transitions</h2>
        <span className="space" />
        {!isFixed && (
          <select
            className="plain-select small"
            aria-label="Of which machine"
            value={machine}
            onChange={(event) => setMachine(machines.find(({ id }) => id === event.target.value)?.id ?? 'all')}
          >
            {machines.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        )}
      </div>
      <div className="scroll transitions-list" tabIndex={0} role="region" aria-label="Transitions" aria-live="off">
        {shown.length === 0 && <Empty>None yet.</Empty>}
        {shown.map((each) => (
          <TransitionLine key={`${each.at} ${each.id} ${each.from} ${each.to} ${each.event}`} transition={each} />
        ))}
      </div>
      <Summary transitions={transitions} />
    </section>
  );
}

function TransitionLine({ transition }: { transition: Transition }) {
  const { machine, id, counter, from, to, event, detail } = transition;
  const said = detail ?? eventWord(event);
  const [before, after] = [machineStateWord(machine, from), machineStateWord(machine, to)];
  return (
    <div className="transition-row">
      <span className="text3 figures" title={exact(transition.at)}>
        {clock(transition.at)}
      </span>
      <div>
        <div className="cut" title={`${said} (${event})`}>
          <b className="medium">
            {counter === undefined ? (
              machineName(machine)
            ) : (
              <a href={addressOf('machines', 'session', new URLSearchParams({ id }))}>Session {counter}</a>
            )}
          </b>{' '}
          <span className="text3">{said}</span>
        </div>
        <div className="text2 cut" title={`${before} to ${after}`}>
          {before} <span className="text3">to</span> <span className="transition-to">{after}</span>
        </div>
      </div>
    </div>
  );
}

/** What a screen reader hears. */
function Summary({ transitions }: { transitions: readonly Transition[] }) {
  const [said, setSaid] = useState('');
  const latest = useRef(transitions);
  useEffect(() => {
    latest.current = transitions;
  });
  useEffect(() => {
    let before = latest.current[0]?.at ?? 0;
    const timer = setInterval(() => {
      const fresh = latest.current.filter(({ at }) => at > before).length;
      before = latest.current[0]?.at ?? before;
      if (fresh > 0) setSaid(counted(fresh, 'transition'));
    }, summaryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="hidden-text" aria-live="polite">
      {said}
    </span>
  );
}
