/**
 * MLLP: 0B, the message, 1C 0D.
 *   outside -> inside -> outside;  after a gap: torn, until an end or the next begin
 * A block is HL7 when it begins with MSH, FHS or BHS, or is a single ACK or NAK byte (MLLP release 2); other blocks
 * and bytes between blocks are ignored. A begin inside a block means that its end got lost at the sender.
 * HL7 v2.5.1, appendix C; MLLP release 2. May import: src/service/capture.
 */
import { HeldBytes, messageBytesMax, type Framer, type FrameSink } from './framing.ts';
import { hl7StartsAt } from './hl7-text.ts';

export const blockBegin = 0x0b;
const blockEnd = 0x1c;
const carriageReturn = 0x0d;
const acknowledged = 0x06;
const refused = 0x15;

type State = 'outside' | 'inside' | 'torn';

export class MllpFramer implements Framer {
  readonly #sink: FrameSink;
  readonly #held = new HeldBytes();
  #state: State;
  /** How far the held bytes were looked through. */
  #scannedBytes = 0;
  #beganAtMs = 0;
  #atMs = 0;

  /** @param isTorn whether the first bytes may be the rest of a message. */
  constructor(sink: FrameSink, isTorn = false) {
    this.#sink = sink;
    this.#state = isTorn ? 'torn' : 'outside';
  }

  get heldBytes(): number {
    return this.#held.length;
  }
  get isInFrame(): boolean {
    return this.#state === 'inside' || (this.#state === 'torn' && this.#held.length > 0);
  }

  push(buffer: Buffer, start: number, end: number, atMs: number): void {
    if (this.#held.length === 0) this.#beganAtMs = atMs;
    this.#atMs = atMs;
    this.#held.offer(buffer, start, end, this.#parse);
    if (this.#held.length > messageBytesMax) {
      this.#letGo();
      this.#state = 'outside';
      this.#sink.cut(atMs);
    }
  }

  gap(atMs: number): void {
    this.#atMs = atMs;
    this.#letGo();
    this.#state = 'torn';
  }

  end(atMs: number): void {
    this.#atMs = atMs;
    this.#letGo();
    this.#state = 'outside';
  }

  /** Hands over what is held as pieces: that of a message, and of one that may have begun behind it. */
  #letGo(): void {
    const { view } = this.#held;
    const beginAt = this.#beginWithin(view, this.#scannedBytes, view.length, view.length)?.at ?? view.length;
    if (this.isInFrame) for (const part of [view.subarray(0, beginAt), view.subarray(beginAt + 1)]) this.#piece(part);
    this.#held.clear();
    this.#scannedBytes = 0;
  }

  /** A begun end marker is framing, and no part of the message. */
  #piece(bytes: Buffer): void {
    const text = bytes.at(-1) === blockEnd ? bytes.subarray(0, -1) : bytes;
    if (text.length > 0) this.#sink.piece(text, this.#beganAtMs, this.#atMs);
  }

  readonly #parse = (buffer: Buffer, start: number, end: number): number => {
    let at = start;
    let previous = -1;
    while (at < end && at !== previous) {
      previous = at;
      const stateBefore = this.#state;
      at = this.#state === 'inside' || this.#state === 'torn' ? this.#inside(buffer, at, end) : this.#outside(buffer, at, end);
      // A new state may have something to say about the same place.
      if (this.#state !== stateBefore) previous = -1;
    }
    return at;
  };

  #outside(buffer: Buffer, from: number, end: number): number {
    const at = indexOf(buffer, blockBegin, from, end);
    if (at < 0) return end;
    const start = hl7StartsAt(buffer, at + 1, end);
    const isByte = start === 'no' && (buffer[at + 1] === acknowledged || buffer[at + 1] === refused);
    if (start === 'short' || (isByte && at + 3 >= end)) return at;
    if (isByte && buffer[at + 2] === blockEnd && buffer[at + 3] === carriageReturn) {
      const kind = buffer[at + 1] === acknowledged ? 'acknowledged' : 'refused';
      this.#sink.control(kind, buffer.subarray(at + 1, at + 2), this.#atMs);
      return at + 4;
    }
    if (start === 'no') return at + 1;
    this.#state = 'inside';
    this.#scannedBytes = 0;
    if (at > from || this.#held.length === 0) this.#beganAtMs = this.#atMs;
    return at + 1;
  }

  /** Looks for the end; a begin before it means that the end is missing. */
  #inside(buffer: Buffer, start: number, end: number): number {
    let scanAt = start + this.#scannedBytes;
    while (scanAt < end) {
      const found = indexOf(buffer, blockEnd, scanAt, end);
      const begin = this.#beginWithin(buffer, scanAt, found < 0 ? end : found, end);
      if (begin !== null) {
        if (begin.isUndecided) return this.#waitAt(start, begin.at);
        return this.#close(buffer, start, begin.at, begin.at, false);
      }
      if (found < 0) return this.#waitAt(start, end);
      if (found + 1 >= end) return this.#waitAt(start, found);
      if (buffer[found + 1] === carriageReturn) return this.#close(buffer, start, found, found + 2, true);
      // Some senders leave the last byte out.
      if (buffer[found + 1] === blockBegin) return this.#close(buffer, start, found, found + 1, true);
      scanAt = found + 1;
    }
    return this.#waitAt(start, end);
  }

  #beginWithin(buffer: Buffer, from: number, until: number, end: number): { at: number; isUndecided: boolean } | null {
    for (let at = indexOf(buffer, blockBegin, from, until); at >= 0; at = indexOf(buffer, blockBegin, at + 1, until)) {
      const start = hl7StartsAt(buffer, at + 1, end);
      if (start !== 'no') return { at, isUndecided: start === 'short' };
    }
    return null;
  }

  #waitAt(start: number, scannedTo: number): number {
    this.#scannedBytes = scannedTo - start;
    return start;
  }

  #close(buffer: Buffer, start: number, end: number, next: number, hasEnd: boolean): number {
    const isWhole = hasEnd && this.#state === 'inside';
    this.#state = 'outside';
    this.#scannedBytes = 0;
    const bytes = buffer.subarray(start, end);
    if (isWhole) this.#sink.frame(bytes, this.#beganAtMs, this.#atMs);
    else if (bytes.length > 0) this.#sink.piece(bytes, this.#beganAtMs, this.#atMs);
    this.#beganAtMs = this.#atMs;
    return next;
  }
}

function indexOf(buffer: Buffer, byte: number, from: number, until: number): number {
  if (until - from < 64) {
    for (let at = from; at < until; at += 1) if (buffer[at] === byte) return at;
    return -1;
  }
  const at = buffer.subarray(from, until).indexOf(byte);
  return at < 0 ? -1 : from + at;
}
