/**
 * Imports as a console asks for them, over real HTTP of a real `serve`: what comes of the files, what is refused, and what
 * is left behind when somebody cancels, a file is torn, or the process is killed.
 */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type onTestFinished, test } from 'vitest';
import type { ImportResult, ImportStanding } from '../../../src/common/contract.ts';
import { hl7, hl7Ack, mllp } from '../../support/capture-session.ts';
import { connection, pcapBytes } from '../../support/capture-writer.ts';
import { hasNoSignals, setOptions, startService, until, type RunningService } from '../../support/courier-process.ts';
import { startEndpoint } from '../../support/scripted-endpoint.ts';
import { makeDataDir, patientName, readStored, statusCounts } from '../../support/session-folder.ts';

const pieceBytes = 700;
/** More than any machine keeps while it is asked to stop. */
const manySessions = 15_000;
const imports = (dataDir: string) => join(dataDir, 'imports');
const text = (id: number) =>
  Buffer.from([`MSH|^~\\&|CHEM-1|LAB|LIS|H|2026112410000${id}||ORU^R01|${id}|P|2.5`, `PID|1||42||${patientName}`, ''].join('\r'));

function capture(count: number): Buffer {
  const wire = connection();
  wire.open();
  for (let index = 0; index < count; index += 1) {
    wire.send('device', mllp(hl7(String(index))));
    wire.send('lis', mllp(hl7Ack(String(index))));
  }
  wire.close();
  return pcapBytes(wire.packets());
}

interface Refused {
  error: { code: string; message: string };
}
const begin = async (service: RunningService, files: readonly { bytes: number; modifiedAt?: number }[]) =>
  (await service.api<{ importId: string }>('beginImport', { files })).body.importId;
async function sendAll(service: RunningService, importId: string, contents: readonly Buffer[]): Promise<void> {
  for (const [file, content] of contents.entries())
    for (let offset = 0; offset < content.length; offset += pieceBytes) {
      const data = content.subarray(offset, offset + pieceBytes).toString('base64');
      const { status, text: said } = await service.api('sendImportPiece', { importId, file, offset, data });
      if (status !== 200) throw new Error(said);
    }
}
async function importAll(service: RunningService, ...contents: Buffer[]): Promise<ImportResult> {
  const importId = await begin(
    service,
    contents.map(({ length }) => ({ bytes: length })),
  );
  await sendAll(service, importId, contents);
  return (await service.api<ImportResult>('endImport', { importId })).body;
}
const standing = async (service: RunningService) => (await service.api<{ import?: ImportStanding }>('getImport', {})).body.import;

const storedIds = (dataDir: string) =>
  readdirSync(join(dataDir, 'sessions')).flatMap((name) => (name.startsWith('.') ? [] : [name.replace(/\.json$/, '')]));

const stopped = (service: RunningService) => async () => void (await service.stop());

async function serving(finished: typeof onTestFinished, dataDir = makeDataDir(finished)) {
  const service = await startService(dataDir);
  finished(stopped(service));
  return { service, dataDir };
}

test('captures and HL7 text are read in the order given, kept, and delivered; their files are gone', async ({
  onTestFinished,
}) => {
  const dataDir = makeDataDir(onTestFinished);
  const endpoint = await startEndpoint(() => 201, onTestFinished);
  const service = await startService(dataDir, setOptions({ submissionEndpoint: endpoint.url }));
  onTestFinished(stopped(service));
  const whole = capture(4);
  const contents = [whole, text(1), Buffer.from('%PDF-1.7, not ours'), Buffer.alloc(0)];
  const { files, earliestAt, latestAt } = await importAll(service, ...contents);
  const figures = (sessions: number) => ({ isRead: true, sessions, added: sessions, alreadyThere: 0, gaps: 0, problems: [] });
  expect(files.slice(0, 2)).toEqual([figures(4), figures(1)]);
  expect(files[2]).toMatchObject({ isRead: false, sessions: 0, problems: [{ kind: 'unrecognised', offset: 0 }] });
  expect(files[3]).toMatchObject({ isRead: false, problems: [{ message: 'It is empty.' }] });
  const starts = storedIds(dataDir).map((id) => Number(readStored(dataDir, id)['startTime']));
  expect({ earliestAt, latestAt }).toEqual({ earliestAt: Math.min(...starts), latestAt: Math.max(...starts) });
  expect(new Set(storedIds(dataDir).map((id) => readStored(dataDir, id).sessionId)).size).toBe(5);
  expect(existsSync(imports(dataDir))).toBe(false);
  await until('all are delivered', () => statusCounts(dataDir)['submitted'] === 5);
  expect(await standing(service)).toMatchObject({
    state: 'ended',
    bytesRead: whole.length + text(1).length + 18,
    result: { files },
  });

  const again = await importAll(service, whole);
  expect(again.files).toMatchObject([{ sessions: 4, added: 0, alreadyThere: 4 }]);
  expect(service.stderr()).toContain('An import has ended.');
  expect(service.stderr()).not.toContain(patientName);
});

test('a connection that goes on in the next file is one, and a message without a time has the time of its file', async ({
  onTestFinished,
}) => {
  const { service, dataDir } = await serving(onTestFinished);
  const wire = connection();
  wire.open();
  const message = mllp(hl7('1'));
  wire.send('device', message.subarray(0, 20));
  wire.send('device', message.subarray(20));
  wire.close();
  const packets = wire.packets();
  const cut = packets.findIndex(({ bytes }) => bytes.includes('MSH')) + 1;
  const { files } = await importAll(service, pcapBytes(packets.slice(0, cut)), pcapBytes(packets.slice(cut)));
  expect(files.map(({ sessions, gaps }) => [sessions, gaps])).toEqual([
    [0, 0],
    [1, 0],
  ]);
  const timeless = Buffer.from('MSH|^~\\&|CHEM-1|LAB|LIS|H|||ORU^R01|1|P|2.5\rOBX|1\r');
  const importId = await begin(service, [{ bytes: timeless.length, modifiedAt: 1_700_000_000_000 }]);
  await sendAll(service, importId, [timeless]);
  expect((await service.api<ImportResult>('endImport', { importId })).body).toMatchObject({ earliestAt: 1_700_000_000_000 });
  expect(statusCounts(dataDir)).toEqual({ pending: 2 });
});

describe('what is refused', () => {
  test('everything, without the token', async ({ onTestFinished }) => {
    const { service, dataDir } = await serving(onTestFinished);
    const answers = await Promise.all(
      ['beginImport', 'sendImportPiece', 'endImport', 'cancelImport', 'getImport'].map((name) =>
        fetch(`${service.file.url}/api/${name}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"files":[{"bytes":1}]}',
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(existsSync(imports(dataDir))).toBe(false);
  });

  test('a second import while one runs, torn pieces, an end too early, and what comes after the end', async ({
    onTestFinished,
  }) => {
    const { service, dataDir } = await serving(onTestFinished);
    const content = text(1);
    const refusal = async (name: string, payload: object) => {
      const { status, body } = await service.api<Refused>(name, payload);
      return [status, body.error.code];
    };
    const importId = await begin(service, [{ bytes: content.length }]);
    expect(await refusal('beginImport', { files: [{ bytes: 1 }] })).toEqual([409, 'ERR_STATE_CONFLICT']);
    const piece = (offset: number, end: number) => ({
      importId,
      file: 0,
      offset,
      data: content.subarray(offset, end).toString('base64'),
    });
    expect((await service.api('sendImportPiece', piece(0, 10))).body).toEqual({ bytesReceived: 10 });
    expect(await refusal('sendImportPiece', piece(20, 30))).toEqual([409, 'ERR_STATE_CONFLICT']);
    expect(await refusal('sendImportPiece', piece(0, 10))).toEqual([409, 'ERR_STATE_CONFLICT']);
    expect(await refusal('endImport', { importId })).toEqual([409, 'ERR_STATE_CONFLICT']);
    expect(await standing(service)).toMatchObject({ importId, state: 'receiving', bytesReceived: 10 });
    expect((await service.api('sendImportPiece', piece(10, content.length))).status).toBe(200);
    expect((await service.api<ImportResult>('endImport', { importId })).body.files).toMatchObject([{ added: 1 }]);
    expect(await refusal('sendImportPiece', piece(0, 10))).toEqual([404, 'ERR_IMPORT_UNKNOWN']);
    expect(await refusal('endImport', { importId })).toEqual([404, 'ERR_IMPORT_UNKNOWN']);
    expect(await refusal('cancelImport', { importId: '../../etc' })).toEqual([404, 'ERR_IMPORT_UNKNOWN']);
    expect(existsSync(imports(dataDir))).toBe(false);
  });

  test('what is too much: a piece, the files in all, their number', async ({ onTestFinished }) => {
    const { service } = await serving(onTestFinished);
    const code = async (name: string, payload: object) => (await service.api<Refused>(name, payload)).body.error.code;
    expect(await code('beginImport', { files: [{ bytes: 2 ** 31 }, { bytes: 1 }] })).toBe('ERR_PAYLOAD_TOO_LARGE');
    expect(await code('beginImport', { files: Array.from({ length: 101 }, () => ({ bytes: 1 })) })).toBe('ERR_PAYLOAD_INVALID');
    expect(await code('beginImport', { files: [] })).toBe('ERR_PAYLOAD_INVALID');
    expect(await code('beginImport', { files: [{ bytes: 1, name: patientName }] })).toBe('ERR_PAYLOAD_INVALID');
    const importId = await begin(service, [{ bytes: 2 ** 21 }]);
    const data = Buffer.alloc(2 ** 20 + 3).toString('base64');
    expect(await code('sendImportPiece', { importId, file: 0, offset: 0, data })).toBe('ERR_PAYLOAD_INVALID');
    await service.api('cancelImport', { importId });
  });
});

describe('what is left behind', () => {
  test('nothing, when an import is cancelled; the next one may begin at once', async ({ onTestFinished }) => {
    const { service, dataDir } = await serving(onTestFinished);
    const content = capture(20);
    const importId = await begin(service, [{ bytes: content.length * 2 }]);
    await sendAll(service, importId, [content]);
    const [name] = readdirSync(imports(dataDir));
    expect(name).toBe(`${importId}-0.tmp`);
    if (!hasNoSignals) expect(statSync(join(imports(dataDir), name as string)).mode & 0o777).toBe(0o600);
    expect((await service.api('cancelImport', { importId })).body).toEqual({ cancelled: true });
    expect(existsSync(imports(dataDir))).toBe(false);
    expect(await standing(service)).toMatchObject({ state: 'dropped' });
    expect((await importAll(service, content)).files).toMatchObject([{ added: 20 }]);
  });

  test('only what was read, when it is cancelled while it is read', async ({ onTestFinished }) => {
    const { service, dataDir } = await serving(onTestFinished);
    const content = capture(manySessions);
    const importId = await begin(service, [{ bytes: content.length }]);
    for (let offset = 0; offset < content.length; offset += 2 ** 20) {
      const data = content.subarray(offset, offset + 2 ** 20).toString('base64');
      await service.api('sendImportPiece', { importId, file: 0, offset, data });
    }
    const end = service.api<Refused>('endImport', { importId });
    await until('the first is kept', () => storedIds(dataDir).length > 0);
    expect((await standing(service))?.state).toBe('reading');
    expect((await service.api('cancelImport', { importId })).body).toEqual({ cancelled: true });
    expect((await end).body.error).toMatchObject({ code: 'ERR_STATE_CONFLICT', message: expect.stringContaining('cancelled') });
    expect(existsSync(imports(dataDir))).toBe(false);
    expect(storedIds(dataDir).length).toBeLessThan(manySessions);
  });

  test('nothing, when the service ends in the middle', async ({ onTestFinished }) => {
    const { service, dataDir } = await serving(onTestFinished);
    const importId = await begin(service, [{ bytes: 1000 }]);
    await service.api('sendImportPiece', { importId, file: 0, offset: 0, data: text(1).toString('base64') });
    expect((await service.stop()).code).toBe(0);
    expect(existsSync(imports(dataDir))).toBe(false);
  });

  test('nothing that the next start does not sweep, when it is killed', async ({ onTestFinished }) => {
    const dataDir = makeDataDir(onTestFinished);
    if (hasNoSignals) {
      mkdirSync(imports(dataDir));
      writeFileSync(join(imports(dataDir), 'killed-0.tmp'), 'MSH');
    } else {
      const killed = await startService(dataDir);
      const importId = await begin(killed, [{ bytes: 1000 }]);
      await killed.api('sendImportPiece', { importId, file: 0, offset: 0, data: text(1).toString('base64') });
      killed.signal('SIGKILL');
      await killed.ended;
    }
    expect(existsSync(imports(dataDir))).toBe(true);
    const { service } = await serving(onTestFinished, dataDir);
    await until('it is swept', () => !existsSync(imports(dataDir)));
    await until('it is told', () => service.stderr().includes('ended in the middle of an import'));
    expect(await standing(service)).toBeUndefined();
  });
});
