/**
 * The start of a cycle: what the folder holds, in which order it is delivered, and that a look is cheap.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { errno } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { attemptRecord, message, storedSession } from '../../support/stored-session.ts';

async function storeWith(sessions: SessionFile[], options = {}) {
  const simulated = await simulatedStore(options);
  for (const session of sessions) simulated.put(session);
  // What was written this very moment is read once more; here it was a minute ago.
  simulated.clock.now += 60_000;
  return simulated;
}
const tried = (startedAt: number) => ({
  submissionAttempts: 1,
  submissionHistory: [{ attempt: 1, startedAt, durationMs: 1, outcome: 'unheard' as const }],
});

test('pending sessions are queued by first byte and id, those tried since the last acceptance behind them', async () => {
  const { store } = await storeWith([
    storedSession('b', { startTime: 2 }),
    storedSession('a', { startTime: 2 }),
    storedSession('c', { startTime: 1, ...tried(900) }),
    storedSession('d', { startTime: 0, ...tried(800) }),
    storedSession('e', { startTime: 9, ...tried(400) }),
    storedSession('f', {
      submissionStatus: 'failed',
      submissionHistory: [{ attempt: 1, startedAt: 950, durationMs: 1, outcome: 'refused' }],
    }),
    storedSession('g', { submissionStatus: 'submitted', submittedAt: 500 }),
    storedSession('h', { submissionStatus: 'submitted', submittedAt: 300 }),
    storedSession('i', { submissionStatus: 'ignored' }),
  ]);
  const { queue, ...rest } = await store.discover();
  expect(queue.map(({ id }) => id)).toEqual(['a', 'b', 'e', 'd', 'c']);
  expect(queue[3]).toEqual({ id: 'd', startTime: 0, bytes: queue[3]?.bytes, triedAt: 800 });
  expect(rest).toEqual({ suspects: 2, lastAcceptedAt: 500, triedSince: 3, refusedSince: 1, heldBack: 0 });
});

test('an empty folder has nothing to deliver', async () => {
  const { store } = await storeWith([]);
  expect(await store.discover()).toEqual({
    queue: [],
    suspects: 0,
    lastAcceptedAt: 0,
    triedSince: 0,
    refusedSince: 0,
    heldBack: 0,
  });
  expect(await store.counts()).toEqual({
    pending: 0,
    submitted: 0,
    failed: 0,
    ignored: 0,
    quarantined: 0,
    heldBack: 0,
    unreadable: 0,
  });
});

test('a long queue arrives whole', async () => {
  const { store } = await storeWith(Array.from({ length: 5001 }, (_, at) => storedSession(`s${at}`, { startTime: at })));
  const { queue } = await store.discover();
  expect(queue).toHaveLength(5001);
  expect(queue.at(-1)).toMatchObject({ id: 's5000', startTime: 5000 });
});

test('an incomplete session waits for its end, ten minutes at most', async () => {
  const { store, clock } = await storeWith([storedSession('s1', { isComplete: false, _saved_at: 1_060_000 })]);
  expect(await store.discover()).toMatchObject({ queue: [], heldBack: 1 });
  expect(await store.readForPost('s1')).toEqual({ type: 'withdrawn', reason: 'incomplete' });
  expect(await store.counts()).toMatchObject({ pending: 1, heldBack: 1, oldestPendingAt: 400_000 });
  clock.now = 1_660_000;
  expect(await store.discover()).toMatchObject({ queue: [{ id: 's1' }], heldBack: 0 });
});

test('an acceptance in the future is a clock that jumped, and said once a cycle', async () => {
  const { store, reports } = await storeWith([storedSession('s1', { submissionStatus: 'submitted', submittedAt: 9_000_000 })]);
  expect(await store.discover()).toMatchObject({ lastAcceptedAt: 0 });
  expect(await store.counts()).not.toHaveProperty('lastAcceptedAt');
  expect(reports).toEqual([
    { level: 'warn', message: 'a session was accepted in the future by its file; did the clock of this computer jump?' },
  ]);
});

test('a folder in which nothing changed is listed and looked at, and nothing is read', async () => {
  const { store, files } = await storeWith(Array.from({ length: 300 }, (_, at) => storedSession(`s${at}`)));
  await store.discover();
  const before = files.calls.length;
  await store.discover();
  const calls = files.calls.slice(before).map(({ name }) => name);
  expect(new Set(calls)).toEqual(new Set(['list', 'lstat']));
  expect(calls).toHaveLength(301);
});

test('what the store wrote itself is not read again', async () => {
  const { store, files } = await storeWith([storedSession('s1'), storedSession('s2')]);
  await store.discover();
  await store.record(attemptRecord('s1', 'accepted'));
  await store.changeStatus(['s2'], 'ignored');
  await store.add(storedSession('s3'));
  const before = files.countOf('openToRead');
  expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s3']);
  expect(await store.counts()).toMatchObject({ pending: 1, submitted: 1, ignored: 1, lastAcceptedAt: 1_060_000 });
  expect(files.countOf('openToRead')).toBe(before);
});

test('a session is found by its text after its standing changed, and by the text that another program gave it meanwhile', async () => {
  const { store, files, put } = await storeWith([storedSession('s1'), storedSession('s2'), storedSession('s3')]);
  const foundBy = (text: string) => store.idsMatching({ text });
  await store.discover();
  await store.record(attemptRecord('s1', 'unheard'));
  await store.record(attemptRecord('s1', 'accepted', { startedAt: 1_050_000 }));
  await store.changeStatus(['s3'], 'ignored');
  expect((await foundBy('xn-1000 4711')).toSorted()).toEqual(['s1', 's2', 's3']);
  put(storedSession('s2', { messages: [message.replace('XN-1000', 'COBAS').replace('4711', '4712')] }));
  await store.record(attemptRecord('s2', 'accepted'));
  const before = files.countOf('openToRead');
  await store.discover();
  // Only the one whose text is not the one that was known.
  expect(files.countOf('openToRead') - before).toBe(1);
  expect(await foundBy('cobas 4712')).toEqual(['s2']);
  expect((await foundBy('xn-1000 4711')).toSorted()).toEqual(['s1', 's3']);
  await store.discover();
  expect(files.countOf('openToRead') - before).toBe(1);
});

test('a session that was recorded before any look is found by its text after the first one', async () => {
  const { store, put } = await simulatedStore();
  put(storedSession('s1'));
  await store.record(attemptRecord('s1', 'accepted'));
  expect(await store.idsMatching({ text: '4711' })).toEqual(['s1']);
});

test('what other programs change is found by the next look', async () => {
  const changes: unknown[] = [];
  const { store, files, put } = await storeWith([storedSession('s1'), storedSession('s2')], {
    onChanged: (change: unknown) => changes.push(change),
  });
  await store.discover();
  put(storedSession('s1', { submissionStatus: 'ignored' }));
  files.unlink('/data/sessions/s2.json');
  put(storedSession('s3'));
  expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s3']);
  expect(changes).toMatchObject([
    { added: [{ sessionId: 's3' }], changed: [{ sessionId: 's1', submissionStatus: 'ignored' }], removed: ['s2'] },
  ]);
});

test('a file written within a tick of being read is read once more', async () => {
  const { store, files, put, clock } = await simulatedStore();
  put(storedSession('s1'));
  clock.now = files.now;
  await store.discover();
  const before = files.countOf('openToRead');
  clock.now += 100;
  await store.discover();
  await store.discover();
  expect(files.countOf('openToRead') - before).toBe(1);
});

test('a session added while a scan runs is not lost to its older list of names', async () => {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const { store, put } = await simulatedStore({}, undefined, () => gate);
  put(storedSession('s1'));
  const scan = store.scan();
  await Promise.resolve();
  await store.add(storedSession('s2'));
  letGo();
  await scan;
  expect(await store.idsMatching({})).toEqual(['s2', 's1']);
});

test('a folder that cannot be listed is an error, not an empty queue', async () => {
  const { store, files } = await storeWith([storedSession('s1')]);
  files.fault = ({ name }) => (name === 'list' ? errno('EIO') : undefined);
  await expect(store.discover()).rejects.toMatchObject({
    code: 'ERR_DATA_FOLDER_UNUSABLE',
    message:
      'the sessions folder could not be read: the disk reported an error (EIO); check the disk and the permissions of the data directory',
  });
  files.fault = () => undefined;
  expect((await store.discover()).queue).toHaveLength(1);
});

test('a folder that is gone is an error, and what it held is not called delivered or deleted', async () => {
  const { store, files } = await storeWith([storedSession('s1')]);
  await store.discover();
  files.fault = ({ name }) => (name === 'list' ? errno('ENOENT') : undefined);
  await expect(store.discover()).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_UNUSABLE' });
  expect(await store.counts()).toMatchObject({ pending: 1 });
});

test.each(['EACCES', 'EIO', 'EMFILE'])(
  'a file that the disk refuses (%s) stays, is named once, and is tried again',
  async (code) => {
    const { store, files, reports, put } = await storeWith([storedSession('s1')]);
    put(storedSession('s2'));
    files.fault = ({ name, path }) => (name === 'openToRead' && path.endsWith('s2.json') ? errno(code) : undefined);
    expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s1']);
    await store.discover();
    expect(reports).toHaveLength(1);
    expect(reports[0]?.message).toMatch(
      new RegExp(`^"s2.json" in the sessions folder could not be read \\(.*\\(${code}\\)\\); it is tried again`),
    );
    expect(await store.readForPost('s2')).toEqual({ type: 'withdrawn', reason: 'unreadable' });
    await expect(store.getSession('s2')).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_UNUSABLE' });
    files.fault = () => undefined;
    expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s1', 's2']);
  },
);

test('a file whose facts cannot be read keeps its place', async () => {
  const { store, files, reports } = await storeWith([storedSession('s1')]);
  await store.discover();
  files.fault = ({ name }) => (name === 'lstat' ? errno('EIO') : undefined);
  expect((await store.discover()).queue).toHaveLength(1);
  expect(reports).toHaveLength(1);
});

test('a file that is being written is left for the next look', async () => {
  const { store, files, reports } = await storeWith([storedSession('s1')]);
  let [looks, shrink] = [0, true];
  const fstat = files.fstat.bind(files);
  files.fstat = (fd) => ({ ...fstat(fd), ctimeMs: shrink ? (looks += 1) : 1 });
  await store.discover();
  expect(reports[0]?.message).toMatch(/it was being written \(EAGAIN\)/);
  shrink = false;
  files.read = () => 0;
  expect((await store.discover()).queue).toEqual([]);
});

test('a fault of our own is not taken for one of the disk', async () => {
  const { store, files } = await storeWith([storedSession('s1')]);
  files.fault = ({ name }) => (name === 'read' ? new TypeError('a bug') : undefined);
  await expect(store.discover()).rejects.toThrow();
  await expect(store.record(attemptRecord('s1', 'accepted'))).rejects.toThrow('a bug');
  await expect(store.changeStatus(['s1'], 'ignored')).rejects.toThrow('a bug');
});

test.each(['link', 'folder', 'other'] as const)('a %s named like a session is skipped and named once', async (kind) => {
  const { store, files, reports } = await storeWith([]);
  files.put('/data/sessions/x.json', '', kind);
  for (let cycle = 0; cycle < 2; cycle += 1) expect((await store.discover()).queue).toEqual([]);
  expect(reports).toEqual([
    { level: 'warn', message: '"x.json" in the sessions folder is skipped: it is a link, folder, pipe or device, not a file' },
  ]);
  expect(files.countOf('openToRead')).toBe(0);
  expect(await store.readForPost('x')).toEqual({ type: 'withdrawn', reason: 'unreadable' });
});

test('a thing that is replaced by a session is picked up', async () => {
  const { store, files, put } = await storeWith([]);
  files.put('/data/sessions/s1.json', '', 'link');
  await store.discover();
  put(storedSession('s1'));
  expect((await store.discover()).queue).toHaveLength(1);
  files.put('/data/sessions/s1.json', '', 'link');
  expect((await store.discover()).queue).toHaveLength(0);
});

test('notes, tmp files and backups are none of our business', async () => {
  const { store, files, reports } = await storeWith([]);
  for (const name of ['readme.txt', '.hidden.json', 'a.json.bak', 'A.JSON']) files.put(`/data/sessions/${name}`, '{');
  expect((await store.discover()).queue).toEqual([]);
  expect(reports).toEqual([]);
  expect(files.names('/data/sessions')).toHaveLength(4);
});

test('a file that vanishes between the list and the look is nothing to speak of', async () => {
  const { store, files, reports } = await storeWith([storedSession('s1'), storedSession('s2')]);
  files.fault = ({ name, path }) => {
    if (name === 'list') queueMicrotask(() => files.unlink('/data/sessions/s1.json'));
    if (name === 'openToRead' && path.endsWith('s2.json')) return errno('ENOENT');
    return undefined;
  };
  expect((await store.discover()).queue).toEqual([]);
  expect(reports).toEqual([]);
});

test('a known session that is damaged or replaced by a folder is gone for whoever lists sessions', async () => {
  const changes: unknown[] = [];
  const { store, files } = await storeWith([storedSession('s1'), storedSession('s2')], {
    onChanged: (change: unknown) => changes.push(change),
  });
  await store.discover();
  files.put('/data/sessions/s1.json', '{');
  files.put('/data/sessions/s2.json', '', 'folder');
  await store.discover();
  expect(changes).toEqual([{ added: [], changed: [], removed: ['s1', 's2'] }]);
});

test('cycles that overlap look one after the other', async () => {
  const { store, files } = await storeWith([storedSession('s1')]);
  const discoveries = await Promise.all([store.discover(), store.scan(), store.discover(), store.scan(), store.counts()]);
  expect(discoveries[0]).toEqual(discoveries[2]);
  expect(files.countOf('list')).toBeLessThan(6);
});
