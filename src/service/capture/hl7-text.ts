/**
 * What capture must know of HL7 v2 itself: how a message begins, which character set it names, and whether it
 * acknowledges another one. Everything else is the endpoint's to read.
 * May import: nothing.
 */

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const letterM = 0x4d;
const letterF = 0x46;
const letterB = 0x42;
const letterS = 0x53;
const letterH = 0x48;
/** A byte order mark in UTF-8. */
const bomBytes = [0xef, 0xbb, 0xbf];

/** Segments that a mere acknowledgement may have; one that has others answers with data (a query's response). */
const acknowledgementSegments = new Set(['MSH', 'MSA', 'ERR', 'SFT', 'UAC', 'NTE']);
/** MSA stands near the head, behind MSH, SFT and UAC. */
const headSegmentsMax = 8;
const acknowledgementBytesMax = 64 * 1024;
const headBytesMax = 4096;
const nameMsh = 0x4d5348;
const nameMsa = 0x4d5341;

export type Match = 'yes' | 'no' | 'short';

/** Whether `MSH`, `FHS` or `BHS` stands at `at`, a UTF-8 byte order mark before it allowed; `short` when more bytes decide. */
export function hl7StartsAt(buffer: Buffer, at: number, end: number): Match {
  let from = at;
  if (at < end && buffer[at] === bomBytes[0]) {
    for (let index = 0; index < 3; index += 1) {
      if (at + index >= end) return 'short';
      if (buffer[at + index] !== bomBytes[index]) return 'no';
    }
    from = at + 3;
  }
  if (from >= end) return 'short';
  const first = buffer[from];
  if (first !== letterM && first !== letterF && first !== letterB) return 'no';
  if (from + 1 >= end) return 'short';
  const second = buffer[from + 1];
  if (second !== (first === letterM ? letterS : letterH)) return 'no';
  if (from + 2 >= end) return 'short';
  return buffer[from + 2] === (first === letterM ? letterH : letterS) ? 'yes' : 'no';
}

/** Whether the bytes look like the inside of an HL7 message: a segment begins in them. */
export function holdsSegment(buffer: Buffer, start: number, end: number): boolean {
  return /[\r\n][A-Z][A-Z0-9]{2}\|/.test(buffer.toString('latin1', start, Math.min(end, start + 64 * 1024)));
}

/** Whether a line begins like a segment: three capitals or digits and a separator. */
export function isSegment(bytes: Buffer): boolean {
  return /^[A-Z][A-Z0-9]{2}[^A-Za-z0-9\s]/.test(bytes.toString('latin1', 0, 4));
}

export interface MessageHead {
  /** MSH-7, MSH-10, MSH-18 (first repetition); empty when missing. */
  sentAt: string;
  controlId: string;
  characterSet: string;
  /** MSA-2: the control id of the message that this one answers; null when it answers none. */
  answers: string | null;
  /** It says that a message arrived (or did not) and nothing else. */
  isAcknowledgement: boolean;
}

/** Reads the head of a message or batch. Bytes that are no HL7 give an empty head. */
export function messageHead(bytes: Buffer): MessageHead {
  const head: MessageHead = { sentAt: '', controlId: '', characterSet: '', answers: null, isAcknowledgement: false };
  let isAcknowledgementType = false;
  let hasHead = false;
  let separator = '|';
  // A byte order mark is no part of the first segment.
  let at = bytes[0] === 0xef ? 3 : 0;
  for (let count = 0; at < bytes.length && count < headSegmentsMax; count += 1) {
    const end = segmentEnd(bytes, at);
    const name = segmentName(bytes, at);
    if (name === nameMsh && !hasHead) {
      hasHead = true;
      const text = bytes.toString('latin1', at, Math.min(end, at + headBytesMax));
      separator = text[3] ?? '|';
      isAcknowledgementType = readHead(text, separator, head) === 'ACK';
    } else if (name === nameMsa) {
      head.answers = bytes.toString('latin1', at, Math.min(end, at + headBytesMax)).split(separator, 3)[2] ?? '';
      break;
    }
    at = end + 1;
  }
  head.isAcknowledgement = isAcknowledgementType || (head.answers !== null && hasOnlyAcknowledgement(bytes));
  return head;
}

/** Fills `head` from the text of MSH. @returns MSH-9.1, the message type. */
function readHead(text: string, separator: string, head: MessageHead): string {
  let type = '';
  let from = 4;
  // MSH-1 is the separator itself, so MSH-2 begins behind it.
  for (let field = 2; field <= 18 && from <= text.length; field += 1) {
    const found = text.indexOf(separator, from);
    const end = found < 0 ? text.length : found;
    if (field === 7) head.sentAt = text.slice(from, end);
    else if (field === 9) type = text.slice(from, end).split(text[4] ?? '^', 1)[0] ?? '';
    else if (field === 10) head.controlId = text.slice(from, end);
    else if (field === 18) head.characterSet = text.slice(from, end).split(text[5] ?? '~', 1)[0] ?? '';
    from = end + 1;
  }
  return type;
}

function hasOnlyAcknowledgement(bytes: Buffer): boolean {
  if (bytes.length > acknowledgementBytesMax) return false;
  for (let at = bytes[0] === 0xef ? 3 : 0; at < bytes.length; at = segmentEnd(bytes, at) + 1) {
    const name = bytes.toString('latin1', at, Math.min(at + 3, segmentEnd(bytes, at)));
    if (name !== '' && !acknowledgementSegments.has(name)) return false;
  }
  return true;
}

/** Three letters as one number: segments are compared often. */
function segmentName(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function segmentEnd(bytes: Buffer, from: number): number {
  // Most segments are short: looking at each byte is faster than asking for a search.
  const near = Math.min(bytes.length, from + 256);
  for (let at = from; at < near; at += 1) if (bytes[at] === carriageReturn || bytes[at] === lineFeed) return at;
  if (near === bytes.length) return near;
  const returnAt = bytes.indexOf(carriageReturn, near);
  const end = returnAt < 0 ? bytes.length : returnAt;
  const feedAt = bytes.subarray(near, end).indexOf(lineFeed);
  return feedAt < 0 ? end : near + feedAt;
}
