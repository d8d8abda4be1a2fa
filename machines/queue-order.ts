/**
 * The order in which new deliveries start (design section 6, "Order").
 * May import: src/common.
 */
import type { QueueEntry } from '../src/common/delivery.ts';

/** By first byte, then by id, compared as code units so that every system orders alike. */
export function compareFifo(a: QueueEntry, b: QueueEntry): number {
  return a.startTime - b.startTime || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * FIFO, but sessions that were tried after the endpoint's last acceptance (suspects) go behind the others, the one tried
 * longest ago first: what the endpoint cannot digest never stands in the way.
 * @param lastAcceptedAt latest `submittedAt` in the store, unix ms; `Infinity` ends all suspicion.
 * @returns the entries in order, and how many at the end are suspects.
 */
export function orderQueue(entries: readonly QueueEntry[], lastAcceptedAt: number): { queue: QueueEntry[]; suspects: number } {
  const isSuspect = ({ triedAt }: QueueEntry) => triedAt !== undefined && triedAt > lastAcceptedAt;
  const suspects = entries.filter(isSuspect).sort((a, b) => (a.triedAt ?? 0) - (b.triedAt ?? 0) || compareFifo(a, b));
  const others = entries.filter((entry) => !isSuspect(entry)).sort(compareFifo);
  return { queue: [...others, ...suspects], suspects: suspects.length };
}
