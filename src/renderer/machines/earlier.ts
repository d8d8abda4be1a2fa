/**
 * The transitions of a console that came late: what it heard, and what the service took before.
 * May import: src/common.
 */
import type { Transition } from '../../common/console.ts';

/** Both the latest first, as is what comes out; one that is in both is there once. */
export function withEarlier(heard: Transition[], asked: readonly Transition[]): Transition[] {
  const known = new Set(heard.map(keyOf));
  const others = asked.filter((each) => !known.has(keyOf(each)));
  return others.length === 0 ? heard : [...heard, ...others].toSorted((a, b) => b.at - a.at);
}
const keyOf = ({ at, machine, id, from, to, event }: Transition) => JSON.stringify([at, machine, id, from, to, event]);
