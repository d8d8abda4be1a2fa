/** Where sessions stand on the retry band, and when a lane is only counted. */
import { expect, test } from 'vitest';
import type { Transition } from '../../../src/common/console.ts';
import { countedLanes, movesPerSecond } from '../../../src/renderer/machines/lane-rates.ts';
import { leftOf, placesOf, type Band, type Wait } from '../../../src/renderer/machines/retry-places.ts';

const band: Band = { now: 1_000_000, width: 820, boxWidth: 92, gap: 6, rows: 4, before: new Map() };
const wait = (id: string | number, seconds: number): Wait => ({ id: String(id), until: band.now + seconds * 1000 });

test.each([320, 490, 820, 1240, 2600])('on a band of %i px no session covers another, and none is lost', (width) => {
  const waits = Array.from({ length: 60 }, (_, index) => wait(index, (index * 7.3) % 64));
  for (const rows of [1, 3, 8]) {
    const { places, more } = placesOf(waits, { ...band, width, rows });
    for (const [index, one] of places.entries()) {
      expect(one.left).toBeGreaterThanOrEqual(0);
      expect(one.left + band.boxWidth).toBeLessThanOrEqual(width);
      for (const other of places.slice(index + 1))
        expect(one.row !== other.row || Math.abs(one.left - other.left) >= band.boxWidth + band.gap).toBe(true);
    }
    expect(places.length + [...more.values()].reduce((sum, each) => sum + each, 0)).toBe(60);
  }
});

test('many that are due now fill the rows, then stand beside with a leader, then are counted at now', () => {
  const { places, more } = placesOf(
    Array.from({ length: 12 }, (_, index) => wait(index, 0)),
    band,
  );
  expect(places.map(({ left, shift }) => [left, shift])).toEqual([
    ...Array.from({ length: 4 }, () => [0, 0]),
    ...Array.from({ length: 4 }, () => [98, 98]),
  ]);
  expect(places.slice(0, 4).map(({ row }) => row)).toEqual([0, 1, 2, 3]);
  expect(more).toEqual(new Map([[0, 4]]));
});

test('what waits longer than the axis stands at its end, and is counted at the last mark', () => {
  const { places, more } = placesOf(
    Array.from({ length: 6 }, (_, index) => wait(index, 300 + index)),
    band,
  );
  expect(places.map(({ left }) => left)).toEqual([728, 728, 728, 728]);
  expect(more).toEqual(new Map([[60, 2]]));
});

test('a session keeps its row while those before it leave', () => {
  const waits = [wait('a', 2), wait('b', 2.2), wait('c', 2.4)];
  const { places } = placesOf(waits, band);
  expect(places.map(({ row }) => row)).toEqual([0, 1, 2]);
  const before = new Map(places.map(({ id, row }) => [id, row]));
  expect(placesOf(waits.slice(1), { ...band, before }).places.map(({ row }) => row)).toEqual([1, 2]);
});

test('places grow with the square root of the time left', () => {
  expect([0, -3, 1, 4, 16, 66, 600].map((seconds) => leftOf(seconds, band))).toEqual([0, 0, 90, 179, 358, 728, 728]);
});

const moved = (at: number, from: string, to: string): Transition => ({
  machine: 'session',
  id: `${at}`,
  from,
  to,
  event: 'e',
  at,
});

test('a lane with more than ten moves a second is only counted, until it is calm again', () => {
  const now = 50_000;
  const quick = Array.from({ length: 24 }, (_, index) => moved(now - index * 80, 'ready', 'attempt'));
  const rates = movesPerSecond([...quick, moved(now - 2500, 'ready', 'attempt')], now);
  expect(rates).toEqual(
    new Map([
      ['ready', 12],
      ['attempt', 12],
    ]),
  );
  expect(countedLanes(rates, new Set())).toEqual(new Set(['ready', 'attempt']));
  const slower = new Map([
    ['ready', 8],
    ['attempt', 6],
  ]);
  expect(countedLanes(slower, new Set(['ready', 'attempt']))).toEqual(new Set(['ready']));
  expect(countedLanes(slower, new Set())).toEqual(new Set());
});

test('what other machines do does not count', () => {
  expect(movesPerSecond([{ ...moved(1000, 'idle', 'discovering'), machine: 'worker' }], 1000)).toEqual(new Map());
});
