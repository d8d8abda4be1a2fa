/**
 * Which failed sessions the next acceptance may set back to `pending` (design section 6, "Second chance"): those that
 * became failed since the previous one, in a delivery that also began after it. Built from the index at discovery, kept
 * up to date by what the recorder writes.
 * May import: machines, src/common.
 */
import { secondChances } from '../../../machines/second-chance.ts';
import { type LedgerEntry, ledgerEntryOf, type SessionDigest } from './session-digest.ts';

type Change = SessionDigest | { acceptedAt: number };

export class FailedLedger {
  #entries = new Map<string, LedgerEntry>();
  /** Set back on disk, but not yet durably together with their acceptance: to be written again with the next one. */
  readonly #owed = new Set<string>();
  #lastAcceptedAt = 0;
  #attemptsMax = 1;
  /** What was written since `watch`, to be entered again into the ledger that the reader makes meanwhile. */
  #changes: Change[] | null = null;

  /** From now on the reader may miss what is written. */
  watch(): void {
    this.#changes = [];
  }

  /** Takes over the reader's ledger, and enters again what was written since `watch`. */
  replace(
    entries: readonly LedgerEntry[],
    { lastAcceptedAt, attemptsMax }: { lastAcceptedAt: number; attemptsMax: number },
  ): void {
    const owed = [...this.#owed].flatMap((id) => this.#entries.get(id) ?? []);
    this.#entries = new Map([...owed, ...entries].map((entry) => [entry.id, entry]));
    this.#lastAcceptedAt = lastAcceptedAt;
    this.#attemptsMax = attemptsMax;
    const changes = this.#changes ?? [];
    this.#changes = null;
    for (const change of changes) {
      if ('acceptedAt' in change) this.accept(change.acceptedAt);
      else this.enter(change);
    }
  }

  /** Those to be set back by an acceptance now. */
  due(): LedgerEntry[] {
    const chosen = new Set(secondChances([...this.#entries.values()]).map(({ id }) => id));
    return [...this.#entries.values()].filter(({ id }) => chosen.has(id) || this.#owed.has(id));
  }

  /** All that an acceptance may set back before anything else is entered. */
  ids(): Iterable<string> {
    return this.#entries.keys();
  }

  isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  isOwed(id: string): boolean {
    return this.#owed.has(id);
  }

  owe(id: string): void {
    this.#owed.add(id);
  }

  /** It is not failed any more, by somebody else's hand. */
  forget(id: string): void {
    this.#entries.delete(id);
    this.#owed.delete(id);
  }

  /**
   * A session as it was written.
   * @returns undoes it, if the write turns out not to be durable.
   */
  enter(digest: SessionDigest): () => void {
    this.#changes?.push(digest);
    const { id } = digest;
    const before = this.#entries.get(id);
    const entry = ledgerEntryOf(digest, this.#attemptsMax);
    if (entry !== null && entry.deliveryStartedAt > this.#lastAcceptedAt) this.#entries.set(id, entry);
    else this.#entries.delete(id);
    return () => {
      this.#unwatch(digest);
      if (before === undefined) this.#entries.delete(id);
      else this.#entries.set(id, before);
    };
  }

  /**
   * An acceptance was written, and those due were set back before it.
   * @param at its `submittedAt`, unix ms.
   * @returns undoes it, if the write turns out not to be durable.
   */
  accept(at: number): () => void {
    const change = { acceptedAt: at };
    this.#changes?.push(change);
    const before = { entries: this.#entries, owed: [...this.#owed], lastAcceptedAt: this.#lastAcceptedAt };
    this.#lastAcceptedAt = Math.max(at, before.lastAcceptedAt);
    this.#entries = new Map([...before.entries].filter(([, { deliveryStartedAt }]) => deliveryStartedAt > this.#lastAcceptedAt));
    this.#owed.clear();
    return () => {
      this.#unwatch(change);
      this.#entries = before.entries;
      this.#lastAcceptedAt = before.lastAcceptedAt;
      for (const id of before.owed) this.#owed.add(id);
    };
  }

  #unwatch(change: Change): void {
    this.#changes = this.#changes?.filter((other) => other !== change) ?? null;
  }
}
