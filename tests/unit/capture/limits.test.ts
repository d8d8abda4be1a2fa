/** Where the bounds are, and what is told when one is met. */
import { expect, test } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { SessionBuilder, deviceSide, openBytesMax } from '../../../src/service/capture/session-builder.ts';
import { sessionBytesMax } from '../../../src/service/capture/session-draft.ts';
import { SessionWriter, waitingBytesMax } from '../../../src/service/capture/session-writer.ts';
import { defaultSettings } from '../../../src/common/settings.ts';
import { ack, enq, eot, gist, hl7, hl7Ack, lisFrame, mllp, nak } from '../../support/capture-session.ts';

/** Conversations without packets: bytes go in directly. */
function talks(count = 1) {
  const sessions: SessionFile[] = [];
  const gaps: boolean[] = [];
  let counter = 0;
  const builder = new SessionBuilder({
    settings: defaultSettings,
    stamp: { idOf: () => `s${counter}`, nextCounter: () => (counter += 1), now: () => 0 },
    onSession: (session) => sessions.push(session),
    onGap: ({ isInSession }) => gaps.push(isInSession),
  });
  const sinks = Array.from({ length: count }, () =>
    builder.open({ addresses: ['10.0.0.7', '10.0.0.1'], ports: [40_000, 2575], opener: 0 }),
  );
  const send = (from: 0 | 1, bytes: Buffer, atMs = 1000, which = 0) => sinks[which]?.data(from, bytes, 0, bytes.length, atMs);
  return { builder, sessions, gaps, sinks, send };
}
const megabyte = 1024 * 1024;
const longLine = Buffer.alloc(megabyte, 'x');

test('a message longer than is kept is cut, marked as damaged, and the next one is whole', () => {
  const { send, sessions, gaps, sinks } = talks();
  send(0, Buffer.from('\u000bMSH|^~\\&|'));
  for (let count = 0; count < 34; count += 1) send(0, longLine);
  send(0, Buffer.concat([Buffer.from('\u001c\r'), mllp(hl7('2'))]));
  sinks[0]?.end(2000);
  expect(sessions.map(({ messages, isComplete, submissionStatus }) => [messages, isComplete, submissionStatus])).toEqual([
    [[], false, 'ignored'],
    [[hl7('2')], true, 'pending'],
  ]);
  expect(gaps).toEqual([true]);
});

test('a frame longer than is kept is cut too', () => {
  const { send, sessions, gaps, sinks } = talks();
  send(0, Buffer.concat([enq, Buffer.from('\u0002MSH|^~\\&|')]));
  for (let count = 0; count < 34; count += 1) send(0, longLine);
  send(0, Buffer.concat([Buffer.from('\r\n'), lisFrame(hl7('2')), eot]));
  sinks[0]?.end(2000);
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[[hl7('2')], false]]);
  expect(gaps).toEqual([true]);
});

test('a session without an end is cut into several, each marked', () => {
  const { send, sessions, sinks } = talks();
  send(0, enq);
  const frame = lisFrame(Buffer.concat([Buffer.from('MSH|^~\\&|'), longLine]));
  for (let count = 0; count <= sessionBytesMax / megabyte + 2; count += 1) send(0, frame);
  sinks[0]?.end(2000);
  expect(sessions.map(({ isComplete }) => isComplete)).toEqual([false, false]);
  expect(sessions.flatMap(({ messages }) => messages)).toHaveLength(sessionBytesMax / megabyte + 3);
});

test('messages that wait for their acknowledgement give way to newer ones', () => {
  const { send, sessions, builder } = talks();
  for (let count = 0; count < 100; count += 1) send(0, mllp(hl7(String(count))));
  expect(sessions).toHaveLength(36);
  expect(sessions.every(({ isComplete }) => isComplete)).toBe(true);
  for (let count = 0; count < 70; count += 1) send(0, mllp(Buffer.concat([Buffer.from(hl7('big')), longLine])));
  expect(builder.budget.usedBytes).toBeLessThan(sessionBytesMax + 2 * megabyte);
});

test('all conversations together stay within one bound', () => {
  const { send, builder, gaps, sinks } = talks(8);
  for (let which = 0; which < 8; which += 1) {
    send(0, Buffer.from('\u000bMSH|^~\\&|'), 1000, which);
    for (let count = 0; count < 30; count += 1) send(0, longLine, 1000, which);
    expect(builder.budget.usedBytes).toBeLessThanOrEqual(openBytesMax);
  }
  expect(gaps.length).toBeGreaterThan(0);
  for (const sink of sinks) sink.end(2000);
  expect(builder.budget.usedBytes).toBe(0);
});

test('a message in which the device falls silent is given up after captureIdleMinutes', () => {
  const { send, sessions, sinks, builder } = talks();
  send(0, mllp(hl7('1')).subarray(0, 30), 1000);
  expect(builder.openSessions).toBe(true);
  sinks[0]?.tick(1000 + 59 * 60_000);
  expect(sessions).toEqual([]);
  sinks[0]?.tick(1000 + 60 * 60_000);
  sinks[0]?.tick(1000 + 120 * 60_000);
  expect(sessions).toMatchObject([{ isComplete: false, submissionStatus: 'ignored' }]);
});

test('acknowledgements of a single byte are known over MLLP', () => {
  const { send, sessions } = talks();
  const one = (byte: Buffer) => Buffer.concat([Buffer.from([0x0b]), byte, Buffer.from([0x1c, 0x0d])]);
  send(0, mllp(hl7('1')));
  for (const byte of one(ack)) send(1, Buffer.from([byte]));
  send(0, mllp(hl7('2')));
  send(1, one(nak));
  send(1, one(nak));
  send(1, Buffer.from('\u000bxx\u001c\r'));
  expect(sessions.map((session) => gist(session).elements.at(-1))).toEqual(['< ack \\u0006', '< ack \\u0015']);
});

test('an acknowledgement of something else does not end a session', () => {
  const { send, sessions, sinks } = talks();
  send(0, mllp(hl7('1')));
  send(1, mllp(hl7Ack('other')));
  expect(sessions).toEqual([]);
  send(1, mllp(hl7Ack('1')));
  expect(sessions).toHaveLength(1);
  sinks[0]?.end(2000);
  expect(sessions).toHaveLength(1);
});

test('both ends may speak LIS style, each in sessions of its own', () => {
  const { send, sessions } = talks();
  send(0, enq);
  send(1, Buffer.concat([ack, enq]));
  send(1, Buffer.concat([lisFrame(hl7('order')), eot]));
  send(0, Buffer.concat([ack, lisFrame(hl7('result')), eot]));
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([
    [[hl7('order')], true],
    [[hl7('result')], true],
  ]);
});

test("a receiver's EOT, an answer in a frame and a repeated ENQ belong to the sender's session", () => {
  const { send, sessions } = talks();
  send(0, Buffer.concat([enq, enq, lisFrame(hl7('1'))]));
  send(1, Buffer.concat([ack, lisFrame(hl7Ack('1')), eot]));
  send(0, eot);
  send(0, eot);
  send(1, ack);
  expect(sessions.map((session) => gist(session).elements.map((element) => element.slice(0, 7)))).toEqual([
    ['> start', '> start', '> messa', '< ack \\', '< ack M', '< ack \\', '> end \\'],
  ]);
});

test('after an ENQ that nothing proper follows, HL7 is still found', () => {
  const { send, sessions } = talks();
  send(0, Buffer.from('\u0005nonsense'));
  send(0, Buffer.concat([Buffer.from('nonsense'), enq, lisFrame(hl7('1')), eot]));
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[[hl7('1')], true]]);
});

test('an unfinished frame before the next one is a piece', () => {
  const { send, sessions } = talks();
  send(0, Buffer.concat([enq, lisFrame(hl7('1')).subarray(0, -2), lisFrame(hl7('2')), eot]));
  expect(sessions).toMatchObject([{ messages: [hl7('2')], isComplete: false }]);
  expect(sessions[0]?.elements.map(({ type }) => type)).toEqual(['start', 'fragment', 'message', 'end']);
});

test('segments in frames of their own are not joined over a gap', () => {
  const { send, sessions, sinks } = talks();
  send(0, Buffer.concat([enq, lisFrame('MSH|^~\\&|A'), lisFrame('PID|1')]));
  sinks[0]?.gap(0, 20, 1000);
  send(
    0,
    Buffer.concat([Buffer.from('\r\n'), lisFrame('OBX|3'), lisFrame('OBX|4'), lisFrame('MSH|^~\\&|B'), lisFrame('PID|2'), eot]),
  );
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[['MSH|^~\\&|B\rPID|2'], false]]);
  expect(sessions[0]?.elements.map(({ type }) => type)).toEqual([
    'start',
    'fragment',
    'fragment',
    'fragment',
    'fragment',
    'message',
    'message',
    'end',
  ]);
});

test('holes without end are counted together, not listed', () => {
  const { send, sessions, sinks } = talks();
  send(0, Buffer.concat([enq, lisFrame(hl7('1'))]));
  for (let count = 0; count < 5000; count += 1) sinks[0]?.gap(0, 1, 1000);
  send(0, eot);
  expect(sessions[0]?.captureGaps).toHaveLength(1000);
  expect(sessions[0]?.captureGaps?.reduce((sum, { missingBytes }) => sum + (missingBytes ?? 0), 0)).toBe(5000);
});

test('an interruption ends what is open, and what follows is looked at afresh', () => {
  const { send, sessions, builder } = talks(2);
  send(0, Buffer.concat([enq, lisFrame(hl7('1'))]));
  send(0, mllp(hl7('2')).subarray(0, 20), 1000, 1);
  builder.interrupt(1500);
  expect(sessions.map(({ messages, isComplete, captureGaps }) => [messages.length, isComplete, captureGaps?.length])).toEqual([
    [1, false, 1],
    [0, false, 1],
  ]);
  send(0, Buffer.concat([enq, lisFrame(hl7('3')), eot]));
  expect(sessions.at(-1)).toMatchObject({ messages: [hl7('3')], isComplete: true });
});

test('where the ports do not tell, the one that connects is the device', () => {
  const side = (ports: [number, number], opener: 0 | 1 | null, captureDevicePorts: number[] = []) =>
    deviceSide({ addresses: ['', ''], ports, opener }, { ...defaultSettings, captureDevicePorts });
  expect(side([2575, 2575], 1)).toBe(1);
  expect(side([2575, 2575], null)).toBe(0);
  expect(side([1, 2], null)).toBe(1);
  expect(side([40_000, 2575], 1)).toBe(0);
  expect(side([2575, 40_000], 0)).toBe(1);
  expect(side([2575, 5000], 0, [5000])).toBe(1);
  expect(side([5000, 2575], 1, [5000])).toBe(0);
});

test('a disk that cannot keep up leaves the capture tool unread, and is told', async () => {
  const [session] = (() => {
    const { send, sessions } = talks();
    send(0, mllp(Buffer.concat([Buffer.from(hl7('1')), longLine, longLine])));
    send(1, mllp(hl7Ack('1')));
    return sessions;
  })();
  const told: boolean[] = [];
  const writes: (() => void)[] = [];
  const writer = new SessionWriter({
    add: () => new Promise<void>((resolve) => writes.push(resolve)),
    onWritten: () => {},
    onFailed: () => {},
    onFull: (isFull) => told.push(isFull),
  });
  for (let count = 0; count < 10; count += 1) writer.add(session as SessionFile);
  expect(10 * 8 * megabyte).toBeGreaterThan(waitingBytesMax);
  expect(told).toEqual([true]);
  const closed = writer.close();
  for (const write of writes.splice(0)) write();
  await closed;
  expect(told).toEqual([true, false]);
});
