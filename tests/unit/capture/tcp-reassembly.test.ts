/** What networks and captures do to a connection, and what must come out of it. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectionsMax } from '../../../src/service/capture/tcp-reassembly.ts';
import { connection, packetOf, type Segment } from '../../support/capture-writer.ts';
import { captured, enq, eot, gist, hl7, hl7Ack, lisFrame, mllp } from '../../support/capture-session.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 300);
/** The same cases at every run; FUZZ_SEED tries others. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_101);

const messagesOf = (segments: readonly Segment[]) =>
  captured(segments.map((segment) => packetOf(segment))).sessions.flatMap(({ messages }) => messages);

/** One message in segments of 20 bytes, with its acknowledgement, on a whole connection. */
function oneMessage(options: Parameters<typeof connection>[1] = {}) {
  const wire = connection(undefined, options);
  wire.open();
  wire.send('device', mllp(hl7('1')), 20);
  wire.send('lis', mllp(hl7Ack('1')));
  wire.close();
  return wire;
}
const dataOf = (segments: readonly Segment[]) => segments.filter(({ data }) => (data?.length ?? 0) > 0);

test('sequence numbers wrap', () => {
  expect(messagesOf(oneMessage({ deviceSeq: 0xffff_ffd0, lisSeq: 0xffff_ffff }).segments)).toEqual([hl7('1')]);
});

test('retransmissions and duplicates are taken once', () => {
  const { segments } = oneMessage();
  expect(messagesOf(segments.flatMap((segment) => [segment, segment]))).toEqual([hl7('1')]);
});

test('a retransmission that is cut differently adds what is new', () => {
  const wire = connection();
  wire.open();
  const bytes = mllp(hl7('1'));
  const start = wire.seqs.device;
  const piece = (from: number, to: number) =>
    wire.segments.push({
      from: 'device',
      seq: start + from,
      ack: 9001,
      flags: 'AP',
      data: bytes.subarray(from, to),
      atMs: 1_700_000_000_100,
    });
  piece(0, 30);
  piece(20, 50);
  piece(10, 60);
  piece(58, bytes.length);
  expect(messagesOf(wire.segments)).toEqual([hl7('1')]);
});

test('where segments overlap and differ, the bytes that came first are used, and that is noted', () => {
  const wire = connection();
  wire.open();
  const bytes = mllp(hl7('1'));
  const start = wire.seqs.device;
  const piece = (from: number, data: Uint8Array) =>
    wire.segments.push({ from: 'device', seq: start + from, ack: 9001, flags: 'AP', data, atMs: 1_700_000_000_100 });
  piece(40, bytes.subarray(40));
  piece(30, Buffer.concat([bytes.subarray(30, 40), Buffer.alloc(10, 'x')]));
  piece(0, bytes.subarray(0, 30));
  const { sessions, pipeline } = captured(wire.packets());
  expect(sessions.flatMap(({ messages }) => messages)).toEqual([hl7('1')]);
  expect(pipeline.figures.conflictingBytes).toBe(10);
});

test('keep-alives add nothing', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')), 30);
  const before = wire.seqs.device - 1;
  wire.segments.splice(5, 0, {
    ...(wire.segments[5] as Segment),
    seq: (wire.segments[5] as Segment).seq - 1,
    data: Buffer.from([0]),
  });
  wire.segments.push({
    from: 'device',
    seq: before,
    ack: wire.seqs.lis,
    flags: 'A',
    data: Buffer.from([0]),
    atMs: 1_700_000_001_000,
  });
  wire.segments.push({ from: 'device', seq: before, ack: wire.seqs.lis, flags: 'A', atMs: 1_700_000_001_000 });
  wire.send('lis', mllp(hl7Ack('1')));
  const { sessions, gaps } = captured(wire.packets());
  expect(sessions.map(gist)).toMatchObject([{ isComplete: true, messages: [hl7('1')] }]);
  expect(gaps).toEqual([]);
});

test('a capture that starts in the middle of a connection needs no SYN', () => {
  const wire = connection();
  wire.send('device', mllp(hl7('1')), 20);
  wire.send('lis', mllp(hl7Ack('1')));
  expect(messagesOf(wire.segments)).toEqual([hl7('1')]);
  const [first, , second, ...rest] = wire.segments as [Segment, Segment, Segment, ...Segment[]];
  expect(messagesOf([second, first, ...rest])).toEqual([hl7('1')]);
});

test('only one direction seen is enough', () => {
  const { segments } = oneMessage();
  expect(messagesOf(segments.filter(({ from }) => from === 'device'))).toEqual([hl7('1')]);
  const { segments: midway } = connection();
  expect(messagesOf([...midway, ...segments.filter(({ from, flags }) => from === 'device' && flags !== 'S')])).toEqual([
    hl7('1'),
  ]);
});

test('a port that is used again is another connection', () => {
  const first = oneMessage({ deviceSeq: 1000 });
  const second = oneMessage({ deviceSeq: 777_000, lisSeq: 555_000, atMs: 1_700_000_010_000 });
  expect(messagesOf([...first.segments, ...second.segments])).toEqual([hl7('1'), hl7('1')]);
  // The first one's end was not captured.
  expect(messagesOf([...first.segments.slice(0, -5), ...second.segments])).toEqual([hl7('1'), hl7('1')]);
  // Neither was the second one's begin.
  const third = oneMessage({ deviceSeq: 2 ** 31, lisSeq: 5, atMs: 1_700_000_010_000 });
  expect(messagesOf([...first.segments, ...third.segments.slice(3)])).toEqual([hl7('1'), hl7('1')]);
});

test('late segments of an ended connection begin no new one', () => {
  const { segments } = oneMessage();
  const { sessions, gaps } = captured([...segments, ...dataOf(segments)].map((segment) => packetOf(segment)));
  expect(sessions).toHaveLength(1);
  expect(gaps).toEqual([]);
});

test('RST ends a session as FIN does, and a foreign one does not', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([enq, lisFrame(hl7('1'))]));
  wire.segments.push({ from: 'lis', seq: (wire.seqs.lis + 2 ** 30) >>> 0, flags: 'R', atMs: 1_700_000_000_500 });
  wire.send('device', lisFrame(hl7('2')));
  wire.add('device', 'RA');
  wire.send('device', Buffer.concat([lisFrame(hl7('3')), eot]));
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toMatchObject([
    [[hl7('1'), hl7('2')], false],
    [[hl7('3')], true],
  ]);
});

test('bytes that a FIN or RST shows to be missing are a gap', () => {
  for (const flags of ['FA', 'RA']) {
    const wire = connection();
    wire.open();
    wire.send('device', Buffer.concat([enq, lisFrame(hl7('1'))]));
    wire.seqs.device += 50;
    wire.add('device', flags);
    wire.add('lis', 'FA');
    expect(captured(wire.packets()).gaps).toMatchObject([{ missingBytes: 50, isInSession: true }]);
  }
});

test('bytes that only the acknowledgement of the other end tells of are a gap', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  wire.send('lis', mllp(hl7Ack('1')));
  wire.seqs.device += 300;
  wire.add('lis', 'A');
  wire.wait(1000);
  wire.send('device', mllp(hl7('2')));
  wire.send('lis', mllp(hl7Ack('2')));
  const { sessions, gaps } = captured(wire.packets());
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([
    [[hl7('1')], true],
    [[hl7('2')], true],
  ]);
  expect(gaps).toMatchObject([{ missingBytes: 300, isInSession: false }]);
});

test('a hole is given up when too much waits behind it', () => {
  const wire = connection();
  wire.open();
  wire.seqs.device += 10;
  const block = Buffer.alloc(64 * 1024 - 100, 'x');
  for (let count = 0; count < 80; count += 1) wire.add('device', 'AP', block);
  const { pipeline, gaps } = captured([]);
  for (const segment of wire.segments) {
    const { bytes, atMs } = packetOf(segment);
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 1, atMs });
    expect(pipeline.figures.heldBytes).toBeLessThan(5 * 1024 * 1024);
  }
  expect(gaps).toMatchObject([{ missingBytes: 10 }]);
});

test('a flood of connections is forgotten, not kept', () => {
  const { pipeline } = captured([]);
  for (let index = 0; index < 40_000; index += 1) {
    const ends = {
      deviceIP: `10.${index >> 14}.${(index >> 6) & 255}.${index & 63}`,
      lisIP: '10.9.9.9',
      devicePort: 1024 + (index % 50_000),
      lisPort: 2575,
    };
    const { bytes, atMs } = packetOf({ from: 'device', seq: index, flags: 'S', atMs: 1_700_000_000_000 + index }, ends);
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 1, atMs });
  }
  expect(pipeline.figures.connections).toBeLessThanOrEqual(connectionsMax);
});

/** HL7 messages as devices send them: any text, no framing bytes. */
const messageTexts = fc.array(
  fc.record({
    text: fc.string({ unit: 'grapheme-composite', maxLength: 200 }).map((text) => text.replace(/\p{Cc}/gu, '.')),
    lines: fc.integer({ min: 0, max: 12 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const toMessages = (texts: readonly { text: string; lines: number }[]) =>
  texts.map(({ text, lines }, index) => hl7(String(index), `NTE|1||${text}\r`.repeat(lines)));

/** Cuts, repeats and shuffles what a device sends, within a window. */
const mangling = fc.record({
  cuts: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }),
  extras: fc.array(
    fc.record({ at: fc.nat(), back: fc.integer({ min: 0, max: 300 }), length: fc.integer({ min: 1, max: 500 }) }),
    { maxLength: 12 },
  ),
  shuffles: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 }),
  seq: fc.oneof(fc.constant(0xffff_ff00), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
});
type Mangling = typeof mangling extends fc.Arbitrary<infer Value> ? Value : never;

function mangled(bytes: Buffer, { cuts, extras, shuffles, seq }: Mangling): Segment[] {
  const wire = connection(undefined, { deviceSeq: seq });
  wire.open();
  const start = wire.seqs.device;
  const segments: Segment[] = [];
  const piece = (from: number, to: number): Segment => ({
    from: 'device',
    seq: (start + from) >>> 0,
    ack: 9001,
    flags: 'AP',
    data: bytes.subarray(from, to),
    atMs: 1_700_000_000_100,
  });
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const to = Math.min(bytes.length, at + (cuts[index % cuts.length] ?? 1));
    segments.push(piece(at, to));
    at = to;
  }
  // Overlapping and duplicated ones, with the same bytes.
  for (const { at, back, length } of extras) {
    const from = Math.max(0, (at % bytes.length) - back);
    segments.splice(at % (segments.length + 1), 0, piece(from, Math.min(bytes.length, from + length)));
  }
  segments.forEach((segment, index) => {
    const other = index + (shuffles[index % shuffles.length] ?? 0);
    const swapped = segments[other];
    if (swapped !== undefined) [segments[index], segments[other]] = [swapped, segment];
  });
  return [...wire.segments, ...segments];
}

test('any messages over MLLP, cut, shuffled, repeated and overlapped, come back byte by byte', () => {
  fc.assert(
    fc.property(messageTexts, mangling, (texts, how) => {
      const messages = toMessages(texts);
      const { sessions, gaps } = captured(mangled(Buffer.concat(messages.map(mllp)), how).map((segment) => packetOf(segment)));
      expect(sessions.flatMap((session) => session.messages)).toEqual(messages);
      expect(sessions.every(({ isComplete }) => isComplete)).toBe(true);
      expect(sessions.map(({ elements }) => Buffer.from(elements[0]?.hexData ?? '', 'hex').toString())).toEqual(messages);
      expect(gaps).toEqual([]);
    }),
    { numRuns: runs, seed },
  );
});

test('any messages in LIS style, cut, shuffled, repeated and overlapped, come back byte by byte', () => {
  fc.assert(
    fc.property(messageTexts, mangling, (texts, how) => {
      const messages = toMessages(texts);
      const bytes = Buffer.concat([enq, ...messages.map(lisFrame), eot]);
      const { sessions } = captured(mangled(bytes, how).map((segment) => packetOf(segment)));
      expect(sessions.map((session) => [session.messages, session.isComplete])).toEqual([[messages, true]]);
    }),
    { numRuns: runs, seed },
  );
});

test('where segments are lost, a gap is recorded and no message is made of what is left', () => {
  fc.assert(
    fc.property(
      messageTexts,
      fc.integer({ min: 20, max: 300 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (texts, size, losses, isLis) => {
        const messages = toMessages(texts);
        const bytes = isLis ? Buffer.concat([enq, ...messages.map(lisFrame), eot]) : Buffer.concat(messages.map(mllp));
        const wire = connection();
        wire.open();
        wire.send('device', bytes, size);
        const data = dataOf(wire.segments);
        const lost = new Set(losses.map((index) => data[index % data.length]));
        const { sessions, gaps } = captured(
          wire.segments.filter((segment) => !lost.has(segment)).map((segment) => packetOf(segment)),
        );
        const lostBytes = [...lost].reduce((sum, segment) => sum + (segment?.data?.length ?? 0), 0);
        expect(gaps.reduce((sum, gap) => sum + (gap.missingBytes ?? 0), 0)).toBe(lostBytes);
        for (const message of sessions.flatMap((session) => session.messages)) expect(messages).toContain(message);
      },
    ),
    { numRuns: runs, seed },
  );
});
