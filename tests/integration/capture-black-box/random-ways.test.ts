/**
 * Many random talks through one import: cut, repeated, reordered and overlapping ones must change nothing; with random
 * losses no message may be made of pieces, and none may look whole that is not.
 * May import: node, tests/support.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import type { Ended } from '../../support/courier-process.ts';
import { ACK, bare, baseMs, ENQ, EOT, hl7Ack, ImportWorld, lisFrame, mllp, payloadsOf, result } from './dialogues.ts';
import type { Session } from './dialogues.ts';
import { byTime, framesOf, pcap, pcapng, Talk } from './packets.ts';
import type { Segment } from './packets.ts';

/** The same numbers at every run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const world = new ImportWorld();
const talkCount = 120;
const roll = dice(Number(process.env['SEED'] ?? 20_260_512));
let ended: Ended;

interface Sent {
  device: string;
  framing: 'lis' | 'mllp';
  /** Messages of each session. */
  sessions: string[][];
  lostBytes: number;
  /** Messages of which every byte was captured. */
  unharmed: string[];
}
const sent: Sent[] = [];

function makeTalk(device: string, startMs: number, framing: Sent['framing']): { talk: Talk; sessions: string[][] } {
  const talk = new Talk({ device, startMs, stepMs: 20, deviceSequence: roll(2) ? 2 ** 32 - 1 - roll(600) : roll(1e9) }).open(
    roll(2) ? 'device' : 'lis',
  );
  const sessions: string[][] = [];
  for (let index = 0; index <= roll(3); index += 1) {
    const payloads = Array.from({ length: framing === 'mllp' ? 1 : 1 + roll(3) }, (_, at) =>
      result(`${device}-${index}-${at}`, `\rNTE|1||${'n'.repeat(roll(300))}`),
    );
    sessions.push(payloads);
    if (framing === 'lis') {
      talk.device(ENQ).lis(ACK);
      for (const payload of payloads) talk.device(lisFrame(payload)).lis(ACK);
      talk.device(EOT);
    } else for (const payload of payloads) talk.device(mllp(payload)).lis(mllp(hl7Ack(payload.split('|')[9] ?? '')));
  }
  return { talk: talk.close(), sessions };
}

/** A segment as several, at random places. */
function pieces(segment: Segment): Segment[] {
  const parts: Segment[] = [];
  for (let at = 0; at < segment.payload.length;) {
    const length = 1 + roll(Math.max(1, segment.payload.length));
    const part = segment.payload.subarray(at, at + length);
    parts.push({ ...segment, sequence: (segment.sequence + at) % 2 ** 32, payload: part });
    at += part.length;
  }
  return parts.length === 0 ? [segment] : parts;
}

/** What a network does to the pieces of one segment before they are all acknowledged. */
function disturb(segment: Segment): Segment[] {
  if (segment.payload.length < 2) return roll(4) ? [segment] : [segment, segment];
  const parts = pieces(segment);
  for (let index = 0; index < roll(3); index += 1) {
    const from = roll(segment.payload.length - 1);
    const payload = segment.payload.subarray(from, from + 1 + roll(segment.payload.length));
    parts.splice(roll(parts.length), 0, { ...segment, sequence: (segment.sequence + from) % 2 ** 32, payload });
  }
  for (let index = parts.length - 1; index > 0; index -= 1) {
    const other = roll(index + 1);
    const [one, two] = [parts[index], parts[other]];
    if (one && two && roll(2)) [parts[index], parts[other]] = [two, one];
  }
  return parts.map((part, index) => ({ ...part, atMs: part.atMs + Math.min(index, 9) }));
}

beforeAll(async () => {
  const quiet: Segment[] = [];
  const lossy: Segment[] = [];
  for (let index = 0; index < talkCount; index += 1) {
    const framing = roll(2) ? 'lis' : 'mllp';
    const isLossy = index % 2 === 1;
    const device = `10.${isLossy ? 21 : 20}.0.${index}`;
    const { talk, sessions } = makeTalk(device, baseMs + roll(60_000), framing);
    let lostBytes = 0;
    let unharmed = sessions.flat();
    if (isLossy) {
      const parts = talk.segments.flatMap(pieces);
      const kept = parts.filter(({ payload }) => payload.length === 0 || roll(12) > 0);
      lostBytes =
        parts.reduce((sum, { payload }) => sum + payload.length, 0) - kept.reduce((sum, { payload }) => sum + payload.length, 0);
      const lost = parts.filter((part) => !kept.includes(part));
      const isHarmed = ({ source, sequence, payload }: Segment): boolean =>
        lost.some((part) => part.source === source && (part.sequence - sequence + 2 ** 32) % 2 ** 32 < payload.length);
      const harmed = talk.loaded.filter(isHarmed).map(({ payload }) => payload.toString('latin1'));
      unharmed = unharmed.filter((payload) => !harmed.some((frame) => frame.includes(payload)));
      lossy.push(...kept);
    } else quiet.push(...talk.segments.flatMap(disturb));
    sent.push({ device, framing, sessions, lostBytes, unharmed });
  }
  world.add('quiet.pcap', pcap(framesOf(byTime(quiet))));
  world.add('lossy.pcapng', pcapng(framesOf(byTime(lossy))));
  ended = await world.run();
});
afterAll(() => world.remove());

const kept = (): Map<string, Session[]> => Map.groupBy(world.all(), ({ deviceIP }) => deviceIP);

test('whatever the network did, every session is whole and nothing is there twice', () => {
  expect(ended.code).toBe(0);
  const found = kept();
  for (const { device, sessions } of sent.filter((one) => one.device.startsWith('10.20.')))
    expect([
      device,
      (found.get(device) ?? []).map(({ messages, isComplete, captureGaps }) => [bare(messages), isComplete, captureGaps ?? []]),
    ]).toEqual([device, sessions.map((payloads) => [payloads, true, []])]);
});

test('with losses, a message is one that was sent, or it is no message', () => {
  const found = kept();
  for (const { device, sessions } of sent.filter((one) => one.lostBytes > 0)) {
    const all = sessions.flat();
    const messages = (found.get(device) ?? []).flatMap((session) => bare(session.messages));
    expect([device, messages.filter((message) => !all.includes(message))]).toEqual([device, []]);
    expect([device, new Set(messages).size]).toEqual([device, messages.length]);
  }
});

test('with losses, every message of which no byte was lost is kept', () => {
  const found = kept();
  for (const { device, unharmed } of sent.filter((one) => one.lostBytes > 0)) {
    const messages = (found.get(device) ?? []).flatMap((session) => bare(session.messages));
    expect([device, unharmed.filter((payload) => !messages.includes(payload))]).toEqual([device, []]);
  }
});

test('with losses, what is complete is exactly a session that was sent', () => {
  const found = kept();
  for (const { device, sessions } of sent.filter((one) => one.lostBytes > 0))
    for (const session of found.get(device) ?? []) {
      if (!session.isComplete) continue;
      expect(session.captureGaps ?? []).toEqual([]);
      expect([device, sessions.map((payloads) => payloads.join())]).toEqual([
        device,
        expect.arrayContaining([bare(session.messages).join()]),
      ]);
    }
});

test('with losses, every piece was sent like that, and no gap is larger than the loss', () => {
  const found = kept();
  for (const { device, sessions, lostBytes } of sent.filter((one) => one.device.startsWith('10.21.'))) {
    const whole = `${sessions.flat().join('\r\n\x02')}${sessions
      .flat()
      .map((payload) => hl7Ack(payload.split('|')[9] ?? ''))
      .join('\x02')}`;
    // Of CR LF only the CR is left when the LF was lost: it could be the end of a segment.
    for (const session of found.get(device) ?? [])
      for (const piece of payloadsOf(session, 'fragment'))
        expect([device, piece, whole.includes(piece.replace(/\r+$/, ''))]).toEqual([device, piece, true]);
    const missing = (found.get(device) ?? []).flatMap(({ captureGaps }) =>
      (captureGaps ?? []).map(({ missingBytes }) => missingBytes ?? 0),
    );
    expect([device, missing.reduce((sum, bytes) => sum + bytes, 0) <= lostBytes]).toEqual([device, true]);
  }
});

test('files with flipped bytes, cut tails and inserted rubbish never stop the import of the others', async () => {
  const rough = new ImportWorld();
  onTestFinished(() => rough.remove());
  for (let index = 0; index < 60; index += 1) {
    const { talk } = makeTalk(`10.22.0.${index}`, baseMs + index * 1000, index % 2 ? 'lis' : 'mllp');
    const write = index % 4 < 2 ? pcap : pcapng;
    let bytes = write(framesOf(talk.segments), { isBigEndian: index % 3 === 0 });
    for (let flip = 0; flip <= roll(6); flip += 1) bytes[roll(roll(3) ? bytes.length : 60)] = roll(256);
    if (roll(3) === 0) bytes = bytes.subarray(0, roll(bytes.length));
    if (roll(3) === 0) {
      const at = roll(bytes.length);
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(Array.from({ length: roll(50) }, () => roll(256))),
        bytes.subarray(at),
      ]);
    }
    rough.add(`${index}.pcap`, bytes);
  }
  rough.add('sound.pcap', pcap(framesOf(makeTalk('10.22.1.1', baseMs + 90_000, 'lis').talk.segments)));
  const { code, stderr } = await rough.run();
  expect(code).toBe(1);
  expect(stderr).not.toMatch(/\n\s+at |ZUCKERMANDL|4Q7X|MSH\|/);
  expect(rough.of('10.22.1.1').length).toBeGreaterThan(0);
  expect(rough.of('10.22.1.1').every(({ isComplete }) => isComplete)).toBe(true);
});
