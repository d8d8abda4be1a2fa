/**
 * The import desk in this process, with its real thread and real files: a disk without room, one that fails meanwhile, a
 * console that goes away.
 */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedClock } from 'xstate';
import { expect, onTestFinished, test, vi } from 'vitest';
import { importSilenceMs } from '../../../machines/import.ts';
import { CourierError } from '../../../src/common/errors.ts';
import type { SessionFile } from '../../../src/common/session.ts';
import { defaultSettings } from '../../../src/common/settings.ts';
import { ImportDesk, importHandlers, type ImportDeskTools } from '../../../src/service/imports/import-desk.ts';
import { hl7 } from '../../support/capture-session.ts';
import { makeDataDir } from '../../support/session-folder.ts';

const content = Buffer.from(hl7('1') + hl7('2'));

async function opened(more: Partial<ImportDeskTools> = {}, dataDir = makeDataDir()) {
  const kept: SessionFile[] = [];
  const lines: string[] = [];
  let counter = 6;
  let added = 0;
  const desk = await ImportDesk.open({
    dataDir,
    settings: () => ({ ...defaultSettings, submissionAuthHeader: 'Bearer secret' }),
    add: async (session) => {
      kept.push(session);
      return { added: true };
    },
    nextCounter: () => (counter += 1),
    onAdded: () => (added += 1),
    log: {
      info: (fields, text) => lines.push(`${text} ${JSON.stringify(fields)}`),
      warn: (_fields, text) => lines.push(`warn ${text}`),
    },
    freeBytes: async () => Number.POSITIVE_INFINITY,
    ...more,
  });
  onTestFinished(() => desk.close());
  const send = async () => {
    const { importId } = await desk.begin({ files: [{ bytes: content.length }] });
    await desk.add({ importId, file: 0, offset: 0, data: content.toString('base64') });
    return importId;
  };
  return { desk, send, kept, lines, dataDir, added: () => added, hasFiles: () => existsSync(join(dataDir, 'imports')) };
}
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof CourierError ? error.code : error),
  );

test('sessions get the numbers of the service, and delivery is told once', async () => {
  const { desk, send, kept, lines, added } = await opened();
  expect(await desk.end({ importId: await send() })).toMatchObject({ files: [{ added: 2, isRead: true }] });
  expect(kept.map(({ sessionId }) => sessionId)).toEqual([7, 8]);
  expect(added()).toBe(1);
  expect(lines).toEqual([
    `An import has begun. {"files":1,"bytes":${content.length}}`,
    'An import has ended. {"added":2,"alreadyThere":0,"gaps":0,"unreadable":0}',
  ]);
});

test('a disk without room is told before the first byte, and another import may begin', async () => {
  let free = 0;
  const { desk, send, hasFiles } = await opened({ freeBytes: async () => free });
  expect(await refusal(send())).toBe('ERR_STORE_WRITE_FAILED');
  expect(hasFiles()).toBe(false);
  expect(desk.standing()).toBeUndefined();
  free = Number.POSITIVE_INFINITY;
  expect(await refusal(send())).toBe(null);
});

test('a disk that takes no session ends the import with its reason; the next one reads on', async () => {
  let isFull = true;
  const { desk, send, hasFiles, lines } = await opened({
    add: async () => {
      if (isFull) throw new CourierError('ERR_STORE_WRITE_FAILED', 'The disk is full.');
      return { added: true };
    },
  });
  expect(await refusal(desk.end({ importId: await send() }))).toBe('ERR_STORE_WRITE_FAILED');
  const reason = 'The disk is full. What was read until then stays; importing again adds nothing twice.';
  expect(desk.standing()).toMatchObject({ state: 'failed', reason });
  expect(hasFiles()).toBe(false);
  expect(lines).toContain('warn An import failed. What was read until then stays; importing again adds nothing twice.');
  isFull = false;
  expect(await desk.end({ importId: await send() })).toMatchObject({ files: [{ added: 2 }] });
});

test('a disk that takes no piece ends the import', async () => {
  const { desk, dataDir } = await opened();
  const { importId } = await desk.begin({ files: [{ bytes: 3 }] });
  rmSync(join(dataDir, 'imports'), { recursive: true });
  expect(await refusal(desk.add({ importId, file: 0, offset: 0, data: 'YWJj' }))).toBe('ERR_STORE_WRITE_FAILED');
  await vi.waitFor(() => expect(desk.standing()).toMatchObject({ state: 'failed' }), { timeout: 60_000 });
});

test('what a console left behind that went away is gone after ten minutes', async () => {
  const clock = new SimulatedClock();
  const { desk, send, hasFiles, kept, lines } = await opened({ clock });
  const importId = await send();
  clock.increment(importSilenceMs - 1);
  expect(hasFiles()).toBe(true);
  expect(await refusal(desk.begin({ files: [{ bytes: 1 }] }))).toBe('ERR_STATE_CONFLICT');
  clock.increment(1);
  await vi.waitFor(() => expect(desk.standing()).toMatchObject({ state: 'dropped' }), { timeout: 60_000 });
  expect(hasFiles()).toBe(false);
  expect(kept).toEqual([]);
  const reason =
    'The import was broken off: its console was closed or reloaded, or could not be heard for 10 minutes. Import the files again. What had come was removed and nothing was imported.';
  expect(desk.standing()).toMatchObject({ bytesReceived: content.length, bytesRead: 0, reason });
  expect(lines.at(-1)).toBe(`warn ${reason}`);
  expect(await refusal(desk.add({ importId, file: 0, offset: 0, data: 'YWJj' }))).toBe('ERR_IMPORT_UNKNOWN');
  // The same files, once more and whole.
  expect(await desk.end({ importId: await send() })).toMatchObject({ files: [{ added: 2 }] });
});

test('what a service left behind that was killed is removed at the next start, and told', async () => {
  const dataDir = makeDataDir();
  mkdirSync(join(dataDir, 'imports'));
  writeFileSync(join(dataDir, 'imports', 'killed-0.tmp'), 'MSH');
  const { lines, hasFiles } = await opened({}, dataDir);
  expect(hasFiles()).toBe(false);
  expect(lines).toEqual([expect.stringContaining('The service had ended in the middle of an import; its files are removed.')]);
});

test('of two that begin at once one does', async () => {
  const { desk } = await opened();
  const both = [1, 2].map((bytes) => refusal(desk.begin({ files: [{ bytes }] })));
  expect(await Promise.all(both)).toEqual([null, 'ERR_STATE_CONFLICT']);
});

test('a service that ends begins no import, and the one under way is told as broken off by that', async () => {
  const { desk, send, hasFiles, lines } = await opened();
  await send();
  await desk.close();
  expect(hasFiles()).toBe(false);
  expect(desk.standing()).toMatchObject({ state: 'dropped', reason: expect.stringContaining('The service ended') });
  expect(lines.at(-1)).toContain('nothing was imported');
  expect(await refusal(send())).toBe('ERR_STATE_CONFLICT');
});

test('a service that ends while room is made for an import begins none, and leaves no folder', async () => {
  const { promise: free, resolve: answer } = Promise.withResolvers<number>();
  const { desk, send, hasFiles } = await opened({ freeBytes: () => free });
  const begun = refusal(send());
  const closed = desk.close();
  answer(Number.POSITIVE_INFINITY);
  expect(await begun).toBe('ERR_STATE_CONFLICT');
  await closed;
  expect(hasFiles()).toBe(false);
  expect(desk.standing()).toBeUndefined();
});

test('a link in place of the folder is removed, not followed', async () => {
  const dataDir = makeDataDir();
  const elsewhere = makeDataDir();
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, 'kept'), '');
  symlinkSync(elsewhere, join(dataDir, 'imports'), 'junction');
  const { desk, send } = await opened({}, dataDir);
  await desk.end({ importId: await send() });
  expect(existsSync(join(elsewhere, 'kept'))).toBe(true);
});

test('cancelled while it is read, it ends at once; the session under way is kept', async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const { promise: mayKeep, resolve: keep } = Promise.withResolvers<void>();
  const { desk, send, hasFiles } = await opened({
    add: async () => {
      asked();
      await mayKeep;
      return { added: true };
    },
  });
  const importId = await send();
  const end = refusal(desk.end({ importId }));
  await isAsked;
  expect(desk.standing()).toMatchObject({ state: 'reading' });
  expect(await refusal(desk.end({ importId }))).toBe('ERR_STATE_CONFLICT');
  expect(await refusal(desk.add({ importId, file: 0, offset: 0, data: 'YWJj' }))).toBe('ERR_STATE_CONFLICT');
  const cancelled = desk.cancel({ importId });
  expect(await cancelled).toEqual({ cancelled: true });
  expect(await end).toBe('ERR_STATE_CONFLICT');
  expect(hasFiles()).toBe(false);
  keep();
});

test('what does not fit an import is refused by its code', async () => {
  const { desk, send, kept } = await opened();
  expect(await refusal(desk.begin({ files: [{ bytes: 2 ** 31 }, { bytes: 1 }] }))).toBe('ERR_PAYLOAD_TOO_LARGE');
  expect(await refusal(desk.cancel({ importId: 'none' }))).toBe('ERR_IMPORT_UNKNOWN');
  const importId = await send();
  expect(await refusal(desk.add({ importId, file: 0, offset: 0, data: 'YWJj' }))).toBe('ERR_STATE_CONFLICT');
  await desk.end({ importId });
  expect(await refusal(desk.end({ importId }))).toBe('ERR_IMPORT_UNKNOWN');
  const { importId: torn } = await desk.begin({ files: [{ bytes: 3 }] });
  expect(await refusal(desk.end({ importId: torn }))).toBe('ERR_STATE_CONFLICT');
  await desk.cancel({ importId: torn });
  expect(kept).toHaveLength(2);
});

test('the free bytes of the real disk are looked at', async () => {
  const dataDir = makeDataDir();
  const desk = await ImportDesk.open({
    dataDir,
    settings: () => defaultSettings,
    add: async () => ({ added: false }),
    nextCounter: () => 1,
    onAdded: () => {},
    log: { info: () => {}, warn: () => {} },
  });
  const { importId } = await desk.begin({ files: [{ bytes: 0 }] });
  expect(await desk.end({ importId })).toMatchObject({ files: [{ isRead: false, problems: [{ message: 'It is empty.' }] }] });
});

test('a thread that breaks ends the import, and its files are gone', async () => {
  const { desk, send, hasFiles } = await opened({ settings: () => ({ ...defaultSettings, retentionDays: 1n as never }) });
  expect(await refusal(desk.end({ importId: await send() }))).toBeInstanceOf(Error);
  expect(desk.standing()).toMatchObject({ state: 'failed' });
  expect(hasFiles()).toBe(false);
});

test('a folder that cannot be swept is told, and hinders nothing else', async () => {
  const dataDir = makeDataDir();
  writeFileSync(join(dataDir, 'file'), '');
  const { lines, desk } = await opened({}, join(dataDir, 'file'));
  expect(lines).toEqual(['warn Files of an earlier import could not be removed; it is tried again at the next one.']);
  expect(await refusal(desk.begin({ files: [{ bytes: 1 }] }))).toBe('ERR_STORE_WRITE_FAILED');
});

test('the requests of the contract are answered by the desk', async () => {
  const { desk } = await opened();
  const handlers = importHandlers(async () => desk);
  expect(await handlers.getImport({})).toEqual({});
  const { importId } = await handlers.beginImport({ files: [{ bytes: content.length }, { bytes: 1 }] });
  const piece = { importId, file: 0, offset: 0, data: content.toString('base64') };
  expect(await handlers.sendImportPiece(piece)).toEqual({ bytesReceived: content.length });
  expect(await handlers.getImport({})).toMatchObject({
    import: { importId, state: 'receiving', bytesTotal: content.length + 1 },
  });
  await handlers.sendImportPiece({ importId, file: 1, offset: 0, data: 'IA==' });
  expect(await handlers.endImport({ importId })).toMatchObject({ files: [{ added: 2 }, { isRead: false }] });
  expect(await refusal(Promise.resolve(handlers.cancelImport({ importId })))).toBe('ERR_IMPORT_UNKNOWN');
});
