/**
 * What is said when the service is not heard: since when, what is shown, when it is tried again.
 * May import: react.
 */
import { useConnection, useConsole, useConsoleActor } from '../model/console.tsx';
import { useTick } from '../model/clock.ts';
import { clock, countdown } from '../model/format.ts';
import { Button } from '../ui/button.tsx';
import { GlyphMark } from '../ui/marks.tsx';

export function StaleBar() {
  const connection = useConnection();
  const actor = useConsoleActor();
  const tick = useTick();
  const lastWordAt = useConsole((context) => context.lastWordAt);
  const offsetMs = useConsole((context) => context.clockOffsetMs);
  const retryAt = useConsole((context) => context.retryAt);
  const lostReason = useConsole((context) => context.lostReason);
  const tries = useConsole((context) => context.tries);
  if (connection !== 'stale') return null;
  const { first, more } = wordsOf({ lastWordAt, offsetMs, retryAt, lostReason, tries, tick });
  return (
    <div className="stale-bar" role="region" aria-label="Connection">
      <GlyphMark glyph="warning" tone="retry" />
      <span>
        {/* Announced once; what follows counts every second. */}
        <span role="alert">{first}</span>
        {more}
      </span>
      <span className="space" />
      <Button isSmall onPress={() => actor.send({ type: 'retry.requested' })}>
        Try now
      </Button>
    </div>
  );
}

/** Tries that found nobody: it is not a moment's gap. */
const stoppedAfter = 2;

export function wordsOf(heard: {
  lastWordAt: number | null;
  /** The service's clock minus ours: all times on the page are the service's. */
  offsetMs: number;
  retryAt: number | null;
  lostReason: string | null;
  tries: number;
  tick: number;
}): { first: string; more: string } {
  if (heard.lostReason === 'refused')
    return { first: "This page's key is no longer valid. Open the address that the service printed.", more: '' };
  const again =
    heard.retryAt === null || heard.retryAt <= heard.tick
      ? 'Trying again.'
      : `Trying again in ${Math.ceil((heard.retryAt - heard.tick) / 1000)} s.`;
  const start = 'Start it, then this page goes on by itself.';
  if (heard.lastWordAt === null) return { first: `The service gives no answer. ${start}`, more: ` ${again}` };
  const isStopped = heard.lostReason === 'closed' && heard.tries > stoppedAfter;
  return {
    first: `No word from the service since ${clock(heard.lastWordAt + heard.offsetMs)}`,
    more: ` (${countdown(heard.tick - heard.lastWordAt)}). What you see is from then. ${isStopped ? `It has stopped or cannot be reached. ${start} ` : ''}${again}`,
  };
}
