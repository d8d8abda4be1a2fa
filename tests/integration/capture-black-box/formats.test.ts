/**
 * Capture files of every kind, sound ones and damaged ones: what is read of them, and what is said of the rest.
 * May import: node, tests/support.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import type { Ended } from '../../support/courier-process.ts';
import { patientName } from '../../support/session-folder.ts';
import { bare, baseMs, ENQ, ImportWorld, lisTalk, mllp, mllpTalk, result, typesOf } from './dialogues.ts';
import type { Session } from './dialogues.ts';
import { framesOf, pcap, pcapng, split, Talk } from './packets.ts';
import type { Frame, Link } from './packets.ts';

const secret = new RegExp(`${patientName}|4Q7X|MSH\\|`);

function makeWorld(): ImportWorld {
  const world = new ImportWorld();
  onTestFinished(() => world.remove());
  return world;
}

const framesFor = (device: string, startMs: number, link: Link = 'ethernet', lis = '10.200.0.2'): Frame[] =>
  framesOf(lisTalk({ device, lis, startMs }, result('F1'), result('F2')).segments, link, 0, 12);

const shared = new ImportWorld();
let sharedEnded: [Ended, Ended];
let firstSessions: Session[];
const largeText = `${result('LARGE', 'x'.repeat(3_000_000))}\r`;

beforeAll(async () => {
  // Packets that are not TCP, or no packets at all, between those of a talk.
  const stations = '0200000000010200000000ff';
  const others = [
    `${stations}0806${'00'.repeat(46)}`,
    `${stations}08004500001c000000004011000001020304050607080a0f0a0f0008${'00'.repeat(20)}`,
    `${stations}88cc${'02'.repeat(50)}`,
    `${stations}0800`,
    stations.slice(0, 10),
    `${stations}080045${'00'.repeat(3)}`,
    `${stations}86dd60`,
  ].map((hex, index) => ({ atMs: baseMs + index, bytes: Buffer.from(hex, 'hex'), wireBytes: hex.length / 2 }));
  const mixed = framesFor('10.8.1.1', baseMs).flatMap((frame, index) => [frame, ...(others[index] ? [others[index]] : [])]);
  shared.add('mixed.pcap', pcap(mixed));
  shared.add('quiet.pcap', pcap([]));
  shared.add('quiet.pcapng', pcapng([]));
  shared.add('again.pcap', pcap(framesFor('10.10.0.1', baseMs)));
  shared.add('again.pcapng', pcapng(framesFor('10.10.0.1', baseMs)));
  shared.add(
    'three.pcap',
    pcap(framesOf(mllpTalk({ device: '10.10.0.2', startMs: baseMs + 5000 }, 'ONE', 'TWO', 'THREE').segments)),
  );
  shared.add('pair.pcap', pcap([...framesFor('10.10.1.1', baseMs), ...framesFor('10.10.1.2', baseMs)]));
  const { segments } = lisTalk({ device: '10.10.2.1', startMs: baseMs }, result('ROTATED'), result('NEXT'));
  const ring = framesOf(segments.flatMap((segment) => (segment.payload.length > 50 ? split(segment, 40) : [segment])));
  const middle = ring.findIndex(({ bytes }) => bytes.length > 90) + 1;
  shared.add('ring-1.pcap', pcap(ring.slice(0, middle)));
  shared.add('ring-2.pcapng', pcapng(ring.slice(middle, middle + 4)));
  shared.add('ring-3.pcap', pcap(ring.slice(middle + 4), { isBigEndian: true }));
  const enquiries = new Talk({ device: '10.10.6.1', startMs: baseMs }).open().device(ENQ, ENQ).close();
  shared.add('enq.pcap', pcap(framesOf(enquiries.segments)));
  const whole = mllp(largeText);
  const pieces = Array.from({ length: Math.ceil(whole.length / 32_000) }, (_, index) =>
    whole.slice(index * 32_000, (index + 1) * 32_000),
  );
  const large = new Talk({ device: '10.10.7.1', startMs: baseMs + 9000 }).open();
  large
    .device(...pieces)
    .lis(mllp('MSH|^~\\&|L\rMSA|AA|LARGE\r'))
    .close();
  shared.add('large.pcap', pcap(framesOf(large.segments)));
  const first = await shared.run();
  firstSessions = shared.all();
  sharedEnded = [first, await shared.run()];
});
afterAll(() => shared.remove());

test('importing again adds nothing and changes nothing', () => {
  expect(sharedEnded.map(({ code }) => code)).toEqual([0, 0]);
  expect(shared.all()).toEqual(firstSessions);
  // The same packets in a file of another format are the same sessions.
  expect(shared.of('10.10.0.1')).toHaveLength(1);
  expect(shared.of('10.10.0.2')).toHaveLength(3);
});

test('packets that are not TCP are stepped over', () => {
  expect(bare(shared.one('10.8.1.1').messages)).toEqual([result('F1'), result('F2')]);
});

test('two devices that say the same at the same moment are two sessions', () => {
  expect(shared.one('10.10.1.1').messages).toEqual(shared.one('10.10.1.2').messages);
});

test('a connection goes on in the next file, whatever its format', () => {
  const { messages, isComplete, captureGaps = [] } = shared.one('10.10.2.1');
  expect([bare(messages), isComplete, captureGaps]).toEqual([[result('ROTATED'), result('NEXT')], true, []]);
});

test('a lone ENQ that nobody answers is no message', () => {
  expect(shared.of('10.10.6.1').flatMap(({ messages }) => messages)).toEqual([]);
});

test('an MLLP message of several megabytes is one message', () => {
  const { messages, isComplete } = shared.one('10.10.7.1');
  expect([messages[0] === largeText, messages.length, isComplete]).toEqual([true, 1, true]);
});

test('every format, byte order, clock and link layer gives the same session', async () => {
  const world = makeWorld();
  const links: Link[] = ['ethernet', 'vlan', 'stacked-vlan', 'raw', 'cooked', 'cooked-2', 'loopback'];
  const devices: { device: string; startMs: number; what: string }[] = [];
  for (const [linkIndex, link] of links.entries())
    for (const isBigEndian of [false, true])
      for (const isNano of [false, true])
        for (const [writerIndex, write] of [pcap, pcapng].entries())
          for (const isV6 of [false, true]) {
            const number = devices.length + 1;
            const device = isV6 ? `fd00::${linkIndex + 1}:${number.toString(16)}` : `10.8.0.${number}`;
            const startMs = baseMs + number * 10_000;
            // The loopback link type is in the byte order of the machine that captured.
            if (link === 'loopback' && isBigEndian) continue;
            const frames = framesFor(device, startMs, link, isV6 ? 'fd00::200' : '10.200.0.2');
            const what = [
              link,
              isBigEndian ? 'big' : 'little',
              isNano ? 'nano' : 'micro',
              writerIndex === 0 ? 'pcap' : 'pcapng',
              isV6 ? 6 : 4,
            ].join(' ');
            world.add(`${number}.${writerIndex === 0 ? 'pcap' : 'pcapng'}`, write(frames, { link, isBigEndian, isNano }));
            devices.push({ device, startMs, what });
          }
  const ended = await world.run();
  expect([ended.code, ended.stderr]).toEqual([0, expect.not.stringMatching(secret)]);
  const sessions = world.all();
  const seen = devices.map(({ device, what }) => {
    const found = sessions.filter(({ deviceIP }) => deviceIP === device);
    return [what, found.map(({ messages, isComplete, startTime }) => [bare(messages), isComplete, startTime])];
  });
  expect(seen).toEqual(devices.map(({ startMs, what }) => [what, [[[result('F1'), result('F2')], true, startMs + 30]]]));
  expect(sessions).toHaveLength(devices.length);
});

test('files that are damaged: what could be read is kept, the place is named, and the others are imported', async () => {
  const world = makeWorld();
  const twoTalks = (device: string, startMs: number): Frame[] => framesOf(mllpTalk({ device, startMs }, 'KEPT', 'GONE').segments);
  const damaged = (name: string, content: Buffer | string): string => world.add(name, content);

  const whole = pcap(twoTalks('10.9.0.1', baseMs));
  damaged('cut-in-packet.pcap', whole.subarray(0, whole.length - 500));
  const cutFrames = twoTalks('10.9.0.2', baseMs + 1000);
  const wholeNg = pcapng(cutFrames);
  damaged('cut-in-block.pcapng', wholeNg.subarray(0, wholeNg.length - 500));

  // The record head after the first message and its acknowledgement claims 4 GB.
  const keptFrames = twoTalks('10.9.0.3', baseMs + 2000);
  const keptBytes = pcap(keptFrames.slice(0, 7)).length;
  const broken = pcap(keptFrames);
  broken.writeUInt32LE(0xfffffff0, keptBytes + 8);
  damaged('broken-record.pcap', broken);
  const ngFrames = twoTalks('10.9.0.4', baseMs + 3000);
  const ngKeptBytes = pcapng(ngFrames.slice(0, 7)).length - 24;
  const brokenNg = pcapng(ngFrames);
  brokenNg.writeUInt32LE(0xfffffff1, ngKeptBytes + 4);
  damaged('broken-block.pcapng', brokenNg);

  damaged('not-a-capture.pcap', `MSH|this is ${patientName}, not a capture`);
  damaged('empty.pcap', '');
  damaged('half-a-head.pcap', whole.subarray(0, 11));
  world.files.push(join(world.folder, 'missing.pcap'));
  world.add('sound.pcap', pcap(twoTalks('10.9.0.5', baseMs + 60_000)));

  const ended = await world.run();
  expect(ended.code).toBe(1);
  expect(ended.stderr).not.toMatch(secret);
  for (const path of world.files) {
    if (!path.endsWith('sound.pcap')) expect(ended.stderr).toContain(path);
  }
  const lineOf = (name: string): string =>
    ended.stderr
      .split('\n')
      .filter((line) => line.includes(name))
      .join('\n');
  expect(lineOf('broken-record.pcap')).toMatch(new RegExp(`\\b${keptBytes}\\b`));
  expect(lineOf('broken-block.pcapng')).toMatch(new RegExp(`\\b${ngKeptBytes}\\b`));
  expect(lineOf('cut-in-packet.pcap')).toMatch(/\b\d{2,}\b/);
  expect(lineOf('cut-in-block.pcapng')).toMatch(/\b\d{2,}\b/);
  for (const device of ['10.9.0.1', '10.9.0.2', '10.9.0.3', '10.9.0.4'])
    expect([device, world.of(device)[0]?.messages, world.of(device)[0]?.isComplete]).toEqual([
      device,
      [`${result('KEPT')}\r`],
      true,
    ]);
  expect(world.of('10.9.0.5').map(({ messages }) => messages)).toEqual([[`${result('KEPT')}\r`], [`${result('GONE')}\r`]]);
});

test('captureFraming holds to one kind of framing', async () => {
  const frames = [
    ...framesFor('10.10.3.1', baseMs),
    ...framesOf(mllpTalk({ device: '10.10.3.2', startMs: baseMs + 5000 }, 'ONE').segments),
  ];
  const expected = { auto: ['10.10.3.1', '10.10.3.2'], lis: ['10.10.3.1'], mllp: ['10.10.3.2'] };
  for (const [captureFraming, devices] of Object.entries(expected)) {
    const world = makeWorld();
    world.add('both.pcap', pcap(frames));
    expect(await world.run({ captureFraming })).toMatchObject({ code: 0 });
    const sessions = world.all().filter(({ messages }) => messages.length > 0);
    expect([captureFraming, sessions.map(({ deviceIP }) => deviceIP)]).toEqual([captureFraming, devices]);
  }
});

test('a device with markers of its own is understood through captureMarkers', async () => {
  const world = makeWorld();
  const talk = new Talk({ device: '10.10.4.1', startMs: baseMs }).open();
  for (const control of ['M1', 'M2']) {
    if (control === 'M1') talk.device('\x11').lis('\x13');
    talk.device(`\x12${result(control)}\x03\x0d`).lis('\x13');
  }
  talk.device('\x14').close();
  world.add('markers.pcap', pcap(framesOf(talk.segments)));
  const captureMarkers = { enq: '11', stx: '12', frameEnd: '030D', ack: '13', eot: '14' };
  expect(await world.run({ captureMarkers })).toMatchObject({ code: 0 });
  const session = world.one('10.10.4.1');
  expect([bare(session.messages), session.isComplete]).toEqual([[result('M1'), result('M2')], true]);
  expect(typesOf(session)).toEqual(['start', 'ack', 'message', 'ack', 'message', 'ack', 'end']);
});

test('capturePorts chooses the LIS, and a port out of range is refused before anything is read', async () => {
  const world = makeWorld();
  world.add('port.pcap', pcap(framesOf(mllpTalk({ device: '10.10.5.1', lisPort: 6661, startMs: baseMs }, 'ONE').segments)));
  expect(await world.run({ capturePorts: [70_000] })).toMatchObject({ code: 2, stderr: expect.stringContaining('capturePorts') });
  expect(world.names()).toEqual([]);
  expect(await world.run({ capturePorts: [6661] })).toMatchObject({ code: 0 });
  expect(world.one('10.10.5.1').messages).toHaveLength(1);
});
