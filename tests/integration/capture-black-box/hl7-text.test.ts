/**
 * HL7 text files through the real command line: line ends, batches, times, and that a copy is nothing new.
 * May import: node, tests/support.
 */
import { utimesSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';

import { patientName } from '../../support/session-folder.ts';
import { bare, dayMs, ImportWorld, payloadsOf, result } from './dialogues.ts';

function makeWorld(): ImportWorld {
  const world = new ImportWorld();
  onTestFinished(() => world.remove());
  return world;
}

const segmentsOf = (message: string | undefined): string[] =>
  bare([(message ?? '').replace(/\r\n|\n/g, '\r')])[0]?.split('\r') ?? [];
const at = (time: string, control: string): string => result(control).replace('20260512100000', time);

test('segments ended by CR, LF or CR LF are one message, pending and complete', async () => {
  const world = makeWorld();
  for (const [index, lineEnd] of ['\r', '\n', '\r\n'].entries())
    world.add(`${index}.hl7`, `${at(`2026051210000${index}+0200`, `H${index}`).replaceAll('\r', lineEnd)}${lineEnd}`);
  const ended = await world.run({ retentionDays: 20 });
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stderr).not.toMatch(new RegExp(`${patientName}|4Q7X|MSH\\|`));
  const sessions = world.all();
  expect(sessions).toHaveLength(3);
  for (const [index, session] of sessions.entries()) {
    const startTime = Date.UTC(2026, 4, 12, 8, 0, index);
    expect(session).toMatchObject({ deviceIP: '', lisIP: '', startTime, isComplete: true, submissionStatus: 'pending' });
    expect(session.persistedUntil).toBe(session.endTime + 20 * dayMs);
    expect(session.messages.map(segmentsOf)).toEqual([segmentsOf(at(`2026051210000${index}+0200`, `H${index}`))]);
  }
});

test('a file with several messages, and batches within FHS and BHS, are one session a message', async () => {
  const world = makeWorld();
  world.add('several.hl7', `${result('S1')}\r${result('S2')}\r${result('S3')}\r`);
  world.add(
    'batch.hl7',
    [
      'FHS|^~\\&|XN',
      'BHS|^~\\&|XN',
      result('B1'),
      result('B2'),
      'BTS|2',
      'BHS|^~\\&|XN',
      result('B3'),
      'BTS|1',
      'FTS|2',
      '',
    ].join('\r'),
  );
  world.add('batch-lf.hl7', ['BHS|^~\\&|XN', result('B4'), '', result('B5'), 'BTS|2', ''].join('\r').replaceAll('\r', '\n'));
  expect(await world.run()).toMatchObject({ code: 0 });
  const sessions = world.all();
  for (const { messages } of sessions) expect(messages).toHaveLength(1);
  const expected = ['S1', 'S2', 'S3', 'B1', 'B2', 'B3', 'B4', 'B5'].map((control) => result(control));
  expect(sessions.map(({ messages }) => segmentsOf(messages[0]).join('\r')).toSorted()).toEqual(expected.toSorted());
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(8);
});

test('MSH-7 with a zone is the time, with less than seconds too', async () => {
  const world = makeWorld();
  const times: [string, number][] = [
    ['20260105120000.1234-0500', Date.UTC(2026, 0, 5, 17, 0, 0, 123)],
    ['202601051200+0530', Date.UTC(2026, 0, 5, 6, 30)],
    ['20260105120002', Date.UTC(2026, 0, 5, 12, 0, 2)],
    ['20260105', Date.UTC(2026, 0, 5)],
  ];
  for (const [index, [time]] of times.entries()) world.add(`${index}.hl7`, `${at(time, `T${index}`)}\r`);
  expect(await world.run()).toMatchObject({ code: 0 });
  const startOf = (index: number): number | undefined =>
    world.all().find(({ messages }) => messages[0]?.includes(`|T${index}|`))?.startTime;
  expect(times.map((_, index) => startOf(index))).toEqual(times.map(([, startMs]) => startMs));
  for (const { id, startTime } of world.all()) expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(startTime);
});

test('without a time in MSH-7 the file gives it, and a copy of another age is nothing new', async () => {
  const world = makeWorld();
  const give = (name: string, time: string, control: string, fileTime: string): void =>
    utimesSync(world.add(name, `${at(time, control)}\r`), new Date(fileTime), new Date(fileTime));
  give('none.hl7', '', 'NONE', '2026-03-01T00:00:00Z');
  give('no-time.hl7', '20261399', 'NOTIME', '2026-03-02T00:00:00Z');
  expect(await world.run()).toMatchObject({ code: 0 });
  const first = world.all();
  expect(first).toMatchObject([{ startTime: Date.UTC(2026, 2, 1) }, { startTime: Date.UTC(2026, 2, 2) }]);
  give('copy.hl7', '', 'NONE', '2026-04-01T00:00:00Z');
  give('other-copy.hl7', '20261399', 'NOTIME', '2026-04-02T00:00:00Z');
  expect(await world.run()).toMatchObject({ code: 0 });
  expect(world.all()).toEqual(first);
});

test('characters are read by MSH-18, and the bytes are kept', async () => {
  const world = makeWorld();
  const message = (charset: string, name: string): string =>
    `MSH|^~\\&|XN|LAB|LIS|HOSP|20260512100000||ORU^R01|C${charset.length}|P|2.5.1||||||${charset}\rPID|1||4Q7X||${name}\r`;
  world.add('latin.hl7', Buffer.from(message('8859/1', 'M\xfcller'), 'latin1'));
  world.add('utf8.hl7', Buffer.from(message('UNICODE UTF-8', 'Łukasz'), 'utf8'));
  world.add('empty-utf8.hl7', Buffer.from(message('', 'Žižka'), 'utf8'));
  world.add('mark.hl7', Buffer.from(`\ufeff${message('UNICODE', 'Čapek')}`, 'utf8'));
  expect(await world.run()).toMatchObject({ code: 0 });
  const sessions = world.all();
  const names = sessions.map(({ messages }) => segmentsOf(messages[0])[1]?.split('|')[5]);
  expect(names.toSorted()).toEqual(['Müller', 'Łukasz', 'Žižka', 'Čapek'].toSorted());
  const latin = sessions.find(({ messages }) => messages[0]?.includes('Müller'));
  expect(latin && payloadsOf(latin, 'message')[0]).toContain('M\xfcller');
});

test('files that hold no HL7 end with 1 and are named; the others are imported', async () => {
  const world = makeWorld();
  world.add('text.hl7', `Dear ${patientName},\nno HL7 here.\n`);
  world.add('empty.hl7', '');
  world.add('other.txt', 'hello');
  world.add('good.hl7', `${result('GOOD')}\r`);
  const ended = await world.run();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('text.hl7');
  expect(ended.stderr).not.toContain(patientName);
  expect(world.all().flatMap(({ messages }) => bare(messages))).toEqual([result('GOOD')]);
});

test('MLLP bytes saved as a file are read without their framing, and the same result twice is never lost', async () => {
  const world = makeWorld();
  world.add('framed.hl7', `\x0b${result('P1')}\r\x1c\r\x0b${result('P2')}\r\x1c\r`);
  world.add('twice.hl7', `${result('SAME')}\r${result('SAME')}\r`);
  expect(await world.run()).toMatchObject({ code: 0 });
  const messages = world.all().flatMap((session) => session.messages.map((message) => segmentsOf(message).join('\r')));
  expect([...new Set(messages)].toSorted()).toEqual([result('P1'), result('P2'), result('SAME')]);
});
