/** Capture file formats, link types and IP: every way the same segment can be written down. */
import { expect, test } from 'vitest';
import type { CapturedPacket } from '../../../src/service/capture/capture-packet.ts';
import { addressText } from '../../../src/service/capture/ip.ts';
import { captureReader, isCaptureFile } from '../../../src/service/capture/pcap-reader.ts';
import {
  connection,
  ethernetBytes,
  ipv4Bytes,
  ipv6Bytes,
  packetOf,
  pcapBytes,
  pcapngWriter,
  tcpBytes,
  type Packet,
} from '../../support/capture-writer.ts';
import { captured, hl7, mllp, pipelineFor } from '../../support/capture-session.ts';

const at = 1_700_000_000_123.456;
const read = (bytes: Buffer, chunkBytes = bytes.length || 1, options = {}) => {
  const packets: Pick<CapturedPacket, 'atMs' | 'cutBytes' | 'linkType'>[] = [];
  const contents: string[] = [];
  const reader = captureReader(({ buffer, start, end, ...rest }) => {
    contents.push(buffer.toString('latin1', start, end));
    packets.push(rest);
  }, options);
  for (let from = 0; from < bytes.length; from += chunkBytes) reader.push(bytes.subarray(from, from + chunkBytes));
  return { packets, contents, problem: reader.end() };
};
const two: Packet[] = [
  { bytes: Buffer.from('first'), atMs: at, wireBytes: 9 },
  { bytes: Buffer.from('second one'), atMs: at + 1000 },
];

test.each([
  { isLittleEndian: true, isNano: false },
  { isLittleEndian: true, isNano: true },
  { isLittleEndian: false, isNano: false },
  { isLittleEndian: false, isNano: true },
])('pcap is read in both byte orders, with micro- and nanoseconds: %o', (options) => {
  const bytes = pcapBytes(two, options);
  expect(isCaptureFile(bytes)).toBe(true);
  for (const chunkBytes of [bytes.length, 1, 7]) {
    const { packets, contents, problem } = read(bytes, chunkBytes);
    expect(problem).toBeNull();
    expect(contents).toEqual(['first', 'second one']);
    expect(packets.map(({ atMs }) => atMs.toFixed(3))).toEqual([at.toFixed(3), (at + 1000).toFixed(3)]);
    expect(packets.map(({ cutBytes, linkType }) => [cutBytes, linkType])).toEqual([
      [4, 1],
      [0, 1],
    ]);
  }
});

test.each([true, false])(
  'pcapng is read with its sections, interfaces, clocks and packet blocks (little endian: %s)',
  (isLittleEndian) => {
    const write = pcapngWriter(isLittleEndian);
    const other = pcapngWriter(!isLittleEndian);
    const micros = BigInt(Math.round(at * 1000));
    const bytes = Buffer.concat([
      write.section(),
      write.interface({ linkType: 1 }),
      write.interface({ linkType: 113, resolution: 9 }),
      write.interface({ linkType: 101, resolution: 0x80 | 10, offsetSeconds: 1_700_000_000 }),
      write.enhanced(Buffer.from('a'), micros, 0, 5),
      write.block(4, Buffer.alloc(100)),
      write.enhanced(Buffer.from('bb'), micros * 1000n, 1),
      write.enhanced(Buffer.from('ccc'), 2048n, 2),
      write.old(Buffer.from('dddd'), micros),
      other.section(),
      other.interface({ linkType: 276, snapBytes: 3 }),
      other.simple(Buffer.from('eee'), 10),
      other.block(0x0bad, Buffer.alloc(0)),
    ]);
    for (const chunkBytes of [bytes.length, 1, 13]) {
      const { packets, contents, problem } = read(bytes, chunkBytes);
      expect(problem).toBeNull();
      expect(contents).toEqual(['a', 'bb', 'ccc', 'dddd', 'eee']);
      expect(packets.map(({ linkType, cutBytes }) => [linkType, cutBytes])).toEqual([
        [1, 4],
        [113, 0],
        [101, 0],
        [1, 0],
        [276, 7],
      ]);
      expect(packets.map(({ atMs }) => Math.round(atMs))).toEqual([
        1_700_000_000_123, 1_700_000_000_123, 1_700_000_002_000, 1_700_000_000_123, 1_700_000_000_123,
      ]);
    }
  },
);

test('a simple packet before any other has the time of the file', () => {
  const write = pcapngWriter();
  const bytes = Buffer.concat([write.section(), write.interface({ linkType: 1 }), write.simple(Buffer.from('x'))]);
  expect(read(bytes, bytes.length, { timelessAtMs: 42 }).packets[0]?.atMs).toBe(42);
});

test('of a file cut short, what is whole is kept and the place is named', () => {
  const pcap = pcapBytes(two);
  expect(read(pcap.subarray(0, -3))).toMatchObject({ contents: ['first'], problem: { kind: 'truncated', offset: 24 + 16 + 5 } });
  expect(read(pcap.subarray(0, 20)).problem).toMatchObject({ kind: 'truncated', offset: 0 });
  expect(read(Buffer.alloc(0)).problem).toMatchObject({ kind: 'truncated', offset: 0 });
  const write = pcapngWriter();
  const head = Buffer.concat([write.section(), write.interface({ linkType: 1 }), write.enhanced(Buffer.from('a'), 1n)]);
  expect(read(Buffer.concat([head, write.enhanced(Buffer.from('b'), 1n).subarray(0, 20)]))).toMatchObject({
    contents: ['a'],
    problem: { kind: 'truncated', offset: head.length },
  });
  expect(read(Buffer.concat([head, write.block(99, Buffer.alloc(50)).subarray(0, 30)])).problem).toMatchObject({
    kind: 'truncated',
  });
});

test('of a corrupt file, what lies before the damage is kept and the offset is named', () => {
  const pcap = pcapBytes(two);
  pcap.writeUInt32LE(0xffff_ffff, 24 + 16 + 5 + 8);
  expect(read(pcap)).toMatchObject({ contents: ['first'], problem: { kind: 'corrupt', offset: 45 } });
  const write = pcapngWriter();
  const head = Buffer.concat([write.section(), write.interface({ linkType: 1 }), write.enhanced(Buffer.from('a'), 1n)]);
  const damaged: Buffer[] = [
    Buffer.concat([Buffer.from([6, 0, 0, 0, 13, 0, 0, 0]), Buffer.alloc(20)]),
    Buffer.concat([Buffer.from([6, 0, 0, 0, 0, 0, 0, 0x7f].map((byte) => byte)), Buffer.alloc(20)]),
    write.enhanced(Buffer.from('a'), 1n, 7),
    write.block(6, Buffer.alloc(8)),
    write.block(1, Buffer.alloc(4)),
    write.block(3, Buffer.alloc(0)),
    write.block(6, Buffer.concat([Buffer.alloc(12), Buffer.from([99, 0, 0, 0]), Buffer.alloc(8)])),
    Buffer.concat([write.enhanced(Buffer.from('a'), 1n).subarray(0, -4), Buffer.from([1, 2, 3, 4])]),
    Buffer.concat([Buffer.from([0x0a, 0x0d, 0x0d, 0x0a]), Buffer.alloc(24)]),
  ];
  for (const block of damaged)
    expect(read(Buffer.concat([head, block, head]))).toMatchObject({
      contents: ['a'],
      problem: { kind: 'corrupt', offset: head.length },
    });
  expect(read(Buffer.concat([write.section(), write.simple(Buffer.from('x'))])).problem).toMatchObject({ kind: 'corrupt' });
});

test('options that reach beyond their block are ignored', () => {
  const write = pcapngWriter();
  const description = write.block(1, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 200, 0, 3, 0, 0, 0]));
  expect(read(Buffer.concat([write.section(), description, write.enhanced(Buffer.from('a'), 1_000_000n)])).packets[0]?.atMs).toBe(
    1000,
  );
});

test('a file that is no capture is said to be none', () => {
  expect(read(Buffer.from('MSH|^~\\&|')).problem).toMatchObject({ kind: 'unrecognised', offset: 0 });
  expect(isCaptureFile(Buffer.from('MS'))).toBe(false);
});

const segment = { from: 'device' as const, seq: 5, ack: 6, flags: 'AP', data: mllp(hl7('1')), atMs: at };
const tcp = tcpBytes(segment);
const ipv4 = ipv4Bytes(tcp, '10.0.0.7', '10.0.0.1');
const deviceV6 = '20010db8000000000000000000000007';
const lisV6 = '20010db8000000000000000000000001';
const ipv6 = ipv6Bytes(tcp, deviceV6, lisV6);
const messagesIn = (bytes: readonly Buffer[], linkType: number) => {
  const { sessions } = captured(
    bytes.map((packet) => ({ bytes: packet, atMs: at })),
    {},
    linkType,
  );
  return sessions.flatMap(({ messages }) => messages);
};

test.each([
  ['Ethernet', 1, ethernetBytes(ipv4)],
  ['Ethernet with IPv6', 1, ethernetBytes(ipv6, 0x86dd)],
  ['a VLAN tag', 1, ethernetBytes(ipv4, 0x0800, [0x8100])],
  ['two VLAN tags', 1, ethernetBytes(ipv4, 0x0800, [0x88a8, 0x8100])],
  ['Linux cooked', 113, Buffer.concat([Buffer.alloc(14), Buffer.from([8, 0]), ipv4])],
  ['Linux cooked, version 2', 276, Buffer.concat([Buffer.from([0x86, 0xdd]), Buffer.alloc(18), ipv6])],
  ['raw IP', 101, ipv4],
  ['raw IP, old number', 12, ipv6],
  ['raw IP, another old number', 14, ipv6],
  ['raw IPv4', 228, ipv4],
  ['raw IPv6', 229, ipv6],
  ['BSD loopback', 0, Buffer.concat([Buffer.from([2, 0, 0, 0]), ipv4])],
  ['BSD loopback of the other byte order', 0, Buffer.concat([Buffer.from([0, 0, 0, 30]), ipv6])],
  ['OpenBSD loopback', 108, Buffer.concat([Buffer.from([0, 0, 0, 2]), ipv4])],
  ['IPv4 options', 101, ipv4Bytes(tcp, '10.0.0.7', '10.0.0.1', { options: Buffer.alloc(8, 1) })],
  [
    'IPv6 extension headers',
    101,
    ipv6Bytes(
      Buffer.concat([
        Buffer.from([60, 0, 0, 0, 0, 0, 0, 0]),
        Buffer.from([51, 1, ...Array<number>(14).fill(0)]),
        Buffer.from([6, 1, ...Array<number>(10).fill(0)]),
        tcp,
      ]),
      deviceV6,
      lisV6,
      0,
    ),
  ],
  [
    'an IPv6 fragment that is whole',
    101,
    ipv6Bytes(Buffer.concat([Buffer.from([6, 0, 0, 0, 0, 0, 0, 9]), tcp]), deviceV6, lisV6, 44),
  ],
])('a message is found in %s', (_, linkType, bytes) => {
  expect(messagesIn([bytes], linkType)).toEqual([hl7('1')]);
});

test('a packet longer than its length field says is found (segmentation left to the card)', () => {
  const bytes = Buffer.from(ipv4);
  bytes.writeUInt16BE(0, 2);
  expect(messagesIn([bytes], 101)).toEqual([hl7('1')]);
});

test('what is no TCP over IP is passed over', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.alloc(10),
    Buffer.alloc(60),
    ethernetBytes(ipv4, 0x0806),
    ethernetBytes(ipv4Bytes(tcp, '10.0.0.7', '10.0.0.1', { protocol: 17 })),
    ethernetBytes(ipv6Bytes(tcp, deviceV6, lisV6, 59), 0x86dd),
    ethernetBytes(ipv6.subarray(0, 30), 0x86dd),
    ethernetBytes(ipv4.subarray(0, 25)),
    ethernetBytes(ipv4.subarray(0, 12)),
  ])
    expect(messagesIn([bytes], 1)).toEqual([]);
  expect(messagesIn([Buffer.alloc(10)], 113)).toEqual([]);
  expect(messagesIn([Buffer.from([1, 2, 3, 4, 0x45, 0, 0, 0])], 0)).toEqual([]);
  expect(messagesIn([ipv6Bytes(Buffer.from([6, 0, 0]), deviceV6, lisV6, 60)], 101)).toEqual([]);
  expect(
    messagesIn(
      [ipv6Bytes(Buffer.concat([Buffer.from([6, 0, 0, 1, 0, 0, 0, 9]), tcp]), deviceV6, lisV6, 44).subarray(0, 70)],
      101,
    ),
  ).toEqual([]);
  expect(messagesIn([ipv4Bytes(tcp, '10.0.0.7', '10.0.0.1', { hasMore: true }).subarray(0, 50)], 101)).toEqual([]);
  expect(messagesIn([ipv4Bytes(Buffer.alloc(24), '10.0.0.7', '10.0.0.1')], 101)).toEqual([]);
  expect(captured([{ bytes: ipv4, atMs: at }], {}, 9999).pipeline.figures.unknownLinkTypes).toEqual([9999]);
});

test.each(['in order', 'reversed'])('IPv4 fragments %s are put together', (order) => {
  const fragments = [0, 24, 48].map((offset) =>
    ipv4Bytes(tcp.subarray(offset, offset === 48 ? undefined : offset + 24), '10.0.0.7', '10.0.0.1', {
      offset,
      hasMore: offset < 48,
    }),
  );
  expect(messagesIn(order === 'in order' ? fragments : fragments.toReversed(), 101)).toEqual([hl7('1')]);
});

test('fragments that overlap keep the bytes that came first; without one of them nothing is made up', () => {
  const fragment = (from: number, to: number, hasMore: boolean, bytes = tcp) =>
    ipv4Bytes(bytes.subarray(from, to), '10.0.0.7', '10.0.0.1', { offset: from, hasMore });
  const other = Buffer.from(tcp).fill('x', 24);
  expect(
    messagesIn(
      [fragment(0, 40, true), fragment(24, 64, true, other.fill(tcp.subarray(40, 64), 40, 64)), fragment(64, tcp.length, false)],
      101,
    ),
  ).toEqual([hl7('1')]);
  expect(
    messagesIn(
      [fragment(0, 40, true), fragment(64, tcp.length, false), fragment(tcp.length + (-tcp.length & 7), tcp.length + 24, true)],
      101,
    ),
  ).toEqual([]);
});

test('IPv6 fragments are put together', () => {
  const fragment = (from: number, to: number, hasMore: boolean) => {
    const head = Buffer.alloc(8);
    head[0] = 6;
    head.writeUInt16BE(from | (hasMore ? 1 : 0), 2);
    head.writeUInt32BE(77, 4);
    return ipv6Bytes(Buffer.concat([head, tcp.subarray(from, to)]), deviceV6, lisV6, 44);
  };
  expect(messagesIn([fragment(48, tcp.length, false), fragment(0, 48, true)], 101)).toEqual([hl7('1')]);
});

test('fragments that never become whole are forgotten', () => {
  const { pipeline } = pipelineFor();
  for (let id = 0; id < 5000; id += 1) {
    const bytes = ipv4Bytes(Buffer.alloc(1480), '10.0.0.7', '10.0.0.1', { id, hasMore: true, offset: 8 });
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 101, atMs: at });
  }
  expect(pipeline.figures.heldBytes).toBeLessThanOrEqual(64 * 1480);
  for (let offset = 0; offset < 60_000; offset += 16) {
    const bytes = ipv4Bytes(Buffer.alloc(8), '10.0.0.7', '10.0.0.1', { id: 6000, hasMore: true, offset });
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 101, atMs: at + 60_000 });
  }
  expect(pipeline.figures.heldBytes).toBeLessThanOrEqual(64 * 65_535);
});

test('a fragment of another datagram under an old number begins anew', () => {
  const fragments = [0, 48].map((offset) =>
    ipv4Bytes(tcp.subarray(offset, offset === 0 ? 48 : undefined), '10.0.0.7', '10.0.0.1', { offset, hasMore: offset === 0 }),
  );
  const { sessions } = captured(
    fragments.map((bytes, index) => ({ bytes, atMs: at + index * 60_000 })),
    {},
    101,
  );
  expect(sessions).toEqual([]);
});

test('addresses are written as people write them', () => {
  const text = (hex: string) => addressText(Buffer.from(hex, 'hex').toString('latin1'));
  expect(text('0a000001')).toBe('10.0.0.1');
  expect(text(deviceV6)).toBe('2001:db8::7');
  expect(text('00000000000000000000000000000001')).toBe('::1');
  expect(text('fe800000000000000000000000000000')).toBe('fe80::');
  expect(text('20010001000200030004000500060007')).toBe('2001:1:2:3:4:5:6:7');
});

test('MLLP on a port that is not looked at is noticed', () => {
  const wire = connection({ deviceIP: '10.0.0.7', lisIP: '10.0.0.1', devicePort: 40_000, lisPort: 6661 });
  wire.open();
  wire.send('device', mllp(hl7('1')));
  const { sessions, pipeline } = captured(
    wire.segments.map((one) => packetOf(one, { deviceIP: '10.0.0.7', lisIP: '10.0.0.1', devicePort: 40_000, lisPort: 6661 })),
  );
  expect(sessions).toEqual([]);
  expect(pipeline.figures.unwatchedPorts).toEqual([6661]);
});
