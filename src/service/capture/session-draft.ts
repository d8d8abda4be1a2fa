/**
 * A session while it is captured: what was seen so far, within bounds, and at its end the file that is kept.
 * May import: src/common, src/service/capture.
 */
import type { SessionElement, SessionFile } from '../../common/session.ts';
import { decodeText } from './character-set.ts';
import { hl7StartsAt, isSegment, messageHead, type MessageHead } from './hl7-text.ts';

/** Bytes of payload that one session may have; what is longer is cut into several, each marked as incomplete. */
export const sessionBytesMax = 64 * 1024 * 1024;
/** What an element takes beside its payload, so that millions of empty ones are counted too. */
const elementBytes = 256;
const dayMs = 24 * 60 * 60 * 1000;

/** Why a session of pieces alone is not submitted. */
const damagedReason = 'damaged while capturing';

export type Direction = SessionElement['direction'];
export type CaptureGap = NonNullable<SessionFile['captureGaps']>[number];

/** How a message element stands to the others: it begins a message, goes on with one, or is neither. */
type Part = 'begin' | 'rest' | 'none';
interface Entry {
  readonly element: SessionElement;
  readonly part: Part;
}

export interface SessionEnds {
  deviceIP: string;
  lisIP: string;
}
/** What a file gets beside what was captured. */
export interface SessionStamp {
  /** From the session's start (unix ms) and its content, or by chance. */
  idOf: (startTime: number, content: string) => string;
  nextCounter: () => number;
  now: () => number;
  retentionDays: number;
}

export class SessionDraft {
  readonly #entries: Entry[] = [];
  readonly gaps: CaptureGap[] = [];
  readonly startTime: number;
  endTime: number;
  /** A frame that nobody acknowledged or refused yet. */
  #unanswered: Entry | null = null;
  /** Something of it is missing: it cannot be complete. */
  #isDamaged = false;
  /** Bytes are missing behind the last message: what goes on with it would be joined over the gap. */
  #isTorn = false;
  #characterSet = '';
  bytes = 0;
  #hasContent = false;
  readonly #begun = new Set<Direction>();

  constructor(startTime: number) {
    this.startTime = Math.floor(startTime);
    this.endTime = this.startTime;
  }

  /** Whether a message or a piece of one was seen. */
  get hasContent(): boolean {
    return this.#hasContent;
  }

  addMarker(type: 'start' | 'ack' | 'end', direction: Direction, marker: Buffer, atMs: number): void {
    this.#add(type, direction, marker, 'none', atMs, atMs);
    if (type === 'ack') this.#unanswered = null;
  }

  /** The frame that was sent last did not arrive: it is sent again. */
  refuseLast(direction: Direction, marker: Buffer, atMs: number): void {
    if (this.#unanswered !== null) becomeFragment(this.#unanswered);
    this.addMarker('ack', direction, marker, atMs);
  }

  /**
   * A whole frame: a message, the next segments of one, or an acknowledgement.
   * @returns what its head says.
   */
  addFrame(direction: Direction, bytes: Buffer, beganAtMs: number, atMs: number, head = messageHead(bytes)): MessageHead {
    const isBegin = hl7StartsAt(bytes, 0, bytes.length) === 'yes';
    if (head.isAcknowledgement) {
      this.#addText('ack', direction, bytes, head.characterSet, 'none', beganAtMs, atMs);
      return head;
    }
    if (isBegin) {
      this.#characterSet = head.characterSet;
      this.#isTorn = false;
      this.#begun.add(direction);
    }
    const part: Part = isBegin ? 'begin' : this.#begun.has(direction) && isSegment(bytes) ? 'rest' : 'none';
    if (this.#isTorn && !isBegin) {
      // It may go on with a message that lies before the gap, so both are pieces.
      if (part === 'rest') this.#breakLastMessage(direction);
      this.addPiece(direction, bytes, beganAtMs, atMs);
      return head;
    }
    this.#unanswered = this.#addText('message', direction, bytes, this.#characterSet, part, beganAtMs, atMs);
    return head;
  }

  addPiece(direction: Direction, bytes: Buffer, beganAtMs: number, atMs: number): void {
    const head = messageHead(bytes);
    this.#isDamaged = true;
    this.#addText('fragment', direction, bytes, head.characterSet || this.#characterSet, 'none', beganAtMs, atMs);
  }

  addGap(timestamp: number, missingBytes: number | undefined): void {
    this.#isDamaged = true;
    this.#isTorn = true;
    // Only the first are listed one by one: a capture that is all holes must not grow a file without bound.
    const last = this.gaps.at(-1);
    if (last !== undefined && this.gaps.length >= 1000) last.missingBytes = (last.missingBytes ?? 0) + (missingBytes ?? 0);
    else this.gaps.push({ timestamp: Math.floor(timestamp), ...(missingBytes === undefined ? {} : { missingBytes }) });
    this.endTime = Math.max(this.endTime, Math.floor(timestamp));
  }

  /**
   * The session as it is kept, or null when nothing was transmitted in it.
   * @param hasEnd whether its end marker was seen.
   * @param connection what tells this connection from others, for the id.
   */
  finish(hasEnd: boolean, { deviceIP, lisIP }: SessionEnds, connection: string, stamp: SessionStamp): SessionFile | null {
    if (!this.#hasContent) return null;
    const elements = this.#entries.map(({ element }) => element);
    const messages = this.#messages();
    const { startTime, endTime } = this;
    const now = stamp.now();
    const isIgnored = messages.length === 0;
    return {
      _version: 1,
      _saved_at: now,
      id: stamp.idOf(startTime, contentOf(connection, elements)),
      sessionId: stamp.nextCounter(),
      startTime,
      endTime,
      deviceIP,
      lisIP,
      elements,
      messages,
      isComplete: hasEnd && !this.#isDamaged,
      persistedUntil: endTime + stamp.retentionDays * dayMs,
      submissionStatus: isIgnored ? 'ignored' : 'pending',
      submissionAttempts: 0,
      ...(isIgnored ? { submissionError: damagedReason } : {}),
      submissionHistory: isIgnored ? [{ at: now, outcome: 'ignored', reason: damagedReason }] : [],
      ...(this.gaps.length > 0 ? { captureGaps: this.gaps } : {}),
    };
  }

  /** Frames that go on with a message are joined to it; a segment ends in CR. */
  #messages(): string[] {
    const messages: string[] = [];
    const lastAt = new Map<Direction, number>();
    for (const { element, part } of this.#entries) {
      if (element.type !== 'message') continue;
      const text = element.decodedMessage ?? '';
      const at = part === 'rest' ? lastAt.get(element.direction) : undefined;
      const begun = at === undefined ? undefined : messages[at];
      if (at === undefined || begun === undefined) lastAt.set(element.direction, messages.push(text) - 1);
      else messages[at] = begun.endsWith('\r') ? begun + text : `${begun}\r${text}`;
    }
    return messages;
  }

  #breakLastMessage(direction: Direction): void {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.element.direction !== direction) continue;
      if (entry.element.type === 'message') becomeFragment(entry);
      if (entry.part === 'begin') break;
    }
    this.#begun.delete(direction);
  }

  #addText(
    type: 'message' | 'ack' | 'fragment',
    direction: Direction,
    bytes: Buffer,
    characterSet: string,
    part: Part,
    beganAtMs: number,
    atMs: number,
  ): Entry {
    const { text, isFaithful } = decodeText(bytes, characterSet);
    const entry = this.#add(type, direction, bytes, part, atMs, beganAtMs);
    if (type === 'message') entry.element.decodedMessage = text;
    else entry.element.content = text;
    if (!isFaithful) entry.element['hasUndecodableBytes'] = true;
    this.#hasContent ||= type !== 'ack';
    return entry;
  }

  #add(type: SessionElement['type'], direction: Direction, bytes: Buffer, part: Part, atMs: number, beganAtMs: number): Entry {
    const element: SessionElement = {
      id: this.#entries.length + 1,
      timestamp: Math.floor(beganAtMs),
      direction,
      type,
      hexData: bytes.toString('hex'),
    };
    const entry = { element, part };
    this.#entries.push(entry);
    this.bytes += bytes.length + elementBytes;
    this.endTime = Math.max(this.endTime, Math.floor(atMs));
    return entry;
  }
}

function becomeFragment({ element }: Entry): void {
  element.type = 'fragment';
  if (element.decodedMessage !== undefined) element.content = element.decodedMessage;
  delete element.decodedMessage;
}

/** What makes a session this one and no other, as text; the same capture gives the same text. */
function contentOf(connection: string, elements: readonly SessionElement[]): string {
  let content = connection;
  for (const element of elements) {
    const { timestamp, direction, type, hexData, content: text, decodedMessage, hasUndecodableBytes } = element;
    // The text is half as long as the digits, and tells as much unless bytes of it could not be decoded.
    const carried = hasUndecodableBytes === true ? hexData : (decodedMessage ?? text ?? hexData);
    content += `\n${timestamp} ${direction} ${type} ${carried}`;
  }
  return content;
}
