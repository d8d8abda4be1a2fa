/**
 * One TCP connection, put together: delivers each direction's bytes in order and exactly once, and says where some are
 * missing.
 *   segment -> flow: delivered at once, or held until the hole before it is filled or given up
 * A hole is given up when the other end acknowledged bytes that were never seen, when it stays too long, when too much
 * is held, or when the connection ends. A segment that acknowledges bytes of the other direction is delivered after
 * them, so an answer never comes before what it answers.
 * RFC 9293. May import: src/service/capture.
 */
import { addressText } from './ip.ts';
import { seqAdd, seqDistance, TcpFlow, unknown, windowBytesMax } from './tcp-flow.ts';

/** What may wait for a hole to be filled: in one direction of one connection, and in all. */
const heldBytesMaxPerFlow = 4 * 1024 * 1024;
const heldSegmentsMaxPerFlow = 4096;
const heldBytesMax = 64 * 1024 * 1024;
/** How long an acknowledged hole may still be filled: captures reorder, they do not delay. */
const acknowledgedHoleMs = 500;
/** How long a hole that nobody acknowledged may be filled: the sender's retransmissions. */
const openHoleMs = 30_000;
/** Without a SYN the order of the first segments is not known: they wait for the other end's word, so much at most. */
const firstBytesMax = 64 * 1024;
const firstSegmentsMs = 1000;

export type Side = 0 | 1;
export const otherSide = (side: Side): Side => (side === 0 ? 1 : 0);

export interface ConnectionEnds {
  /** In text form, by side. */
  addresses: readonly [string, string];
  ports: readonly [number, number];
  /** The side that opened the connection; null when that was not seen. */
  opener: Side | null;
}

/** Who takes what a connection carries. Bytes are valid during the call only. */
export interface ConnectionSink {
  data(side: Side, buffer: Buffer, start: number, end: number, atMs: number): void;
  /** Bytes of this side are missing here. */
  gap(side: Side, missingBytes: number, atMs: number): void;
  end(atMs: number): void;
  /** Time has passed. */
  tick(atMs: number): void;
}

const flagFin = 0x01;
const flagSyn = 0x02;
const flagRst = 0x04;
export const flagAck = 0x10;

/** What the head of a segment says, and how many bytes of data it had, captured or not. */
export interface TcpSegment {
  seq: number;
  /** `unknown` without one. */
  ack: number;
  flags: number;
  wireBytes: number;
}

/** Of all connections together. */
export interface HeldTotal {
  /** Bytes that wait for a hole to be filled. */
  bytes: number;
  /** Bytes that came twice and were not the same; the ones that came first were used. */
  conflictingBytes: number;
}

export interface ConnectionOptions {
  /** Of the side that was seen first, then of the other; the binary form of ip.ts. */
  addresses: string;
  ports: readonly [number, number];
  held: HeldTotal;
  /** Called at the first bytes, or the first gap. */
  open: (ends: ConnectionEnds) => ConnectionSink;
}

export class TcpConnection {
  isEnded = false;
  readonly #addresses: string;
  readonly #ports: readonly [number, number];
  readonly #held: HeldTotal;
  readonly #open: (ends: ConnectionEnds) => ConnectionSink;
  readonly #flows: readonly [TcpFlow, TcpFlow] = [new TcpFlow(), new TcpFlow()];
  #opener: Side | null = null;
  #sink: ConnectionSink | null = null;

  constructor({ addresses, ports, held, open }: ConnectionOptions) {
    this.#addresses = addresses;
    this.#ports = ports;
    this.#held = held;
    this.#open = open;
  }

  /** Whether the segment belongs to a new connection between the same two ends. */
  isAnother(side: Side, { seq, flags, wireBytes }: TcpSegment): boolean {
    const flow = this.#flows[side];
    const peer = this.#flows[otherSide(side)];
    if ((flags & flagSyn) !== 0) {
      if (this.isEnded) return flow.initialSeq !== seq;
      if (flow.initialSeq !== unknown) return flow.initialSeq !== seq;
      if (flow.next !== unknown) return true;
      return (flags & flagAck) === 0 && peer.next !== unknown && peer.initialSeq === unknown;
    }
    if (wireBytes === 0 || (flags & flagRst) !== 0 || flow.next === unknown) return false;
    const distance = seqDistance(flow.next, seq);
    // Its SYN was not seen. Late segments of an ended connection lie before its end.
    return distance < -windowBytesMax || (this.isEnded && distance >= 0);
  }

  /** Takes a segment, with those bytes of it that were captured. */
  take(side: Side, { seq, ack, flags, wireBytes }: TcpSegment, buffer: Buffer, start: number, end: number, atMs: number): void {
    const flow = this.#flows[side];
    const peer = this.#flows[otherSide(side)];
    let dataSeq = seq;
    if ((flags & flagSyn) !== 0) {
      dataSeq = seqAdd(seq, 1);
      if (flow.initialSeq === unknown) {
        flow.initialSeq = seq;
        flow.next = dataSeq;
        this.#opener ??= ack === unknown ? side : otherSide(side);
      }
    }
    if (ack !== unknown) peer.noteReceived(ack, atMs);
    if (wireBytes > 0) this.#accept(side, dataSeq, ack, buffer, start, end, atMs);
    if ((flags & flagFin) !== 0 && flow.finSeq === unknown) flow.finSeq = seqAdd(dataSeq, wireBytes);
    if ((flags & flagRst) !== 0) {
      this.#reset(flow, seq, atMs);
      return;
    }
    if (this.#isWaiting) this.#resolve(atMs, false);
    flow.noteEnd();
    peer.noteEnd();
    if (flow.isEnded && peer.isEnded) this.finish(atMs);
  }

  /** Gives up what is overdue. */
  tick(atMs: number): void {
    if (this.#isWaiting) this.#resolve(atMs, false);
    this.#sink?.tick(atMs);
  }

  /** The connection is over: what is held is delivered, with its gaps. */
  finish(atMs: number): void {
    if (this.isEnded) return;
    // A FIN says how much its sender had sent.
    for (const flow of this.#flows) if (flow.finSeq !== unknown) flow.noteReceived(flow.finSeq, atMs);
    this.#resolve(atMs, true);
    this.isEnded = true;
    this.#sink?.end(atMs);
    this.#sink = null;
  }

  get #isWaiting(): boolean {
    return this.#flows[0].isWaiting || this.#flows[1].isWaiting;
  }

  /** Whether what the segment acknowledges was delivered, as far as is known. */
  #mayDeliver(side: Side, ack: number): boolean {
    const peer = this.#flows[otherSide(side)];
    if (ack === unknown || peer.next === unknown) return true;
    const ahead = seqDistance(peer.next, ack);
    return ahead <= 0 || ahead > windowBytesMax;
  }

  #reset(flow: TcpFlow, seq: number, atMs: number): void {
    // One that is far off is not from this connection, and its ends would ignore it too.
    if (flow.next !== unknown && Math.abs(seqDistance(flow.next, seq)) > windowBytesMax) return;
    if (flow.next !== unknown) flow.noteReceived(seq, atMs);
    this.finish(atMs);
  }

  #accept(side: Side, seq: number, ack: number, buffer: Buffer, start: number, end: number, atMs: number): void {
    const flow = this.#flows[side];
    if (flow.isEnded) return;
    if (flow.next === unknown) {
      this.#hold(flow, seq, ack, buffer, start, end, atMs);
      return;
    }
    // Bytes before `next` were delivered already: a retransmission or a keep-alive.
    const oldBytes = Math.max(0, seqDistance(seq, flow.next));
    if (start + oldBytes >= end) return;
    const from = start + oldBytes;
    const fromSeq = seqAdd(seq, oldBytes);
    if (flow.held.length === 0 && fromSeq === flow.next && this.#mayDeliver(side, ack)) {
      this.#deliver(side, buffer, from, end, atMs);
      return;
    }
    this.#hold(flow, fromSeq, ack, buffer, from, end, atMs);
  }

  #hold(flow: TcpFlow, seq: number, ack: number, buffer: Buffer, start: number, end: number, atMs: number): void {
    const { heldBytes, conflictingBytes } = flow;
    flow.hold(seq, buffer, start, end, ack, atMs);
    this.#held.bytes += flow.heldBytes - heldBytes;
    this.#held.conflictingBytes += flow.conflictingBytes - conflictingBytes;
    if (this.#isFull(flow)) this.#resolve(atMs, false);
  }

  #isFull(flow: TcpFlow): boolean {
    return (
      flow.heldBytes > heldBytesMaxPerFlow ||
      flow.held.length > heldSegmentsMaxPerFlow ||
      (flow.heldBytes > 0 && this.#held.bytes > heldBytesMax)
    );
  }

  #deliver(side: Side, buffer: Buffer, start: number, end: number, atMs: number): void {
    const flow = this.#flows[side];
    flow.next = seqAdd(flow.next, end - start);
    flow.noteProgress(atMs);
    this.#sinkOf().data(side, buffer, start, end, atMs);
  }

  #sinkOf(): ConnectionSink {
    if (this.#sink === null) {
      const half = this.#addresses.length / 2;
      this.#sink = this.#open({
        addresses: [addressText(this.#addresses.slice(0, half)), addressText(this.#addresses.slice(half))],
        ports: this.#ports,
        opener: this.#opener,
      });
    }
    return this.#sink;
  }

  /** Delivers what may be delivered, then gives up what is overdue (all of it when `isForced`), and so on. */
  #resolve(atMs: number, isForced: boolean): void {
    for (;;) {
      this.#deliverHeld(atMs);
      const side = this.#overdueSide(atMs, isForced);
      if (side === null) return;
      this.#giveUp(side, atMs);
    }
  }

  #deliverHeld(atMs: number): void {
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      for (const side of [0, 1] as const) {
        const flow = this.#flows[side];
        for (let first = flow.held[0]; first !== undefined && flow.next !== unknown; first = flow.held[0]) {
          if (seqDistance(flow.next, first.seq) > 0 || !this.#mayDeliver(side, first.ack)) break;
          this.#deliverFirst(side, atMs);
          hasMoved = true;
        }
      }
    }
  }

  #deliverFirst(side: Side, atMs: number): void {
    const flow = this.#flows[side];
    const { seq, bytes, atMs: seenAtMs } = flow.shift();
    this.#held.bytes -= bytes.length;
    const oldBytes = Math.max(0, seqDistance(seq, flow.next));
    if (oldBytes < bytes.length) this.#deliver(side, bytes, oldBytes, bytes.length, seenAtMs);
    flow.noteProgress(atMs);
  }

  /** The side to give up waiting for: a hole before what merely waits for the other direction, then the older one. */
  #overdueSide(atMs: number, isForced: boolean): Side | null {
    let best: Side | null = null;
    let bestRank = 0;
    for (const side of [0, 1] as const) {
      const rank = this.#overdueRank(this.#flows[side], atMs, isForced);
      if (rank > bestRank) [best, bestRank] = [side, rank];
    }
    return best;
  }

  #overdueRank(flow: TcpFlow, atMs: number, isForced: boolean): number {
    const first = flow.held[0];
    const isAhead = flow.aheadSinceMs !== unknown;
    const isFull = this.#isFull(flow);
    const waitedMs = first === undefined ? 0 : atMs - first.atMs;
    if (flow.next === unknown)
      return first !== undefined && (isForced || isFull || flow.heldBytes > firstBytesMax || waitedMs >= firstSegmentsMs) ? 3 : 0;
    if (first !== undefined && seqDistance(flow.next, first.seq) <= 0)
      return isForced || isFull || waitedMs >= acknowledgedHoleMs ? 1 : 0;
    if (isAhead && (isForced || atMs - flow.aheadSinceMs >= acknowledgedHoleMs)) return 2;
    return first !== undefined && (isForced || isFull || waitedMs >= openHoleMs) ? 2 : 0;
  }

  #giveUp(side: Side, atMs: number): void {
    const flow = this.#flows[side];
    const first = flow.held[0];
    if (flow.next === unknown) {
      flow.next = first?.seq ?? unknown;
      return;
    }
    const toFirst = first === undefined ? Infinity : seqDistance(flow.next, first.seq);
    if (toFirst <= 0) {
      this.#deliverFirst(side, atMs);
      return;
    }
    const toAcked = flow.acked === unknown ? Infinity : seqDistance(flow.next, flow.acked);
    // A FIN takes a sequence number but is no byte.
    const toFin = flow.finSeq === unknown ? Infinity : seqDistance(flow.next, flow.finSeq);
    const missingBytes = Math.min(toFirst, toAcked > 0 ? toAcked : Infinity, toFin > 0 ? toFin : Infinity);
    flow.next = seqAdd(flow.next, missingBytes);
    flow.noteProgress(atMs);
    this.#sinkOf().gap(side, missingBytes, first?.atMs ?? atMs);
  }
}
