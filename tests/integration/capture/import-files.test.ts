/** Real files through the importer: what is added, what was there, and what is wrong with a file. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sessionFile, type SessionFile } from '../../../src/common/session.ts';
import { defaultSettings, type Settings } from '../../../src/common/settings.ts';
import { importFiles, isReadFailure, type ImportProgress } from '../../../src/service/capture/import-files.ts';
import { connection, packetOf, pcapBytes } from '../../support/capture-writer.ts';
import { enq, eot, hl7, hl7Ack, lisFrame, mllp } from '../../support/capture-session.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'courier-import-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function written(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

function importer(settings: Partial<Settings> = {}) {
  const sessions = new Map<string, SessionFile>();
  const progress: ImportProgress[] = [];
  let counter = 0;
  return {
    sessions: () => [...sessions.values()],
    progress,
    run: (...paths: string[]) =>
      importFiles(paths, {
        add: async (session) => {
          const added = !sessions.has(session.id);
          if (added) sessions.set(session.id, session);
          return { added };
        },
        settings: { ...defaultSettings, ...settings },
        now: () => 1_800_000_000_000,
        nextCounter: () => (counter += 1),
        onProgress: (step) => progress.push(step),
      }),
  };
}

function conversation(count: number) {
  const wire = connection();
  wire.open();
  for (let index = 0; index < count; index += 1) {
    wire.send('device', mllp(hl7(String(index))));
    wire.send('lis', mllp(hl7Ack(String(index))));
  }
  wire.close();
  return wire;
}

test('a capture is imported once, however often it is given', async () => {
  const path = await written('lab.pcap', pcapBytes(conversation(3).packets()));
  const { run, sessions, progress } = importer();
  expect(await run(path)).toEqual({ files: [{ path, sessions: 3, added: 3, alreadyThere: 0, problems: [], gaps: 0 }] });
  expect(await run(path)).toEqual({ files: [{ path, sessions: 3, added: 0, alreadyThere: 3, problems: [], gaps: 0 }] });
  for (const session of sessions()) {
    expect(sessionFile.safeParse(session).success).toBe(true);
    expect(Number.parseInt(session.id.replaceAll('-', '').slice(0, 12), 16)).toBe(session.startTime);
  }
  expect(progress.at(-1)).toMatchObject({ path, sessions: 3 });
});

test('messages that are alike and came at the same time are all kept', async () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([mllp(hl7('1')), mllp(hl7('1')), mllp(hl7('1'))]));
  const path = await written('x', pcapBytes(wire.packets()));
  expect((await importer().run(path)).files[0]).toMatchObject({ sessions: 3, added: 3 });
});

test('a connection goes on in the next file', async () => {
  const wire = connection();
  wire.open();
  wire.send('device', Buffer.concat([enq, lisFrame(hl7('1')), lisFrame(hl7('2')), eot]), 30);
  const packets = wire.packets();
  const [first, second] = [
    await written('1.pcap', pcapBytes(packets.slice(0, 7))),
    await written('2.pcap', pcapBytes(packets.slice(7))),
  ];
  const { run, sessions } = importer();
  const { files } = await run(first, second);
  expect(files.map((file) => [file.sessions, file.gaps])).toEqual([
    [0, 0],
    [1, 0],
  ]);
  expect(sessions()).toMatchObject([{ messages: [hl7('1'), hl7('2')], isComplete: true }]);
});

test('a file that cannot be read is its own problem, and the others go on', async () => {
  const good = await written('good.pcap', pcapBytes(conversation(1).packets()));
  const text = await written('letter.pcap', 'Dear colleagues');
  const empty = await written('empty.hl7', '');
  const { run } = importer();
  const { files } = await run(join(folder, 'none.pcap'), folder, text, empty, good);
  expect(files.map(({ problems, added }) => [problems.map(({ kind }) => kind), added])).toEqual([
    [['unreadable'], 0],
    [['unreadable'], 0],
    [['unrecognised'], 0],
    [['unrecognised'], 0],
    [[], 1],
  ]);
  expect(files[0]?.problems[0]?.message).toContain('ENOENT');
  expect(files[0]?.problems.every(isReadFailure)).toBe(true);
});

test('a full disk ends the import, whatever the file', async () => {
  const path = await written('lab.pcap', pcapBytes(conversation(1).packets()));
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
  await expect(
    importFiles([path], { add: () => Promise.reject(full), settings: defaultSettings, now: () => 0, nextCounter: () => 1 }),
  ).rejects.toBe(full);
});

test('of a truncated capture the begin is kept, the offset is named and the gap counted', async () => {
  const packets = conversation(2).segments.map((segment) => packetOf(segment));
  const bytes = pcapBytes(packets.filter((_, index) => index !== 3));
  const path = await written('cut.pcap', bytes.subarray(0, -4));
  const { files } = await importer().run(path);
  expect(files[0]).toMatchObject({ added: 1, gaps: 1, problems: [{ kind: 'truncated', offset: expect.any(Number) }] });
});

test('a capture without traffic on the ports says so, and where HL7 was seen', async () => {
  const ends = { deviceIP: '10.0.0.7', lisIP: '10.0.0.1', devicePort: 40_000, lisPort: 6661 };
  const wire = connection(ends);
  wire.open();
  wire.send('device', mllp(hl7('1')));
  const path = await written('other.pcap', pcapBytes(wire.packets()));
  const [file] = (await importer().run(path)).files;
  expect(file?.problems).toEqual([
    { kind: 'nothingFound', message: 'It holds no traffic on TCP port 2575. HL7 was seen on 6661: set capturePorts to that.' },
  ]);
  expect(file?.problems.some(isReadFailure)).toBe(false);
  expect((await importer({ capturePorts: [6661] }).run(path)).files[0]).toMatchObject({ added: 1, problems: [] });
});

test('a capture of a link type that carries no IP is said to be one', async () => {
  const path = await written('usb.pcap', pcapBytes([{ bytes: Buffer.alloc(64), atMs: 1 }], { linkType: 220 }));
  expect((await importer().run(path)).files[0]?.problems).toMatchObject([{ kind: 'unsupported' }]);
});

test.each([
  ['CR', '\r'],
  ['LF', '\n'],
  ['CR LF', '\r\n'],
])('HL7 text with lines that end in %s gives one session a message', async (_, lineEnd) => {
  const text = [...hl7('1').split('\r'), ...hl7('2').split('\r')].filter((line) => line !== '').join(lineEnd) + lineEnd;
  const path = await written('a.hl7', text);
  const { run, sessions } = importer();
  expect((await run(path)).files[0]).toMatchObject({ added: 2, problems: [] });
  expect((await run(path)).files[0]).toMatchObject({ added: 0, alreadyThere: 2 });
  expect(sessions().map(({ messages }) => messages.map((message) => message.replace(/\r$/, '')))).toEqual([
    [hl7('1').slice(0, -1)],
    [hl7('2').slice(0, -1)],
  ]);
  expect(sessions()[0]).toMatchObject({ deviceIP: '', lisIP: '', isComplete: true, submissionStatus: 'pending' });
  expect(sessions()[0]?.startTime).toBe(new Date(2024, 0, 1, 12).getTime());
});

test('batches are split, framing bytes and byte order marks are passed over', async () => {
  const batch = `\uFEFFFHS|^~\\&\rBHS|^~\\&\r\u000b${hl7('1')}\u001c\r\n${hl7('2')}BTS|2\rFTS|1\r`;
  const { run, sessions } = importer();
  await run(await written('batch.txt', batch));
  expect(sessions().map(({ messages }) => messages)).toEqual([[hl7('1')], [hl7('2')]]);
});

test('a message without a time has that of the file, and an id of its content alone', async () => {
  const text = 'MSH|^~\\&|A|B|C|D|||ORU^R01|1|P|2.5\rPID|1\r';
  const path = await written('b.hl7', text);
  await utimes(path, 1_600_000_000, 1_600_000_000);
  const { run, sessions } = importer();
  await run(path);
  await utimes(path, 1_500_000_000, 1_500_000_000);
  expect((await run(path)).files[0]).toMatchObject({ added: 0, alreadyThere: 1 });
  expect(sessions()[0]?.startTime).toBe(1_600_000_000_000);
});

test('an HL7 file larger than what is read at once loses nothing', async () => {
  const messages = Array.from({ length: 3000 }, (_, index) => hl7(String(index), `NTE|1||${'x'.repeat(300)}\r`));
  const { run, sessions } = importer();
  await run(await written('many.hl7', messages.join('')));
  expect(sessions().map((session) => session.messages[0])).toEqual(messages);
});
