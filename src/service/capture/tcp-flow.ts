/**
 * One direction of a TCP connection: what was delivered, and what is held until the bytes before it are there.
 * Sequence numbers are 32 bits wide and wrap; only their signed distance says which is first.
 * May import: nothing.
 */

/** -1: not known yet. All sequence numbers are kept as unsigned 32 bit values. */
export const unknown = -1;

/** Sequence numbers further away belong to another connection. */
export const windowBytesMax = 16 * 1024 * 1024;

export interface HeldSegment {
  seq: number;
  bytes: Buffer;
  /** What its sender had received of the other direction when it sent this, or `unknown`. */
  ack: number;
  atMs: number;
}

/** How far `to` lies behind `from`, -2^31 to 2^31-1. */
export function seqDistance(from: number, to: number): number {
  return (to - from) | 0;
}

export function seqAdd(seq: number, bytes: number): number {
  return (seq + bytes) >>> 0;
}

export class TcpFlow {
  /** The first byte that was not delivered yet. */
  next = unknown;
  /** Of its SYN. */
  initialSeq = unknown;
  /** The highest byte that the other end says it received, or the sender says it sent. */
  acked = unknown;
  /** Since when `acked` is ahead of `next` without `next` moving, unix ms, or `unknown`. */
  aheadSinceMs = unknown;
  /** Of its FIN. */
  finSeq = unknown;
  isEnded = false;
  /** By sequence number, without overlap. */
  held: HeldSegment[] = [];
  heldBytes = 0;
  /** Bytes that came twice and were not the same. */
  conflictingBytes = 0;

  get isWaiting(): boolean {
    return this.held.length > 0 || this.aheadSinceMs !== unknown;
  }

  /** Keeps a copy of those bytes that are not held already: the bytes that came first stay. */
  hold(seq: number, buffer: Buffer, start: number, end: number, ack: number, atMs: number): void {
    const last = this.held.at(-1);
    if (last === undefined || seqDistance(seqAdd(last.seq, last.bytes.length), seq) >= 0) {
      this.#keep(this.held, seq, buffer, start, end, ack, atMs);
      return;
    }
    const kept: HeldSegment[] = [];
    let from = start;
    for (const segment of this.held) {
      // Where the held segment lies in the new one's buffer.
      const segmentAt = start + seqDistance(seq, segment.seq);
      const until = Math.min(segmentAt, end);
      if (from < until) this.#keep(kept, seqAdd(seq, from - start), buffer, from, until, ack, atMs);
      this.#compare(segment, segmentAt, buffer, start, end);
      from = Math.max(from, Math.min(end, segmentAt + segment.bytes.length));
      kept.push(segment);
    }
    if (from < end) this.#keep(kept, seqAdd(seq, from - start), buffer, from, end, ack, atMs);
    this.held = kept;
  }

  /** Takes the first held segment out. */
  shift(): HeldSegment {
    const first = this.held.shift() as HeldSegment;
    this.heldBytes -= first.bytes.length;
    return first;
  }

  /** The other end has received this direction up to `ack`. */
  noteReceived(ack: number, atMs: number): void {
    const first = this.held[0];
    if (this.next === unknown && first !== undefined && seqDistance(first.seq, ack) > 0) this.next = first.seq;
    if (this.next === unknown || this.isEnded) return;
    const ahead = seqDistance(this.next, ack);
    if (ahead <= 0 || ahead > windowBytesMax) return;
    if (this.acked === unknown || seqDistance(this.acked, ack) > 0) this.acked = ack;
    if (this.aheadSinceMs === unknown) this.aheadSinceMs = atMs;
  }

  /** Bytes were delivered or given up: a hole that is left has its time again. */
  noteProgress(atMs: number): void {
    this.noteEnd();
    if (this.aheadSinceMs !== unknown) this.aheadSinceMs = seqDistance(this.next, this.acked) > 0 ? atMs : unknown;
  }

  /** Everything up to its FIN was delivered or given up. */
  noteEnd(): void {
    if (this.isEnded || this.finSeq === unknown || this.next !== this.finSeq) return;
    this.isEnded = true;
    this.next = seqAdd(this.next, 1);
    if (this.aheadSinceMs !== unknown) this.aheadSinceMs = seqDistance(this.next, this.acked) > 0 ? this.aheadSinceMs : unknown;
  }

  #keep(list: HeldSegment[], seq: number, buffer: Buffer, start: number, end: number, ack: number, atMs: number): void {
    list.push({ seq, bytes: Buffer.from(buffer.subarray(start, end)), ack, atMs });
    this.heldBytes += end - start;
  }

  #compare(held: HeldSegment, heldAt: number, buffer: Buffer, start: number, end: number): void {
    const from = Math.max(start, heldAt);
    const to = Math.min(end, heldAt + held.bytes.length);
    if (from < to && held.bytes.compare(buffer, from, to, from - heldAt, to - heldAt) !== 0) this.conflictingBytes += to - from;
  }
}
