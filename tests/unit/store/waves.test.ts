/**
 * Records that wait for the disk together: in which order the disk is asked, what others find meanwhile, and who fails
 * with whom.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import { stageReplacing } from '../../../src/service/store/durable-write.ts';
import type { LedgerEntry } from '../../../src/service/store/session-digest.ts';
import { WriteBatch } from '../../../src/service/store/write-batch.ts';
import { errno, type FileCall, SimulatedFileSystem } from '../../support/simulated-file-system.ts';
import { simulatedRecorder } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const now = 1_000_000;
const sessions = '/data/sessions';
const steps = ({ name, path }: FileCall) => `${name} ${path.replace(/^\/data\/?/, '').replace(/\.[0-9a-f]{12}\.tmp$/, '.tmp')}`;
const writing = new Set(['openNew', 'write', 'fsync', 'close', 'rename', 'unlink', 'fsyncFolder']);

/** A recorder with pending sessions, and the calls made since. */
function recorderOf(...ids: string[]) {
  const simulated = simulatedRecorder();
  const { recorder, files, put } = simulated;
  for (const id of ids) put(storedSession(id));
  const before = files.calls.length;
  return {
    ...simulated,
    record: (id: string, kind: Parameters<typeof attemptRecord>[1], startedAt = 900_000) =>
      recorder.record({ record: attemptRecord(id, kind, { startedAt }), now }),
    steps: (...names: FileCall['name'][]) =>
      files.calls
        .slice(before)
        .filter(({ name }) => names.includes(name))
        .map(steps),
    writes: () =>
      files.calls
        .slice(before)
        .filter(({ name, path }) => writing.has(name) && !(name === 'close' && path.endsWith('.json')))
        .map(steps),
  };
}

test('three records are written, then synced and renamed, then the folder is synced once, then all are told', async () => {
  const { record, files, writes } = recorderOf('s1', 's2', 's3');
  const told: number[] = [];
  await Promise.all(['s1', 's2', 's3'].map(async (id) => told.push(await record(id, 'accepted').then(() => files.calls.length))));
  const made = writes();
  const of = (id: string) => made.filter((step) => step.includes(id));
  for (const id of ['s1', 's2', 's3'])
    expect(of(id)).toEqual([
      ...['openNew', 'write', 'fsync', 'close'].map((name) => `${name} sessions/.${id}.tmp`),
      `rename sessions/${id}.json`,
    ]);
  expect(made.slice(0, 6).map((step) => step.split(' ')[0])).toEqual([
    'openNew',
    'write',
    'openNew',
    'write',
    'openNew',
    'write',
  ]);
  expect(made.filter((step) => step.startsWith('fsyncFolder'))).toEqual(made.slice(-1));
  expect(told).toEqual(Array(3).fill(files.calls.length));
});

test('a file that Windows does not let go of holds up no other one', async () => {
  const { recorder, files } = recorderOf('s1', 's2', 's3');
  files.platform = 'win32';
  let refusals = 0;
  files.fault = ({ name, path }) =>
    name === 'rename' && path.includes('s1') && (refusals += 1) <= 3 ? errno('EBUSY') : undefined;
  const ids = ['s1', 's2', 's3'];
  await Promise.all(ids.map((id) => recorder.record({ record: attemptRecord(id, 'accepted'), now })));
  const renamed = files.calls.filter(({ name }) => name === 'rename').map(({ path }) => path.slice(-7, -5));
  expect(renamed).toEqual(['s1', 's2', 's3', 's1', 's1', 's1']);
});

test('what arrives while files are synced finds them in place, and is told after them', async () => {
  const { record, files, onDisk, steps: stepsOf } = recorderOf('s1', 's2');
  const { held, release } = hold(files);
  const told: string[] = [];
  const first = record('s1', 'unheard', 1).then(() => told.push('first'));
  await held;
  const callsBefore = files.calls.length;
  const second = record('s1', 'unheard', 2).then(() => told.push('second'));
  const other = record('s2', 'accepted').then(() => told.push('other'));
  await turns(5);
  expect(files.calls).toHaveLength(callsBefore);
  release();
  await Promise.all([first, second, other]);
  expect(told).toEqual(['first', 'second', 'other']);
  expect(onDisk('s1')?.submissionHistory).toMatchObject([{ startedAt: 1 }, { startedAt: 2 }]);
  expect(stepsOf('rename', 'fsyncFolder')).toEqual([
    'rename sessions/s1.json',
    'fsyncFolder sessions',
    'rename sessions/s1.json',
    'rename sessions/s2.json',
    'fsyncFolder sessions',
  ]);
});

test('a second record of a session waits for the next wave, and so does what comes after it', async () => {
  const { record, onDisk, steps: stepsOf } = recorderOf('s1', 's2', 's3');
  await Promise.all([record('s1', 'unheard', 1), record('s2', 'accepted'), record('s1', 'later', 2), record('s3', 'accepted')]);
  expect(onDisk('s1')).toMatchObject({ submissionAttempts: 2, submissionHistory: [{ startedAt: 1 }, { startedAt: 2 }] });
  expect(stepsOf('rename', 'fsyncFolder')).toEqual([
    'rename sessions/s1.json',
    'rename sessions/s2.json',
    'fsyncFolder sessions',
    'rename sessions/s1.json',
    'rename sessions/s3.json',
    'fsyncFolder sessions',
  ]);
});

test('new sessions whose ids differ in case alone do not meet in one wave: on some disks they are one file', async () => {
  const { recorder, files } = recorderOf();
  await Promise.all(['abc', 'ABC'].map((id) => recorder.add({ session: storedSession(id), now })));
  expect(files.countOf('fsyncFolder')).toBe(2);
});

test.each(['openNew', 'write', 'fsync', 'close', 'rename', 'lstat'] as const)(
  'a %s that fails is the answer of its own record alone, which leaves nothing behind',
  async (name) => {
    const { record, files, onDisk } = recorderOf('s1', 's2', 's3');
    files.fault = (call) => (call.name === name && /s2/.test(call.path) && !isReading(call) ? errno('ENOSPC') : undefined);
    const results = await Promise.allSettled(['s1', 's2', 's3'].map((id) => record(id, 'accepted')));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'ERR_STORE_WRITE_FAILED', cause: { code: 'ENOSPC' } } });
    files.fault = () => undefined;
    expect(files.names(sessions)).toEqual(['s1.json', 's2.json', 's3.json']);
    expect(files.openFiles).toBe(0);
    expect(onDisk('s2')?.submissionStatus).toBe(name === 'lstat' ? 'submitted' : 'pending');
    files.crash();
    expect(['s1', 's3'].map((id) => onDisk(id)?.submissionStatus)).toEqual(['submitted', 'submitted']);
    await record('s2', 'accepted');
    expect(onDisk('s2')).toMatchObject({ submissionStatus: 'submitted', submissionAttempts: 1 });
  },
);

test('changes of status that arrive together wait for the disk together; one that cannot be written fails alone', async () => {
  const { recorder, files, onDisk } = recorderOf('s1', 's2', 's3', 's4', 's5');
  const ids = ['s1', 's2', 's1', 's3', 's4', 's5'];
  const change = () => Promise.allSettled(ids.map((id) => recorder.changeStatus({ id, change: 'ignored', now })));
  files.fault = ({ name, path }) => (name === 'fsync' && path.includes('s2') ? errno('EIO') : undefined);
  let underWayMax = 0;
  let underWay = 0;
  files.beforeSync = async () => {
    underWayMax = Math.max(underWayMax, (underWay += 1));
    await Promise.resolve();
    underWay -= 1;
  };
  const answers = await change();
  expect(answers[1]).toMatchObject({ reason: { code: 'ERR_STORE_WRITE_FAILED', cause: { code: 'EIO' } } });
  // The second change of `s1` finds what the first one wrote.
  expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value.changed)).toEqual([
    true,
    false,
    false,
    true,
    true,
    true,
  ]);
  expect(underWayMax).toBeGreaterThan(1);
  expect(ids.map((id) => onDisk(id)?.submissionStatus)).toEqual(ids.map((id) => (id === 's2' ? 'pending' : 'ignored')));
  expect(files.names(sessions)).toEqual(['s1.json', 's2.json', 's3.json', 's4.json', 's5.json']);
  files.fault = () => undefined;
  expect(
    (await change()).flatMap((answer, at) => (answer.status === 'fulfilled' && answer.value.changed ? [ids[at]] : [])),
  ).toEqual(['s2']);
});

test('what is put back to failed waits with an acceptance, which gives it its second chance', async () => {
  const { recorder, record, onDisk } = recorderOf('bad', 'good');
  await record('bad', 'later');
  await recorder.changeStatus({ id: 'bad', change: 'retried', now });
  const [back, good] = await Promise.all([
    recorder.changeStatus({ id: 'bad', change: 'takenBack', now }),
    record('good', 'accepted'),
  ]);
  expect([back, good]).toMatchObject([{ changed: true }, { result: { recorded: { setBack: 1 } } }]);
  expect(onDisk('bad')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['later', 'retried', 'restored', 'requeued']);
});

test('what an operator takes out of delivery in the same moment gets no second chance', async () => {
  const { recorder, record, onDisk } = recorderOf('bad', 'good');
  await record('bad', 'later');
  const [ignored, good] = await Promise.all([
    recorder.changeStatus({ id: 'bad', change: 'ignored', now }),
    record('good', 'accepted'),
  ]);
  expect([ignored, good]).toMatchObject([{ changed: true }, { result: { recorded: { setBack: 0 } } }]);
  expect(onDisk('bad')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['later', 'ignored']);
});

test('one that fails and an acceptance that wait together: the acceptance sets it back, before it is in place itself', async () => {
  const { record, onDisk, steps: stepsOf } = recorderOf('bad', 'good', 'next');
  const [, good, next] = await Promise.all([record('bad', 'later'), record('good', 'accepted'), record('next', 'accepted')]);
  expect([good, next]).toMatchObject([{ result: { recorded: { setBack: 1 } } }, { result: { recorded: { setBack: 0 } } }]);
  expect(onDisk('bad')).toMatchObject({ submissionStatus: 'pending' });
  expect(stepsOf('rename')).toEqual(['bad', 'bad', 'good', 'next'].map((id) => `rename sessions/${id}.json`));
});

test('an acceptance that cannot be written gives no second chance; the one behind it does', async () => {
  const { record, files, onDisk } = recorderOf('bad', 'good', 'next');
  files.fault = ({ name, path }) => (name === 'fsync' && path.includes('good') ? errno('EIO') : undefined);
  const [, good, next] = await Promise.allSettled([
    record('bad', 'later'),
    record('good', 'accepted'),
    record('next', 'accepted'),
  ]);
  expect(good).toMatchObject({ status: 'rejected' });
  expect(next).toMatchObject({ value: { result: { recorded: { setBack: 1 } } } });
  expect(onDisk('bad')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['later', 'requeued']);
});

test('what an operator does to one that is being set back comes after it', async () => {
  const { recorder, record, onDisk } = recorderOf('bad', 'good');
  await record('bad', 'later');
  await Promise.all([record('good', 'accepted'), recorder.changeStatus({ id: 'bad', change: 'ignored', now })]);
  expect(onDisk('bad')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['later', 'requeued', 'ignored']);
});

test('moves to and from the trash keep their place among records', async () => {
  const { recorder, record, known, files } = recorderOf('s1', 's2');
  const file = known('s1');
  const answers = await Promise.all([
    record('s2', 'unheard', 1),
    recorder.moveToTrash({ files: [file], now }),
    record('s1', 'accepted'),
    recorder.restoreFromTrash({ ids: ['s1'] }),
    record('s1', 'unheard', 2),
  ]);
  expect(answers).toMatchObject([
    { result: { type: 'recorded' } },
    { moved: ['s1'] },
    { result: { type: 'deleted' } },
    { restored: ['s1'] },
    { result: { type: 'recorded', recorded: { submissionAttempts: 1 } } },
  ]);
  expect(files.names('/data/trash')).toEqual([]);
});

test('a move to the trash behind a record of the same session finds it changed', async () => {
  const { recorder, record, known, onDisk } = recorderOf('s1');
  const file = known('s1');
  const [, { moved }] = await Promise.all([record('s1', 'accepted'), recorder.moveToTrash({ files: [file], now })]);
  expect(moved).toEqual([]);
  expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted' });
});

test('leftovers are swept between waves: a write under way is none', async () => {
  const { recorder, record, files, onDisk } = recorderOf('s1');
  files.put(`${sessions}/.s9.abc.tmp`, 'half');
  const { held, release } = hold(files);
  const recorded = record('s1', 'accepted');
  await held;
  const swept = recorder.sweep({});
  await turns(5);
  release();
  expect(await swept).toEqual({ swept: 1 });
  await recorded;
  expect(onDisk('s1')).toMatchObject({ submissionStatus: 'submitted' });
});

test('a new ledger that arrives while an acceptance is on its way to a failing disk is not replaced by the old one', async () => {
  const { recorder, record, files, put } = recorderOf('good');
  put(storedSession('old', { submissionStatus: 'failed', submissionHistory: [] }));
  put(storedSession('new', { submissionStatus: 'failed', submissionHistory: [] }));
  const at = { lastAcceptedAt: 0, attemptsMax: 3 };
  const entry = (id: string): LedgerEntry => ({ id, cause: 'usedUp', setBackBefore: 3, deliveryStartedAt: 800_000 });
  await recorder.replaceLedger({ entries: [entry('old')], ...at });
  await recorder.watchLedger({});
  const { held, release } = hold(files);
  files.fault = ({ name }) => (name === 'fsyncFolder' ? errno('EIO') : undefined);
  const failing = record('good', 'accepted');
  await held;
  const replaced = recorder.replaceLedger({ entries: [{ ...entry('new'), setBackBefore: 0 }], ...at });
  await turns(5);
  release();
  await expect(failing).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  await replaced;
  files.fault = () => undefined;
  expect(await record('good', 'accepted')).toMatchObject({ result: { recorded: { setBack: 1 } } });
});

test('a new ledger that arrives together with an acceptance that fails is not replaced by the old one either', async () => {
  const { recorder, record, files, put } = recorderOf('good');
  put(storedSession('new', { submissionStatus: 'failed', submissionHistory: [] }));
  await recorder.watchLedger({});
  files.fault = ({ name }) => (name === 'fsyncFolder' ? errno('EIO') : undefined);
  const failing = record('good', 'accepted');
  const entries: LedgerEntry[] = [{ id: 'new', cause: 'usedUp', setBackBefore: 0, deliveryStartedAt: 800_000 }];
  const replaced = recorder.replaceLedger({ entries, lastAcceptedAt: 0, attemptsMax: 3 });
  await expect(failing).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  await replaced;
  files.fault = () => undefined;
  expect(await record('good', 'accepted')).toMatchObject({ result: { recorded: { setBack: 1 } } });
});

test('what is there already, or needs no change, is not told while the folder cannot be synced', async () => {
  const { recorder, files } = recorderOf('s1');
  files.fault = ({ name }) => (name === 'fsyncFolder' ? errno('EIO') : undefined);
  const failed = { code: 'ERR_STORE_WRITE_FAILED' };
  for (let time = 1; time <= 2; time += 1) {
    await expect(recorder.add({ session: storedSession('new'), now })).rejects.toMatchObject(failed);
    await expect(recorder.changeStatus({ id: 's1', change: 'ignored', now })).rejects.toMatchObject(failed);
  }
});

test('many that arrive at once have a bounded number of files open, and wait for a bounded number of others', async () => {
  const { recorder, files } = recorderOf();
  let openMax = 0;
  files.fault = () => void (openMax = Math.max(openMax, files.openFiles));
  const ids = Array.from({ length: 150 }, (_, at) => `s${at}`);
  await Promise.all(ids.map((id) => recorder.add({ session: storedSession(id), now })));
  expect(files.names(sessions)).toHaveLength(150);
  expect(openMax).toBe(4);
  expect(files.countOf('fsyncFolder')).toBe(3);
});

test('large sessions have smaller waves', async () => {
  const { recorder, files, steps: stepsOf } = recorderOf();
  const large = 'MSH|'.padEnd(12 * 1024 * 1024, 'x');
  const ids = ['s1', 's2', 's3', 's4'];
  files.write = (_fd, bytes, offset) => bytes.byteLength - offset;
  await Promise.all(ids.map((id) => recorder.add({ session: storedSession(id, { messages: [large] }), now })));
  const ends = stepsOf('rename', 'fsyncFolder').map((step) => step.split(' ')[0]);
  expect(ends).toEqual(['rename', 'rename', 'rename', 'fsyncFolder', 'rename', 'fsyncFolder']);
});

test('a program that takes a file away as soon as it is in place does not fail its record', async () => {
  const { record, files } = recorderOf('s1');
  const { lstat } = files;
  files.lstat = (path) => (files.unlink(path), lstat.call(files, path));
  expect(await record('s1', 'accepted')).toMatchObject({ digests: [{ id: 's1', bytes: 0 }] });
});

test.each(['openNew', 'write', 'fsync', 'close', 'rename'] as const)(
  'a staged file whose %s fails leaves no tmp file',
  async (name) => {
    const files = new SimulatedFileSystem();
    files.makeFolder(sessions);
    files.fault = (call) => (call.name === name ? errno('EIO') : undefined);
    const staged = stageReplacing({ fileSystem: files }, { folder: sessions, name: 's1', extension: '.json' }, new Uint8Array(9));
    await expect(staged.writeAside().then(() => staged.publishAside())).rejects.toMatchObject({ code: 'EIO' });
    expect([files.names(sessions), files.openFiles, files.wrongCloses]).toEqual([[], 0, 0]);
    staged.drop();
    expect(files.countOf('unlink')).toBe(name === 'openNew' ? 0 : 1);
  },
);

test('a bug in one piece of work is its own answer', async () => {
  const files = new SimulatedFileSystem();
  const batch = new WriteBatch(files);
  const bug = () => {
    throw new TypeError('a bug');
  };
  const results = await Promise.allSettled([
    batch.enqueueStaged({ id: 'a', prepare: bug }, String),
    batch.enqueueStaged({ id: 'b', prepare: () => bug }, String),
    batch.enqueueStaged({ id: 'c', prepare: () => () => 'c' }, String),
    batch.enqueue(bug),
    batch.enqueueAlone(bug),
    batch.enqueue(() => 'd'),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled']);
});

/** Holds the next sync back until it is released. */
function hold(files: SimulatedFileSystem) {
  const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  files.beforeSync = async () => {
    arrived.resolve();
    await released.promise;
  };
  return { held: arrived.promise, release: () => released.resolve() };
}

/** Reading has its own answer; here the writing fails. */
const isReading = ({ name, path }: FileCall) => name === 'close' && path.endsWith('.json');

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
