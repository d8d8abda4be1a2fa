/**
 * The last so many of something; it takes no more memory than what is in it.
 * May import: nothing.
 */
export class Ring<Item> {
  readonly #items: Item[] = [];
  readonly #size: number;
  /** Where the next one goes. */
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  push(item: Item): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** The latest first, at most `limit` of those that pass. */
  latest(limit: number, passes: (item: Item) => boolean = () => true): Item[] {
    const found: Item[] = [];
    const { length } = this.#items;
    for (let back = 1; back <= length && found.length < limit; back++) {
      const item = this.#items[(this.#next - back + length) % length] as Item;
      if (passes(item)) found.push(item);
    }
    return found;
  }
}
