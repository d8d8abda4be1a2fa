/**
 * How many sessions a second move into or out of each lane; a lane with too many to follow is only counted.
 * May import: react, src/common.
 */
import { useState } from 'react';
import type { SessionState, Transition } from '../../common/console.ts';

/** Above this many moves a second nobody can follow them; below the other one the lane shows its sessions again. */
const followedMax = 10;
const calmMax = 7;
const windowMs = 2000;

/** @param now the service's clock, unix ms. */
export function movesPerSecond(transitions: readonly Transition[], now: number): Map<string, number> {
  const rates = new Map<string, number>();
  const share = 1000 / windowMs;
  for (const { machine, from, to, at } of transitions) {
    if (at <= now - windowMs) break;
    if (machine !== 'session') continue;
    for (const state of [from, to]) rates.set(state, (rates.get(state) ?? 0) + share);
  }
  return rates;
}

/** The lanes that are only counted now; a lane that was does not flicker back at once. */
export function countedLanes(rates: ReadonlyMap<string, number>, before: ReadonlySet<string>): Set<string> {
  const isCounted = ([state, rate]: [string, number]) => rate > followedMax || (before.has(state) && rate > calmMax);
  return new Set([...rates].filter(isCounted).map(([state]) => state));
}

export function useCountedLanes(transitions: readonly Transition[], now: number): (state: SessionState) => boolean {
  const [last, setLast] = useState<{ now: number; counted: ReadonlySet<string> }>({ now, counted: new Set() });
  let { counted } = last;
  if (last.now !== now) {
    counted = countedLanes(movesPerSecond(transitions, now), counted);
    setLast({ now, counted });
  }
  return (state) => counted.has(state);
}
