/**
 * Puts TCP connections together from segments as they were captured: split, coalesced, retransmitted, reordered,
 * overlapping, duplicated or missing. Delivers each direction's bytes in order and exactly once, and says where some
 * are missing.
 *   segment -> connection -> flow: delivered at once, or held until the hole before it is filled or given up
 * A hole is given up when the other end acknowledged bytes that were never seen, when it stays too long, when too much
 * is held, or when the connection ends. A segment that acknowledges bytes of the other direction is delivered after
 * them, so an answer never comes before what it answers.
 * RFC 9293. May import: src/service/capture.
 */
import { addressText, type IpPayload } from './ip.ts';
import { seqAdd, seqDistance, TcpFlow, unknown } from './tcp-flow.ts';

/** Connections that are remembered; beyond that an eighth of them, those silent longest, is forgotten. */
export const connectionsMax = 16_384;
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
/** Sequence numbers further away belong to another connection. */
const windowBytesMax = 16 * 1024 * 1024;
/** How long an ended connection is remembered, so that its late segments are not taken for a new one. */
const endedMs = 120_000;
/** Between two looks at all connections. */
const sweepMs = 1000;
const sweepSegments = 4096;

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

interface Connection {
  readonly keys: readonly [string, string];
  readonly flows: readonly [TcpFlow, TcpFlow];
  readonly addresses: string;
  readonly ports: readonly [number, number];
  opener: Side | null;
  sink: ConnectionSink | null;
  lastAtMs: number;
  isEnded: boolean;
}

const flagFin = 0x01;
const flagSyn = 0x02;
const flagRst = 0x04;
const flagAck = 0x10;

export class TcpReassembler {
  readonly #open: (ends: ConnectionEnds) => ConnectionSink;
  readonly #isWatched = new Uint8Array(65_536);
  readonly #bySender = new Map<string, { connection: Connection; side: Side }>();
  readonly #connections = new Set<Connection>();
  #sweptAtMs = 0;
  #segmentsSinceSweep = 0;
  #heldBytes = 0;
  /** Bytes that came twice and were not the same; the ones that came first were used. */
  conflictingBytes = 0;
  /** Segments on watched ports. */
  segments = 0;
  /** Ports that are not watched but carry MLLP: the hint that a setting is wrong. */
  readonly unwatchedPorts = new Set<number>();

  /** @param ports a connection is put together when one of its ends is on one of these. */
  constructor({ ports, open }: { ports: readonly number[]; open: (ends: ConnectionEnds) => ConnectionSink }) {
    this.#open = open;
    for (const port of ports) this.#isWatched[port] = 1;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }
  get connectionCount(): number {
    return this.#connections.size;
  }

  receive(payload: IpPayload, atMs: number): void {
    const { buffer, start, end, cutBytes } = payload;
    if (end - start < 20) return;
    const sourcePort = buffer.readUInt16BE(start);
    const targetPort = buffer.readUInt16BE(start + 2);
    const dataAt = start + ((buffer[start + 12] ?? 0) >> 4) * 4;
    const wireBytes = end + cutBytes - dataAt;
    if (dataAt < start + 20 || wireBytes < 0) return;
    if (this.#isWatched[sourcePort] === 0 && this.#isWatched[targetPort] === 0) {
      this.#noteUnwatched(buffer, dataAt, end, targetPort);
      return;
    }
    this.segments += 1;
    const flags = buffer[start + 13] ?? 0;
    const seq = buffer.readUInt32BE(start + 4);
    let { connection, side } = this.#connectionOf(payload, sourcePort, targetPort, atMs);
    if (this.#isAnother(connection, side, seq, flags, wireBytes)) {
      this.#finish(connection, connection.lastAtMs);
      this.#forget(connection);
      ({ connection, side } = this.#connectionOf(payload, sourcePort, targetPort, atMs));
    }
    connection.lastAtMs = atMs;
    if (!connection.isEnded) {
      const ack = (flags & flagAck) === 0 ? unknown : buffer.readUInt32BE(start + 8);
      const from = Math.min(dataAt, end);
      this.#take(connection, side, { seq, ack, flags, wireBytes }, buffer, from, Math.max(from, end), atMs);
    }
    this.#sweepNowAndThen(atMs);
  }

  /** Gives up what is overdue; to be called now and then while nothing arrives. */
  tick(atMs: number): void {
    this.#sweptAtMs = atMs;
    this.#segmentsSinceSweep = 0;
    for (const connection of this.#connections) {
      if (connection.isEnded) {
        if (Math.abs(atMs - connection.lastAtMs) > endedMs) this.#forget(connection);
        continue;
      }
      if (isWaiting(connection)) this.#resolve(connection, atMs, false);
      connection.sink?.tick(atMs);
    }
  }

  /** The capture ends: what is held is delivered, with its gaps, and every connection ends. */
  flush(): void {
    for (const connection of this.#connections) {
      this.#finish(connection, connection.lastAtMs);
      this.#forget(connection);
    }
  }

  #noteUnwatched(buffer: Buffer, dataAt: number, end: number, port: number): void {
    if (
      end - dataAt > 4 &&
      buffer[dataAt] === 0x0b &&
      buffer.readUInt32BE(dataAt) === 0x0b4d5348 &&
      this.unwatchedPorts.size < 16
    )
      this.unwatchedPorts.add(port);
  }

  #connectionOf(
    payload: IpPayload,
    sourcePort: number,
    targetPort: number,
    atMs: number,
  ): { connection: Connection; side: Side } {
    const { buffer, start, addresses } = payload;
    const key = addresses + buffer.toString('latin1', start, start + 4);
    const known = this.#bySender.get(key);
    if (known !== undefined) return known;
    if (this.#connections.size >= connectionsMax) this.#forgetSilent();
    const half = addresses.length / 2;
    const reverseKey =
      addresses.slice(half) +
      addresses.slice(0, half) +
      buffer.toString('latin1', start + 2, start + 4) +
      buffer.toString('latin1', start, start + 2);
    const connection: Connection = {
      keys: [key, reverseKey],
      flows: [new TcpFlow(), new TcpFlow()],
      addresses,
      ports: [sourcePort, targetPort],
      opener: null,
      sink: null,
      lastAtMs: atMs,
      isEnded: false,
    };
    this.#connections.add(connection);
    const entry = { connection, side: 0 as Side };
    this.#bySender.set(reverseKey, { connection, side: 1 });
    this.#bySender.set(key, entry);
    return entry;
  }

  /** Whether the segment belongs to a new connection between the same two ends. */
  #isAnother({ flows, isEnded }: Connection, side: Side, seq: number, flags: number, wireBytes: number): boolean {
    const flow = flows[side];
    const peer = flows[otherSide(side)];
    if ((flags & flagSyn) !== 0) {
      if (isEnded) return flow.initialSeq !== seq;
      if (flow.initialSeq !== unknown) return flow.initialSeq !== seq;
      if (flow.next !== unknown) return true;
      return (flags & flagAck) === 0 && peer.next !== unknown && peer.initialSeq === unknown;
    }
    if (wireBytes === 0 || (flags & flagRst) !== 0 || flow.next === unknown) return false;
    const distance = seqDistance(flow.next, seq);
    // Its SYN was not seen. Late segments of an ended connection lie before its end.
    return distance < -windowBytesMax || (isEnded && distance >= 0);
  }

  #take(
    connection: Connection,
    side: Side,
    { seq, ack, flags, wireBytes }: { seq: number; ack: number; flags: number; wireBytes: number },
    buffer: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): void {
    const flow = connection.flows[side];
    const peer = connection.flows[otherSide(side)];
    let dataSeq = seq;
    if ((flags & flagSyn) !== 0) {
      dataSeq = seqAdd(seq, 1);
      if (flow.initialSeq === unknown) {
        flow.initialSeq = seq;
        flow.next = dataSeq;
        connection.opener ??= ack === unknown ? side : otherSide(side);
      }
    }
    if (ack !== unknown) noteReceived(peer, ack, atMs);
    if (wireBytes > 0) this.#accept(connection, side, dataSeq, ack, buffer, start, end, atMs);
    if ((flags & flagFin) !== 0 && flow.finSeq === unknown) flow.finSeq = seqAdd(dataSeq, wireBytes);
    if ((flags & flagRst) !== 0) {
      this.#reset(connection, flow, seq, atMs);
      return;
    }
    if (isWaiting(connection)) this.#resolve(connection, atMs, false);
    noteEnd(flow);
    noteEnd(peer);
    if (flow.isEnded && peer.isEnded) this.#finish(connection, atMs);
  }

  #reset(connection: Connection, flow: TcpFlow, seq: number, atMs: number): void {
    // One that is far off is not from this connection, and its ends would ignore it too.
    if (flow.next !== unknown && Math.abs(seqDistance(flow.next, seq)) > windowBytesMax) return;
    if (flow.next !== unknown) noteReceived(flow, seq, atMs);
    this.#finish(connection, atMs);
  }

  #accept(
    connection: Connection,
    side: Side,
    seq: number,
    ack: number,
    buffer: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): void {
    const flow = connection.flows[side];
    if (flow.isEnded) return;
    if (flow.next === unknown) {
      this.#hold(connection, flow, seq, ack, buffer, start, end, atMs);
      return;
    }
    // Bytes before `next` were delivered already: a retransmission or a keep-alive.
    const oldBytes = Math.max(0, seqDistance(seq, flow.next));
    if (start + oldBytes >= end) return;
    const from = start + oldBytes;
    const fromSeq = seqAdd(seq, oldBytes);
    if (flow.held.length === 0 && fromSeq === flow.next && mayDeliver(connection, side, ack)) {
      this.#deliver(connection, side, buffer, from, end, atMs);
      return;
    }
    this.#hold(connection, flow, fromSeq, ack, buffer, from, end, atMs);
  }

  #hold(
    connection: Connection,
    flow: TcpFlow,
    seq: number,
    ack: number,
    buffer: Buffer,
    start: number,
    end: number,
    atMs: number,
  ): void {
    const { heldBytes, conflictingBytes } = flow;
    flow.hold(seq, buffer, start, end, ack, atMs);
    this.#heldBytes += flow.heldBytes - heldBytes;
    this.conflictingBytes += flow.conflictingBytes - conflictingBytes;
    if (this.#isFull(flow)) this.#resolve(connection, atMs, false);
  }

  #isFull(flow: TcpFlow): boolean {
    return (
      flow.heldBytes > heldBytesMaxPerFlow ||
      flow.held.length > heldSegmentsMaxPerFlow ||
      (flow.heldBytes > 0 && this.#heldBytes > heldBytesMax)
    );
  }

  #deliver(connection: Connection, side: Side, buffer: Buffer, start: number, end: number, atMs: number): void {
    const flow = connection.flows[side];
    flow.next = seqAdd(flow.next, end - start);
    noteProgress(flow, atMs);
    this.#sinkOf(connection).data(side, buffer, start, end, atMs);
  }

  #sinkOf(connection: Connection): ConnectionSink {
    if (connection.sink === null) {
      const half = connection.addresses.length / 2;
      connection.sink = this.#open({
        addresses: [addressText(connection.addresses.slice(0, half)), addressText(connection.addresses.slice(half))],
        ports: connection.ports,
        opener: connection.opener,
      });
    }
    return connection.sink;
  }

  /** Delivers what may be delivered, then gives up what is overdue (all of it when `isForced`), and so on. */
  #resolve(connection: Connection, atMs: number, isForced: boolean): void {
    for (;;) {
      this.#deliverHeld(connection, atMs);
      const side = this.#overdueSide(connection, atMs, isForced);
      if (side === null) return;
      this.#giveUp(connection, side, atMs);
    }
  }

  #deliverHeld(connection: Connection, atMs: number): void {
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      for (const side of [0, 1] as const) {
        const flow = connection.flows[side];
        for (let first = flow.held[0]; first !== undefined && flow.next !== unknown; first = flow.held[0]) {
          if (seqDistance(flow.next, first.seq) > 0 || !mayDeliver(connection, side, first.ack)) break;
          this.#deliverFirst(connection, side, atMs);
          hasMoved = true;
        }
      }
    }
  }

  #deliverFirst(connection: Connection, side: Side, atMs: number): void {
    const flow = connection.flows[side];
    const { seq, bytes, atMs: seenAtMs } = flow.shift();
    this.#heldBytes -= bytes.length;
    const oldBytes = Math.max(0, seqDistance(seq, flow.next));
    if (oldBytes < bytes.length) this.#deliver(connection, side, bytes, oldBytes, bytes.length, seenAtMs);
    noteProgress(flow, atMs);
  }

  /** The side to give up waiting for: a hole before what merely waits for the other direction, then the older one. */
  #overdueSide(connection: Connection, atMs: number, isForced: boolean): Side | null {
    let best: Side | null = null;
    let bestRank = 0;
    for (const side of [0, 1] as const) {
      const rank = this.#overdueRank(connection.flows[side], atMs, isForced);
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

  #giveUp(connection: Connection, side: Side, atMs: number): void {
    const flow = connection.flows[side];
    const first = flow.held[0];
    if (flow.next === unknown) {
      flow.next = first?.seq ?? unknown;
      return;
    }
    const toFirst = first === undefined ? Infinity : seqDistance(flow.next, first.seq);
    if (toFirst <= 0) {
      this.#deliverFirst(connection, side, atMs);
      return;
    }
    const toAcked = flow.acked === unknown ? Infinity : seqDistance(flow.next, flow.acked);
    // A FIN takes a sequence number but is no byte.
    const toFin = flow.finSeq === unknown ? Infinity : seqDistance(flow.next, flow.finSeq);
    const missingBytes = Math.min(toFirst, toAcked > 0 ? toAcked : Infinity, toFin > 0 ? toFin : Infinity);
    flow.next = seqAdd(flow.next, missingBytes);
    noteProgress(flow, atMs);
    this.#sinkOf(connection).gap(side, missingBytes, first?.atMs ?? atMs);
  }

  #finish(connection: Connection, atMs: number): void {
    if (connection.isEnded) return;
    // A FIN says how much its sender had sent.
    for (const flow of connection.flows) if (flow.finSeq !== unknown) noteReceived(flow, flow.finSeq, atMs);
    this.#resolve(connection, atMs, true);
    connection.isEnded = true;
    connection.sink?.end(atMs);
    connection.sink = null;
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    for (const key of connection.keys) this.#bySender.delete(key);
  }

  /** Ended ones first, then those silent longest. */
  #forgetSilent(): void {
    const bySilence = [...this.#connections].sort((a, b) => Number(b.isEnded) - Number(a.isEnded) || a.lastAtMs - b.lastAtMs);
    for (const connection of bySilence.slice(0, connectionsMax / 8)) {
      this.#finish(connection, connection.lastAtMs);
      this.#forget(connection);
    }
  }

  #sweepNowAndThen(atMs: number): void {
    this.#segmentsSinceSweep += 1;
    if (this.#segmentsSinceSweep >= sweepSegments + this.#connections.size && Math.abs(atMs - this.#sweptAtMs) >= sweepMs)
      this.tick(atMs);
  }
}

function isWaiting({ flows }: Connection): boolean {
  return flows[0].isWaiting || flows[1].isWaiting;
}

/** Whether what the segment acknowledges was delivered, as far as is known. */
function mayDeliver({ flows }: Connection, side: Side, ack: number): boolean {
  const peer = flows[otherSide(side)];
  if (ack === unknown || peer.next === unknown) return true;
  const ahead = seqDistance(peer.next, ack);
  return ahead <= 0 || ahead > windowBytesMax;
}

/** The other end has received `flow` up to `ack`. */
function noteReceived(flow: TcpFlow, ack: number, atMs: number): void {
  const first = flow.held[0];
  if (flow.next === unknown && first !== undefined && seqDistance(first.seq, ack) > 0) flow.next = first.seq;
  if (flow.next === unknown || flow.isEnded) return;
  const ahead = seqDistance(flow.next, ack);
  if (ahead <= 0 || ahead > windowBytesMax) return;
  if (flow.acked === unknown || seqDistance(flow.acked, ack) > 0) flow.acked = ack;
  if (flow.aheadSinceMs === unknown) flow.aheadSinceMs = atMs;
}

/** Bytes were delivered or given up: a hole that is left has its time again. */
function noteProgress(flow: TcpFlow, atMs: number): void {
  noteEnd(flow);
  if (flow.aheadSinceMs !== unknown) flow.aheadSinceMs = seqDistance(flow.next, flow.acked) > 0 ? atMs : unknown;
}

function noteEnd(flow: TcpFlow): void {
  if (flow.isEnded || flow.finSeq === unknown || flow.next !== flow.finSeq) return;
  flow.isEnded = true;
  flow.next = seqAdd(flow.next, 1);
  if (flow.aheadSinceMs !== unknown) flow.aheadSinceMs = seqDistance(flow.next, flow.acked) > 0 ? flow.aheadSinceMs : unknown;
}
