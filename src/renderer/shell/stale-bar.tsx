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
  const retryAt = useConsole((context) => context.retryAt);
  const lostReason = useConsole((context) => context.lostReason);
  if (connection !== 'stale') return null;
  return (
    <div className="stale-bar" role="alert">
      <GlyphMark glyph="warning" tone="retry" />
      <span>{wordsOf({ lastWordAt, retryAt, lostReason, tick })}</span>
      <span className="space" />
      <Button isSmall onPress={() => actor.send({ type: 'retry.requested' })}>
        Try now
      </Button>
    </div>
  );
}

function wordsOf(heard: { lastWordAt: number | null; retryAt: number | null; lostReason: string | null; tick: number }): string {
  if (heard.lostReason === 'refused') return "This page's key is no longer valid. Open the address that the service printed.";
  const again =
    heard.retryAt === null || heard.retryAt <= heard.tick
      ? 'Trying again.'
      : `Trying again in ${Math.ceil((heard.retryAt - heard.tick) / 1000)} s.`;
  if (heard.lastWordAt === null) return `The service gives no answer. Start it, then this page goes on by itself. ${again}`;
  const since = `${clock(heard.lastWordAt)} (${countdown(heard.tick - heard.lastWordAt)})`;
  return `No word from the service since ${since}. What you see is from then. ${again}`;
}
