/**
 * The demo's sessions are what a capture would write: valid files with valid HL7, varied, unique, and repeatable.
 */
import { Hl7Message } from '@medplum/core';
import { beforeAll, expect, test } from 'vitest';
import { sessionFile } from '../../../../src/common/session.ts';
import type { SessionFile } from '../../../../src/common/session.ts';
import { sampleSessions } from '../../../../src/headless/demo/sample-sessions.ts';
import { oneOf, seededRandom } from '../../../../src/headless/demo/seeded-random.ts';

const startedAt = Date.parse('2026-11-24T19:00:00.000Z');
let sessions: SessionFile[];
beforeAll(() => {
  sessions = taken(100, 1);
});

test('each is a session file by the schema, complete and pending', () => {
  for (const session of sessions) {
    expect(sessionFile.parse(session)).toEqual(session);
    expect(session).toMatchObject({ isComplete: true, submissionStatus: 'pending', submissionAttempts: 0 });
    expect(session.startTime).toBeLessThanOrEqual(session.endTime);
    expect(session.elements.map(({ timestamp }) => timestamp)).toEqual(session.elements.map(({ timestamp }) => timestamp).sort());
    expect([session.elements[0]?.timestamp, session.elements.at(-1)?.timestamp]).toEqual([session.startTime, session.endTime]);
  }
});

test('ids and control ids are unique, and counters go up', () => {
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(100);
  expect(sessions.map(({ sessionId }) => sessionId)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  const controlIds = sessions.flatMap(({ messages }) => messages.map((text) => headerField(text, 10)));
  expect(new Set(controlIds).size).toBe(controlIds.length);
});

test('the same seed gives the same sessions, another seed others', () => {
  expect(taken(20, 7)).toEqual(taken(20, 7));
  const idsOf = (seed: number) => taken(20, seed).map(({ id }) => id);
  expect(idsOf(7).filter((id) => idsOf(8).includes(id))).toEqual([]);
});

test('every message parses as HL7 and comes back as the same text', () => {
  for (const { messages } of sessions) {
    for (const text of messages) {
      const message = Hl7Message.parse(text);
      expect(message.toString()).toBe(text);
      expect(message.getSegment('PID') ?? message.getSegment('QRD')).toBeDefined();
      expect(message.getAllSegments('OBX').map((segment) => Number(segment.getField(1)?.toString()))).toEqual(
        message.getAllSegments('OBX').map((_, index) => index + 1),
      );
    }
  }
});

test('a hundred of them hold every kind that a courier meets', () => {
  const types = new Set(sessions.map(({ messages }) => headerField(messages[0] ?? '', 9)));
  expect([...types].sort()).toEqual(['ADT^A08^ADT_A01', 'ORM^O01^ORM_O01', 'ORU^R01^ORU_R01', 'QRY^A19^QRY_A19']);
  const all = sessions.flatMap(({ messages }) => messages);
  expect(new Set(all.map((text) => headerField(text, 18)))).toEqual(new Set(['UNICODE UTF-8', '8859/1', '']));
  expect(all.some((text) => text.includes('\rNTE|'))).toBe(true);
  expect(all.some((text) => [...text].some((character) => character > '\u00FF'))).toBe(true);
  expect(all.some((text) => text.includes('^PNG^Base64^'))).toBe(true);
  expect(sessions.some(({ messages }) => messages.length > 5)).toBe(true);
  expect(new Set(sessions.map(({ deviceIP }) => deviceIP)).size).toBeGreaterThanOrEqual(6);
  for (const { deviceIP, lisIP } of sessions)
    for (const address of [deviceIP, lisIP]) expect(address).toMatch(/^192\.0\.2\.\d+$/);
  const large = all.map(({ length }) => length).filter((length) => length > 100_000);
  expect(large.length).toBeGreaterThanOrEqual(10);
  expect(Math.max(...large)).toBeLessThan(1_100_000);
  expect(Math.min(...large)).toBeGreaterThanOrEqual(200_000);
});

test('the bytes of each element are its message in the character set that MSH-18 names', () => {
  for (const { elements, messages } of sessions) {
    const decoded = elements
      .filter(({ type }) => type === 'message')
      .map(({ hexData, decodedMessage }) => {
        const encoding = headerField(decodedMessage ?? '', 18) === '8859/1' ? 'latin1' : 'utf8';
        return Buffer.from(hexData, 'hex').toString(encoding);
      });
    expect(decoded).toEqual(messages);
  }
});

test('a LIS session begins with ENQ and ends with EOT, an MLLP session is one message and its acknowledgement', () => {
  for (const { elements, messages } of sessions) {
    const types = elements.map(({ type }) => type);
    if (types[0] === 'start') {
      expect(types).toEqual(['start', 'ack', ...messages.flatMap(() => ['message', 'ack']), 'end']);
      expect([elements[0]?.hexData, elements[1]?.hexData, elements.at(-1)?.hexData]).toEqual(['05', '06', '04']);
    } else {
      expect(types).toEqual(['message', 'ack']);
      expect(elements[1]?.decodedMessage).toContain(`\rMSA|AA|${headerField(messages[0] ?? '', 10)}\r`);
    }
  }
});

test('nobody could take a patient for a real one', () => {
  for (const text of sessions.flatMap(({ messages }) => messages))
    for (const [, number, name] of text.matchAll(/\rPID\|1\|\|([^^|]+)[^|]*\|\|([^|]+)/g)) {
      expect(number).toMatch(/^TEST\d{4}$/);
      expect(name).toMatch(new RegExp(`-${number?.slice(4)}$`));
    }
});

test('a choice from nothing is a bug, and seen', () => {
  expect(() => oneOf(seededRandom(1), [])).toThrow('there is nothing to choose from');
});

const headerField = (text: string, number: number): string => text.split('\r', 1)[0]?.split('|')[number - 1] ?? '';

function taken(count: number, seed: number): SessionFile[] {
  let time = startedAt;
  const source = sampleSessions({ random: seededRandom(seed), now: () => (time += 60_000) });
  return Array.from({ length: count }, () => source.next().value);
}
