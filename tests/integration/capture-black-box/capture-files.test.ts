/**
 * Rings of capture files and the formats' rarer parts: what lies between files, several interfaces, fragments of IP.
 * May import: node, tests/support.
 */
import { expect, onTestFinished, test } from 'vitest';

import { startService } from '../../support/courier-process.ts';
import { patientName } from '../../support/session-folder.ts';
import { ACK, bare, baseMs, ENQ, EOT, ImportWorld, lisFrame, lisTalk, mllpTalk, payloadsOf, result } from './dialogues.ts';
import type { Session } from './dialogues.ts';
import { block, framesOf, interfaceBlock, ipPacket, packetBlock, pcap, pcapng, sectionBlock, Talk } from './packets.ts';
import type { Frame } from './packets.ts';

function makeWorld(): ImportWorld {
  const world = new ImportWorld();
  onTestFinished(() => world.remove());
  return world;
}
const summary = (sessions: readonly Session[]): unknown[] =>
  sessions.map(({ deviceIP, messages, isComplete, captureGaps }) => [
    deviceIP,
    bare(messages).map((text) => text.split('|')[9]),
    isComplete,
    (captureGaps ?? []).map(({ missingBytes }) => missingBytes),
  ]);

test('what is lost between two files is a gap, and a file that is cut short is too', async () => {
  const world = makeWorld();
  const frame = lisFrame(result('A'));
  const talkOf = (device: string, startMs: number): Talk =>
    new Talk({ device, startMs })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(frame.slice(0, 30), frame.slice(30, 50), frame.slice(50))
      .lis(ACK)
      .device(lisFrame(result('B')))
      .lis(ACK)
      .device(EOT)
      .close();
  const between = framesOf(talkOf('10.31.0.1', baseMs).segments);
  const cut = framesOf(talkOf('10.31.0.2', baseMs + 30_000).segments);
  // Three of the handshake, ENQ, ACK and their acknowledgements, then the first piece with its own: 9 frames.
  world.add('a-1.pcap', pcap(between.slice(0, 9)));
  world.add('a-2.pcap', pcap(between.slice(11)));
  const first = pcap(cut.slice(0, 10));
  world.add('b-1.pcap', first.subarray(0, first.length - 4));
  world.add('b-2.pcapng', pcapng(cut.slice(10)));
  const ended = await world.run();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/b-1\.pcap.*\b\d{3,}\b/);
  expect(ended.stderr).not.toMatch(new RegExp(`${patientName}|4Q7X|MSH\\|`));
  expect(summary(world.all())).toEqual([
    ['10.31.0.1', ['B'], false, [20]],
    ['10.31.0.2', ['B'], false, [20]],
  ]);
  for (const session of world.all()) expect(payloadsOf(session, 'fragment')).toEqual([frame.slice(1, 30), frame.slice(50, -2)]);
});

test('files in the wrong order make no message of pieces', async () => {
  const world = makeWorld();
  const { segments } = lisTalk({ device: '10.31.1.1', startMs: baseMs }, result('A'), result('B', 'x'.repeat(500)), result('C'));
  const frames = framesOf(segments.flatMap((segment) => (segment.payload.length > 300 ? halves(segment) : [segment])));
  const middle = frames.length / 2;
  world.add('2.pcap', pcap(frames.slice(middle)));
  world.add('1.pcap', pcap(frames.slice(0, middle)));
  const ended = await world.run();
  expect(ended.signal).toBe(null);
  const allowed = [result('A'), result('B', 'x'.repeat(500)), result('C')];
  expect(
    world
      .all()
      .flatMap(({ messages }) => bare(messages))
      .filter((text) => !allowed.includes(text)),
  ).toEqual([]);
});

test('pcapng: several interfaces, clocks, offsets, simple packets, and sections of either byte order', async () => {
  const world = makeWorld();
  const at = (device: string, ms: number): Frame[] => framesOf(mllpTalk({ device, startMs: ms }, 'N').segments);
  const raw = framesOf(mllpTalk({ device: '10.32.0.2', startMs: baseMs + 1000 }, 'N').segments, 'raw');
  const parts: Buffer[] = [
    sectionBlock(false),
    // 10 to the minus 6; 2 to the minus 20; 10 to the minus 3 with an offset of one day in seconds.
    interfaceBlock(false, 1, []),
    interfaceBlock(false, 101, [[9, Buffer.from([0x94])]]),
    interfaceBlock(false, 1, [
      [9, Buffer.from([3])],
      [14, Buffer.from([0x80, 0x51, 1, 0, 0, 0, 0, 0])],
    ]),
    ...at('10.32.0.1', baseMs).map((frame) => packetBlock(false, 0, BigInt(frame.atMs) * 1000n, frame)),
    ...raw.map((frame) => packetBlock(false, 1, (BigInt(frame.atMs) * 2n ** 20n + 999n) / 1000n, frame)),
    ...at('10.32.0.3', baseMs + 2000).map((frame) => packetBlock(false, 2, BigInt(frame.atMs - 86_400_000), frame)),
    sectionBlock(true),
    interfaceBlock(true, 1, [[9, Buffer.from([9])]]),
    ...at('10.32.0.4', baseMs + 3000).map((frame) => packetBlock(true, 0, BigInt(frame.atMs) * 1_000_000n, frame)),
  ];
  world.add('many.pcapng', Buffer.concat(parts));
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(world.all().map(({ deviceIP, startTime, isComplete }) => [deviceIP, startTime, isComplete])).toEqual([
    ['10.32.0.1', baseMs + 30, true],
    ['10.32.0.2', baseMs + 1030, true],
    ['10.32.0.3', baseMs + 2030, true],
    ['10.32.0.4', baseMs + 3030, true],
  ]);
});

test('pcapng: the old packet block, and a block that no reader knows', async () => {
  const world = makeWorld();
  const frames = framesOf(mllpTalk({ device: '10.32.1.1', startMs: baseMs }, 'N').segments);
  const old = frames.map(({ atMs, bytes, wireBytes }) => {
    const head = Buffer.alloc(20);
    const units = BigInt(atMs) * 1000n;
    head.writeUInt16LE(0, 0);
    head.writeUInt32LE(Number(units >> 32n), 4);
    head.writeUInt32LE(Number(units & 0xffffffffn), 8);
    head.writeUInt32LE(bytes.length, 12);
    head.writeUInt32LE(wireBytes, 16);
    return block(false, 2, head, bytes);
  });
  world.add(
    'old.pcapng',
    Buffer.concat([sectionBlock(false), interfaceBlock(false, 1, []), block(false, 0x7fffffff, Buffer.alloc(40)), ...old]),
  );
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(summary(world.all())).toEqual([['10.32.1.1', ['N'], true, []]]);
});

test('IP fragments are put together, in any order', async () => {
  const world = makeWorld();
  const { segments } = lisTalk({ device: '10.33.0.1', startMs: baseMs }, result('A', 'y'.repeat(900)));
  const ethernet = Buffer.from('0200000000010200000000ff0800', 'hex');
  const frames = segments.flatMap((segment, index): Frame[] => {
    const packet = ipPacket(segment);
    if (packet.length < 500) return framesOf([segment]);
    const [head, body] = [packet.subarray(0, 20), packet.subarray(20)];
    const fragment = (from: number, to: number): Frame => {
      const own = Buffer.from(head);
      own.writeUInt16BE(20 + to - from, 2);
      own.writeUInt16BE(index + 1, 4);
      own.writeUInt16BE((to < body.length ? 0x2000 : 0) | (from / 8), 6);
      own.writeUInt16BE(0, 10);
      let sum = 0;
      for (let at = 0; at < 20; at += 2) sum += own.readUInt16BE(at);
      own.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
      const bytes = Buffer.concat([ethernet, own, body.subarray(from, to)]);
      return { atMs: segment.atMs, bytes, wireBytes: bytes.length };
    };
    return [fragment(400, 800), fragment(800, body.length), fragment(0, 400)];
  });
  world.add('fragments.pcap', pcap(frames));
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(summary(world.all())).toEqual([['10.33.0.1', ['A'], true, []]]);
  expect(bare(world.one('10.33.0.1').messages)).toEqual([result('A', 'y'.repeat(900))]);
});

test('IPv6 with extension headers is read', async () => {
  const world = makeWorld();
  const { segments } = lisTalk({ device: 'fd00::33', lis: 'fd00::2', startMs: baseMs }, result('A'));
  const frames = segments.map((segment): Frame => {
    const packet = Buffer.from(ipPacket(segment));
    const extension = Buffer.from([60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0]);
    packet[6] = 0;
    packet.writeUInt16BE(packet.readUInt16BE(4) + extension.length, 4);
    const bytes = Buffer.concat([
      Buffer.from('0200000000010200000000ff86dd', 'hex'),
      packet.subarray(0, 40),
      extension,
      packet.subarray(40),
    ]);
    return { atMs: segment.atMs, bytes, wireBytes: bytes.length };
  });
  world.add('extension.pcap', pcap(frames));
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(summary(world.all())).toEqual([['fd00::33', ['A'], true, []]]);
});

test('a file is told by its content, not by its name', async () => {
  const world = makeWorld();
  world.add('is-ng.pcap', pcapng(framesOf(mllpTalk({ device: '10.34.0.1', startMs: baseMs }, 'A').segments)));
  world.add('is-classic.pcapng', pcap(framesOf(mllpTalk({ device: '10.34.0.2', startMs: baseMs + 1000 }, 'B').segments)));
  world.add('capital.PCAP', pcap(framesOf(mllpTalk({ device: '10.34.0.3', startMs: baseMs + 2000 }, 'C').segments)));
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(summary(world.all()).length).toBe(3);
});

test('an import beside a running service is seen by the service', async () => {
  const world = makeWorld();
  world.add('beside.pcap', pcap(framesOf(mllpTalk({ device: '10.35.0.1', startMs: baseMs }, 'A', 'B').segments)));
  const service = await startService(world.dataDir);
  try {
    expect(await world.run()).toMatchObject({ code: 0 });
    expect((await service.api<{ total: number }>('getSessions', {})).body.total).toBe(2);
    expect(world.all()).toHaveLength(2);
  } finally {
    expect((await service.stop()).code).toBe(0);
  }
});

function halves<Part extends { payload: Buffer; sequence: number }>(segment: Part): Part[] {
  const at = Math.floor(segment.payload.length / 2);
  return [
    { ...segment, payload: segment.payload.subarray(0, at) },
    { ...segment, payload: segment.payload.subarray(at), sequence: segment.sequence + at },
  ];
}
