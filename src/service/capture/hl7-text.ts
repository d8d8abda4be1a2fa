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

/** Segments that a mere acknowledgement may have; one that has others answers with data (a query's response). */
const acknowledgementSegments = new Set(['MSH', 'MSA', 'ERR', 'SFT', 'UAC', 'NTE']);
/** MSA stands near the head, behind MSH, SFT and UAC. */
const headSegmentsMax = 8;
const acknowledgementBytesMax = 64 * 1024;

export type Match = 'yes' | 'no' | 'short';

/** Whether `MSH`, `FHS` or `BHS` stands at `at`, a UTF-8 byte order mark before it allowed; `short` when more bytes decide. */
export function hl7StartsAt(buffer: Buffer, at: number, end: number): Match {
  const bomBytes = [0xef, 0xbb, 0xbf];
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
  let messageType = '';
  let separator = '|';
  let at = 0;
  for (let count = 0; at < bytes.length && count < headSegmentsMax; count += 1) {
    const end = segmentEnd(bytes, at);
    const name = segmentName(bytes, at);
    if (name === 'MSH' && messageType === '') {
      const text = bytes.toString('latin1', bytes[at] === 0xef ? at + 3 : at, Math.min(end, at + 4096));
      separator = text[3] ?? '|';
      const fields = text.split(separator, 19);
      const repetition = fields[1]?.[1] ?? '~';
      messageType = (fields[8] ?? '').split(fields[1]?.[0] ?? '^', 1)[0] ?? '';
      head.sentAt = fields[6] ?? '';
      head.controlId = fields[9] ?? '';
      head.characterSet = (fields[17] ?? '').split(repetition, 1)[0] ?? '';
    } else if (name === 'MSA') {
      head.answers = bytes.toString('latin1', at, Math.min(end, at + 1024)).split(separator, 3)[2] ?? '';
      break;
    }
    at = end + 1;
  }
  head.isAcknowledgement = messageType === 'ACK' || (head.answers !== null && hasOnlyAcknowledgement(bytes));
  return head;
}

function hasOnlyAcknowledgement(bytes: Buffer): boolean {
  if (bytes.length > acknowledgementBytesMax) return false;
  for (let at = 0; at < bytes.length; at = segmentEnd(bytes, at) + 1) {
    const name = segmentName(bytes, at);
    if (name.trim() !== '' && !acknowledgementSegments.has(name)) return false;
  }
  return true;
}

function segmentName(bytes: Buffer, at: number): string {
  const from = bytes[at] === 0xef ? at + 3 : at;
  return bytes.toString('latin1', from, Math.min(from + 3, bytes.length));
}

function segmentEnd(bytes: Buffer, from: number): number {
  const returnAt = bytes.indexOf(carriageReturn, from);
  const end = returnAt < 0 ? bytes.length : returnAt;
  const feedAt = bytes.subarray(from, end).indexOf(lineFeed);
  return feedAt < 0 ? end : from + feedAt;
}
