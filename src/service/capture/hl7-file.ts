/**
 * Reads HL7 messages from text: one or many, lines that end in CR, LF or CR LF, batches (FHS, BHS) split into their
 * messages, MLLP framing bytes passed over. Each message is a session of its own. `hexData` has the bytes as they are
 * in the file; in the text every segment ends in CR, as HL7 wants it.
 * May import: src/common, src/service/capture.
 */
import type { SessionFile } from '../../common/session.ts';
import type { CaptureProblem } from './capture-problem.ts';
import { messageBytesMax } from './framing.ts';
import { hl7StartsAt, messageHead } from './hl7-text.ts';
import { hl7TimeMs } from './hl7-time.ts';
import { SessionDraft, type SessionStamp } from './session-draft.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const framingBytes = new Set([0x0b, 0x1c]);
/** Segments around the messages of a batch, and bytes that only say how the text is stored. */
const batchSegments = new Set(['FHS', 'BHS', 'BTS', 'FTS']);

export interface Hl7FileReader {
  push(chunk: Buffer): void;
  end(): CaptureProblem | null;
}
export interface Hl7FileTools {
  /** `idOf` is called with 0 for a message without a time: its id comes from the content alone. */
  stamp: SessionStamp;
  /** The file's own time, unix ms, for messages that have none. */
  fileTimeMs: number;
  onSession: (session: SessionFile) => void;
}

/** Whether a file that begins with these bytes is HL7 text. */
export function isHl7File(head: Buffer): boolean {
  let at = 0;
  while (at < head.length && ((head[at] ?? 0) <= 0x20 || framingBytes.has(head[at] ?? 0))) at += 1;
  return hl7StartsAt(head, at, head.length) === 'yes';
}

export function hl7FileReader({ stamp, fileTimeMs, onSession }: Hl7FileTools): Hl7FileReader {
  let lines: Buffer[] = [];
  let lineBytes = 0;
  /** The begin of a line whose end has not come yet. */
  let rest: Buffer[] = [];
  let restBytes = 0;
  let offset = 0;
  let problem: CaptureProblem | null = null;

  const endMessage = (): void => {
    const bytes = Buffer.concat(lines);
    lines = [];
    lineBytes = 0;
    if (bytes.length > 0) onMessage(withoutLastBreak(bytes));
  };

  const onMessage = (bytes: Buffer): void => {
    const timeMs = hl7TimeMs(messageHead(bytes).sentAt);
    const draft = new SessionDraft(timeMs ?? fileTimeMs);
    draft.addFrame('device-to-pc', bytes, draft.startTime, draft.startTime);
    const idOf: SessionStamp['idOf'] = () => stamp.idOf(timeMs ?? 0, bytes.toString('hex'));
    const session = draft.finish(true, { deviceIP: '', lisIP: '' }, '', { ...stamp, idOf });
    if (session !== null) onSession(withSegmentEnds(session));
  };

  const onLine = (line: Buffer): void => {
    const bare = withoutFraming(line);
    const name = segmentName(bare);
    if (name === 'MSH' || batchSegments.has(name)) endMessage();
    // What stands before the first message belongs to none.
    if (batchSegments.has(name) || (name !== 'MSH' && lines.length === 0)) return;
    lines.push(bare);
    lineBytes += bare.length;
    if (lineBytes > messageBytesMax) tooLong();
  };

  const tooLong = (): void => {
    problem ??= {
      kind: 'corrupt',
      offset,
      message: `The message before byte ${offset} is longer than ${messageBytesMax} bytes; nothing after it was read.`,
    };
    lines = [];
    lineBytes = 0;
  };

  const takeLine = (part: Buffer): void => {
    rest.push(part);
    const line = rest.length === 1 ? part : Buffer.concat(rest);
    rest = [];
    restBytes = 0;
    // Kept beyond this chunk.
    onLine(Buffer.from(line));
  };

  return {
    push(chunk) {
      let from = 0;
      for (let end = lineEnd(chunk, from); end >= 0; end = lineEnd(chunk, from)) {
        if (problem !== null) return;
        takeLine(chunk.subarray(from, end));
        from = end;
      }
      if (from < chunk.length) {
        rest.push(Buffer.from(chunk.subarray(from)));
        restBytes += chunk.length - from;
        if (restBytes > messageBytesMax) tooLong();
      }
      offset += chunk.length;
    },
    end() {
      if (problem === null && restBytes > 0) takeLine(Buffer.alloc(0));
      if (problem === null) endMessage();
      return problem;
    },
  };
}

/** Behind the next CR or LF, or -1. The LF of a CR LF is a line of its own, which is empty. */
function lineEnd(chunk: Buffer, from: number): number {
  const returnAt = chunk.indexOf(carriageReturn, from);
  const limit = returnAt < 0 ? chunk.length : returnAt;
  const feedAt = chunk.subarray(from, limit).indexOf(lineFeed);
  if (feedAt >= 0) return from + feedAt + 1;
  return returnAt < 0 ? -1 : returnAt + 1;
}

function withoutFraming(line: Buffer): Buffer {
  return line.some((byte) => framingBytes.has(byte)) ? Buffer.from(line.filter((byte) => !framingBytes.has(byte))) : line;
}

function segmentName(line: Buffer): string {
  const from = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
  return line.toString('latin1', from, from + 3);
}

/** Line breaks behind the last segment are the file's: one CR stays. */
function withoutLastBreak(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === carriageReturn || bytes[end - 1] === lineFeed)) end -= 1;
  return bytes[end] === carriageReturn ? bytes.subarray(0, end + 1) : bytes.subarray(0, end);
}

function withSegmentEnds(session: SessionFile): SessionFile {
  const asSent = (text: string) => text.replace(/^\uFEFF/, '').replace(/\r\n|\n/g, '\r');
  for (const element of session.elements)
    if (element.decodedMessage !== undefined) element.decodedMessage = asSent(element.decodedMessage);
  return { ...session, messages: session.messages.map(asSent) };
}
