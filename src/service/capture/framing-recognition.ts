/**
 * Tells which framing a connection speaks, from the first bytes of either direction; traffic that is not HL7 is never
 * recognised. At a border (the begin of the connection, or behind a gap) an ENQ is enough, elsewhere only a begin that
 * chance does not produce: 0B or STX followed by MSH, FHS or BHS.
 * May import: src/service/capture.
 */
import { HeldBytes } from './framing.ts';
import { markerAt, type LisMarkers } from './framing-lis.ts';
import { blockBegin } from './framing-mllp.ts';
import { hl7StartsAt, holdsSegment } from './hl7-text.ts';

export type Framing = 'mllp' | 'lis';

/** Of a connection whose begin was not seen: how much is looked through for the rest of a message. */
const restBytesMax = 256 * 1024;
/** The longest begin that must not be cut: markers of four bytes, a byte order mark and three letters. */
const beginBytesMax = 16;
const space = 0x20;
const blockTail = Buffer.from([0x1c, 0x0d]);

export interface Recognised {
  framing: Framing;
  /** Bytes to hand to the framer, the begin first. Valid until the next call. */
  bytes: Buffer;
  /** Since when the first of them was there. */
  beganAtMs: number;
  /** They begin with the rest of a message. */
  isTorn: boolean;
}

export class Recogniser {
  readonly #markers: LisMarkers;
  readonly #held = new HeldBytes();
  #isAtBorder = true;
  /** Looks for the rest of a message too. */
  #mayBeTorn: boolean;
  #beganAtMs = 0;

  constructor(markers: LisMarkers, isFromStart: boolean) {
    this.#markers = markers;
    this.#mayBeTorn = !isFromStart;
  }

  get heldBytes(): number {
    return this.#held.length;
  }

  /** Takes bytes. @returns the framing once it is known. */
  push(buffer: Buffer, start: number, end: number, atMs: number): Recognised | null {
    let recognised: Recognised | null = null;
    if (this.#held.length === 0) this.#beganAtMs = atMs;
    this.#held.offer(buffer, start, end, (bytes, from, to) => {
      const found = this.#look(bytes, from, to);
      if (typeof found === 'number') return found;
      recognised = { ...found, bytes: bytes.subarray(found.at, to), beganAtMs: this.#beganAtMs };
      return to;
    });
    return recognised;
  }

  /** Bytes are missing: what follows may be the rest of a message, or a begin. */
  gap(): void {
    this.#held.clear();
    this.#isAtBorder = true;
    this.#mayBeTorn = true;
  }

  /** @returns what was found, or how far the bytes are of no use. */
  #look(buffer: Buffer, start: number, end: number): { framing: Framing; at: number; isTorn: boolean } | number {
    let at = start;
    while (this.#isAtBorder && at < end) {
      const found = this.#atBorder(buffer, at, end);
      if (found === 'short') return at;
      if (found === 'foreign') this.#isAtBorder = false;
      else if (typeof found === 'number') at += found;
      else return { framing: found.framing, at, isTorn: false };
    }
    return at < end ? this.#anywhere(buffer, at, end) : end;
  }

  #atBorder(buffer: Buffer, at: number, end: number): { framing: Framing } | 'short' | 'foreign' | number {
    const { enq, stx, eot, ack, nak } = this.#markers;
    if (buffer[at] === blockBegin) {
      const start = hl7StartsAt(buffer, at + 1, end);
      return start === 'yes' ? { framing: 'mllp' } : start === 'short' ? 'short' : 'foreign';
    }
    const enquiry = markerAt(enq, buffer, at, end);
    if (enquiry !== 'no') return enquiry === 'yes' ? { framing: 'lis' } : 'short';
    const text = markerAt(stx, buffer, at, end);
    if (text === 'short') return 'short';
    if (text === 'yes') {
      const start = hl7StartsAt(buffer, at + stx.length, end);
      return start === 'yes' ? { framing: 'lis' } : start === 'short' ? 'short' : 'foreign';
    }
    for (const marker of [eot, ack, nak]) if (markerAt(marker, buffer, at, end) === 'yes') return marker.length;
    return (buffer[at] ?? 0) < space ? 1 : 'foreign';
  }

  #anywhere(buffer: Buffer, start: number, end: number): { framing: Framing; at: number; isTorn: boolean } | number {
    const begin = this.#strongBegin(buffer, start, end);
    const tailAt = this.#mayBeTorn ? buffer.subarray(start, end).indexOf(blockTail) : -1;
    if (tailAt >= 0 && (begin === null || start + tailAt < begin.at) && holdsSegment(buffer, start, start + tailAt))
      return { framing: 'mllp', at: start, isTorn: true };
    if (begin !== null) return { ...begin, isTorn: false };
    if (this.#mayBeTorn && tailAt < 0 && end - start <= restBytesMax) return start;
    this.#mayBeTorn = false;
    return Math.max(start, end - beginBytesMax);
  }

  #strongBegin(buffer: Buffer, start: number, end: number): { framing: Framing; at: number } | null {
    const { enq, stx } = this.#markers;
    const view = buffer.subarray(start, end);
    let best: { framing: Framing; at: number } | null = null;
    for (const name of ['MSH', 'FHS', 'BHS']) {
      for (let found = view.indexOf(name); found >= 0; found = view.indexOf(name, found + 1)) {
        const at = start + found;
        const begin = beginBefore(buffer, start, at, end, stx, enq);
        if (begin === null) continue;
        if (best === null || begin.at < best.at) best = begin;
        break;
      }
    }
    return best;
  }
}

/** The framing bytes right before the `MSH` at `at`, if there are any. */
function beginBefore(
  buffer: Buffer,
  start: number,
  at: number,
  end: number,
  stx: Buffer,
  enq: Buffer,
): { framing: Framing; at: number } | null {
  const textAt = at - 3 >= start && hl7StartsAt(buffer, at - 3, end) === 'yes' ? at - 3 : at;
  if (textAt - 1 >= start && buffer[textAt - 1] === blockBegin) return { framing: 'mllp', at: textAt - 1 };
  const stxAt = textAt - stx.length;
  if (stxAt < start || markerAt(stx, buffer, stxAt, end) !== 'yes') return null;
  const enqAt = stxAt - enq.length;
  return { framing: 'lis', at: enqAt >= start && markerAt(enq, buffer, enqAt, end) === 'yes' ? enqAt : stxAt };
}
