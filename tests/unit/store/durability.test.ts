/**
 * A record is whole or not at all: the disk fails at every call in turn, once and for good, and the power goes.
 * May import: src/service/store, tests/support.
 */
import { describe, expect, test } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { parseSession } from '../../../src/service/store/session-file.ts';
import { errno, type FileCall } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const record = attemptRecord('s1', 'accepted');

/** How many calls one record makes, and which. */
async function callsOfOneRecord(): Promise<FileCall[]> {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  const before = files.calls.length;
  await store.record(record);
  return files.calls.slice(before);
}
const calls = await callsOfOneRecord();

test('a record is written, synced, closed and renamed, then the folder is synced', () => {
  expect([calls.map(({ name }) => name).join(' ')]).toEqual([
    'openToRead fstat read fstat close openNew write fsync close rename lstat fsyncFolder',
  ]);
});

describe.each(calls.map(({ name }, at) => ({ name, at })))('$name (call $at) of a record fails', ({ name, at }) => {
  test.each(['once', 'for good'])(
    '%s: the file is old or new, the error is told, and the same record succeeds later',
    async (howOften) => {
      const { store, files, put, onDisk } = await simulatedStore();
      put(storedSession('s1'));
      await store.discover();
      const first = files.calls.length + at + 1;
      files.fault = ({ number }) => (number === first || (howOften === 'for good' && number > first) ? errno('EIO') : undefined);

      const error: unknown = await store.record(record).catch((reason: unknown) => reason);
      const isReading = at < 5;
      expect(error).toMatchObject({
        code: isReading ? 'ERR_DATA_FOLDER_UNUSABLE' : 'ERR_STORE_WRITE_FAILED',
        cause: { code: 'EIO' },
      });
      expect((error as Error).message).toMatch(
        /session s1 could not be (saved|read): the disk reported an error \(EIO\); check the disk/,
      );

      files.fault = () => undefined;
      const isNew = name === 'lstat' || name === 'fsyncFolder';
      expect(onDisk('s1')?.submissionStatus).toBe(isNew ? 'submitted' : 'pending');
      if (howOften === 'once') expect(files.names('/data/sessions')).toEqual(['s1.json']);
      expect(files.openFiles).toBe(0);

      await store.record(record);
      expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted', submissionAttempts: 1 });
      expect(onDisk('s1')?.submissionHistory).toHaveLength(1);
      files.crash();
      expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted', submissionAttempts: 1 });
    },
  );
});

test.each(calls.map((_, at) => at))('the power goes at call %i of a record: the file is old or new, never torn', async (at) => {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  const first = files.calls.length + at + 1;
  files.fault = ({ number }) => (number >= first ? errno('EIO') : undefined);
  await store.record(record).catch(() => {});
  files.fault = () => undefined;
  files.crash();
  const parsed = parseSession(new TextEncoder().encode(files.text('/data/sessions/s1.json') ?? ''), 's1');
  expect(parsed).toMatchObject({ type: 'session', session: { submissionStatus: 'pending' } });
});

test('a disk that fills up in the middle of a file keeps the old one', async () => {
  const { store, files, put, onDisk } = await simulatedStore();
  put(storedSession('s1'));
  files.bytesPerWrite = 100;
  files.fault = ({ name }) => (name === 'write' && files.countOf('write') === 3 ? errno('ENOSPC') : undefined);
  await expect(store.record(record)).rejects.toMatchObject({
    message: 'the result of session s1 could not be saved: no space left on the disk (ENOSPC); free disk space',
  });
  expect(onDisk('s1')).toEqual(storedSession('s1'));
  await store.record(record);
  expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted' });
});

test('a disk that takes no bytes does not hold the recorder for ever', async () => {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  files.bytesPerWrite = 0;
  await expect(store.record(record)).rejects.toMatchObject({ cause: { code: 'EIO' } });
});

test('a leftover that cannot be removed does not hide why the write failed', async () => {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  files.fault = ({ name }) => (name === 'fsync' ? errno('ENOSPC') : name === 'unlink' ? errno('EIO') : undefined);
  await expect(store.record(record)).rejects.toMatchObject({ cause: { code: 'ENOSPC' } });
});

test('a virus scanner that holds the file on Windows is waited for, two seconds at most', async () => {
  const { store, files, put, onDisk, clock } = await simulatedStore();
  put(storedSession('s1'));
  put(storedSession('s2'));
  files.platform = 'win32';
  let refusals = 0;
  files.fault = ({ name }) => (name === 'rename' && (refusals += 1) <= 30 ? errno('EPERM') : undefined);
  await store.record(record);
  expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted' });
  const start = clock.now;
  files.fault = ({ name }) => (name === 'rename' ? errno('EBUSY') : undefined);
  await expect(store.record(attemptRecord('s2', 'accepted'))).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  expect(clock.now - start).toBe(2000);
});

test('elsewhere a rename that is refused is not tried again', async () => {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  files.fault = ({ name }) => (name === 'rename' ? errno('EPERM') : undefined);
  await expect(store.record(record)).rejects.toMatchObject({ cause: { code: 'EPERM' } });
  expect(files.countOf('rename')).toBe(1);
});

test('records that wait together share one folder sync, and fail together with it', async () => {
  const { store, files, put, onDisk } = await simulatedStore();
  const ids = ['s1', 's2', 's3'];
  for (const id of ids) put(storedSession(id));
  await store.discover();
  const before = files.countOf('fsyncFolder');
  files.fault = ({ name }) => (name === 'fsyncFolder' ? errno('EIO') : undefined);
  const results = await Promise.allSettled(ids.map((id) => store.record(attemptRecord(id, 'accepted'))));
  expect(files.countOf('fsyncFolder') - before).toBe(1);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  files.fault = () => undefined;
  await Promise.all(ids.map((id) => store.record(attemptRecord(id, 'accepted'))));
  expect(files.countOf('fsyncFolder') - before).toBe(2);
  expect(ids.map((id) => onDisk(id)?.submissionAttempts)).toEqual([1, 1, 1]);
});

test('a record that fails does not fail those that wait with it', async () => {
  const { store, files, put } = await simulatedStore();
  for (const id of ['s1', 's2']) put(storedSession(id));
  files.fault = ({ name, path }) => (name === 'openNew' && path.includes('.s1.') ? errno('ENOSPC') : undefined);
  const results = await Promise.allSettled(['s1', 's2'].map((id) => store.record(attemptRecord(id, 'accepted'))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('a session that was deleted is not written again', async () => {
  const { store, files } = await simulatedStore();
  expect(await store.record(record)).toEqual({ type: 'deleted' });
  expect(files.names('/data/sessions')).toEqual([]);
});

test.each(['{"id":', 'a folder'])('a record for a file that became %s says so and changes nothing', async (content) => {
  const { store, files, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.discover();
  files.put('/data/sessions/s1.json', content, content === 'a folder' ? 'folder' : 'file');
  await expect(store.record(record)).rejects.toMatchObject({
    code: 'ERR_SESSION_UNREADABLE',
    message: 'session s1 is no session file any more; the next cycle sets it aside',
  });
  expect(files.text('/data/sessions/s1.json')).toBe(content);
});

test('unknown fields survive, and an older spelling is written in the form of today', async () => {
  const { store, files, onDisk } = await simulatedStore();
  const { _version: _, _saved_at: __, ...session } = storedSession('s1');
  const older = {
    ...session,
    ward: 'ICU',
    _metadata: { version: 1, savedAt: 5, retentionDays: 30 },
    elements: [{ id: 'e1', timestamp: 1, direction: 'device-to-pc', type: 'message', rawBytes: { type: 'Buffer', data: [77] } }],
  };
  files.put('/data/sessions/s1.json', JSON.stringify(older));
  await store.record(record);
  const written = onDisk('s1') as SessionFile;
  expect(written).toMatchObject({ ward: 'ICU', _version: 1, _saved_at: 1_000_000, persistedUntil: 9_000_000 });
  expect(written).not.toHaveProperty('_metadata');
  expect(written.elements).toEqual([{ id: 'e1', timestamp: 1, direction: 'device-to-pc', type: 'message', hexData: '4d' }]);
});
