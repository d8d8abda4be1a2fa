/**
 * Reads captured packets from a stream of chunks: classic pcap here, pcapng in `pcapng-reader.ts`; which of them is
 * seen by the first bytes. Used for files and for the output of a capture tool alike; memory does not grow with the
 * stream. Bad input is never thrown: what could be read is handed over, and the first damage is named with its offset.
 * Format: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/
 * May import: src/service/capture.
 */
import { plausibleMs, type CapturedPacket, type PacketSink } from './capture-packet.ts';
import type { CaptureProblem } from './capture-problem.ts';
import { ChunkQueue } from './chunk-queue.ts';
import { pcapngFormat, pcapngMagic } from './pcapng-reader.ts';

/** No link type of ours has larger packets: a longer record is damage, not data (Wireshark's own limit is 256 KiB). */
const packetBytesMax = 1024 * 1024;

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;

export interface CaptureReader {
  /** Takes the next bytes; packets that are complete go to the sink before it returns. */
  push(chunk: Buffer): void;
  /** Says that nothing follows, and returns what was wrong, or null. */
  end(): CaptureProblem | null;
  /** What is known to be wrong so far: once it is set, further bytes are ignored. */
  readonly problem: CaptureProblem | null;
}

/** What a format does with the bytes it has. */
export interface CaptureFormat {
  /** Takes one record. @returns false when it needs more bytes. */
  next(): boolean;
  /** What a stream that ends here lacks; null at a record's border. */
  cutShort(): string | null;
}
export interface FormatTools {
  queue: ChunkQueue;
  sink: PacketSink;
  packet: CapturedPacket;
  /** Notes the damage at `offset`; reading ends there. */
  fail(kind: CaptureProblem['kind'], offset: number, message: string): void;
  /** Time of packets that carry none (pcapng's simple packets), unix ms. */
  timelessAtMs: number;
}

/** By the magic number's bytes: byte order and length of a fraction of a second in milliseconds. */
const pcapMagics = new Map<number, { isLittleEndian: boolean; fractionMs: number }>([
  [0xa1b2c3d4, { isLittleEndian: false, fractionMs: 1e-3 }],
  [0xd4c3b2a1, { isLittleEndian: true, fractionMs: 1e-3 }],
  [0xa1b23c4d, { isLittleEndian: false, fractionMs: 1e-6 }],
  [0x4d3cb2a1, { isLittleEndian: true, fractionMs: 1e-6 }],
]);

/** Whether a file that begins with these bytes is read here. */
export function isCaptureFile(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32BE(0);
  return pcapMagics.has(magic) || magic === pcapngMagic;
}

export function captureReader(sink: PacketSink, { timelessAtMs = 0 }: { timelessAtMs?: number } = {}): CaptureReader {
  const queue = new ChunkQueue();
  let problem: CaptureProblem | null = null;
  let format: CaptureFormat | null = null;
  const tools: FormatTools = {
    queue,
    sink,
    timelessAtMs,
    packet: { buffer: queue.buffer, start: 0, end: 0, cutBytes: 0, linkType: 0, atMs: 0 },
    fail: (kind, offset, message) => {
      problem ??= { kind, offset, message };
    },
  };
  const recognise = (): CaptureFormat | null => {
    const at = queue.peek(4);
    if (at < 0) return null;
    const magic = queue.buffer.readUInt32BE(at);
    const pcap = pcapMagics.get(magic);
    if (pcap !== undefined) return pcapFormat(tools, pcap);
    if (magic === pcapngMagic) return pcapngFormat(tools);
    tools.fail('unrecognised', 0, 'It does not begin like a pcap or pcapng file.');
    return null;
  };
  const readAll = (from: CaptureFormat): void => {
    while (from.next()) if (problem !== null) return;
  };
  return {
    get problem() {
      return problem;
    },
    push(chunk) {
      if (problem !== null) return;
      queue.push(chunk);
      format ??= recognise();
      if (format !== null) readAll(format);
    },
    end() {
      const missing = format === null ? 'the head of the file' : format.cutShort();
      if (problem === null && missing !== null)
        tools.fail('truncated', queue.offset, `It ends at byte ${queue.offset + queue.length} in the middle of ${missing}.`);
      return problem;
    },
  };
}

function pcapFormat(
  { queue, sink, packet, fail }: FormatTools,
  { isLittleEndian, fractionMs }: { isLittleEndian: boolean; fractionMs: number },
): CaptureFormat {
  const uint32 = (buffer: Buffer, at: number) => (isLittleEndian ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at));
  let isHeadRead = false;

  const readHead = (): boolean => {
    const at = queue.peek(fileHeaderBytes);
    if (at < 0) return false;
    // The upper half of the word tells of frame check sequences; the IP length cuts those off anyway.
    packet.linkType = uint32(queue.buffer, at + 20) & 0xffff;
    isHeadRead = true;
    queue.skip(fileHeaderBytes);
    return true;
  };

  return {
    next() {
      if (!isHeadRead) return readHead();
      const headAt = queue.peek(recordHeaderBytes);
      if (headAt < 0) return false;
      const capturedBytes = uint32(queue.buffer, headAt + 8);
      if (capturedBytes > packetBytesMax) {
        fail(
          'corrupt',
          queue.offset,
          `The packet at byte ${queue.offset} claims to be ${capturedBytes} bytes long; nothing after it was read.`,
        );
        return false;
      }
      const at = queue.peek(recordHeaderBytes + capturedBytes);
      if (at < 0) return false;
      const { buffer } = queue;
      packet.buffer = buffer;
      packet.start = at + recordHeaderBytes;
      packet.end = packet.start + capturedBytes;
      packet.atMs = plausibleMs(uint32(buffer, at) * 1000 + uint32(buffer, at + 4) * fractionMs);
      packet.cutBytes = Math.max(0, uint32(buffer, at + 12) - capturedBytes);
      queue.skip(recordHeaderBytes + capturedBytes);
      sink(packet);
      return true;
    },
    cutShort: () => (!isHeadRead ? 'the head of the file' : queue.length > 0 ? 'a packet' : null),
  };
}
