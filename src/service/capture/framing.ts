/**
 * What both framings share: bytes of one direction go in as they come, frames come out. Where a chunk ends means
 * nothing; a frame within one chunk is not copied.
 * May import: nothing.
 */

/** Bytes of one message, framing included: what is longer is cut, and said to be. */
export const messageBytesMax = 32 * 1024 * 1024;

/** Who takes what a direction carries. Bytes are valid during the call only. */
export interface FrameSink {
  /** A whole frame, without its framing bytes. */
  frame(bytes: Buffer, beganAtMs: number, atMs: number): void;
  /** Part of a frame: its end or begin is missing. */
  piece(bytes: Buffer, beganAtMs: number, atMs: number): void;
  /** A control character of the LIS framing. */
  control(kind: ControlKind, marker: Buffer, atMs: number): void;
  /** Bytes that cannot follow: this is no HL7 traffic (any more). */
  foreign(): void;
  /** A message was longer than is kept. */
  cut(atMs: number): void;
}
export type ControlKind = 'enquiry' | 'acknowledged' | 'refused' | 'end';

export interface Framer {
  push(buffer: Buffer, start: number, end: number, atMs: number): void;
  /** Bytes are missing here: what was begun is a piece, and what follows may be the rest of something else. */
  gap(atMs: number): void;
  /** Nothing follows: what was begun is a piece. */
  end(atMs: number): void;
  /** Bytes that wait for the rest of their frame. */
  readonly heldBytes: number;
  /** In the middle of a frame. */
  readonly isInFrame: boolean;
}

/** Bytes that a parser could not use yet, joined with those that follow. Grows by doubling. */
export class HeldBytes {
  #bytes: Buffer = Buffer.alloc(0);
  length = 0;

  get view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /**
   * Offers the held and the new bytes to `parse`, which says how many it has used; the rest is held.
   */
  offer(buffer: Buffer, start: number, end: number, parse: (buffer: Buffer, start: number, end: number) => number): void {
    if (this.length === 0) {
      const used = parse(buffer, start, end);
      if (used < end) this.#append(buffer, used, end);
      return;
    }
    this.#append(buffer, start, end);
    const used = parse(this.#bytes, 0, this.length);
    if (used > 0) {
      this.#bytes.copyWithin(0, used, this.length);
      this.length -= used;
    }
    if (this.length === 0) this.clear();
  }

  clear(): void {
    this.length = 0;
    // A large message leaves no large memory behind.
    if (this.#bytes.length > 64 * 1024) this.#bytes = Buffer.alloc(0);
  }

  #append(buffer: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(512, needed, Math.min(this.#bytes.length * 2, messageBytesMax * 2)));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    buffer.copy(this.#bytes, this.length, start, end);
    this.length = needed;
  }
}
