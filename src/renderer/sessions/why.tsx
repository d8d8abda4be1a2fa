/**
 * Why a session stands where it stands, in a sentence or two, and how many others stand there for the same cause.
 * May import: react.
 */
import type { SessionSummary } from '../../common/contract.ts';
import { useConsole, useNow } from '../model/console.tsx';
import { countdown, counted, duration } from '../model/format.ts';
import { noEndpoint } from '../model/lights.ts';
import { addressOf } from '../model/route.ts';
import { stateOf, stateWords, statusText } from '../model/words.ts';
import { GlyphMark } from '../ui/marks.tsx';
import { codeOf } from './refused-place.ts';

/** What the endpoint's code names in the message, and the way there. */
export interface NamedPlace {
  name: string;
  /** How many segments it may be about. */
  segments: number;
  onGoTo: () => void;
}

export function Why({ summary, place }: { summary: SessionSummary; place: NamedPlace | null }) {
  const now = useNow();
  const cause = useConsole(({ causes }) => (summary.causeId === undefined ? undefined : causes?.[summary.causeId]));
  const state = stateOf(summary);
  const hasEndpoint = useConsole(({ status }) => status === null || !noEndpoint(status));
  const lastAcceptedAt = useConsole(({ status }) => status?.lastAcceptedAt ?? 0);
  const text = textOf(summary, { now, hasEndpoint, lastAcceptedAt });
  if (text === null) return null;
  const { glyph, tone } = stateWords[state];
  const others = (cause?.count ?? 1) - 1;
  return (
    <div className={`why tone-bg-${tone}`}>
      <GlyphMark glyph={glyph} tone={tone} />
      <p>
        <b className="strong">{text.what}</b> {text.more}{' '}
        {place !== null && (
          <>
            <button type="button" className="link-button why-place" onClick={place.onGoTo}>
              Show {place.name}
            </button>
            {place.segments > 1 && ` (the first of ${place.segments}; the answer does not say which)`}
            {cause !== undefined && others > 0 && ', '}
          </>
        )}
        {cause !== undefined && others > 0 && (
          <a href={addressOf('attention', cause.id)}>{counted(others, 'more', 'more')} with this cause</a>
        )}
      </p>
    </div>
  );
}

/**
 * @param about.hasEndpoint one is set and can be used.
 * @param about.lastAcceptedAt when any session was accepted last, unix ms.
 */
export function textOf(
  summary: SessionSummary,
  { now, hasEndpoint, lastAcceptedAt }: { now: number; hasEndpoint: boolean; lastAcceptedAt: number },
): { what: string; more: string } | null {
  // The service's own sentence ends with it: `HTTP 422 Unprocessable Entity (OBX-3.unknown-code)`.
  const code = codeOf(summary.submissionError);
  const given = code === undefined ? '' : ` Reason given: ${code}.`;
  const answered = summary.httpStatus === undefined ? '' : ` (${summary.httpStatus})`;
  const next = summary.nextAttemptAt === undefined ? '' : `, ${countdown(summary.nextAttemptAt - now)}`;
  switch (stateOf(summary)) {
    case 'failed':
      return summary.httpStatus !== undefined && summary.httpStatus < 500 && ![408, 409, 425, 429].includes(summary.httpStatus)
        ? {
            what: `The endpoint refuses this session${answered}.`,
            more: `${given} Retrying helps only after the endpoint was changed.`,
          }
        : {
            what: `Gave up after ${counted(summary.submissionAttempts, 'try', 'tries')}${answered}.`,
            more: `${summary.submissionError ?? ''} ${chanceOf(summary, lastAcceptedAt)}`,
          };
    case 'deferred':
      return {
        what: `Sent again in the next cycle${next}.`,
        more: `${summary.submissionError ?? 'There was no answer.'} It goes under the same key, so that the endpoint can keep one copy.`,
      };
    case 'held':
      // The next cycle tries one session, and this need not be it.
      return hasEndpoint
        ? {
            what: 'Held until the endpoint accepts again.',
            more: `One session is tried in the next cycle${next}. It is safe on disk.`,
          }
        : { what: 'Held until there is an endpoint that can be used.', more: 'It is safe on disk.' };
    case 'backoffWait':
      return {
        what: summary.httpStatus === undefined ? 'There was no answer.' : `The endpoint said ${statusText(summary.httpStatus)}.`,
        more:
          summary.nextAttemptAt === undefined ? 'Tried again soon.' : `Tried again in ${countdown(summary.nextAttemptAt - now)}.`,
      };
    case 'ignored':
      return {
        what: summary.hasGaps ? 'Damaged while capturing.' : 'Ignored by an operator.',
        more: summary.hasGaps
          ? 'Kept and not sent: ask the device to send again.'
          : 'It stays on disk and is not sent. Restore puts it back.',
      };
    case 'incomplete':
      return { what: 'The device is still talking.', more: 'Kept back until its end, or for ten minutes after its last byte.' };
    default:
      if (!summary.hasGaps) return null;
      return {
        what: 'Parts of it were lost while capturing.',
        more: `Captured within ${duration(summary.endTime - summary.startTime)}.`,
      };
  }
}

/** Design section 6, "Second chance": one that failed while others were accepted gets none. */
const chanceOf = ({ triedAt = 0, durationMs = 0 }: SessionSummary, lastAcceptedAt: number): string =>
  lastAcceptedAt > triedAt + durationMs
    ? 'Others were accepted since, so it is not set back by itself: Retry sends it again.'
    : 'When others are accepted again it is set back by itself.';
