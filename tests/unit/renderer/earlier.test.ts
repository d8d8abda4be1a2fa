/** What a console that came late shows of the transitions before it. */
import { expect, test } from 'vitest';
import type { Transition } from '../../../src/common/console.ts';
import { withEarlier } from '../../../src/renderer/machines/earlier.ts';

const taken = (at: number, to: string): Transition => ({ at, machine: 'worker', id: 'worker', from: 'idle', to, event: 'x' });

test('transitions from before it came follow those that it heard, each once', () => {
  const heard = [taken(5, 'e'), taken(4, 'd')];
  const asked = [taken(4, 'd'), taken(4, 'c'), taken(1, 'a')];
  expect(withEarlier(heard, asked).map(({ to }) => to)).toEqual(['e', 'd', 'c', 'a']);
});

test('what was taken while the line was down stands where it belongs', () => {
  expect(withEarlier([taken(9, 'late'), taken(1, 'early')], [taken(5, 'missed')]).map(({ to }) => to)).toEqual([
    'late',
    'missed',
    'early',
  ]);
});

test('with nothing new the list is the same one, so that nothing is drawn again', () => {
  const heard = [taken(1, 'a')];
  expect(withEarlier(heard, [taken(1, 'a')])).toBe(heard);
});
