/**
 * Bytes of bad will through the whole pipeline: nothing may crash, hang or grow. The seed is printed; FUZZ_RUNS makes
 * the run longer (a million inputs: FUZZ_RUNS=1000000).
 */
import { expect, test } from 'vitest';
import { CapturePipeline } from '../../../src/service/capture/capture-pipeline.ts';
import { captureReader } from '../../../src/service/capture/pcap-reader.ts';
import { connection, packetOf, pcapBytes, pcapngWriter, type Segment } from '../../support/capture-writer.ts';
import { ack, enq, eot, hl7, hl7Ack, lisFrame, mllp, nak, pipelineFor } from '../../support/capture-session.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 1500);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_240_101);

/** mulberry32: small, seeded, good enough to choose bytes. */
function randomFrom(from: number) {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sampleCapture(below: (bound: number) => number): Buffer {
  const wire = connection();
  if (below(3) > 0) wire.open();
  const parts = [
    mllp(hl7('1')),
    mllp(hl7Ack('1')),
    enq,
    lisFrame(hl7('2')),
    ack,
    nak,
    eot,
    Buffer.from([0x0b]),
    Buffer.from('MSH|'),
    Buffer.alloc(below(300), below(256)),
  ];
  const bytes = () => Buffer.concat(Array.from({ length: 1 + below(4) }, () => parts[below(parts.length)] ?? enq));
  for (let count = 0; count < 6; count += 1) wire.send(below(3) === 0 ? 'lis' : 'device', bytes(), 1 + below(120));
  if (below(2) === 0) wire.close();
  const segments = wire.segments.flatMap((segment): Segment[] => {
    switch (below(12)) {
      case 0:
        return [];
      case 1:
        return [segment, segment];
      case 2:
        return [{ ...segment, seq: (segment.seq + below(2 ** 32)) >>> 0 }];
      case 3:
        return [{ ...segment, ack: below(2 ** 32) }];
      case 4:
        return [{ ...segment, keepBytes: 14 + below(80) }];
      case 5:
        return [{ ...segment, flags: ['S', 'SA', 'FA', 'RA', 'SF', ''][below(6)] ?? '' }];
      case 6:
        return [{ ...segment, atMs: below(2 ** 40) }];
      default:
        return [segment];
    }
  });
  if (below(2) === 0) segments.sort(() => below(3) - 1);
  const packets = segments.map((segment) => packetOf(segment));
  if (below(2) === 0) return pcapBytes(packets, { isLittleEndian: below(2) === 0, isNano: below(2) === 0 });
  const write = pcapngWriter(below(2) === 0);
  return Buffer.concat([
    write.section(),
    write.interface({ linkType: 1 }),
    ...packets.map(({ bytes: packet, atMs }) => write.enhanced(packet, BigInt(Math.round(atMs * 1000)))),
  ]);
}

test(`${runs} damaged captures crash nothing, hang nothing and leave nothing held (seed ${seed})`, { timeout: 0 }, () => {
  const random = randomFrom(seed);
  const below = (bound: number) => Math.floor(random() * bound);
  for (let run = 0; run < runs; run += 1) {
    const bytes = sampleCapture(below);
    for (let flips = below(4) === 0 ? below(40) : 0; flips > 0; flips -= 1) bytes[below(bytes.length)] = below(256);
    const { pipeline, sessions } = pipelineFor(below(2) === 0 ? {} : { captureFraming: below(2) === 0 ? 'lis' : 'mllp' });
    const reader = captureReader(pipeline.packet);
    for (let at = 0; at < bytes.length;) {
      const length = 1 + below(2000);
      reader.push(bytes.subarray(at, at + length));
      if (below(8) === 0) pipeline.tick(1_700_000_000_000 + below(10_000_000));
      if (below(40) === 0) pipeline.interrupt(1_700_000_000_000);
      at += length;
    }
    reader.end();
    pipeline.flush();
    expect(pipeline.figures.connections).toBe(0);
    expect(pipeline.hasOpenSessions).toBe(false);
    expect(pipeline.figures.heldBytes).toBe(0);
    for (const session of sessions) {
      expect(session.endTime).toBeGreaterThanOrEqual(session.startTime);
      expect(session.messages.length > 0 || session.submissionStatus === 'ignored').toBe(true);
    }
  }
});

test('one segment after the other of pure chance keeps within its bounds', () => {
  const random = randomFrom(seed + 1);
  const below = (bound: number) => Math.floor(random() * bound);
  const { pipeline } = pipelineFor();
  expect(pipeline).toBeInstanceOf(CapturePipeline);
  for (let count = 0; count < 20_000; count += 1) {
    const data = Buffer.alloc(below(1400), below(256));
    if (below(3) === 0) Buffer.from('\u000bMSH|').copy(data);
    const { bytes, atMs } = packetOf({
      from: below(2) === 0 ? 'device' : 'lis',
      seq: below(2 ** 32),
      ack: below(2 ** 32),
      flags: below(50) === 0 ? 'S' : 'A',
      data,
      atMs: 1_700_000_000_000 + count,
    });
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 1, atMs });
  }
  expect(pipeline.figures.heldBytes).toBeLessThan(32 * 1024 * 1024);
});
