/**
 * What becomes a session, seen from outside: capture files in, session files out, one import run for all dialogues.
 * May import: node, tests/support.
 */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Ended } from '../../support/courier-process.ts';
import { hasMode, patientName } from '../../support/session-folder.ts';
import {
  ACK,
  bare,
  baseMs,
  dayMs,
  elementsOf,
  ENQ,
  EOT,
  hexOf,
  hl7Ack,
  ImportWorld,
  lisFrame,
  lisTalk,
  mllp,
  mllpTalk,
  NAK,
  payloadsOf,
  result,
  sayLis,
  sayMllp,
  typesOf,
} from './dialogues.ts';
import { byTime, framesOf, pcap, Talk } from './packets.ts';

const world = new ImportWorld();
let ended: Ended;
let minuteIndex = 0;

/** The next file's start: the files follow each other, a minute apart. */
const nextMs = (): number => baseMs + minuteIndex++ * 60_000;

function give(name: string, ...talks: Talk[]): void {
  world.add(`${name}.pcap`, pcap(framesOf(byTime(talks.flatMap(({ segments }) => segments)))));
}

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const withCharset = (charset: string, name: string): string =>
  `MSH|^~\\&|XN|LAB|LIS|HOSP|20260512100000||ORU^R01|C1|P|2.5.1||||||${charset}\rPID|1||4Q7X||${name}`;
const latinName = 'M\xfcller^J\xf6rg';
const charsets: Record<string, { device: string; payload: string; name: string }> = {
  'names 8859/1': { device: '10.2.0.1', payload: withCharset('8859/1', latinName), name: 'Müller^Jörg' },
  'names UNICODE UTF-8': {
    device: '10.2.0.2',
    payload: withCharset('UNICODE UTF-8', utf8('Müller^Łukasz')),
    name: 'Müller^Łukasz',
  },
  'is empty and the bytes are UTF-8': {
    device: '10.2.0.3',
    payload: withCharset('', utf8('Müller^Łukasz')),
    name: 'Müller^Łukasz',
  },
  'is empty and the bytes are not UTF-8': { device: '10.2.0.4', payload: withCharset('', latinName), name: 'Müller^Jörg' },
  'repeats: the first one counts': {
    device: '10.2.0.5',
    payload: withCharset('8859/1~UNICODE UTF-8', latinName),
    name: 'Müller^Jörg',
  },
  'names 8859/1 though the bytes could be UTF-8': {
    device: '10.2.0.6',
    payload: withCharset('8859/1', utf8('ü')),
    name: 'Ã¼',
  },
  'names 8859/2': { device: '10.2.0.7', payload: withCharset('8859/2', '\xa3ukasz'), name: 'Łukasz' },
};

const noise: Record<string, { device: string; speak: (talk: Talk) => Talk }> = {
  HTTP: {
    device: '10.3.0.1',
    speak: (talk) => talk.device('GET / HTTP/1.1\r\nHost: lis\r\n\r\n').lis('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  },
  'random bytes': {
    device: '10.3.0.2',
    speak: (talk) => {
      let state = 12_345;
      const bytes = Buffer.from(
        Array.from({ length: 60_000 }, () => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >>> 16) & 0xff),
      );
      for (let at = 0; at < bytes.length; at += 1_400) talk.device(bytes.subarray(at, at + 1_400));
      return talk;
    },
  },
  'an ENQ that something else follows': {
    device: '10.3.0.3',
    speak: (talk) => talk.device('\x05\x01\x00\x17hello\r\n', 'more\x04'),
  },
  'an STX that no HL7 follows': {
    device: '10.3.0.4',
    speak: (talk) => talk.device('\x02temperature 21.5\r\n', '\x02ok\r\n\x04'),
  },
  'a 0x0B that no HL7 follows': { device: '10.3.0.5', speak: (talk) => talk.device('\x0bhello\x1c\r').lis('\x0bworld\x1c\r') },
  'an empty connection': { device: '10.3.0.6', speak: (talk) => talk },
  TLS: {
    device: '10.3.0.7',
    speak: (talk) => talk.device('\x16\x03\x01\x00\x05\x01\x00\x00\x01\x05').lis('\x15\x03\x03\x00\x02\x02\x28'),
  },
  'nothing but single bytes': { device: '10.3.0.8', speak: (talk) => talk.device('\x00').lis('\x00').device('\x00') },
};

beforeAll(async () => {
  give('mllp-one', mllpTalk({ device: '10.1.0.1', startMs: nextMs() }, 'ONE'));
  give('mllp-two', mllpTalk({ device: '10.1.0.2', startMs: nextMs() }, 'TWO-1', 'TWO-2'));
  give('lis-three', lisTalk({ device: '10.1.0.3', startMs: nextMs() }, result('L1'), result('L2'), result('L3')));
  const frame = lisFrame(result('NAKKED'));
  give(
    'lis-nak',
    new Talk({ device: '10.1.0.4', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(frame)
      .lis(NAK)
      .device(frame)
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give(
    'device-listens',
    (() => {
      const talk = new Talk({ device: '10.1.0.5', devicePort: 9100, lisPort: 51_000, startMs: nextMs() }).open('lis');
      return sayMllp(talk, 'LISTENS').close();
    })(),
  );
  give('other-port', mllpTalk({ device: '10.1.0.6', lisPort: 8080, startMs: nextMs() }, 'ELSEWHERE'));
  give(
    'no-end',
    new Talk({ device: '10.1.0.7', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('NOEND')))
      .lis(ACK)
      .close(),
    new Talk({ device: '10.1.0.8', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('RESET')))
      .lis(ACK)
      .reset(),
  );
  give(
    'file-ends',
    new Talk({ device: '10.1.0.9', startMs: nextMs() })
      .open()
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('OPEN')))
      .lis(ACK),
  );
  give(
    'half-a-message',
    new Talk({ device: '10.1.0.10', startMs: nextMs() })
      .open()
      .device(`\x0b${result('HALF')}`)
      .close(),
  );
  give(
    'two-lis-sessions',
    (() => {
      const talk = new Talk({ device: '10.1.0.11', startMs: nextMs() }).open();
      return sayLis(sayLis(talk, result('A1')), result('B1'), result('B2')).close();
    })(),
  );
  give(
    'order',
    new Talk({ device: '10.1.0.12', startMs: nextMs() })
      .open()
      .lis(mllp(`${result('ORDER')}\r`))
      .device(mllp(hl7Ack('ORDER')))
      .close(),
  );
  const startMs = nextMs();
  const crowd = [1, 2, 3, 4].map((number) =>
    lisTalk({ device: `10.1.1.${number}`, startMs: startMs + number, stepMs: 7 }, result(`CROWD${number}`)),
  );
  give('crowd', ...crowd);
  give(
    'no-enq',
    new Talk({ device: '10.1.0.13', startMs: nextMs() })
      .open()
      .device(lisFrame(result('NOENQ')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give(
    'idle',
    (() => {
      const talk = new Talk({ device: '10.1.0.14', startMs: nextMs() })
        .open()
        .device(ENQ)
        .lis(ACK)
        .device(lisFrame(result('IDLE')))
        .lis(ACK);
      return sayLis(talk.wait(90 * 60_000), result('AWAKE')).close();
    })(),
  );
  minuteIndex += 120;
  for (const { device, payload } of Object.values(charsets))
    give(
      `charset-${device}`,
      new Talk({ device, startMs: nextMs() })
        .open()
        .device(mllp(payload))
        .lis(mllp(hl7Ack('C1')))
        .close(),
    );
  for (const { device, speak } of Object.values(noise))
    give(`noise-${device}`, speak(new Talk({ device, startMs: nextMs() }).open()).close());
  ended = await world.run({ captureDevicePorts: [9100], retentionDays: 10 });
});
afterAll(() => world.remove());

test('the import of sound files ends with 0, and says nothing of a patient', () => {
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.stderr + ended.stdout).not.toMatch(new RegExp(`${patientName}|ller|4Q7X|MSH\\|`));
});

test('every session file has the fields of the design', () => {
  const sessions = world.all();
  expect(sessions.length).toBeGreaterThan(20);
  for (const session of sessions) {
    expect(session).toMatchObject({ _version: 1, lisIP: '10.200.0.2' });
    expect(session['_saved_at']).toEqual(expect.any(Number));
    expect(session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(session.id.replaceAll('-', '').slice(0, 12), 16)).toBe(session.startTime);
    expect(session.persistedUntil).toBe(session.endTime + 10 * dayMs);
    // A session of pieces alone has nothing to deliver.
    expect(session.submissionStatus ?? 'pending').toBe(session.messages.length === 0 ? 'ignored' : 'pending');
    expect(session.captureGaps ?? []).toEqual([]);
    expect(new Set(session.elements.map(({ id }) => id)).size).toBe(session.elements.length);
    const times = session.elements.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    for (const time of times) expect(time >= session.startTime && time <= session.endTime).toBe(true);
    for (const { hexData } of session.elements) expect(hexData).toMatch(/^([0-9a-f]{2})*$/i);
    expect(hasMode(join(world.dataDir, 'sessions', `${session.id}.json`), '600')).toBe(true);
  }
  expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(sessions.length);
  if (process.platform !== 'win32') expect(lstatSync(join(world.dataDir, 'sessions')).mode & 0o777).toBe(0o700);
});

test('over MLLP one message and its acknowledgement are one session', () => {
  const session = world.one('10.1.0.1');
  expect(session).toMatchObject({ isComplete: true, messages: [`${result('ONE')}\r`] });
  expect(typesOf(session).filter((type) => type !== 'start' && type !== 'end')).toEqual(['message', 'ack']);
  expect(elementsOf(session, 'message')).toMatchObject([{ direction: 'device-to-pc', hexData: hexOf(`${result('ONE')}\r`) }]);
  expect(elementsOf(session, 'ack')).toMatchObject([{ direction: 'pc-to-device', hexData: hexOf(hl7Ack('ONE')) }]);
});

test('a session starts with its first byte and ends with its last', () => {
  // The handshake takes three steps of 10 ms; the acknowledgement follows message and TCP acknowledgement.
  expect(world.one('10.1.0.1')).toMatchObject({ startTime: baseMs + 30, endTime: baseMs + 50 });
});

test('over MLLP two messages are two sessions', () => {
  expect(world.of('10.1.0.2').map(({ messages, isComplete }) => ({ messages, isComplete }))).toEqual([
    { messages: [`${result('TWO-1')}\r`], isComplete: true },
    { messages: [`${result('TWO-2')}\r`], isComplete: true },
  ]);
});

test('a LIS dialogue from ENQ to EOT is one session with several messages', () => {
  const session = world.one('10.1.0.3');
  expect(session.isComplete).toBe(true);
  expect(bare(session.messages)).toEqual([result('L1'), result('L2'), result('L3')]);
  expect(typesOf(session)).toEqual(['start', 'ack', 'message', 'ack', 'message', 'ack', 'message', 'ack', 'end']);
  expect(payloadsOf(session, 'message')).toEqual([result('L1'), result('L2'), result('L3')]);
  for (const { type, direction } of session.elements) expect(direction).toBe(type === 'ack' ? 'pc-to-device' : 'device-to-pc');
});

test('a frame answered by NAK is a fragment, and its repetition is the message', () => {
  const session = world.one('10.1.0.4');
  expect(session.isComplete).toBe(true);
  expect(bare(session.messages)).toEqual([result('NAKKED')]);
  expect(typesOf(session).filter((type) => type !== 'ack')).toEqual(['start', 'fragment', 'message', 'end']);
  expect(payloadsOf(session, 'fragment')).toEqual([result('NAKKED')]);
});

test('a device that listens is known by captureDevicePorts', () => {
  const session = world.one('10.1.0.5');
  expect(session).toMatchObject({ lisIP: '10.200.0.2', messages: [`${result('LISTENS')}\r`], isComplete: true });
  expect(elementsOf(session, 'message')[0]?.direction).toBe('device-to-pc');
});

test('traffic of other ports is left alone', () => {
  expect(world.of('10.1.0.6')).toEqual([]);
});

test.each([
  ['is closed', '10.1.0.7', 'NOEND'],
  ['is reset', '10.1.0.8', 'RESET'],
  ['is still open when the file ends', '10.1.0.9', 'OPEN'],
])('a connection that %s without EOT leaves an incomplete session', (_, device, control) => {
  const session = world.one(device);
  expect(session.isComplete).toBe(false);
  expect(bare(session.messages)).toEqual([result(control)]);
  expect(typesOf(session)).not.toContain('end');
});

test('a message without its end marker is a fragment of an incomplete session', () => {
  const session = world.one('10.1.0.10');
  expect(session).toMatchObject({ isComplete: false, messages: [] });
  expect(payloadsOf(session, 'fragment')).toEqual([result('HALF')]);
});

test('two LIS dialogues on one connection are two sessions', () => {
  expect(world.of('10.1.0.11').map(({ messages, isComplete }) => [bare(messages), isComplete])).toEqual([
    [[result('A1')], true],
    [[result('B1'), result('B2')], true],
  ]);
});

test('what the LIS sends is pc-to-device', () => {
  const session = world.one('10.1.0.12');
  expect(elementsOf(session, 'message')[0]?.direction).toBe('pc-to-device');
  expect(elementsOf(session, 'ack')[0]?.direction).toBe('device-to-pc');
});

test('devices that speak at the same time have a session each', () => {
  for (const number of [1, 2, 3, 4]) {
    const session = world.one(`10.1.1.${number}`);
    expect([bare(session.messages), session.isComplete]).toEqual([[result(`CROWD${number}`)], true]);
  }
});

test('a frame without ENQ counts when it begins with MSH', () => {
  const session = world.one('10.1.0.13');
  expect([bare(session.messages), session.isComplete]).toEqual([[result('NOENQ')], true]);
});

test('a session ends, incomplete, after captureIdleMinutes without a byte', () => {
  expect(world.of('10.1.0.14').map(({ messages, isComplete }) => [bare(messages), isComplete])).toEqual([
    [[result('IDLE')], false],
    [[result('AWAKE')], true],
  ]);
});

test.each(Object.entries(charsets))('MSH-18 %s', (_, { device, payload, name }) => {
  const session = world.one(device);
  expect(session.messages[0]).toContain(`PID|1||4Q7X||${name}`);
  expect(payloadsOf(session, 'message')).toEqual([payload]);
});

test.each(Object.entries(noise))('%s leaves no session', (_, { device }) => {
  expect(world.of(device)).toEqual([]);
});
