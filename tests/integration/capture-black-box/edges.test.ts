/**
 * The rarer ways of devices and captures, seen from outside; one import run for all of them.
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
  NAK,
  payloadsOf,
  result,
  sayLis,
  sayMllp,
} from './dialogues.ts';
import { framesOf, pcap, split, Talk } from './packets.ts';
import type { Segment } from './packets.ts';

const world = new ImportWorld();
let ended: Ended;
let minuteIndex = 0;

function give(device: string, speak: (talk: Talk) => Talk, isOpened = true): void {
  const talk = new Talk({ device, startMs: baseMs + minuteIndex++ * 60_000 });
  world.add(`${device}.pcap`, pcap(framesOf(speak(isOpened ? talk.open() : talk).segments)));
}

const message = (control: string): string => mllp(`${result(control)}\r`);
const summary = (device: string): unknown[] =>
  world
    .of(device)
    .map(({ messages, isComplete, captureGaps }) => [
      bare(messages).map((text) => text.split('|')[9]),
      isComplete,
      (captureGaps ?? []).map(({ missingBytes }) => missingBytes),
    ]);

beforeAll(async () => {
  // Losses.
  give('10.11.0.1', (talk) =>
    talk
      .device(ENQ)
      .lost('lis', ACK)
      .device(lisFrame(result('A')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.11.0.2', (talk) =>
    talk
      .lost('device', ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.11.0.3', (talk) =>
    sayLis(
      talk
        .device(ENQ)
        .lis(ACK)
        .device(lisFrame(result('A')))
        .lis(ACK)
        .lost('device', EOT),
      result('B'),
    ).close(),
  );
  give('10.11.0.4', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .lost('device', lisFrame(result('A')))
      .lis(ACK)
      .device(lisFrame(result('B')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.11.0.5', (talk) =>
    sayMllp(
      sayMllp(talk, 'A')
        .lost('device', message('B'))
        .lost('lis', mllp(hl7Ack('B'))),
      'C',
    ).close(),
  );
  give('10.11.0.6', (talk) =>
    talk
      .device(message('A').slice(0, -2))
      .lost('device', '\x1c\r')
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  give('10.11.0.7', (talk) =>
    talk
      .device(message('A'))
      .lost('lis', mllp(hl7Ack('A')))
      .close(),
  );
  give('10.11.0.8', (talk) =>
    sayMllp(
      talk
        .device(message('A').slice(0, 60))
        .lost('device', 'x'.repeat(5_000_000))
        .device(message('B').slice(70))
        .lis(mllp(hl7Ack('B'))),
      'C',
    ).close(),
  );
  give('10.11.0.9', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')).slice(0, 40))
      .lost('device', lisFrame(result('A')).slice(40, 60))
      .device(lisFrame(result('A')).slice(60, 80))
      .lost('device', lisFrame(result('A')).slice(80, 85))
      .device(lisFrame(result('A')).slice(85))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.11.0.10', (talk) =>
    talk
      .device(message('A').slice(0, -1))
      .lost('device', '\r')
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  give('10.11.0.11', (talk) =>
    talk
      .device(message('A').slice(0, 40))
      .lost('device', message('A').slice(40))
      .device(message('B').slice(0, 3))
      .lost('device', message('B').slice(3, 60))
      .device(message('B').slice(60))
      .lis(mllp(hl7Ack('B')))
      .close(),
  );
  // Dialogues.
  give('10.12.0.1', (talk) =>
    talk
      .lis(ENQ)
      .device(ACK)
      .lis(lisFrame(result('ORDER')))
      .device(ACK)
      .lis(EOT)
      .close(),
  );
  give('10.12.0.2', (talk) => sayLis(talk.device(ENQ).lis(NAK), result('A')).close());
  give('10.12.0.3', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(`\x02${result('A')}`, EOT)
      .close(),
  );
  give('10.12.0.4', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(ACK)
      .lis(ENQ)
      .device(ACK)
      .lis(lisFrame(hl7Ack('A').slice(0, -1)))
      .device(ACK)
      .lis(EOT)
      .device(EOT)
      .close(),
  );
  give('10.12.0.5', (talk) =>
    talk
      .device(message('A') + message('B'))
      .lis(mllp(hl7Ack('A')) + mllp(hl7Ack('B')))
      .close(),
  );
  give('10.12.0.6', (talk) =>
    talk
      .device(message('SAME') + message('SAME'))
      .lis(mllp(hl7Ack('SAME')) + mllp(hl7Ack('SAME')))
      .close(),
  );
  give('10.12.0.7', (talk) => sayMllp(talk.device(message('UNANSWERED')), 'A').close());
  give('10.12.0.8', (talk) => talk.lis(mllp(hl7Ack('STRAY'))).close());
  give('10.12.0.9', (talk) => sayMllp(talk, 'TEXT', '\rOBX|2|TX|NOTE||a\x04b\x05c\x02d\x06').close());
  give('10.12.0.10', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')) + lisFrame(result('B')))
      .lis(ACK + NAK)
      .device(lisFrame(result('B')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.12.0.11', (talk) =>
    talk
      .device(mllp(''))
      .device(message('A'))
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  give('10.12.0.12', (talk) =>
    talk
      .device(`\r\n${message('A')}\r\n${message('B')}`)
      .lis(mllp(hl7Ack('A')) + mllp(hl7Ack('B')))
      .close(),
  );
  give('10.12.0.13', (talk) => sayLis(talk.device(ENQ).wait(20_000).device(ENQ).wait(20_000), result('A')).close());
  give('10.12.0.14', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(ACK)
      .device(EOT + ENQ)
      .lis(ACK)
      .device(lisFrame(result('B')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.12.0.15', (talk) => sayLis(talk, result('A'), result('A')).close());
  give('10.12.0.16', (talk) =>
    talk
      .device(`\x0b${result('CUT')}`, message('A'))
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  give('10.12.0.17', (talk) =>
    talk
      .device(mllp(`FHS|^~\\&|XN\rBHS|^~\\&|XN\r${result('A')}\r${result('B')}\rBTS|2\rFTS|1\r`))
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  // The begin of a connection.
  give('10.13.0.1', (talk) =>
    talk
      .lost('device', message('A').slice(0, 50))
      .device(message('A').slice(50))
      .lis(mllp(hl7Ack('A')))
      .close(),
  );
  give('10.13.0.2', (talk) =>
    talk
      .lost('device', ENQ + lisFrame(result('A')).slice(0, 50))
      .device(lisFrame(result('A')).slice(50))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.13.0.3', (talk) =>
    talk
      .lost('device', ENQ)
      .lis(ACK)
      .lost('device', lisFrame(result('A')))
      .lis(ACK)
      .device(lisFrame(result('B')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  give('10.13.0.4', (talk) =>
    sayLis(talk, result('A'))
      .lis(ENQ)
      .device(ACK)
      .lis(lisFrame(hl7Ack('A').slice(0, -1)))
      .device(ACK)
      .lis(EOT)
      .close(),
  );
  give('10.13.0.5', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(lisFrame(hl7Ack('A').slice(0, -1)))
      .device(EOT)
      .close(),
  );
  give('10.13.0.6', (talk) =>
    sayLis(
      talk
        .device(ENQ)
        .lis(ACK)
        .device(`\x02${result('HALF')}`, EOT),
      result('A'),
    ).close(),
  );
  give('10.13.0.7', (talk) =>
    sayLis(
      talk
        .device(ENQ)
        .lis(ACK)
        .device(`\x02${result('HALF')}`),
      result('A'),
    ).close(),
  );
  give('10.13.0.8', (talk) => sayLis(talk.device(ENQ).lis(ENQ).wait(1000), result('A')).close());
  give('10.13.0.9', (talk) =>
    sayLis(
      sayLis(talk, result('A'))
        .lost('device', ENQ)
        .lis(ACK)
        .lost('device', lisFrame(result('B')))
        .lis(ACK)
        .device(lisFrame(result('C')))
        .lis(ACK)
        .device(EOT),
      result('D'),
    ).close(),
  );
  give('10.13.0.10', (talk) =>
    sayLis(talk, result('A'))
      .lost('device', 'something')
      .device(ENQ)
      .lis(ACK)
      .device(`\x02${result('HALF')}`)
      .close(),
  );
  give('10.13.0.11', (talk) => sayLis(talk.lost('device', 'something'), result('A')).close());
  // Captures that see less, or more than once.
  const giveChanged = (device: string, change: (segments: Segment[], loaded: Segment[]) => Segment[]): void => {
    const talk = lisTalk({ device, startMs: baseMs + minuteIndex++ * 60_000 }, result('A'), result('B'));
    world.add(`${device}.pcap`, pcap(framesOf(change(talk.segments, talk.loaded))));
  };
  giveChanged('10.14.0.1', (segments) => segments.filter(({ source }) => source === '10.14.0.1'));
  giveChanged('10.14.0.2', (segments, loaded) =>
    segments.flatMap((segment) => {
      if (segment !== loaded[2]) return segment.source === '10.14.0.2' ? [segment] : [];
      const [first, rest] = split(segment, 30);
      return [first, split(rest, 20)[1]];
    }),
  );
  giveChanged('10.14.0.3', (segments, loaded) =>
    segments.flatMap((segment) => (segment === loaded[2] ? [{ ...segment, cutBytes: 31 }, segment] : [segment])),
  );
  giveChanged('10.14.0.4', (segments, loaded) =>
    segments.flatMap((segment) =>
      segment === loaded[2]
        ? [segment, { ...segment, payload: Buffer.from(segment.payload.map((byte) => byte ^ 1)) }]
        : [segment],
    ),
  );
  giveChanged('10.14.0.5', (segments, loaded) =>
    segments.map((segment) => (segment === loaded[2] ? { ...segment, cutBytes: segment.payload.length + 8 } : segment)),
  );
  giveChanged('10.14.0.6', (segments) =>
    segments.filter(({ payload, flags }) => payload.length > 0 || (flags & 2) === 0).slice(3),
  );
  give('10.14.0.7', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(NAK)
      .device(EOT)
      .close(),
  );
  give('10.14.0.8', (talk) =>
    talk
      .device(ENQ)
      .lis(ACK)
      .device(lisFrame(result('A')))
      .lis(NAK)
      .device(lisFrame(result('A')))
      .lis(NAK)
      .device(lisFrame(result('A')))
      .lis(ACK)
      .device(EOT)
      .close(),
  );
  const early = lisTalk({ device: '10.12.1.1', startMs: baseMs + minuteIndex++ * 60_000 }, result('A'));
  // The clock of the capturing machine was set back by 30 s meanwhile.
  world.add(
    'clock.pcap',
    pcap(framesOf(early.segments.map((segment, index) => (index > 6 ? { ...segment, atMs: segment.atMs - 30_000 } : segment)))),
  );
  // Segmentation offload leaves the length in the IP head at 0.
  const offload = framesOf(
    lisTalk({ device: '10.12.1.2', startMs: baseMs + minuteIndex++ * 60_000 }, result('A'), result('B')).segments,
  );
  for (const { bytes } of offload) if (bytes.length > 100) bytes.writeUInt16BE(0, 16);
  world.add('offload.pcap', pcap(offload));
  ended = await world.run();
});
afterAll(() => world.remove());

test('the import ends with 0, and says nothing of a patient', () => {
  expect(ended.code).toBe(0);
  expect(ended.stderr + ended.stdout).not.toMatch(new RegExp(`${patientName}|4Q7X|MSH\\|`));
});

// Each row: what was said, the device, and per session its messages, whether it is complete, and its gaps' bytes.
const stories: [string, string, unknown[]][] = [
  ["the LIS's ACK is lost", '10.11.0.1', [[['A'], false, [1]]]],
  ['the ENQ is lost', '10.11.0.2', [[['A'], false, [1]]]],
  [
    'the EOT is lost, and the next ENQ begins anew',
    '10.11.0.3',
    [
      [['A'], false, [1]],
      [['B'], true, []],
    ],
  ],
  ['a whole frame is lost', '10.11.0.4', [[['B'], false, [109]]]],
  [
    'a whole MLLP exchange is lost between two others',
    '10.11.0.5',
    [
      [['A'], true, []],
      [['C'], true, []],
    ],
  ],
  ['the end of a block is lost', '10.11.0.6', [[[], false, [2]]]],
  ["the LIS's acknowledgement is lost", '10.11.0.7', [[['A'], false, [mllp(hl7Ack('A')).length]]]],
  [
    'five megabytes are lost',
    '10.11.0.8',
    [
      [[], false, [5_000_000]],
      [['C'], true, []],
    ],
  ],
  ['a frame loses two pieces', '10.11.0.9', [[[], false, [20, 5]]]],
  ['the begin of the first message is lost', '10.13.0.1', [[[], false, [50]]]],
  ['ENQ and the first frame are lost', '10.13.0.3', [[['B'], false, [110]]]],
  [
    'ENQ and the first frame of the second dialogue are lost',
    '10.13.0.9',
    [
      [['A'], true, []],
      [['C'], false, [110]],
      [['D'], true, []],
    ],
  ],
  ['bytes are lost before an ENQ', '10.13.0.11', [[['A'], true, []]]],
  [
    'bytes are lost before the ENQ of a dialogue that breaks off',
    '10.13.0.10',
    [
      [['A'], true, []],
      [[], false, []],
    ],
  ],
  ['the LIS sends an order', '10.12.0.1', [[['ORDER'], true, []]]],
  ['an ENQ is refused and repeated', '10.12.0.2', [[['A'], true, []]]],
  ['a frame breaks off', '10.12.0.3', [[[], false, []]]],
  [
    'two messages are sent before their acknowledgements',
    '10.12.0.5',
    [
      [['A'], true, []],
      [['B'], true, []],
    ],
  ],
  [
    'the same message is sent twice at the same moment',
    '10.12.0.6',
    [
      [['SAME'], true, []],
      [['SAME'], true, []],
    ],
  ],
  [
    'a message is not answered before the next',
    '10.12.0.7',
    [
      [['UNANSWERED'], true, []],
      [['A'], true, []],
    ],
  ],
  ['an acknowledgement answers nothing', '10.12.0.8', []],
  ['an MLLP message holds bytes that are LIS markers', '10.12.0.9', [[['TEXT'], true, []]]],
  ['an empty block comes first', '10.12.0.11', [[['A'], true, []]]],
  [
    'line ends lie between the blocks',
    '10.12.0.12',
    [
      [['A'], true, []],
      [['B'], true, []],
    ],
  ],
  ['an ENQ is repeated', '10.12.0.13', [[['A'], true, []]]],
  [
    'EOT and the next ENQ share a segment',
    '10.12.0.14',
    [
      [['A'], true, []],
      [['B'], true, []],
    ],
  ],
  ['a message is sent twice within a dialogue', '10.12.0.15', [[['A', 'A'], true, []]]],
  [
    'a block breaks off and the next one is whole',
    '10.12.0.16',
    [
      [[], false, []],
      [['A'], true, []],
    ],
  ],
  ['the LIS acknowledges with a dialogue of its own', '10.13.0.4', [[['A'], true, []]]],
  ['the LIS acknowledges with a frame', '10.13.0.5', [[['A'], true, []]]],
  ['a frame breaks off with EOT and is begun anew', '10.13.0.6', [[['A'], false, []]]],
  ['a frame breaks off and ENQ begins anew', '10.13.0.7', [[['A'], false, []]]],
  ['both ends send ENQ at once', '10.13.0.8', [[['A'], true, []]]],
  ['only the device is captured', '10.14.0.1', [[['A', 'B'], true, []]]],
  ['only the device is captured, with a hole', '10.14.0.2', [[['B'], false, [20]]]],
  ['a packet that was cut short comes again whole', '10.14.0.3', [[['A', 'B'], true, []]]],
  ['a repetition holds other bytes', '10.14.0.4', [[['A', 'B'], true, []]]],
  ['a packet is cut within its TCP header', '10.14.0.5', [[['B'], false, [109]]]],
  ['the capture begins behind the ENQ', '10.14.0.6', [[['A', 'B'], true, []]]],
  ['a refused frame is given up', '10.14.0.7', [[[], true, []]]],
  ['a frame is refused twice', '10.14.0.8', [[['A'], true, []]]],
  ['the clock is set back meanwhile', '10.12.1.1', [[['A'], true, []]]],
  ['the network card cuts the packets later', '10.12.1.2', [[['A', 'B'], true, []]]],
];
test.each(stories)('%s', (_, device, expected) => {
  expect(summary(device)).toEqual(expected);
});

test('sessions without a whole message are ignored, all others are pending', () => {
  for (const { deviceIP, messages, submissionStatus } of world.all())
    expect([deviceIP, submissionStatus]).toEqual([deviceIP, messages.length === 0 ? 'ignored' : 'pending']);
});

test('no session ends before it starts, and its gaps and elements lie within it', () => {
  for (const { deviceIP, startTime, endTime, elements, captureGaps } of world.all()) {
    if (deviceIP === '10.12.1.1') continue;
    for (const { timestamp } of [...elements, ...(captureGaps ?? [])])
      expect([deviceIP, timestamp >= startTime && timestamp <= endTime]).toEqual([deviceIP, true]);
  }
});

test('an order is pc-to-device, and an HL7 acknowledgement in a LIS frame is an ack', () => {
  expect(elementsOf(world.one('10.12.0.1'), 'message')[0]?.direction).toBe('pc-to-device');
  expect(payloadsOf(world.one('10.13.0.5'), 'ack')).toContain(hl7Ack('A').slice(0, -1));
  expect(payloadsOf(world.of('10.12.0.5')[1] ?? world.one('10.12.0.5'), 'ack')).toEqual([hl7Ack('B')]);
});

test('a piece holds no part of a marker that was torn', () => {
  expect(payloadsOf(world.one('10.11.0.10'), 'fragment')).toEqual([message('A').slice(1, -2)]);
  const pieces = world.of('10.11.0.11').flatMap((session) => payloadsOf(session, 'fragment'));
  expect(pieces).toEqual([message('A').slice(1, 40), 'MS', message('B').slice(60, -2)]);
});

test('the pieces around several losses stay apart', () => {
  const frame = lisFrame(result('A'));
  expect(payloadsOf(world.one('10.11.0.9'), 'fragment')).toEqual([frame.slice(1, 40), frame.slice(60, 80), frame.slice(85, -2)]);
});
