/**
 * Writes captures for tests: TCP segments into packets, packets into pcap and pcapng. Independent of the readers.
 */

export interface Segment {
  from: 'device' | 'lis';
  seq: number;
  ack?: number;
  /** Letters of S, A, F, R, P. */
  flags?: string;
  data?: Uint8Array;
  atMs: number;
  /** Bytes kept of the packet; the rest was cut by the snap length. */
  keepBytes?: number;
}
export interface Ends {
  deviceIP: string;
  lisIP: string;
  devicePort: number;
  lisPort: number;
}
export const defaultEnds: Ends = { deviceIP: '10.0.0.7', lisIP: '10.0.0.1', devicePort: 40_000, lisPort: 2575 };

export interface Packet {
  bytes: Buffer;
  atMs: number;
  wireBytes?: number;
}

export function tcpBytes({ from, seq, ack, flags, data = new Uint8Array() }: Segment, ends: Ends = defaultEnds): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(from === 'device' ? ends.devicePort : ends.lisPort, 0);
  head.writeUInt16BE(from === 'device' ? ends.lisPort : ends.devicePort, 2);
  head.writeUInt32BE(seq >>> 0, 4);
  head.writeUInt32BE((ack ?? 0) >>> 0, 8);
  head[12] = 5 << 4;
  const letters = flags ?? (ack === undefined ? '' : 'A');
  head[13] = [...letters].reduce((bits, letter) => bits | ({ F: 1, S: 2, R: 4, P: 8, A: 16 }[letter] ?? 0), 0);
  head.writeUInt16BE(65_000, 14);
  return Buffer.concat([head, data]);
}

export function ipv4Bytes(
  payload: Buffer,
  source: string,
  target: string,
  { options = Buffer.alloc(0), id = 1, offset = 0, hasMore = false, protocol = 6 } = {},
): Buffer {
  const head = Buffer.alloc(20 + options.length);
  options.copy(head, 20);
  head[0] = 0x40 | (head.length / 4);
  head.writeUInt16BE(head.length + payload.length, 2);
  head.writeUInt16BE(id, 4);
  head.writeUInt16BE((hasMore ? 0x2000 : 0) | (offset / 8), 6);
  head[8] = 64;
  head[9] = protocol;
  Buffer.from(source.split('.').map(Number)).copy(head, 12);
  Buffer.from(target.split('.').map(Number)).copy(head, 16);
  return Buffer.concat([head, payload]);
}

/** @param source 32 hexadecimal digits. */
export function ipv6Bytes(payload: Buffer, source: string, target: string, nextHeader = 6): Buffer {
  const head = Buffer.alloc(40);
  head[0] = 0x60;
  head.writeUInt16BE(payload.length, 4);
  head[6] = nextHeader;
  head[7] = 64;
  Buffer.from(source, 'hex').copy(head, 8);
  Buffer.from(target, 'hex').copy(head, 24);
  return Buffer.concat([head, payload]);
}

export function ethernetBytes(payload: Buffer, type = 0x0800, tags: readonly number[] = []): Buffer {
  const words = [...tags.flatMap((tag) => [tag, 100]), type];
  const head = Buffer.alloc(12 + words.length * 2);
  words.forEach((word, index) => head.writeUInt16BE(word, 12 + index * 2));
  const frame = Buffer.concat([head, payload]);
  // A frame has at least 60 bytes; what fills it up is not zero on every card.
  return frame.length >= 60 ? frame : Buffer.concat([frame, Buffer.alloc(60 - frame.length, 0x0b)]);
}

export function packetOf(segment: Segment, ends: Ends = defaultEnds): Packet {
  const [source, target] = segment.from === 'device' ? [ends.deviceIP, ends.lisIP] : [ends.lisIP, ends.deviceIP];
  const bytes = ethernetBytes(ipv4Bytes(tcpBytes(segment, ends), source, target));
  const kept = segment.keepBytes === undefined ? bytes : bytes.subarray(0, segment.keepBytes);
  return { bytes: kept, atMs: segment.atMs, wireBytes: bytes.length };
}

export function pcapBytes(
  packets: readonly Packet[],
  { isLittleEndian = true, isNano = false, linkType = 1 }: { isLittleEndian?: boolean; isNano?: boolean; linkType?: number } = {},
): Buffer {
  const words = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, index) =>
      isLittleEndian ? bytes.writeUInt32LE(value >>> 0, index * 4) : bytes.writeUInt32BE(value >>> 0, index * 4),
    );
    return bytes;
  };
  const version = isLittleEndian ? 0x0004_0002 : 0x0002_0004;
  const head = words(isNano ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 262_144, linkType);
  const records = packets.map(({ bytes, atMs, wireBytes }) => {
    const fraction = Math.round((atMs % 1000) * (isNano ? 1e6 : 1e3));
    return Buffer.concat([words(Math.floor(atMs / 1000), fraction, bytes.length, wireBytes ?? bytes.length), bytes]);
  });
  return Buffer.concat([head, ...records]);
}

export interface PcapngInterface {
  linkType: number;
  /** `if_tsresol` */
  resolution?: number;
  offsetSeconds?: number;
  snapBytes?: number;
}
/** Builds pcapng block by block. */
export function pcapngWriter(isLittleEndian = true) {
  const uint = (value: number, bytes: 2 | 4) => {
    const result = Buffer.alloc(bytes);
    if (isLittleEndian) result.writeUIntLE(value >>> 0, 0, bytes);
    else result.writeUIntBE(value >>> 0, 0, bytes);
    return result;
  };
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const block = (type: number, body: Buffer) => {
    const length = uint(12 + padded(body).length, 4);
    return Buffer.concat([uint(type, 4), length, padded(body), length]);
  };
  const option = (code: number, value: Buffer) => Buffer.concat([uint(code, 2), uint(value.length, 2), padded(value)]);
  const time = (ticks: bigint) => [uint(Number(ticks >> 32n), 4), uint(Number(ticks & 0xffffffffn), 4)];
  return {
    block,
    section: () => block(0x0a0d0d0a, Buffer.concat([uint(0x1a2b3c4d, 4), uint(1, 2), uint(0, 2), Buffer.alloc(8, 0xff)])),
    interface: ({ linkType, resolution, offsetSeconds, snapBytes = 0 }: PcapngInterface) => {
      const offset = Buffer.alloc(8);
      if (isLittleEndian) offset.writeBigInt64LE(BigInt(offsetSeconds ?? 0));
      else offset.writeBigInt64BE(BigInt(offsetSeconds ?? 0));
      const options = [
        option(2, Buffer.from('eth0')),
        ...(resolution === undefined ? [] : [option(9, Buffer.from([resolution]))]),
        ...(offsetSeconds === undefined ? [] : [option(14, offset)]),
        option(0, Buffer.alloc(0)),
      ];
      return block(1, Buffer.concat([uint(linkType, 2), uint(0, 2), uint(snapBytes, 4), ...options]));
    },
    enhanced: (bytes: Buffer, ticks: bigint, interfaceNumber = 0, wireBytes = bytes.length) =>
      block(
        6,
        Buffer.concat([uint(interfaceNumber, 4), ...time(ticks), uint(bytes.length, 4), uint(wireBytes, 4), padded(bytes)]),
      ),
    old: (bytes: Buffer, ticks: bigint, interfaceNumber = 0) =>
      block(
        2,
        Buffer.concat([
          uint(interfaceNumber, 2),
          uint(0, 2),
          ...time(ticks),
          uint(bytes.length, 4),
          uint(bytes.length, 4),
          padded(bytes),
        ]),
      ),
    simple: (bytes: Buffer, wireBytes = bytes.length) => block(3, Buffer.concat([uint(wireBytes, 4), padded(bytes)])),
  };
}

/** A connection that is written down step by step; sequence numbers are kept for both ends. */
export function connection(ends: Ends = defaultEnds, { deviceSeq = 1000, lisSeq = 9000, atMs = 1_700_000_000_000 } = {}) {
  const seqs = { device: deviceSeq >>> 0, lis: lisSeq >>> 0 };
  const segments: Segment[] = [];
  let now = atMs;
  const other = (from: 'device' | 'lis') => (from === 'device' ? 'lis' : 'device');
  const add = (from: 'device' | 'lis', flags: string, data: Uint8Array = new Uint8Array(), more: Partial<Segment> = {}) => {
    const segment: Segment = {
      from,
      seq: seqs[from],
      ...(flags.includes('A') ? { ack: seqs[other(from)] } : {}),
      flags,
      data,
      atMs: now,
      ...more,
    };
    segments.push(segment);
    seqs[from] = (seqs[from] + data.length + (/[SF]/.test(flags) ? 1 : 0)) >>> 0;
    now += 1;
    return segment;
  };
  return {
    segments,
    seqs,
    add,
    wait(ms: number) {
      now += ms;
    },
    open() {
      add('device', 'S');
      add('lis', 'SA');
      add('device', 'A');
    },
    /** Sends bytes in segments of `size` and lets the other end acknowledge each. */
    send(from: 'device' | 'lis', data: Uint8Array, size = 1460) {
      for (let at = 0; at < data.length; at += size) {
        add(from, 'AP', data.subarray(at, at + size));
        add(other(from), 'A');
      }
    },
    close() {
      add('device', 'FA');
      add('lis', 'FA');
      add('device', 'A');
    },
    packets: () => segments.map((segment) => packetOf(segment, ends)),
  };
}
