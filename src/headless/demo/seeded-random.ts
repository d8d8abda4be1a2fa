/**
 * Chance that can be repeated: the demo's sessions are the same for the same seed.
 * May import: nothing.
 */

/** Numbers in [0, 1). */
export type Random = () => number;

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `min` to `max`, both included. */
export const wholeBetween = (random: Random, min: number, max: number): number => min + Math.floor(random() * (max - min + 1));

/** One of the items; there must be one. */
export function oneOf<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}

/** The items in another order. */
export function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const order = items.map((item) => ({ item, rank: random() }));
  return order.sort((one, other) => one.rank - other.rank).map(({ item }) => item);
}

/** A value from a bell curve: the sum of four chances is close enough to one. */
export function around(random: Random, mean: number, deviation: number): number {
  const sum = random() + random() + random() + random();
  return mean + (sum - 2) * deviation * Math.sqrt(3);
}
