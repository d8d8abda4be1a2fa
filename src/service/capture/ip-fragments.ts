/**
 * Puts IP fragments together again, within bounds: a datagram that never becomes whole is forgotten, and TCP sees its
 * bytes as lost. Where fragments overlap, the bytes that came first stay.
 * May import: nothing.
 */

/** Datagrams that may wait for their fragments at once. */
const datagramsMax = 64;
/** Bytes of one datagram (the IP length field), and its fragments. */
const datagramBytesMax = 65_535;
const piecesMax = 1024;
/** RFC 8200 gives a datagram 60 s; networks that still fragment deliver within one. */
const datagramMs = 30_000;

export interface FragmentPiece {
  buffer: Buffer;
  start: number;
  end: number;
  /** Where its bytes belong in the datagram. */
  offset: number;
  isLast: boolean;
  atMs: number;
}
interface Datagram {
  /** By offset, without overlap. */
  pieces: { offset: number; bytes: Buffer }[];
  coveredBytes: number;
  /** Its length once the last fragment was seen, else -1. */
  totalBytes: number;
  beganAtMs: number;
}

export class FragmentStore {
  readonly #datagrams = new Map<string, Datagram>();
  heldBytes = 0;

  /** Takes one fragment of the datagram `key`. @returns the datagram's payload when this made it whole, else null. */
  add(key: string, { buffer, start, end, offset, isLast, atMs }: FragmentPiece): Buffer | null {
    if (offset + end - start > datagramBytesMax) return null;
    const datagram = this.#datagramOf(key, atMs);
    if (isLast && datagram.totalBytes < 0) datagram.totalBytes = offset + end - start;
    datagram.pieces = withPiece(datagram.pieces, offset, buffer.subarray(start, end));
    const coveredBytes = datagram.pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.heldBytes += coveredBytes - datagram.coveredBytes;
    datagram.coveredBytes = coveredBytes;
    if (datagram.pieces.length > piecesMax) this.#forget(key, datagram);
    if (datagram.totalBytes < 0 || contiguousBytes(datagram.pieces) < datagram.totalBytes) return null;
    this.#forget(key, datagram);
    return Buffer.concat(datagram.pieces.map(({ bytes }) => bytes)).subarray(0, datagram.totalBytes);
  }

  #datagramOf(key: string, atMs: number): Datagram {
    const known = this.#datagrams.get(key);
    if (known !== undefined && Math.abs(atMs - known.beganAtMs) <= datagramMs) return known;
    if (known !== undefined) this.#forget(key, known);
    const oldest = this.#datagrams.size >= datagramsMax ? this.#datagrams.entries().next().value : undefined;
    if (oldest !== undefined) this.#forget(...oldest);
    const datagram: Datagram = { pieces: [], coveredBytes: 0, totalBytes: -1, beganAtMs: atMs };
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #forget(key: string, datagram: Datagram): void {
    if (this.#datagrams.delete(key)) this.heldBytes -= datagram.coveredBytes;
  }
}

function contiguousBytes(pieces: Datagram['pieces']): number {
  let end = 0;
  for (const { offset, bytes } of pieces) {
    if (offset > end) break;
    end = offset + bytes.length;
  }
  return end;
}

/** `pieces` with those bytes added that none of them covers. */
function withPiece(pieces: Datagram['pieces'], offset: number, bytes: Buffer): Datagram['pieces'] {
  const result: Datagram['pieces'] = [];
  let from = offset;
  const end = offset + bytes.length;
  const addUntil = (until: number) => {
    // Copied: the packet's memory is used again.
    if (from < until) result.push({ offset: from, bytes: Buffer.from(bytes.subarray(from - offset, until - offset)) });
  };
  for (const piece of pieces) {
    addUntil(Math.min(piece.offset, end));
    from = Math.max(from, Math.min(end, piece.offset + piece.bytes.length));
    result.push(piece);
  }
  addUntil(end);
  return result;
}
