/**
 * The ways of TCP, seen from outside: however a talk was cut, repeated or damaged on its way, what its session file says.
 * May import: node, tests/support.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Ended } from '../../support/courier-process.ts';
import { patientName } from '../../support/session-folder.ts';
import {
  ACK,
  bare,
  baseMs,
  elementsOf,
  ENQ,
  EOT,
  hl7Ack,
  ImportWorld,
  lisFrame,
  lisTalk,
  mllp,
  payloadsOf,
  result,
  sayLis,
  sayMllp,
  typesOf,
} from './dialogues.ts';
import { framesOf, pcap, replaced, split, Talk } from './packets.ts';
import type { Segment } from './packets.ts';

const world = new ImportWorld();
let ended: Ended;
let minuteIndex = 0;
const nextMs = (): number => baseMs + minuteIndex++ * 60_000;

const give = (name: string, segments: readonly Segment[], padding = 0): unknown =>
  world.add(`${name}.pcap`, pcap(framesOf(segments, 'ethernet', padding)));

/** A LIS talk whose payload segments are changed by `change`, in a file of its own. */
function giveLis(
  device: string,
  change: (segments: Segment[], loaded: Segment[]) => Segment[],
  more: Partial<{ deviceSequence: number; lisSequence: number }> = {},
): void {
  const talk = lisTalk({ device, startMs: nextMs(), ...more }, result('T1'), result('T2'));
  give(device, change(talk.segments, talk.loaded));
}

const sound: Record<string, string> = {
  'one byte a segment': '10.4.0.1',
  'all of the device in one segment': '10.4.0.2',
  'every segment sent twice': '10.4.0.3',
  'segments out of order': '10.4.0.4',
  'overlapping segments': '10.4.0.5',
  'a sequence number that wraps': '10.4.0.6',
  'Ethernet padding that looks like framing': '10.4.0.7',
  'a connection that was open before': '10.4.0.8',
  'a hole that a late repetition fills': '10.4.0.9',
  'a repetition of other sizes': '10.4.0.10',
  'a keep-alive probe': '10.4.0.11',
  'a repeated SYN': '10.4.0.12',
  'data in a FIN segment': '10.4.0.13',
  'a wrap that is out of order too': '10.4.0.14',
};

beforeAll(async () => {
  giveLis('10.4.0.1', (segments) =>
    segments.flatMap((segment) =>
      segment.payload.length < 2
        ? [segment]
        : Array.from(segment.payload, (_, at) => ({
            ...segment,
            sequence: segment.sequence + at,
            payload: segment.payload.subarray(at, at + 1),
          })),
    ),
  );
  const payload = `${ENQ}${lisFrame(result('T1'))}${lisFrame(result('T2'))}`;
  give(
    '10.4.0.2',
    new Talk({ device: '10.4.0.2', startMs: nextMs() }).open().device(payload).lis(`${ACK}${ACK}${ACK}`).device(EOT).close()
      .segments,
  );
  giveLis('10.4.0.3', (segments) => segments.flatMap((segment) => [segment, segment]));
  giveLis('10.4.0.4', (segments, loaded) =>
    segments.flatMap((segment) => {
      if (segment.payload.length < 50 || !loaded.includes(segment)) return [segment];
      const [first, rest] = split(segment, 20);
      return [...split(rest, 17).toReversed(), first];
    }),
  );
  giveLis('10.4.0.5', (segments) =>
    segments.flatMap((segment) => {
      if (segment.payload.length < 50) return [segment];
      const { payload: whole, sequence } = segment;
      const part = (from: number, to: number): Segment => ({
        ...segment,
        sequence: sequence + from,
        payload: whole.subarray(from, to),
      });
      return [part(0, 30), part(10, 45), part(20, 25), part(40, whole.length)];
    }),
  );
  giveLis('10.4.0.6', (segments) => segments, { deviceSequence: 2 ** 32 - 40, lisSequence: 2 ** 32 - 2 });
  const padded = lisTalk({ device: '10.4.0.7', startMs: nextMs() }, result('T1'), result('T2'));
  give('10.4.0.7', padded.segments, 0x04);
  giveLis('10.4.0.8', (segments) => segments.slice(3));
  // The first frame's second half is captured only after its third part, as its repetition.
  giveLis('10.4.0.9', (segments, loaded) => {
    const frame = loaded[2];
    if (!frame) return segments;
    const [first, rest] = split(frame, 40);
    const [second, third] = split(rest, 30);
    return replaced(segments, frame, [first, third, third, { ...second, atMs: third.atMs + 2 }]);
  });
  giveLis('10.4.0.10', (segments, loaded) => {
    const frame = loaded[2];
    if (!frame) return segments;
    const [first, rest] = split(frame, 40);
    return replaced(segments, frame, [first, frame, rest]);
  });
  giveLis('10.4.0.11', (segments, loaded) => {
    const frame = loaded[2];
    if (!frame) return segments;
    const probe = { ...frame, sequence: frame.sequence - 1, payload: Buffer.from([0]) };
    return replaced(segments, frame, [probe, frame, probe]);
  });
  giveLis('10.4.0.12', (segments) => segments.flatMap((segment, index) => (index < 2 ? [segment, segment] : [segment])));
  giveLis('10.4.0.13', (segments, loaded) => {
    const last = loaded.at(-1);
    return segments
      .filter((segment) => (segment.flags & 1) === 0)
      .map((segment) => (segment === last ? { ...segment, flags: segment.flags | 1 } : segment));
  });
  giveLis(
    '10.4.0.14',
    (segments) => segments.flatMap((segment) => (segment.payload.length < 60 ? [segment] : split(segment, 41).toReversed())),
    { deviceSequence: 2 ** 32 - 43 },
  );

  // Two segments, cut at every place of the device's bytes.
  const splitMs = nextMs();
  const cuts = Array.from({ length: payload.length - 1 }, (_, index) => index + 1);
  give(
    'split',
    cuts.flatMap(
      (at) =>
        new Talk({ device: `10.5.${at >> 8}.${at & 255}`, startMs: splitMs + at * 100, stepMs: 3 })
          .open()
          .device(payload.slice(0, at), payload.slice(at))
          .lis(`${ACK}${ACK}${ACK}`)
          .device(EOT)
          .close().segments,
    ),
  );
  const mllpPayload = mllp(`${result('S')}\r`);
  const mllpMs = nextMs();
  give(
    'split-mllp',
    Array.from({ length: mllpPayload.length - 1 }, (_, index) => index + 1).flatMap(
      (at) =>
        new Talk({ device: `10.6.0.${at}`, startMs: mllpMs + at * 100, stepMs: 3 })
          .open()
          .device(mllpPayload.slice(0, at), mllpPayload.slice(at))
          .lis(mllp(hl7Ack('S')).slice(0, at % 80), mllp(hl7Ack('S')).slice(at % 80))
          .close().segments,
    ),
  );

  const twice = nextMs();
  give('reuse', [
    ...lisTalk({ device: '10.4.1.1', startMs: twice, deviceSequence: 5_000 }, result('FIRST')).segments,
    ...lisTalk({ device: '10.4.1.1', startMs: twice + 5_000, deviceSequence: 900, lisSequence: 77 }, result('SECOND')).segments,
    // The device was switched off: no FIN, and the same port again.
    ...sayLis(new Talk({ device: '10.4.1.2', startMs: twice + 6_000 }).open(), result('FIRST')).segments,
    ...lisTalk(
      { device: '10.4.1.2', startMs: twice + 7_000, deviceSequence: 3_000_000_000, lisSequence: 3_000_000_000 },
      result('SECOND'),
    ).segments,
  ]);
  give('mid-message', [
    ...sayMllp(
      new Talk({ device: '10.4.1.3', startMs: nextMs() }).device('OBX|1|NM|TAIL||1\r\x1c\r').lis(mllp(hl7Ack('OLD'))),
      'WHOLE',
    ).close().segments,
  ]);

  const frame = lisFrame(result('LOST'));
  give(
    'lost-lis',
    new Talk({ device: '10.7.0.1', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(frame.slice(0, 50))
      .lost('device', frame.slice(50, 73))
      .device(frame.slice(73))
      .lis(ACK)
      .device(lisFrame(result('SAFE')))
      .lis(ACK)
      .device(EOT)
      .close().segments,
  );
  const message = mllp(`${result('LOST')}\r`);
  give(
    'lost-mllp',
    new Talk({ device: '10.7.0.2', startMs: nextMs() })
      .open()
      .device(message.slice(0, 50))
      .lost('device', message.slice(50, 73))
      .device(message.slice(73))
      .lis(mllp(hl7Ack('LOST')))
      .close().segments,
  );
  give(
    'lost-then-whole',
    sayMllp(
      new Talk({ device: '10.7.0.3', startMs: nextMs() })
        .open()
        .device(message.slice(0, 50))
        .lost('device', message.slice(50, 73))
        .device(message.slice(73))
        .lis(mllp(hl7Ack('LOST'))),
      'AFTER',
    ).close().segments,
  );
  const cut = new Talk({ device: '10.7.0.4', startMs: nextMs() }).open().device(ENQ).lis(ACK).device(frame).lis(ACK);
  cut
    .device(lisFrame(result('SAFE')))
    .lis(ACK)
    .device(EOT)
    .close();
  give(
    'snapped',
    cut.segments.map((segment) =>
      segment.payload.equals(Buffer.from(frame, 'latin1')) ? { ...segment, cutBytes: 31 } : segment,
    ),
  );
  // A whole second half of one message and first half of the next is lost: the two must never become one.
  const [left, right] = [mllp(`${result('LEFT')}\r`), mllp(`${result('RIGHT')}\r`)];
  give(
    'lost-between',
    new Talk({ device: '10.7.0.5', startMs: nextMs() })
      .open()
      .device(left.slice(0, 60))
      .lost('device', left.slice(60) + right.slice(0, 60))
      .device(right.slice(60))
      .lis(mllp(hl7Ack('RIGHT')))
      .close().segments,
  );
  // The lost bytes are the last of the connection: only the other end's acknowledgement tells of them.
  give(
    'lost-last',
    new Talk({ device: '10.7.0.6', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(frame)
      .lis(ACK)
      .lost('device', EOT)
      .close().segments,
  );
  ended = await world.run();
});
afterAll(() => world.remove());

test('the import ends with 0, and says nothing of a patient', () => {
  expect(ended.code).toBe(0);
  expect(ended.stderr + ended.stdout).not.toMatch(new RegExp(`${patientName}|4Q7X|MSH\\|`));
});

test.each(Object.entries(sound))('%s changes nothing', (_, device) => {
  const session = world.one(device);
  expect(session.isComplete).toBe(true);
  expect(bare(session.messages)).toEqual([result('T1'), result('T2')]);
  expect(payloadsOf(session, 'message')).toEqual([result('T1'), result('T2')]);
  expect(typesOf(session).filter((type) => type !== 'ack')).toEqual(['start', 'message', 'message', 'end']);
  expect(elementsOf(session, 'ack')).toHaveLength(3);
  expect(session.captureGaps ?? []).toEqual([]);
});

test('a LIS dialogue cut into two segments at any byte is the same session', () => {
  const found = world.all().filter(({ deviceIP }) => deviceIP.startsWith('10.5.'));
  expect(found).toHaveLength(`${ENQ}${lisFrame(result('T1'))}${lisFrame(result('T2'))}`.length - 1);
  for (const session of found)
    expect([session.deviceIP, bare(session.messages), session.isComplete, elementsOf(session, 'ack').length]).toEqual([
      session.deviceIP,
      [result('T1'), result('T2')],
      true,
      3,
    ]);
});

test('an MLLP message and its acknowledgement cut at any byte are the same session', () => {
  const found = world.all().filter(({ deviceIP }) => deviceIP.startsWith('10.6.'));
  expect(found).toHaveLength(mllp(`${result('S')}\r`).length - 1);
  for (const session of found)
    expect([session.deviceIP, session.messages, session.isComplete, payloadsOf(session, 'ack')]).toEqual([
      session.deviceIP,
      [`${result('S')}\r`],
      true,
      [hl7Ack('S')],
    ]);
});

test.each(['10.4.1.1', '10.4.1.2'])('a port that is used again is a connection of its own (%s)', (device) => {
  expect(world.of(device).map(({ messages, isComplete }) => [bare(messages), isComplete])).toEqual([
    [[result('FIRST')], true],
    [[result('SECOND')], true],
  ]);
});

test('a capture that begins within a message keeps the messages after it', () => {
  const whole = world.of('10.4.1.3').filter(({ messages }) => messages.length > 0);
  expect(whole.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[[`${result('WHOLE')}\r`], true]]);
});

test('a lost segment in a LIS dialogue: the gap is named, its pieces are fragments, the rest is kept', () => {
  const frame = lisFrame(result('LOST'));
  const session = world.one('10.7.0.1');
  expect(session.isComplete).toBe(false);
  expect(session.captureGaps).toEqual([{ timestamp: expect.any(Number), missingBytes: 23 }]);
  expect(bare(session.messages)).toEqual([result('SAFE')]);
  expect(payloadsOf(session, 'fragment')).toEqual([frame.slice(1, 50), frame.slice(73, -2)]);
  expect(session.submissionStatus ?? 'pending').toBe('pending');
});

test('a lost segment of an MLLP message leaves a damaged session that is ignored', () => {
  const message = mllp(`${result('LOST')}\r`);
  const session = world.one('10.7.0.2');
  expect(session).toMatchObject({ isComplete: false, messages: [], submissionStatus: 'ignored' });
  expect(session.captureGaps).toEqual([{ timestamp: expect.any(Number), missingBytes: 23 }]);
  expect(payloadsOf(session, 'fragment')).toEqual([message.slice(1, 50), message.slice(73, -2)]);
});

test('the message after a damaged one is whole', () => {
  const [damaged, whole, ...others] = world.of('10.7.0.3');
  expect(others).toEqual([]);
  expect(damaged).toMatchObject({ messages: [], isComplete: false, submissionStatus: 'ignored' });
  expect(whole).toMatchObject({ messages: [`${result('AFTER')}\r`], isComplete: true });
  expect(whole?.captureGaps ?? []).toEqual([]);
});

test('a packet that the capture cut short is a gap of what was cut', () => {
  const frame = lisFrame(result('LOST'));
  const session = world.one('10.7.0.4');
  expect(session.isComplete).toBe(false);
  expect(session.captureGaps).toEqual([{ timestamp: expect.any(Number), missingBytes: 31 }]);
  expect(bare(session.messages)).toEqual([result('SAFE')]);
  expect(payloadsOf(session, 'fragment')[0]).toBe(frame.slice(1, -31));
});

test('the halves of two messages on both sides of a gap are never joined', () => {
  const found = world.of('10.7.0.5');
  expect(found.length).toBeGreaterThan(0);
  expect(found.flatMap(({ messages }) => messages)).toEqual([]);
  const right = mllp(`${result('RIGHT')}\r`);
  expect(found.flatMap((session) => payloadsOf(session, 'fragment'))).toEqual([
    mllp(`${result('LEFT')}\r`).slice(1, 60),
    right.slice(60, -2),
  ]);
  for (const session of found) expect(session).toMatchObject({ isComplete: false, submissionStatus: 'ignored' });
});

test('lost bytes at the end of a connection are a gap too', () => {
  const session = world.one('10.7.0.6');
  expect(session.isComplete).toBe(false);
  expect(bare(session.messages)).toEqual([result('LOST')]);
  expect(session.captureGaps).toEqual([{ timestamp: expect.any(Number), missingBytes: 1 }]);
});

test('gaps are reported on stderr', () => {
  expect(ended.stderr).toMatch(/gap/i);
  expect(ended.stderr).toContain('lost-lis.pcap');
});
