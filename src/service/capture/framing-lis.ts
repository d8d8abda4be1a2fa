/**
 * The framing that laboratory devices speak: ENQ, frames from STX to CR LF, each answered by ACK or NAK, EOT. The
 * markers can be others (setting `captureMarkers`).
 *   border -> inFrame -> border;  after a gap: torn;  after bytes that cannot follow: foreign, until STX and HL7
 * After ENQ only STX, EOT or ENQ can follow; a frame without ENQ before it must begin like HL7. Some devices end every
 * segment with CR LF: text that follows a frame without STX is a frame of its own, and the session joins them.
 * May import: src/common, src/service/capture.
 */
import type { Settings } from '../../common/settings.ts';
import { HeldBytes, messageBytesMax, type Framer, type FrameSink } from './framing.ts';
import { hl7StartsAt, type Match } from './hl7-text.ts';

export interface LisMarkers {
  enq: Buffer;
  stx: Buffer;
  frameEnd: Buffer;
  ack: Buffer;
  nak: Buffer;
  eot: Buffer;
}

export function lisMarkers(markers: Settings['captureMarkers']): LisMarkers {
  const bytes = (digits: string) => Buffer.from(digits, 'hex');
  return {
    enq: bytes(markers.enq),
    stx: bytes(markers.stx),
    frameEnd: bytes(markers.frameEnd),
    ack: bytes(markers.ack),
    nak: bytes('15'),
    eot: bytes(markers.eot),
  };
}

/** Whether `marker` stands at `at`; `short` when the bytes end within it. */
export function markerAt(marker: Buffer, buffer: Buffer, at: number, end: number): Match {
  const length = Math.min(marker.length, end - at);
  for (let index = 0; index < length; index += 1) if (buffer[at + index] !== marker[index]) return 'no';
  return length === marker.length ? 'yes' : 'short';
}

type State = 'border' | 'inFrame' | 'torn' | 'foreign';
const space = 0x20;

export class LisFramer implements Framer {
  readonly #sink: FrameSink;
  readonly #markers: LisMarkers;
  readonly #held = new HeldBytes();
  #state: State = 'border';
  /** This end sends a session: it sent ENQ, or a frame that begins like HL7. */
  #isOpen = false;
  /** ENQ was the last thing that came. */
  #hasJustEnquired = false;
  #scannedBytes = 0;
  #beganAtMs = 0;
  #atMs = 0;

  constructor(sink: FrameSink, markers: LisMarkers) {
    this.#sink = sink;
    this.#markers = markers;
  }

  get heldBytes(): number {
    return this.#held.length;
  }
  get isInFrame(): boolean {
    return this.#state === 'inFrame' || (this.#state === 'torn' && this.#held.length > 0);
  }

  push(buffer: Buffer, start: number, end: number, atMs: number): void {
    if (this.#held.length === 0) this.#beganAtMs = atMs;
    this.#atMs = atMs;
    this.#held.offer(buffer, start, end, this.#parse);
    if (this.#held.length > messageBytesMax) {
      this.#letGo();
      this.#state = 'foreign';
      this.#sink.cut(atMs);
    }
  }

  gap(atMs: number): void {
    this.#atMs = atMs;
    this.#letGo();
    this.#state = 'torn';
    this.#hasJustEnquired = false;
  }

  end(atMs: number): void {
    this.#atMs = atMs;
    this.#letGo();
    this.#state = 'border';
    this.#isOpen = false;
    this.#hasJustEnquired = false;
  }

  #letGo(): void {
    if (this.isInFrame && this.#held.length > 0) this.#sink.piece(this.#held.view, this.#beganAtMs, this.#atMs);
    this.#held.clear();
    this.#scannedBytes = 0;
  }

  readonly #parse = (buffer: Buffer, start: number, end: number): number => {
    let at = start;
    for (;;) {
      const stateBefore = this.#state;
      const next = at < end ? this.#step(buffer, at, end) : at;
      if (next === at && this.#state === stateBefore) return at;
      at = next;
    }
  };

  #step(buffer: Buffer, at: number, end: number): number {
    switch (this.#state) {
      case 'border':
        return this.#border(buffer, at, end);
      case 'inFrame':
        return this.#inFrame(buffer, at, end);
      case 'torn':
        return this.#torn(buffer, at, end);
      case 'foreign':
        return this.#foreign(buffer, at, end);
    }
  }

  #border(buffer: Buffer, at: number, end: number): number {
    const markers = this.#markers;
    if (this.#held.length === 0 || at > 0) this.#beganAtMs = this.#atMs;
    const found = this.#markerHere(buffer, at, end);
    if (found === 'short') return at;
    if (found === 'stx') return this.#frameBegins(buffer, at, end);
    if (found !== null) {
      this.#sink.control(controlKinds[found], markers[found], this.#atMs);
      if (found === 'enq' || found === 'eot') {
        this.#isOpen = found === 'enq';
        this.#hasJustEnquired = found === 'enq';
      }
      return at + markers[found].length;
    }
    if (!this.#hasJustEnquired && (buffer[at] ?? 0) < space) return at + 1;
    if (this.#hasJustEnquired || !this.#isOpen) return this.#becomeForeign(at);
    this.#enterFrame();
    return at;
  }

  #markerHere(buffer: Buffer, at: number, end: number): keyof LisMarkers | 'short' | null {
    for (const name of ['enq', 'stx', 'eot', 'ack', 'nak'] as const) {
      const match = markerAt(this.#markers[name], buffer, at, end);
      if (match === 'yes') return name;
      if (match === 'short') return 'short';
    }
    return null;
  }

  #frameBegins(buffer: Buffer, at: number, end: number): number {
    const contentAt = at + this.#markers.stx.length;
    if (!this.#isOpen) {
      const start = hl7StartsAt(buffer, contentAt, end);
      if (start === 'short') return at;
      if (start === 'no') return this.#becomeForeign(at);
    }
    this.#enterFrame();
    return contentAt;
  }

  #enterFrame(): void {
    this.#isOpen = true;
    this.#hasJustEnquired = false;
    this.#state = 'inFrame';
    this.#scannedBytes = 0;
  }

  #becomeForeign(at: number): number {
    if (this.#hasJustEnquired) this.#sink.foreign();
    this.#isOpen = false;
    this.#hasJustEnquired = false;
    this.#state = 'foreign';
    return at;
  }

  #inFrame(buffer: Buffer, start: number, end: number): number {
    const { frameEnd } = this.#markers;
    const scanAt = start + this.#scannedBytes;
    const found = indexOfMarker(buffer, frameEnd, scanAt, end);
    const begin = this.#beginWithin(buffer, scanAt, found < 0 ? end : found, end);
    if (begin !== null && !begin.isUndecided) return this.#close(buffer, start, begin.at, begin.at, false);
    if (begin !== null || found < 0) {
      const scannedTo = begin?.at ?? Math.max(start, end - frameEnd.length + 1);
      this.#scannedBytes = scannedTo - start;
      return start;
    }
    return this.#close(buffer, start, found, found + frameEnd.length, this.#state === 'inFrame');
  }

  /** STX and the begin of a message inside a frame: the frame's end got lost at the sender. */
  #beginWithin(buffer: Buffer, from: number, until: number, end: number): { at: number; isUndecided: boolean } | null {
    const { stx } = this.#markers;
    for (let at = indexOfMarker(buffer, stx, from, until); at >= 0; at = indexOfMarker(buffer, stx, at + 1, until)) {
      const start = hl7StartsAt(buffer, at + stx.length, end);
      if (start !== 'no') return { at, isUndecided: start === 'short' };
    }
    return null;
  }

  #close(buffer: Buffer, start: number, end: number, next: number, isWhole: boolean): number {
    const bytes = buffer.subarray(start, end);
    this.#state = 'border';
    this.#scannedBytes = 0;
    if (isWhole) this.#sink.frame(bytes, this.#beganAtMs, this.#atMs);
    else if (bytes.length > 0) this.#sink.piece(bytes, this.#beganAtMs, this.#atMs);
    return next;
  }

  #torn(buffer: Buffer, at: number, end: number): number {
    if (this.#scannedBytes === 0) {
      const found = this.#markerHere(buffer, at, end);
      if (found === 'short') return at;
      if (found !== null) {
        this.#state = 'border';
        // What follows belongs to a session whose begin may be missing.
        this.#isOpen = true;
        return at;
      }
      // The end of a frame whose text is missing.
      if ((buffer[at] ?? 0) < space) return at + 1;
    }
    this.#isOpen = true;
    return this.#inFrame(buffer, at, end);
  }

  /** Only STX and the begin of a message are trusted here, and an ENQ before them. */
  #foreign(buffer: Buffer, start: number, end: number): number {
    const { enq, stx } = this.#markers;
    const begin = this.#beginWithin(buffer, start, end, end);
    if (begin === null) return Math.max(start, end - enq.length - stx.length);
    const enqAt = begin.at - enq.length;
    const from = enqAt >= start && markerAt(enq, buffer, enqAt, end) === 'yes' ? enqAt : begin.at;
    if (begin.isUndecided) return Math.max(start, begin.at - enq.length - stx.length);
    this.#state = 'border';
    return from;
  }
}

const controlKinds = { enq: 'enquiry', eot: 'end', ack: 'acknowledged', nak: 'refused', frameEnd: 'end' } as const;

function indexOfMarker(buffer: Buffer, marker: Buffer, from: number, until: number): number {
  if (until - from < marker.length) return -1;
  const at = buffer.subarray(from, until).indexOf(marker);
  return at < 0 ? -1 : from + at;
}
