/**
 * The least of many keys that come and go, without a look at all of them: a heap whose entries are thrown away late, when
 * they are met at its top or have become too many.
 * May import: nothing.
 */

interface Entry {
  id: string;
  key: number;
}

/** So many entries more than there are keys are too many. */
const staleMax = 1024;

export class LeastOf {
  readonly #keyNow: (id: string) => number | null;
  #heap: Entry[] = [];

  /** @param keyNow the key that an id has now; null: none. */
  constructor(keyNow: (id: string) => number | null) {
    this.#keyNow = keyNow;
  }

  /** The id has another key than before. @param size how many ids have a key now, this one included. */
  put(id: string, key: number, size: number): void {
    if (this.#heap.length >= 2 * size + staleMax) this.#sweep();
    this.#heap.push({ id, key });
    this.#rise(this.#heap.length - 1);
  }

  /** Null when no id has a key. */
  least(): number | null {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined) return null;
      if (this.#isCurrent(top)) return top.key;
      this.#dropTop();
    }
  }

  readonly #isCurrent = ({ id, key }: Entry): boolean => this.#keyNow(id) === key;

  #sweep(): void {
    const seen = new Set<string>();
    const current = this.#heap.filter((entry) => {
      const isKept = !seen.has(entry.id) && this.#isCurrent(entry);
      if (isKept) seen.add(entry.id);
      return isKept;
    });
    // Sorted, it is a heap.
    this.#heap = current.sort((a, b) => a.key - b.key);
  }

  #dropTop(): void {
    const last = this.#heap.pop() as Entry;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as Entry;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Entry;
      if (parent.key <= entry.key) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const entry = heap[from] as Entry;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && right.key < left.key) below += 1;
      const child = heap[below] as Entry;
      if (child.key >= entry.key) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = entry;
  }
}
