/**
 * What the host asks of the store: changes by an operator, new sessions, the trash, and a look that writes nothing.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { StoreChange } from '../../../src/service/store/session-store.ts';
import { errno, SimulatedFileSystem } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

test('an operator retries what failed; what does not apply is counted and left alone', async () => {
  const { store, put, onDisk, clock } = await simulatedStore();
  put(storedSession('f', { submissionStatus: 'failed' }));
  put(storedSession('p'));
  put(storedSession('s', { submissionStatus: 'submitted', submittedAt: 5 }));
  expect(await store.changeStatus(['f', 'p', 's', 'gone', '../f'], 'retried', { reason: 'fixed' })).toEqual({
    changed: ['f'],
    unchanged: 4,
  });
  expect(onDisk('f')).toMatchObject({
    submissionStatus: 'pending',
    submissionHistory: [{ at: clock.now, outcome: 'retried', reason: 'fixed' }],
  });
  expect(await store.changeStatus(['s'], 'retried', { again: true })).toEqual({ changed: ['s'], unchanged: 0 });
  expect(await store.counts()).toMatchObject({ pending: 3 });
});

test('a damaged file is not changed by an operator', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/sessions/x.json', '{');
  expect(await store.changeStatus(['x'], 'ignored')).toEqual({ changed: [], unchanged: 1 });
  expect(files.text('/data/sessions/x.json')).toBe('{');
});

test('a change of many can be stopped on the way, and lets others in between', async () => {
  const { store, put } = await simulatedStore();
  const ids = Array.from({ length: 120 }, (_, at) => `s${at}`);
  for (const id of ids) put(storedSession(id));
  let asked = 0;
  expect(await store.changeStatus(ids, 'ignored', { shouldStop: () => (asked += 1) > 2 })).toMatchObject({ unchanged: 20 });
});

test('of a change of many what can be written is, and is known; after a failure no more is begun', async () => {
  const { store, put, files, onDisk } = await simulatedStore();
  const ids = Array.from({ length: 120 }, (_, at) => `s${at}`);
  for (const id of ids) put(storedSession(id));
  files.fault = ({ name, path }) => (name === 'fsync' && path.includes('.s10.') ? errno('EIO') : undefined);
  await expect(store.changeStatus(ids, 'ignored')).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  expect(['s9', 's10', 's11', 's60'].map((id) => onDisk(id)?.submissionStatus)).toEqual([
    'ignored',
    'pending',
    'ignored',
    'pending',
  ]);
  expect(await store.counts()).toMatchObject({ ignored: 49, pending: 71 });
});

test.each(['openNew', 'fsyncFolder'] as const)('a change that cannot be saved (%s) is an error in words', async (name) => {
  const { store, put, files } = await simulatedStore();
  put(storedSession('s1'));
  files.fault = (call) => (call.name === name ? errno('EROFS') : undefined);
  await expect(store.changeStatus(['s1'], 'ignored')).rejects.toMatchObject({
    code: 'ERR_STORE_WRITE_FAILED',
    message: 'a change of status could not be saved: the disk is read-only (EROFS); make the disk of the data directory writable',
  });
});

test('a new session is durable when it is added, and one that is there is not touched', async () => {
  const changes: StoreChange[] = [];
  const { store, files, onDisk } = await simulatedStore({ onChanged: (change) => changes.push(change) });
  expect(await store.add(storedSession('s1'))).toEqual({ added: true });
  expect(await store.add(storedSession('s1', { sessionId: 99 }))).toEqual({ added: false });
  files.crash();
  expect(onDisk('s1')).toEqual(storedSession('s1', { _saved_at: 1_000_000 }));
  expect(changes).toMatchObject([{ added: [{ sessionId: 's1' }], changed: [], removed: [] }]);
});

test('what is no session is not added', async () => {
  const { store, files } = await simulatedStore();
  await expect(store.add(storedSession('../s1'))).rejects.toMatchObject({ code: 'ERR_ARGUMENT_INVALID' });
  files.fault = ({ name }) => (name === 'fsyncFolder' ? errno('EIO') : undefined);
  await expect(store.add(storedSession('s1'))).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
});

const expired = { submissionStatus: 'submitted', submittedAt: 5, persistedUntil: 10 } as const;

test('only what is past its time and settled may go', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('sent', expired));
  put(storedSession('ignored', { submissionStatus: 'ignored', persistedUntil: 10 }));
  put(storedSession('failed', { submissionStatus: 'failed', persistedUntil: 10 }));
  put(storedSession('pending', { persistedUntil: 10 }));
  put(storedSession('young', { ...expired, persistedUntil: 2_000_000 }));
  expect((await store.expired()).map(({ id }) => id).sort()).toEqual(['ignored', 'sent']);
  expect((await store.expired(9)).length).toBe(0);
});

test('the trash keeps a session, when it was moved there, and gives it back', async () => {
  const { store, put, files, clock } = await simulatedStore();
  put(storedSession('s1', expired));
  const bytes = files.text('/data/sessions/s1.json')?.length;
  expect(await store.moveToTrash(['s1', 'gone'])).toEqual({ moved: ['s1'], bytes, unchanged: 1 });
  files.put('/data/trash/notes.txt', '');
  expect(await store.listTrash()).toEqual([{ id: 's1', trashedAt: clock.now, bytes }]);
  expect(await store.counts()).toMatchObject({ submitted: 0 });
  files.crash();
  expect(files.names('/data/sessions')).toEqual([]);
  expect(await store.restoreFromTrash(['s1', 'gone'])).toEqual({ restored: ['s1'], unchanged: 1 });
  expect(await store.counts()).toMatchObject({ submitted: 1 });
  expect(await store.listTrash()).toEqual([]);
});

test('the latest of several is given back, and never over a session that is there', async () => {
  const { store, put, onDisk } = await simulatedStore();
  for (const counter of [1, 2]) {
    put(storedSession('s1', { ...expired, sessionId: counter }));
    await store.scan();
    expect(await store.moveToTrash(['s1'])).toMatchObject({ unchanged: 0 });
  }
  await store.restoreFromTrash(['s1']);
  expect(onDisk('s1')).toMatchObject({ sessionId: 2 });
  expect(await store.restoreFromTrash(['s1'])).toEqual({ restored: [], unchanged: 1 });
  expect(await store.listTrash()).toHaveLength(1);
});

test('a file that changed since the index saw it stays, unless that does not matter', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1', expired));
  await store.discover();
  put(storedSession('s1', { ...expired, submissionStatus: 'pending' }));
  expect(await store.moveToTrash(['s1'])).toMatchObject({ moved: [] });
  expect(await store.moveToTrash(['s1', '../s1'], { evenIfChanged: true })).toMatchObject({ moved: ['s1'], unchanged: 1 });
});

test('what was put back in the queue before it could be cleaned up stays', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1', expired));
  put(storedSession('s2', expired));
  const ids = (await store.expired()).map(({ id }) => id);
  await store.changeStatus(['s1'], 'retried', { again: true });
  expect(await store.moveToTrash(ids, { onlyExpired: true })).toMatchObject({ moved: ['s2'], unchanged: 1 });
});

test('a session from the trash that is damaged goes to quarantine with the next look', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/trash/s1.5.json', '{');
  files.put('/data/trash/s2.5.json', '', 'link');
  expect(await store.restoreFromTrash(['s1', 's2'])).toEqual({ restored: ['s1', 's2'], unchanged: 0 });
  await store.discover();
  expect(files.names('/data/quarantine')).toEqual(['s1.json', 's1.json.reason.txt']);
});

test('the trash is emptied of what is old', async () => {
  const { store, files } = await simulatedStore();
  for (const trashedAt of [10, 20, 30]) files.put(`/data/trash/s${trashedAt}.${trashedAt}.json`, 'abc');
  expect(await store.purgeTrash({ olderThan: 30 })).toEqual({ purged: 2, bytes: 6 });
  expect(files.names('/data/trash')).toEqual(['s30.30.json']);
});

test('a file of the trash that somebody else removed is not counted', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/trash/s1.5.json', 'abc');
  files.fault = ({ name }) => (name === 'unlink' ? errno('ENOENT') : undefined);
  expect(await store.purgeTrash({ olderThan: 9 })).toEqual({ purged: 0, bytes: 0 });
  files.fault = ({ name }) => (name === 'unlink' ? errno('EACCES') : undefined);
  await expect(store.purgeTrash({ olderThan: 9 })).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
});

test.each(['rename', 'fsyncFolder'] as const)('moves to and from the trash that fail (%s) say so', async (name) => {
  const { store, put, files } = await simulatedStore();
  put(storedSession('s1', expired));
  files.put('/data/trash/s2.5.json', JSON.stringify(storedSession('s2')));
  await store.discover();
  files.fault = (call) => (call.name === name ? errno('EXDEV') : undefined);
  await expect(store.moveToTrash(['s1'])).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED', cause: { code: 'EXDEV' } });
  await expect(store.restoreFromTrash(['s2'])).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  files.fault = ({ name: called }) => (called === 'fsyncFolder' ? errno('EIO') : undefined);
  await expect(store.purgeTrash({ olderThan: Infinity })).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
});

test('one session is shown with its content', async () => {
  const { store, put, files } = await simulatedStore();
  put(storedSession('s1'));
  files.put('/data/sessions/x.json', '{');
  expect(await store.getSession('s1')).toMatchObject({ summary: { sessionId: 's1', counter: 7 }, session: storedSession('s1') });
  for (const id of ['gone', '../s1', 'x']) expect(await store.getSession(id)).toBeNull();
});

test('leftovers of writes that did not end are swept at the start, by the owner alone', async () => {
  const files = new SimulatedFileSystem();
  const leftovers = ['/data/sessions/.s1.abc.tmp', '/data/quarantine/.x.json.abc.tmp'];
  for (const path of leftovers) files.put(path, 'half');
  files.put('/data/sessions/notes.tmp', '');
  await simulatedStore({ isOwner: false }, files);
  expect(files.names('/data/sessions')).toHaveLength(2);
  const { reports } = await simulatedStore({}, files);
  expect(reports).toEqual([{ level: 'info', message: '2 leftovers of writes that did not end were removed' }]);
  expect([...files.names('/data/sessions'), ...files.names('/data/quarantine')]).toEqual(['notes.tmp']);
});

test('a folder that cannot be made or swept is named', async () => {
  const files = new SimulatedFileSystem();
  await simulatedStore({}, files);
  files.fault = ({ name, number }) => (name === 'fsyncFolder' && number > 4 ? errno('EACCES') : undefined);
  const expected = {
    code: 'ERR_DATA_FOLDER_UNUSABLE',
    message: expect.stringMatching(/^the data directory could not be .*: permission denied \(EACCES\)/),
  };
  await expect(simulatedStore({}, files)).rejects.toMatchObject(expected);
  files.fault = ({ name }) => (name === 'list' ? errno('EACCES') : undefined);
  await expect(simulatedStore({}, files)).rejects.toMatchObject(expected);
});

test('a store for reading writes, moves and sweeps nothing', async () => {
  const files = new SimulatedFileSystem();
  files.put('/data/sessions/x.json', '{');
  files.put('/data/sessions/.s1.abc.tmp', '');
  files.put('/data/sessions/s1.json', JSON.stringify(storedSession('s1')));
  const { store } = await simulatedStore({ readOnly: true }, files);
  const before = files.calls.length;
  expect(await store.counts()).toMatchObject({ pending: 1, quarantined: 0 });
  expect((await store.discover()).queue).toHaveLength(1);
  const refused = { code: 'ERR_STATE_CONFLICT' };
  await expect(store.record(attemptRecord('s1', 'accepted'))).rejects.toMatchObject(refused);
  await expect(store.changeStatus(['s1'], 'ignored')).rejects.toMatchObject(refused);
  await expect(store.add(storedSession('s2'))).rejects.toMatchObject(refused);
  await expect(store.moveToTrash(['s1'])).rejects.toMatchObject(refused);
  await expect(store.restoreFromTrash(['s1'])).rejects.toMatchObject(refused);
  await expect(store.purgeTrash({ olderThan: 1 })).rejects.toMatchObject(refused);
  const written = files.calls
    .slice(before)
    .filter(({ name }) => !['list', 'lstat', 'openToRead', 'fstat', 'read', 'close'].includes(name));
  expect(written).toEqual([]);
});

test('a store for reading of a directory that is not there yet is empty', async () => {
  const files = new SimulatedFileSystem();
  const { store } = await simulatedStore({ readOnly: true, dataDir: '/nowhere' }, files);
  files.list = () => {
    throw errno('ENOENT');
  };
  expect(await store.counts()).toMatchObject({ pending: 0, quarantined: 0 });
  expect(await store.listTrash()).toEqual([]);
  files.list = () => {
    throw errno('EACCES');
  };
  await expect(store.listTrash()).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_UNUSABLE' });
});

test('closing twice is closing once', async () => {
  const { store } = await simulatedStore();
  expect(store.close()).toBe(store.close());
  await store.close();
});
