/**
 * The pcapng format: sections, interfaces and packet blocks; all other blocks are skipped without being kept.
 *   section header (byte order) -> interface descriptions (link type, clock) -> packets;  a new section begins anew
 * Format: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/
 * May import: src/service/capture.
 */
import { plausibleMs } from './capture-packet.ts';
import type { CaptureFormat, FormatTools } from './pcap-reader.ts';

/** A section header's block type; the same in both byte orders. */
export const pcapngMagic = 0x0a0d0d0a;

const byteOrderMagic = 0x1a2b3c4d;
const interfaceBlock = 1;
const packetBlock = 2;
const simplePacketBlock = 3;
const enhancedPacketBlock = 6;
const frameBytes = 12; // type and length before, length after

/** A block that is read is no longer than a packet with its options; what is skipped may be longer. */
const blockBytesMax = 2 * 1024 * 1024;
/** What a section may describe; a hostile file could name billions. */
const interfacesMax = 65_536;

const optionEnd = 0;
const optionTimeResolution = 9;
const optionTimeOffset = 14;

interface CaptureInterface {
  linkType: number;
  snapBytes: number;
  /** Length of a tick, ms. */
  tickMs: number;
  offsetMs: number;
}

export function pcapngFormat({ queue, sink, packet, fail, timelessAtMs }: FormatTools): CaptureFormat {
  let isLittleEndian = true;
  let interfaces: CaptureInterface[] = [];
  let skipBytes = 0;
  const uint16 = (at: number) => (isLittleEndian ? queue.buffer.readUInt16LE(at) : queue.buffer.readUInt16BE(at));
  const uint32 = (at: number) => (isLittleEndian ? queue.buffer.readUInt32LE(at) : queue.buffer.readUInt32BE(at));
  const corrupt = (what: string): false => {
    fail('corrupt', queue.offset, `The block at byte ${queue.offset} ${what}; nothing after it was read.`);
    return false;
  };

  const readInterface = (at: number, end: number): void => {
    if (interfaces.length >= interfacesMax) return;
    const clock = clockOptions(at + 8, end);
    interfaces.push({ linkType: uint16(at), snapBytes: uint32(at + 4), ...clock });
  };

  const clockOptions = (from: number, end: number): { tickMs: number; offsetMs: number } => {
    let tickMs = 1e-3;
    let offsetMs = 0;
    for (let at = from; at + 4 <= end;) {
      const code = uint16(at);
      const length = uint16(at + 2);
      const value = at + 4;
      if (code === optionEnd || value + length > end) break;
      if (code === optionTimeResolution && length >= 1) tickMs = tickMsOf(queue.buffer[value] ?? 6);
      if (code === optionTimeOffset && length >= 8) {
        const seconds = isLittleEndian ? queue.buffer.readBigInt64LE(value) : queue.buffer.readBigInt64BE(value);
        offsetMs = Number(seconds) * 1000;
      }
      at = value + length + (-length & 3);
    }
    return { tickMs, offsetMs };
  };

  const emit = (from: CaptureInterface, start: number, capturedBytes: number, wireBytes: number): void => {
    packet.buffer = queue.buffer;
    packet.start = start;
    packet.end = start + capturedBytes;
    packet.cutBytes = Math.max(0, wireBytes - capturedBytes);
    packet.linkType = from.linkType;
    sink(packet);
  };

  /** Both packet blocks with a time: only where the interface number is and how wide differs. */
  const readPacket = (at: number, end: number, interfaceNumber: number): boolean => {
    const from = interfaces[interfaceNumber];
    if (from === undefined) return corrupt(`is a packet of interface ${interfaceNumber}, which the file does not describe`);
    const capturedBytes = uint32(at + 12);
    if (capturedBytes > end - at - 20) return corrupt(`holds a packet that claims to be ${capturedBytes} bytes long`);
    packet.atMs = plausibleMs((uint32(at + 4) * 2 ** 32 + uint32(at + 8)) * from.tickMs + from.offsetMs);
    emit(from, at + 20, capturedBytes, uint32(at + 16));
    return true;
  };

  const readSimplePacket = (at: number, end: number): boolean => {
    const from = interfaces[0];
    if (from === undefined) return corrupt('is a packet before any interface was described');
    const wireBytes = uint32(at);
    const snapBytes = from.snapBytes === 0 ? wireBytes : from.snapBytes;
    // It carries no time: that of the packet before it is the nearest.
    if (packet.atMs === 0) packet.atMs = plausibleMs(timelessAtMs);
    emit(from, at + 4, Math.min(wireBytes, snapBytes, end - at - 4), wireBytes);
    return true;
  };

  const readBody = (type: number, at: number, end: number): boolean => {
    switch (type) {
      case pcapngMagic:
        interfaces = [];
        return true;
      case interfaceBlock:
        if (end - at < 8) return corrupt('is too short for an interface');
        readInterface(at, end);
        return true;
      case enhancedPacketBlock:
      case packetBlock:
        if (end - at < 20) return corrupt('is too short for a packet');
        return readPacket(at, end, type === packetBlock ? uint16(at) : uint32(at));
      default:
        if (end - at < 4) return corrupt('is too short for a packet');
        return readSimplePacket(at, end);
    }
  };

  return {
    next() {
      if (skipBytes > 0) {
        skipBytes -= queue.skip(skipBytes);
        return skipBytes === 0;
      }
      const headAt = queue.peek(frameBytes);
      if (headAt < 0) return false;
      const isSection = queue.buffer.readUInt32BE(headAt) === pcapngMagic;
      if (isSection) {
        if (queue.buffer.readUInt32LE(headAt + 8) === byteOrderMagic) isLittleEndian = true;
        else if (queue.buffer.readUInt32BE(headAt + 8) === byteOrderMagic) isLittleEndian = false;
        else return corrupt('begins a section without a byte order');
      }
      const type = uint32(headAt);
      const length = uint32(headAt + 4);
      if (length < frameBytes || length % 4 !== 0) return corrupt(`claims to be ${length} bytes long`);
      if (
        !isSection &&
        type !== interfaceBlock &&
        type !== packetBlock &&
        type !== simplePacketBlock &&
        type !== enhancedPacketBlock
      ) {
        skipBytes = length;
        return true;
      }
      if (length > blockBytesMax) return corrupt(`claims to be ${length} bytes long`);
      const at = queue.peek(length);
      if (at < 0) return false;
      if (uint32(at + length - 4) !== length) return corrupt('names two different lengths');
      if (!readBody(type, at + 8, at + length - 4)) return false;
      queue.skip(length);
      return true;
    },
    cutShort: () => (skipBytes > 0 || queue.length > 0 ? 'a block' : null),
  };
}

/** `if_tsresol`: a power of ten, or of two when the highest bit is set; in milliseconds. */
function tickMsOf(resolution: number): number {
  return resolution < 128 ? 1000 * 10 ** -resolution : 1000 * 2 ** -(resolution - 128);
}
