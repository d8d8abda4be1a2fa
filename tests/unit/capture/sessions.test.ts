/** From packets to sessions, as an operator would tell it. */
import { expect, test } from 'vitest';
import { connection, defaultEnds, packetOf } from '../../support/capture-writer.ts';
import { ack, captured, enq, eot, gist, hl7, hl7Ack, lisFrame, mllp, nak } from '../../support/capture-session.ts';

const shownMessage = (text: string) => JSON.stringify(text).slice(1, -1);
const message = (id: string) => `> message ${shownMessage(hl7(id))}`;
const answer = (id: string) => `< ack ${shownMessage(hl7Ack(id))}`;

test('a message over MLLP and its acknowledgement are one session', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  wire.send('lis', mllp(hl7Ack('1')));
  wire.close();
  const { sessions, gaps } = captured(wire.packets());
  expect(sessions.map(gist)).toEqual([
    { isComplete: true, submissionStatus: 'pending', messages: [hl7('1')], elements: [message('1'), answer('1')] },
  ]);
  expect(sessions[0]).toMatchObject({
    deviceIP: '10.0.0.7',
    lisIP: '10.0.0.1',
    submissionAttempts: 0,
    sessionId: 1,
    _version: 1,
  });
  expect(sessions[0]?.persistedUntil).toBe((sessions[0]?.endTime ?? 0) + 30 * 86_400_000);
  expect(gaps).toEqual([]);
});

test('many messages on one connection are as many sessions, also when they do not wait for each other', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([mllp(hl7('1')), mllp(hl7('2'))]));
  wire.send('lis', Buffer.concat([mllp(hl7Ack('2')), mllp(hl7Ack('1'))]));
  wire.send('device', mllp(hl7('3')));
  wire.close();
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, elements, isComplete }) => [messages, elements.length, isComplete])).toEqual([
    [[hl7('2')], 2, true],
    [[hl7('1')], 2, true],
    [[hl7('3')], 1, true],
  ]);
});

test('what the LIS sends is pc-to-device, and the device acknowledges it', () => {
  const wire = connection();
  wire.open();
  wire.send('lis', mllp(hl7('9')));
  wire.send('device', mllp(hl7Ack('9')));
  const { sessions } = captured(wire.packets());
  expect(sessions.map((session) => gist(session).elements)).toEqual([
    [message('9').replace('>', '<'), answer('9').replace('<', '>')],
  ]);
});

test('a device that listens is the device, by captureDevicePorts', () => {
  const wire = connection({ deviceIP: '10.0.0.7', lisIP: '10.0.0.1', devicePort: 5000, lisPort: 45_000 });
  wire.send('device', mllp(hl7('1')));
  const { sessions } = captured(wire.packets(), { captureDevicePorts: [5000] });
  expect(sessions).toMatchObject([{ deviceIP: '10.0.0.7', lisIP: '10.0.0.1', messages: [hl7('1')] }]);
});

test('a response that carries data is a message of the session', () => {
  const response = `MSH|^~\\&|LIS|LAB|DEV|LAB|20240101||RSP^K11|R1|P|2.5\rMSA|AA|1\rQAK|1|OK\r`;
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  wire.send('lis', mllp(response));
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages }) => messages)).toEqual([[hl7('1'), response]]);
});

test('a message without an acknowledgement is kept after half a minute, and a late one is dropped', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  wire.wait(31_000);
  wire.send('lis', mllp(hl7Ack('1')));
  const { sessions } = captured(wire.packets());
  expect(sessions.map(gist)).toEqual([
    { isComplete: true, submissionStatus: 'pending', messages: [hl7('1')], elements: [message('1')] },
  ]);
});

test('a LIS style session goes from ENQ to EOT', () => {
  const wire = connection();
  wire.open();
  wire.send('device', enq);
  wire.send('lis', ack);
  wire.send('device', lisFrame(hl7('1')));
  wire.send('lis', ack);
  wire.send('device', lisFrame(hl7('2')));
  wire.send('lis', ack);
  wire.send('device', eot);
  const { sessions } = captured(wire.packets());
  expect(sessions.map(gist)).toEqual([
    {
      isComplete: true,
      submissionStatus: 'pending',
      messages: [hl7('1'), hl7('2')],
      elements: [
        '> start \\u0005',
        '< ack \\u0006',
        message('1'),
        '< ack \\u0006',
        message('2'),
        '< ack \\u0006',
        '> end \\u0004',
      ],
    },
  ]);
});

test('a frame answered by NAK is a fragment, and its repetition the message', () => {
  const wire = connection();
  wire.open();
  wire.send('device', enq);
  wire.send('lis', ack);
  wire.send('device', lisFrame(hl7('1')));
  wire.send('lis', nak);
  wire.send('device', lisFrame(hl7('1')));
  wire.send('lis', ack);
  wire.send('device', eot);
  const { sessions } = captured(wire.packets());
  expect(sessions[0]?.messages).toEqual([hl7('1')]);
  expect(sessions[0]?.isComplete).toBe(true);
  expect(sessions[0]?.elements.map(({ type }) => type)).toEqual(['start', 'ack', 'fragment', 'ack', 'message', 'ack', 'end']);
});

test('frames that each carry a segment are joined to one message', () => {
  const wire = connection();
  wire.open();
  wire.send(
    'device',
    Buffer.concat([enq, lisFrame('MSH|^~\\&|DEV'), lisFrame('PID|1'), lisFrame('OBX|1\r'), lisFrame('MSH|2'), eot]),
  );
  const { sessions } = captured(wire.packets());
  expect(sessions[0]?.messages).toEqual(['MSH|^~\\&|DEV\rPID|1\rOBX|1\r', 'MSH|2']);
});

test('a device whose segments end in CR LF inside one frame loses none', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([enq, lisFrame('MSH|^~\\&|DEV\r\nPID|1\r\nOBX|1'), eot]));
  const { sessions } = captured(wire.packets());
  expect(sessions[0]?.messages).toEqual(['MSH|^~\\&|DEV\rPID|1\rOBX|1']);
});

test('only an end marker makes a LIS session complete', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([enq, lisFrame(hl7('1')), enq, lisFrame(hl7('2'))]));
  wire.close();
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([
    [[hl7('1')], false],
    [[hl7('2')], false],
  ]);
});

test('a session that falls silent ends after captureIdleMinutes', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([enq, lisFrame(hl7('1'))]));
  wire.wait(61 * 60_000);
  wire.send('device', Buffer.concat([enq, lisFrame(hl7('2')), eot]));
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([
    [[hl7('1')], false],
    [[hl7('2')], true],
  ]);
});

test.each([1, 2, 3, 5, 1000])('markers other than the usual ones are known by captureMarkers, cut every %s bytes', (size) => {
  const hex = (text: string) => Buffer.from(text).toString('hex');
  const captureMarkers = { enq: hex('<<'), stx: hex('[['), frameEnd: hex(']]'), ack: hex('OK'), eot: hex('>>') };
  for (const begin of ['<<', '', 'noise <<', 'noise ']) {
    const wire = connection();
    wire.open();
    wire.send('device', Buffer.from(`${begin}[[${hl7('1')}]]>>`), size);
    wire.send('lis', Buffer.from('OK'), size);
    const { sessions } = captured(wire.packets(), { captureMarkers });
    expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[[hl7('1')], true]]);
    expect(
      captured(wire.packets(), { captureMarkers, captureFraming: 'lis' }).sessions.flatMap(({ messages }) => messages),
    ).toEqual([hl7('1')]);
  }
});

test('a byte order mark before a message is part of it', () => {
  for (const framed of [
    mllp(`\uFEFF${hl7('1')}`),
    Buffer.concat([enq, lisFrame(`\uFEFF${hl7('1')}`), eot]),
    lisFrame(`\uFEFF${hl7('1')}`),
  ]) {
    for (const noise of ['', 'noise']) {
      const wire = connection();
      wire.open();
      wire.send('device', Buffer.concat([Buffer.from(noise), framed]), 1);
      const { sessions } = captured(wire.packets());
      expect(sessions.map(({ elements }) => elements.find(({ type }) => type === 'message')?.decodedMessage)).toEqual([
        `\uFEFF${hl7('1')}`,
      ]);
    }
  }
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.from([0x0b, 0xef, 0xbb, 0x00, 0x1c, 0x0d]), 1);
  expect(captured(wire.packets()).sessions).toEqual([]);
});

test('in a stream that shows no begin, nothing is kept, however long it is', () => {
  const { pipeline } = captured([]);
  const wire = connection();
  for (let count = 0; count < 300; count += 1) wire.send('device', Buffer.alloc(1400, 'MSH '));
  for (const { bytes, atMs } of wire.packets()) {
    pipeline.packet({ buffer: bytes, start: 0, end: bytes.length, cutBytes: 0, linkType: 1, atMs });
    expect(pipeline.figures.heldBytes).toBeLessThan(300 * 1024);
  }
});

test('a frame without ENQ must begin like HL7', () => {
  for (const [text, count] of [
    [hl7('1'), 1],
    ['FHS|^~\\&\rMSH|x\r', 1],
    ['BHS|^~\\&\rMSH|x\r', 1],
    ['HELLO', 0],
  ] as const) {
    const wire = connection();
    wire.open();
    wire.send('device', lisFrame(text));
    expect(captured(wire.packets()).sessions).toHaveLength(count);
  }
});

test('traffic that is not HL7 leaves no session', () => {
  const foreign = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
    '\u0005\u0001\u0000',
    '\u000bhello\u001c\r',
    '\u0005\u0004',
    '\u0005',
  ];
  for (const text of foreign) {
    const wire = connection();
    wire.open();
    wire.send('device', Buffer.from(text, 'latin1'));
    wire.send('lis', Buffer.from(text, 'latin1'));
    wire.close();
    expect(captured(wire.packets()).sessions).toEqual([]);
  }
});

test('HL7 behind bytes that mean nothing is found', () => {
  for (const framed of [
    mllp(hl7('1')),
    Buffer.concat([enq, lisFrame(hl7('1')), eot]),
    Buffer.concat([lisFrame(hl7('1')), eot]),
  ]) {
    const wire = connection();
    wire.open();
    wire.send('device', Buffer.concat([Buffer.from('welcome\u0005to MSH'), framed]), 3);
    expect(captured(wire.packets()).sessions.map(({ messages }) => messages)).toEqual([[hl7('1')]]);
  }
});

test('captureFraming fixes the framing', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  expect(captured(wire.packets(), { captureFraming: 'mllp' }).sessions).toHaveLength(1);
  expect(captured(wire.packets(), { captureFraming: 'lis' }).sessions).toHaveLength(0);
});

test('a lost segment leaves a gap, and nothing is joined across it', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1', 'OBX|1|ST|GLU||5.4\r'.repeat(20))), 100);
  wire.send('lis', mllp(hl7Ack('1')));
  wire.send('device', mllp(hl7('2')));
  wire.send('lis', mllp(hl7Ack('2')));
  wire.close();
  const lost = wire.segments.filter(({ data }) => (data?.length ?? 0) > 0)[2];
  const packets = wire.segments.filter((segment) => segment !== lost).map((segment) => packetOf(segment));
  const { sessions, gaps } = captured(packets);
  expect(sessions).toHaveLength(2);
  expect(sessions[0]).toMatchObject({
    isComplete: false,
    submissionStatus: 'ignored',
    submissionError: 'damaged while capturing',
    messages: [],
  });
  expect(sessions[0]?.elements.map(({ type }) => type)).toEqual(['fragment', 'fragment', 'ack']);
  expect(sessions[0]?.captureGaps).toEqual([{ timestamp: expect.any(Number), missingBytes: 100 }]);
  expect(sessions[0]?.submissionHistory).toEqual([
    { at: 1_800_000_000_000, outcome: 'ignored', reason: 'damaged while capturing' },
  ]);
  expect(sessions[1]).toMatchObject({ isComplete: true, messages: [hl7('2')] });
  expect(gaps).toHaveLength(1);
});

test('a packet cut by the snap length is a gap', () => {
  const wire = connection();
  wire.open();
  wire.send('device', mllp(hl7('1')));
  wire.send('lis', mllp(hl7Ack('1')));
  wire.close();
  const packets = wire.segments.map((segment) => packetOf({ ...segment, keepBytes: 96 }));
  const { sessions } = captured(packets);
  expect(sessions.map(({ isComplete, messages }) => [isComplete, messages])).toEqual([[false, []]]);
  expect(sessions[0]?.captureGaps).not.toEqual([]);
});

test('a gap in a LIS session spoils the message it hit and no other', () => {
  const wire = connection();
  wire.open();
  wire.send('device', enq);
  wire.send('lis', ack);
  for (const text of [hl7('1'), hl7('2'), hl7('3')]) {
    wire.send('device', lisFrame(text), 40);
    wire.send('lis', ack);
  }
  wire.send('device', eot);
  const frames = wire.segments.filter(({ from, data }) => from === 'device' && (data?.length ?? 0) > 0);
  const lost = frames[3];
  const { sessions } = captured(wire.segments.filter((segment) => segment !== lost).map((segment) => packetOf(segment)));
  expect(sessions.map(({ messages, isComplete }) => [messages, isComplete])).toEqual([[[hl7('1'), hl7('3')], false]]);
});

test('a capture that begins in the middle of a message keeps the rest as a piece, and the next message whole', () => {
  const wire = connection();
  wire.send('device', Buffer.concat([Buffer.from('T|1|x\rOBX|2|ST|GLU\r\u001c\r'), mllp(hl7('2'))]));
  wire.send('lis', mllp(hl7Ack('2')));
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, submissionStatus }) => [messages, submissionStatus])).toEqual([
    [[hl7('2')], 'pending'],
    [[], 'ignored'],
  ]);
});

test('a message whose end the sender never sent is a piece', () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([mllp(hl7('1')).subarray(0, -2), mllp(hl7('2'))]));
  wire.send('lis', mllp(hl7Ack('2')));
  wire.close();
  const { sessions } = captured(wire.packets());
  expect(sessions.map(({ messages, isComplete, submissionStatus }) => [messages, isComplete, submissionStatus])).toEqual([
    [[hl7('2')], true, 'pending'],
    [[], false, 'ignored'],
  ]);
});

test('several devices at once do not mix', () => {
  const devices = ['10.0.0.7', '10.0.0.8', '10.0.0.9'].map((deviceIP, index) => {
    const ends = { ...defaultEnds, deviceIP };
    const wire = connection(ends);
    wire.open();
    wire.send('device', mllp(hl7(String(index))), 20);
    return { ends, wire };
  });
  const packets = devices.flatMap(({ ends, wire }) => wire.segments.map((segment) => packetOf(segment, ends)));
  packets.sort((a, b) => a.atMs - b.atMs);
  const { sessions } = captured(packets);
  expect(sessions.map(({ deviceIP, messages }) => [deviceIP, messages]).sort()).toEqual([
    ['10.0.0.7', [hl7('0')]],
    ['10.0.0.8', [hl7('1')]],
    ['10.0.0.9', [hl7('2')]],
  ]);
});

test.each([
  ['8859/1', Buffer.from([0xe4, 0x80]), 'ä\u0080', false],
  ['UNICODE UTF-8', Buffer.from('ä€'), 'ä€', false],
  ['UNICODE UTF-8~8859/1', Buffer.from([0xe4]), '\ufffd', true],
  ['', Buffer.from('ä€'), 'ä€', false],
  ['', Buffer.from([0xe4]), 'ä', false],
  ['GB 18030-2000', Buffer.from([0xc4, 0xe3]), '你', false],
  ['8859/5', Buffer.from([0xbf]), 'П', false],
  ['nonsense', Buffer.from([0xe4]), 'ä', true],
  ['nonsense', Buffer.from('a'), 'a', false],
])('a message in %s is read by it and keeps its bytes', (characterSet, bytes, text, isUndecodable) => {
  const head = `MSH|^~\\&|D|L|L|L|20240101||ORU^R01|1|P|2.5||||||${characterSet}\rNTE|1||`;
  const payload = Buffer.concat([Buffer.from(head), bytes]);
  const wire = connection();
  wire.open();
  wire.send('device', mllp(payload));
  const [session] = captured(wire.packets()).sessions;
  expect(session?.messages).toEqual([head + text]);
  expect(session?.elements[0]?.hexData).toBe(payload.toString('hex'));
  expect(session?.elements[0]?.['hasUndecodableBytes']).toBe(isUndecodable ? true : undefined);
});
