/**
 * From an IP packet to its TCP segment: IPv4 with options, IPv6 with extension headers, fragments put together.
 * What an Ethernet frame carries behind the IP length is padding and cut off; what the capture cut is counted.
 * RFC 791, RFC 8200. May import: src/service/capture.
 */
import { FragmentStore } from './ip-fragments.ts';

const protocolTcp = 6;
/** IPv6 extension headers that may stand before TCP: hop-by-hop, routing, fragment, authentication, destination, mobility. */
const routing = 43;
const fragment = 44;
const authentication = 51;
const extensions = new Set([0, routing, fragment, authentication, 60, 135]);
const extensionsMax = 16;

/** A TCP segment where it lies in memory. Reused: valid until the next packet. */
export interface IpPayload {
  buffer: Buffer;
  /** First byte of the TCP header. */
  start: number;
  /** Behind the last byte that was captured. */
  end: number;
  /** Bytes of the segment on the wire that were not captured. */
  cutBytes: number;
  /** Source and destination address, one character a byte: 8 or 32 of them. */
  addresses: string;
}

export class IpDecoder {
  readonly payload: IpPayload = { buffer: Buffer.alloc(0), start: 0, end: 0, cutBytes: 0, addresses: '' };
  readonly #fragments = new FragmentStore();

  /** Bytes that fragments wait in, for the books. */
  get heldBytes(): number {
    return this.#fragments.heldBytes;
  }

  /**
   * Decodes the packet in `buffer` from `start` to `end`.
   * @param cutBytes bytes that the capture cut off behind `end`.
   * @returns whether `payload` now holds a TCP segment.
   */
  decode(buffer: Buffer, start: number, end: number, cutBytes: number, atMs: number): boolean {
    const version = (buffer[start] ?? 0) >> 4;
    if (version === 4) return this.#ipv4(buffer, start, end, cutBytes, atMs);
    return version === 6 && this.#ipv6(buffer, start, end, cutBytes, atMs);
  }

  #ipv4(buffer: Buffer, start: number, end: number, cutBytes: number, atMs: number): boolean {
    if (end - start < 20 || buffer[start + 9] !== protocolTcp) return false;
    const headBytes = ((buffer[start] ?? 0) & 0x0f) * 4;
    // A length of 0 is a packet that the network card was to split: it ends where the frame ends.
    const totalBytes = buffer.readUInt16BE(start + 2) || end - start + cutBytes;
    if (headBytes < 20 || totalBytes < headBytes || end - start < headBytes) return false;
    const flags = buffer.readUInt16BE(start + 6);
    const addresses = buffer.toString('latin1', start + 12, start + 20);
    const offset = (flags & 0x1fff) * 8;
    const isLast = (flags & 0x2000) === 0;
    if (isLast && offset === 0) return this.#segment(buffer, start + headBytes, end, start + totalBytes, addresses);
    if (start + totalBytes > end) return false;
    const key = addresses + buffer.toString('latin1', start + 4, start + 6);
    return this.#assemble(key, addresses, { buffer, start: start + headBytes, end: start + totalBytes, offset, isLast, atMs });
  }

  #ipv6(buffer: Buffer, start: number, end: number, cutBytes: number, atMs: number): boolean {
    if (end - start < 40) return false;
    const wireEnd = start + 40 + (buffer.readUInt16BE(start + 4) || end - start - 40 + cutBytes);
    const addresses = buffer.toString('latin1', start + 8, start + 40);
    return this.#behindExtensions(buffer, start + 40, Math.min(end, wireEnd), wireEnd, buffer[start + 6] ?? 0, addresses, atMs);
  }

  #behindExtensions(
    buffer: Buffer,
    start: number,
    end: number,
    wireEnd: number,
    firstHeader: number,
    addresses: string,
    atMs: number,
  ): boolean {
    let header = firstHeader;
    let at = start;
    for (let count = 0; extensions.has(header) && count < extensionsMax; count += 1) {
      if (at + 8 > end) return false;
      const next = buffer[at] ?? 0;
      if (header === fragment) {
        const word = buffer.readUInt16BE(at + 2);
        const offset = word & 0xfff8;
        const isLast = (word & 1) === 0;
        // An atomic fragment is whole (RFC 6946).
        if (offset !== 0 || !isLast) {
          if (wireEnd > end) return false;
          const key = addresses + buffer.toString('latin1', at + 4, at + 8) + String.fromCodePoint(next);
          if (!this.#assemble(key, addresses, { buffer, start: at + 8, end, offset, isLast, atMs })) return false;
          const whole = this.payload;
          return this.#behindExtensions(whole.buffer, whole.start, whole.end, whole.end, next, addresses, atMs);
        }
      }
      at += extensionBytes(header, buffer[at + 1] ?? 0);
      header = next;
    }
    return header === protocolTcp && at < end && this.#segment(buffer, at, end, wireEnd, addresses);
  }

  #assemble(key: string, addresses: string, piece: Parameters<FragmentStore['add']>[1]): boolean {
    const whole = this.#fragments.add(key, piece);
    return whole !== null && this.#segment(whole, 0, whole.length, whole.length, addresses);
  }

  #segment(buffer: Buffer, start: number, end: number, wireEnd: number, addresses: string): boolean {
    const { payload } = this;
    payload.buffer = buffer;
    payload.start = start;
    payload.end = Math.min(end, wireEnd);
    payload.cutBytes = wireEnd - payload.end;
    payload.addresses = addresses;
    return true;
  }
}

function extensionBytes(header: number, length: number): number {
  if (header === fragment) return 8;
  return header === authentication ? (length + 2) * 4 : (length + 1) * 8;
}

/**
 * The address in dotted or colon form.
 * @param bytes one character a byte: 4 or 16 of them.
 */
export function addressText(bytes: string): string {
  const numbers = Array.from(bytes, (character) => character.codePointAt(0) ?? 0);
  if (numbers.length === 4) return numbers.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((numbers[index * 2] ?? 0) * 256 + (numbers[index * 2 + 1] ?? 0)).toString(16),
  );
  return shortened(groups);
}

/** RFC 5952: the first longest run of zero groups, of two or more, becomes `::`. */
function shortened(groups: readonly string[]): string {
  let bestFrom = -1;
  let bestLength = 1;
  for (let from = 0; from < groups.length; from += 1) {
    let length = 0;
    while (groups[from + length] === '0') length += 1;
    if (length > bestLength) [bestFrom, bestLength] = [from, length];
  }
  if (bestFrom < 0) return groups.join(':');
  return `${groups.slice(0, bestFrom).join(':')}::${groups.slice(bestFrom + bestLength).join(':')}`;
}
