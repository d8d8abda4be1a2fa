/** The little that capture knows of HL7 itself. */
import { expect, test } from 'vitest';
import { decodeText } from '../../../src/service/capture/character-set.ts';
import { isHl7File, hl7FileReader } from '../../../src/service/capture/hl7-file.ts';
import { messageHead } from '../../../src/service/capture/hl7-text.ts';
import { hl7TimeMs } from '../../../src/service/capture/hl7-time.ts';
import { chanceId, contentId } from '../../../src/service/capture/session-id.ts';
import { hl7, hl7Ack } from '../../support/capture-session.ts';

test.each([
  ['20240101120000+0100', Date.UTC(2024, 0, 1, 11)],
  ['20240101120000.1234-0500', Date.UTC(2024, 0, 1, 17, 0, 0, 123)],
  ['20240101', new Date(2024, 0, 1).getTime()],
  ['2024', new Date(2024, 0, 1).getTime()],
  ['202413', null],
  ['20240101250000', null],
  ['19500101+0000', null],
  ['', null],
  ['today', null],
])('the HL7 time %s is read with its zone', (text, expected) => {
  expect(hl7TimeMs(text)).toBe(expected);
});

test('what a message is, its head says', () => {
  expect(messageHead(Buffer.from(hl7('7')))).toEqual({
    sentAt: '20240101120000',
    controlId: '7',
    characterSet: '',
    answers: null,
    isAcknowledgement: false,
  });
  expect(messageHead(Buffer.from(hl7Ack('7')))).toMatchObject({ answers: '7', isAcknowledgement: true });
  expect(messageHead(Buffer.from('\uFEFFMSH#^~\\&#a#b#c#d#2024##ADT^A01#9#P#2.5\nEVN#A01'))).toMatchObject({
    controlId: '9',
    isAcknowledgement: false,
  });
  expect(messageHead(Buffer.from('MSH|^~\\&|a|b|c|d|2024||ORR^O02|9|P|2.5\rMSA|AE|4\rERR|x\r'))).toMatchObject({
    answers: '4',
    isAcknowledgement: true,
  });
  expect(
    messageHead(Buffer.concat([Buffer.from('MSH|^~\\&|a|b|c|d|2024||RSP^K11|9\rMSA|AA|4\rQPD|'), Buffer.alloc(70_000, 'x')])),
  ).toMatchObject({ answers: '4', isAcknowledgement: false });
  expect(messageHead(Buffer.from('MSA'))).toMatchObject({ answers: '' });
  expect(messageHead(Buffer.alloc(0))).toEqual({
    sentAt: '',
    controlId: '',
    characterSet: '',
    answers: null,
    isAcknowledgement: false,
  });
});

test('character sets that shift are not mistaken for ASCII', () => {
  expect(decodeText(Buffer.from('\u001b$B$"\u001b(B'), 'ISO IR87').text).toBe('あ');
  expect(decodeText(Buffer.from([0, 0x41]), 'UNICODE UTF-16').text).toBe('A');
  expect(decodeText(Buffer.from([0xd8]), 'UNICODE UTF-16').isFaithful).toBe(false);
  expect(decodeText(Buffer.from([0x80]), 'windows-1252').text).toBe('€');
});

test('more names of character sets than are remembered do no harm', () => {
  for (let index = 0; index < 1000; index += 1)
    expect(decodeText(Buffer.from('ä'), `set ${index}`)).toEqual({ text: 'ä', isFaithful: false });
});

test('ids of the same content are the same, ids by chance are not', () => {
  expect(contentId(1000, 'a')).toBe(contentId(1000, 'a'));
  expect(contentId(1000, 'a')).not.toBe(contentId(1000, 'b'));
  const values = [0.1, 0.2, 0.3];
  let at = 0;
  const random = () => values[(at += 1) % 3] ?? 0;
  expect(chanceId(1000, random)).toMatch(/^00000000-03e8-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a message longer than is kept is not kept in part', () => {
  const sessions: unknown[] = [];
  const stamp = { idOf: contentId, nextCounter: () => 1, now: () => 0, retentionDays: 1 };
  for (const line of [`NTE|1||${'x'.repeat(1_000_000)}\r`, 'x'.repeat(1_000_000)]) {
    const reader = hl7FileReader({ stamp, fileTimeMs: 0, onSession: (session) => sessions.push(session) });
    reader.push(Buffer.from(hl7('1')));
    for (let count = 0; count < 40; count += 1) reader.push(Buffer.from(line));
    expect(reader.end()).toMatchObject({ kind: 'corrupt' });
  }
  expect(sessions).toEqual([]);
});

test('HL7 text is known by its first segment', () => {
  expect(isHl7File(Buffer.from('\r\n \u000bMSH|'))).toBe(true);
  expect(isHl7File(Buffer.from('\uFEFFBHS|'))).toBe(true);
  expect(isHl7File(Buffer.from('PID|'))).toBe(false);
  expect(isHl7File(Buffer.alloc(0))).toBe(false);
});
