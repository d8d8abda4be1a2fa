/**
 * Capture files for the black-box tests, written from the formats' own descriptions and from nothing of the product.
 *   a talk of two ends -> TCP segments -> IP packets -> link frames -> pcap or pcapng
 * May import: node.
 */

export type Bytes = Buffer | string;
export const bytesOf = (bytes: Bytes): Buffer => (typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);

export interface Segment {
  atMs: number;
  source: string;
  sourcePort: number;
  target: string;
  targetPort: number;
  sequence: number;
  acknowledged: number;
  flags: number;
  payload: Buffer;
  /** How many bytes of the frame's end the capture did not keep (a snap length). */
  cutBytes?: number;
}
export interface Frame {
  atMs: number;
  bytes: Buffer;
  /** Length on the wire; more than `bytes` when the capture kept less. */
  wireBytes: number;
}

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const modulo = 2 ** 32;

export interface TalkOptions {
  device: string;
  lis?: string;
  devicePort?: number;
  lisPort?: number;
  startMs: number;
  /** Sequence number of the device's first byte. */
  deviceSequence?: number;
  lisSequence?: number;
  /** Time from one segment to the next. */
  stepMs?: number;
}

/** One TCP connection between a device and its LIS; `segments` may be changed before they are written. */
export class Talk {
  readonly segments: Segment[] = [];
  readonly #options: Required<TalkOptions>;
  readonly #next: { device: number; lis: number };
  nowMs: number;

  constructor(options: TalkOptions) {
    this.#options = {
      lis: '10.200.0.2',
      devicePort: 40_001,
      lisPort: 2575,
      deviceSequence: 1_000,
      lisSequence: 9_000,
      stepMs: 10,
      ...options,
    };
    this.#next = { device: this.#options.deviceSequence, lis: this.#options.lisSequence };
    this.nowMs = options.startMs;
  }

  #push(from: 'device' | 'lis', flags: number, payload: Buffer): Segment {
    const { device, devicePort, lis, lisPort, stepMs } = this.#options;
    const other = from === 'device' ? 'lis' : 'device';
    const ends =
      from === 'device'
        ? { source: device, sourcePort: devicePort, target: lis, targetPort: lisPort }
        : { source: lis, sourcePort: lisPort, target: device, targetPort: devicePort };
    const segment = { atMs: this.nowMs, ...ends, sequence: this.#next[from], acknowledged: this.#next[other], flags, payload };
    this.segments.push(segment);
    const length = payload.length + (flags & (SYN | FIN) ? 1 : 0);
    this.#next[from] = (this.#next[from] + length) % modulo;
    this.nowMs += stepMs;
    return segment;
  }

  /** The handshake, opened by the device unless `by` says otherwise. */
  open(by: 'device' | 'lis' = 'device'): this {
    const other = by === 'device' ? 'lis' : 'device';
    this.#push(by, SYN, Buffer.alloc(0)).acknowledged = 0;
    this.#push(other, SYN | ACK, Buffer.alloc(0));
    this.#push(by, ACK, Buffer.alloc(0));
    return this;
  }

  /** What the device sends: each argument one segment, each answered by the LIS's bare TCP acknowledgement. */
  device(...pieces: Bytes[]): this {
    for (const piece of pieces) {
      this.#push('device', PSH | ACK, bytesOf(piece));
      this.#push('lis', ACK, Buffer.alloc(0));
    }
    return this;
  }

  lis(...pieces: Bytes[]): this {
    for (const piece of pieces) {
      this.#push('lis', PSH | ACK, bytesOf(piece));
      this.#push('device', ACK, Buffer.alloc(0));
    }
    return this;
  }

  /** Bytes that were sent and acknowledged but never captured. */
  lost(from: 'device' | 'lis', piece: Bytes): this {
    this[from](piece);
    this.segments.splice(-2, 1);
    return this;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  close(): this {
    this.#push('device', FIN | ACK, Buffer.alloc(0));
    this.#push('lis', FIN | ACK, Buffer.alloc(0));
    this.#push('device', ACK, Buffer.alloc(0));
    return this;
  }

  reset(): this {
    this.#push('device', RST, Buffer.alloc(0));
    return this;
  }

  /** The segments with a payload, in order. */
  get loaded(): Segment[] {
    return this.segments.filter(({ payload }) => payload.length > 0);
  }
}

/** One segment as two, cut before byte `at`. */
export function split(segment: Segment, at: number): [Segment, Segment] {
  return [
    { ...segment, payload: segment.payload.subarray(0, at) },
    { ...segment, atMs: segment.atMs + 1, sequence: (segment.sequence + at) % modulo, payload: segment.payload.subarray(at) },
  ];
}

/** Replaces one segment among others. */
export const replaced = (segments: readonly Segment[], old: Segment, by: readonly Segment[]): Segment[] =>
  segments.flatMap((segment) => (segment === old ? by : [segment]));

function checksum(...parts: Buffer[]): number {
  const all = Buffer.concat(parts);
  let sum = 0;
  for (let index = 0; index < all.length; index += 2) sum += (all[index] ?? 0) * 256 + (all[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

const isV6 = (address: string): boolean => address.includes(':');

function addressBytes(address: string): Buffer {
  if (!isV6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const front = groups(head);
  const back = groups(tail);
  const bytes = Buffer.alloc(16);
  front.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  back.forEach((group, index) => bytes.writeUInt16BE(group, (8 - back.length + index) * 2));
  return bytes;
}

function tcpHeader(segment: Segment, optionBytes: number): Buffer {
  const header = Buffer.alloc(20 + optionBytes, 1);
  header.writeUInt16BE(segment.sourcePort, 0);
  header.writeUInt16BE(segment.targetPort, 2);
  header.writeUInt32BE(segment.sequence, 4);
  header.writeUInt32BE(segment.acknowledged, 8);
  header[12] = ((20 + optionBytes) / 4) << 4;
  header[13] = segment.flags;
  header.writeUInt16BE(64_000, 14);
  header.writeUInt32BE(0, 16);
  return header;
}

/** The IP packet of a segment; `optionBytes` of TCP options (a multiple of 4) are no-operations. */
export function ipPacket(segment: Segment, optionBytes = 0): Buffer {
  const source = addressBytes(segment.source);
  const target = addressBytes(segment.target);
  const tcp = Buffer.concat([tcpHeader(segment, optionBytes), segment.payload]);
  const pseudo = Buffer.alloc(4);
  pseudo[1] = 6;
  pseudo.writeUInt16BE(tcp.length, 2);
  tcp.writeUInt16BE(checksum(source, target, pseudo, tcp), 16);
  if (isV6(segment.source)) {
    const header = Buffer.alloc(8);
    header[0] = 0x60;
    header.writeUInt16BE(tcp.length, 4);
    header[6] = 6;
    header[7] = 64;
    return Buffer.concat([header, source, target, tcp]);
  }
  const header = Buffer.alloc(12);
  header[0] = 0x45;
  header.writeUInt16BE(20 + tcp.length, 2);
  header[8] = 64;
  header[9] = 6;
  header.writeUInt16BE(checksum(header, source, target), 10);
  return Buffer.concat([header, source, target, tcp]);
}

export type Link = 'ethernet' | 'vlan' | 'stacked-vlan' | 'raw' | 'cooked' | 'cooked-2' | 'loopback';
export const linkNumbers: Record<Link, number> = {
  ethernet: 1,
  vlan: 1,
  'stacked-vlan': 1,
  raw: 101,
  cooked: 113,
  'cooked-2': 276,
  loopback: 0,
};

function linkFrame(packet: Buffer, link: Link): Buffer {
  const etherType = packet[0] === 0x60 ? '86dd' : '0800';
  const hex = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'hex'), packet]);
  const stations = '0200000000010200000000ff';
  switch (link) {
    case 'raw':
      return packet;
    case 'vlan':
      return hex(`${stations}81000064${etherType}`);
    case 'stacked-vlan':
      return hex(`${stations}88a8000781000064${etherType}`);
    case 'cooked':
      return hex(`0000000100060200000000010000${etherType}`);
    case 'cooked-2':
      return hex(`${etherType}0000000000020001000602000000000100 00`.replaceAll(' ', ''));
    case 'loopback':
      return hex(etherType === '0800' ? '02000000' : '18000000');
    case 'ethernet':
      return hex(`${stations}${etherType}`);
  }
}

/** Link frames; on Ethernet a short one is padded with `padding` to 60 bytes, as the network card does. */
export function framesOf(segments: readonly Segment[], link: Link = 'ethernet', padding = 0, optionBytes = 0): Frame[] {
  return segments.map((segment) => {
    const frame = linkFrame(ipPacket(segment, optionBytes), link);
    const hasPadding = linkNumbers[link] === 1 && frame.length < 60;
    const whole = hasPadding ? Buffer.concat([frame, Buffer.alloc(60 - frame.length, padding)]) : frame;
    return { atMs: segment.atMs, bytes: whole.subarray(0, whole.length - (segment.cutBytes ?? 0)), wireBytes: whole.length };
  });
}

export const byTime = (segments: readonly Segment[]): Segment[] => [...segments].sort((left, right) => left.atMs - right.atMs);

/** A classic pcap file. */
export function pcap(frames: readonly Frame[], { link = 'ethernet' as Link, isBigEndian = false, isNano = false } = {}): Buffer {
  const writeU32 = (target: Buffer, value: number, at: number): unknown =>
    isBigEndian ? target.writeUInt32BE(value, at) : target.writeUInt32LE(value, at);
  const writeU16 = (target: Buffer, value: number, at: number): unknown =>
    isBigEndian ? target.writeUInt16BE(value, at) : target.writeUInt16LE(value, at);
  const head = Buffer.alloc(24);
  writeU32(head, isNano ? 0xa1b23c4d : 0xa1b2c3d4, 0);
  writeU16(head, 2, 4);
  writeU16(head, 4, 6);
  writeU32(head, 262_144, 16);
  writeU32(head, linkNumbers[link], 20);
  const records = frames.flatMap(({ atMs, bytes, wireBytes }) => {
    const record = Buffer.alloc(16);
    writeU32(record, Math.floor(atMs / 1000), 0);
    writeU32(record, (atMs % 1000) * (isNano ? 1_000_000 : 1_000), 4);
    writeU32(record, bytes.length, 8);
    writeU32(record, wireBytes, 12);
    return [record, bytes];
  });
  return Buffer.concat([head, ...records]);
}

const u32 = (isBig: boolean, ...values: number[]): Buffer => {
  const target = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries())
    if (isBig) target.writeUInt32BE(value, index * 4);
    else target.writeUInt32LE(value, index * 4);
  return target;
};
const u16 = (isBig: boolean, value: number): Buffer => Buffer.from(isBig ? [value >> 8, value & 255] : [value & 255, value >> 8]);
const toWords = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

/** One pcapng block. */
export function block(isBig: boolean, type: number, ...body: Buffer[]): Buffer {
  const content = toWords(Buffer.concat(body));
  return Buffer.concat([u32(isBig, type, content.length + 12), content, u32(isBig, content.length + 12)]);
}
export const sectionBlock = (isBig: boolean): Buffer =>
  block(isBig, 0x0a0d0d0a, u32(isBig, 0x1a2b3c4d), u16(isBig, 1), u16(isBig, 0), u32(isBig, 0xffffffff, 0xffffffff));
/** An interface; options are `[code, value]`. */
export const interfaceBlock = (isBig: boolean, link: number, options: readonly [number, Buffer][]): Buffer =>
  block(
    isBig,
    1,
    u16(isBig, link),
    u16(isBig, 0),
    u32(isBig, 0),
    ...options.flatMap(([code, value]) => [u16(isBig, code), u16(isBig, value.length), toWords(value)]),
    ...(options.length > 0 ? [u32(isBig, 0)] : []),
  );
export const packetBlock = (isBig: boolean, number: number, units: bigint, { bytes, wireBytes }: Frame): Buffer =>
  block(isBig, 6, u32(isBig, number, Number(units >> 32n), Number(units & 0xffffffffn), bytes.length, wireBytes), bytes);

/** A pcapng file of one section and one interface, with blocks that a reader must step over. */
export function pcapng(
  frames: readonly Frame[],
  { link = 'ethernet' as Link, isBigEndian = false, isNano = false } = {},
): Buffer {
  return Buffer.concat([
    sectionBlock(isBigEndian),
    interfaceBlock(isBigEndian, linkNumbers[link], [[9, Buffer.from([isNano ? 9 : 6])]]),
    block(isBigEndian, 0x40000bad, Buffer.from('custom')),
    ...frames.map((frame) => packetBlock(isBigEndian, 0, BigInt(frame.atMs) * (isNano ? 1_000_000n : 1_000n), frame)),
    block(isBigEndian, 5, u32(isBigEndian, 0, 0, 0)),
  ]);
}
