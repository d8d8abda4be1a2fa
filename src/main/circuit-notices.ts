/**
 * One notification when the circuit opens and one when it closes, however many probes lie in between.
 *   closed -> open: told;  open <-> halfOpen: not told;  -> closed: told
 * May import: src/common.
 */
import type { Circuit } from '../common/outcome.ts';

export interface Notice {
  title: string;
  body: string;
}

/** @returns a listener for every change of the circuit. */
export function circuitNotices(tell: (notice: Notice) => void): (circuit: Circuit) => void {
  let isToldOpen = false;
  return ({ state, reason }) => {
    if (state === 'open' && !isToldOpen) {
      isToldOpen = true;
      tell({
        title: 'Delivery stopped',
        body: `${sentence(reason ?? 'the endpoint does not accept sessions')} Nothing is lost: sessions wait on disk.`,
      });
    }
    if (state === 'closed' && isToldOpen) {
      isToldOpen = false;
      tell({ title: 'Delivery goes on', body: 'The endpoint accepts sessions again.' });
    }
  };
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? '' : '.'}`;
