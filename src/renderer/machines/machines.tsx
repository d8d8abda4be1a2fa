/**
 * Machines: what is it doing right now? The live statecharts, all sessions under way, the last transitions.
 * May import: react, lucide-react.
 */
import { Pause, Play } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { UnderWay } from '../../common/console.ts';
import { useConsole } from '../model/console.tsx';
import { clock } from '../model/format.ts';
import { useQuery } from '../model/query.ts';
import { useRoute, addressOf, go } from '../model/route.ts';
import { TopBar } from '../shell/top-bar.tsx';
import { Button, Segmented } from '../ui/button.tsx';
import { Board } from './board.tsx';
import { withEarlier } from './earlier.ts';
import { MachineCard, type Still } from './machine-card.tsx';
import { OneMachine } from './one-machine.tsx';
import { Transitions } from './transitions.tsx';
import './machines.css';

/** What was seen when the view was frozen: the picture stops, the work goes on. */
interface Frozen extends Still {
  underWay: UnderWay | null;
}
const shownMachines = ['capture', 'worker', 'endpoint', 'retention'] as const;

export default function Machines() {
  const { place, query } = useRoute();
  const underWay = useConsole((context) => context.underWay);
  const heard = useConsole((context) => context.transitions);
  const before = useQuery('getTransitions', {}).data?.transitions;
  const transitions = useMemo(() => withEarlier(heard, before ?? []), [heard, before]);
  const snapshots = useConsole((context) => context.snapshots);
  const offset = useConsole(({ clockOffsetMs }) => clockOffsetMs);
  const [frozen, setFrozen] = useState<Frozen | null>(null);
  const shown = frozen ?? { underWay, transitions };
  const isOneSession = place === 'session';
  const views = useMemo(
    () => [
      { id: 'all' as const, label: 'All sessions' },
      { id: 'one' as const, label: 'One session' },
    ],
    [],
  );
  return (
    <>
      <TopBar
        title="Machines"
        beside={
          <Segmented
            label="View"
            options={views}
            value={isOneSession ? 'one' : 'all'}
            onChange={(id) => go(addressOf('machines', id === 'one' ? 'session' : null))}
          />
        }
        action={
          place === null && (
            <>
              {frozen !== null && <span className="text2 small frozen-at">As of {clock(frozen.at)}</span>}
              <Button
                icon={frozen === null ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
                onPress={() => setFrozen(frozen === null ? { underWay, transitions, snapshots, at: Date.now() + offset } : null)}
              >
                {frozen === null ? 'Freeze view' : 'Go on'}
              </Button>
            </>
          )
        }
      />
      <div className="body machines">
        {place === null ? (
          <>
            <div className="machine-cards">
              {shownMachines.map((machine) => (
                <MachineCard key={machine} machine={machine} frozen={frozen} />
              ))}
            </div>
            <div className="machines-main">
              <Board underWay={shown.underWay} transitions={shown.transitions} frozenAt={frozen?.at ?? null} />
              <Transitions transitions={shown.transitions} />
            </div>
          </>
        ) : (
          <OneMachine machine={place} sessionId={query.get('id')} />
        )}
      </div>
    </>
  );
}
