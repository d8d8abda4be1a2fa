/**
 * The least of many keys that come and go, without a look at all of them: a heap whose entries are thrown away late, when
 * they are met at its top or have become too many.
 * May import: tinyqueue.
 */
import TinyQueue from 'tinyqueue';

interface Entry {
  id: string;
  key: number;
}

/** So many entries more than there are keys are too many. */
const staleMax = 1024;
const byKey = (one: Entry, other: Entry) => one.key - other.key;

export class LeastOf {
  readonly #keyNow: (id: string) => number | null;
  #heap = new TinyQueue<Entry>([], byKey);

  /** @param keyNow the key that an id has now; null: none. */
  constructor(keyNow: (id: string) => number | null) {
    this.#keyNow = keyNow;
  }

  /** The id has another key than before. @param size how many ids have a key now, this one included. */
  put(id: string, key: number, size: number): void {
    if (this.#heap.length >= 2 * size + staleMax) this.#sweep();
    this.#heap.push({ id, key });
  }

  /** Null when no id has a key. */
  least(): number | null {
    for (;;) {
      const top = this.#heap.peek();
      if (top === undefined) return null;
      if (this.#isCurrent(top)) return top.key;
      this.#heap.pop();
    }
  }

  #isCurrent({ id, key }: Entry): boolean {
    return this.#keyNow(id) === key;
  }

  #sweep(): void {
    const current = new Map(this.#heap.data.filter((entry) => this.#isCurrent(entry)).map((entry) => [entry.id, entry]));
    this.#heap = new TinyQueue([...current.values()], byKey);
  }
}
