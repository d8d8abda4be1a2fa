/**
 * Puts TCP connections together from segments as they were captured: split, coalesced, retransmitted, reordered,
 * overlapping, duplicated or missing. Here is which connection a segment belongs to, and how many are remembered how long;
 * what becomes of its bytes is in tcp-connection.ts.
 *   segment -> connection -> its sink
 * RFC 9293. May import: src/service/capture.
 */
import type { IpPayload } from './ip.ts';
import { type ConnectionEnds, type ConnectionSink, flagAck, type HeldTotal, type Side, TcpConnection } from './tcp-connection.ts';
import { unknown } from './tcp-flow.ts';

/** Connections that are remembered; beyond that an eighth of them, those silent longest, is forgotten. */
export const connectionsMax = 16_384;
/** How long an ended connection is remembered, so that its late segments are not taken for a new one. */
const endedMs = 120_000;
/** Between two looks at all connections. */
const sweepMs = 1000;
const sweepSegments = 4096;

interface Remembered {
  readonly connection: TcpConnection;
  /** By which it is found, of either sender. */
  readonly keys: readonly [string, string];
  lastAtMs: number;
}

export class TcpReassembler {
  readonly #open: (ends: ConnectionEnds) => ConnectionSink;
  readonly #isWatched = new Uint8Array(65_536);
  readonly #bySender = new Map<string, { remembered: Remembered; side: Side }>();
  readonly #remembered = new Set<Remembered>();
  readonly #held: HeldTotal = { bytes: 0, conflictingBytes: 0 };
  #sweptAtMs = 0;
  #segmentsSinceSweep = 0;
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
    return this.#held.bytes;
  }
  get conflictingBytes(): number {
    return this.#held.conflictingBytes;
  }
  get connectionCount(): number {
    return this.#remembered.size;
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
    const ack = (flags & flagAck) === 0 ? unknown : buffer.readUInt32BE(start + 8);
    const segment = { seq: buffer.readUInt32BE(start + 4), ack, flags, wireBytes };
    let { remembered, side } = this.#rememberedOf(payload, sourcePort, targetPort, atMs);
    if (remembered.connection.isAnother(side, segment)) {
      this.#forget(remembered);
      ({ remembered, side } = this.#rememberedOf(payload, sourcePort, targetPort, atMs));
    }
    remembered.lastAtMs = atMs;
    const from = Math.min(dataAt, end);
    if (!remembered.connection.isEnded) remembered.connection.take(side, segment, buffer, from, Math.max(from, end), atMs);
    this.#sweepNowAndThen(atMs);
  }

  /** Gives up what is overdue; to be called now and then while nothing arrives. */
  tick(atMs: number): void {
    this.#sweptAtMs = atMs;
    this.#segmentsSinceSweep = 0;
    for (const remembered of this.#remembered) {
      if (!remembered.connection.isEnded) remembered.connection.tick(atMs);
      else if (Math.abs(atMs - remembered.lastAtMs) > endedMs) this.#forget(remembered);
    }
  }

  /** The capture ends: what is held is delivered, with its gaps, and every connection ends. */
  flush(): void {
    for (const remembered of this.#remembered) this.#forget(remembered);
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

  #rememberedOf(
    { buffer, start, addresses }: IpPayload,
    sourcePort: number,
    targetPort: number,
    atMs: number,
  ): { remembered: Remembered; side: Side } {
    const key = addresses + buffer.toString('latin1', start, start + 4);
    const known = this.#bySender.get(key);
    if (known !== undefined) return known;
    if (this.#remembered.size >= connectionsMax) this.#forgetSilent();
    const half = addresses.length / 2;
    const reverseKey =
      addresses.slice(half) +
      addresses.slice(0, half) +
      buffer.toString('latin1', start + 2, start + 4) +
      buffer.toString('latin1', start, start + 2);
    const connection = new TcpConnection({
      addresses,
      ports: [sourcePort, targetPort],
      held: this.#held,
      open: this.#open,
    });
    const remembered: Remembered = { connection, keys: [key, reverseKey], lastAtMs: atMs };
    this.#remembered.add(remembered);
    const entry = { remembered, side: 0 as Side };
    this.#bySender.set(reverseKey, { remembered, side: 1 });
    this.#bySender.set(key, entry);
    return entry;
  }

  /** It ends by that, if it has not. */
  #forget(remembered: Remembered): void {
    remembered.connection.finish(remembered.lastAtMs);
    this.#remembered.delete(remembered);
    for (const key of remembered.keys) this.#bySender.delete(key);
  }

  /** Ended ones first, then those silent longest. */
  #forgetSilent(): void {
    const bySilence = [...this.#remembered].sort(
      (a, b) => Number(b.connection.isEnded) - Number(a.connection.isEnded) || a.lastAtMs - b.lastAtMs,
    );
    for (const remembered of bySilence.slice(0, connectionsMax / 8)) this.#forget(remembered);
  }

  #sweepNowAndThen(atMs: number): void {
    this.#segmentsSinceSweep += 1;
    if (this.#segmentsSinceSweep >= sweepSegments + this.#remembered.size && Math.abs(atMs - this.#sweptAtMs) >= sweepMs)
      this.tick(atMs);
  }
}
