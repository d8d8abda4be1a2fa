/**
 * Which failed sessions an acceptance sets back, read from the store and kept true across failing disks and restarts
 * (design section 6, "Second chance").
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { HistoryEntry, SessionFile } from '../../../src/common/session.ts';
import { errno } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const requeued: HistoryEntry = { at: 1, outcome: 'requeued' };
const attempt = (startedAt: number, outcome: 'later' | 'refused' | 'unheard'): HistoryEntry => ({
  attempt: 1,
  startedAt,
  durationMs: 1,
  outcome,
});
const failed = (id: string, history: HistoryEntry[] = [attempt(800_000, 'later')], more: Partial<SessionFile> = {}) =>
  storedSession(id, { submissionStatus: 'failed', submissionHistory: history, _delivery_started_at: 800_000, ...more });
const many = (count: number, make: (id: string) => SessionFile) => Array.from({ length: count }, (_, at) => make(`f${at}`));

/** Accepts `good`, after a discovery, and tells how many others were set back. */
async function acceptGood(sessions: SessionFile[]) {
  const simulated = await simulatedStore();
  for (const session of [...sessions, storedSession('good')]) simulated.put(session);
  await simulated.store.discover();
  const result = await simulated.store.record(attemptRecord('good', 'accepted'));
  return { ...simulated, setBack: result.type === 'recorded' ? result.recorded.setBack : -1 };
}

test.each<[string, SessionFile[], number]>([
  ['one that used up its attempts since the last acceptance', [failed('f')], 1],
  [
    'one whose delivery began before the last acceptance',
    [failed('f'), storedSession('a', { submissionStatus: 'submitted', submittedAt: 850_000 })],
    0,
  ],
  [
    'one that was set back twice before',
    [failed('f', [attempt(1, 'later'), requeued, attempt(2, 'later'), requeued, attempt(800_000, 'unheard')])],
    1,
  ],
  [
    'one that was set back three times before',
    [failed('f', [attempt(1, 'later'), requeued, requeued, requeued, attempt(800_000, 'later')])],
    0,
  ],
  ['nineteen that were refused', many(19, (id) => failed(id, [attempt(800_000, 'refused')])), 0],
  ['twenty that were refused', many(20, (id) => failed(id, [attempt(800_000, 'refused')])), 20],
  [
    'twenty that were refused and set back before',
    many(20, (id) => failed(id, [attempt(1, 'refused'), requeued, attempt(800_000, 'refused')])),
    0,
  ],
  [
    'nineteen that were refused and one that used up its attempts',
    [...many(19, (id) => failed(id, [attempt(800_000, 'refused')])), failed('f')],
    1,
  ],
  [
    'one that does not say when its delivery began',
    [failed('f', [attempt(800_000, 'later')], { _delivery_started_at: undefined } as never)],
    1,
  ],
  [
    'one that an acceptance in the future would rule out',
    [failed('f'), storedSession('a', { submissionStatus: 'submitted', submittedAt: 5_000_000 })],
    1,
  ],
  ['pending ones', [storedSession('f')], 0],
])('an acceptance gives a second chance: %s', async (_, sessions, expected) => {
  expect((await acceptGood(sessions)).setBack).toBe(expected);
});

test('a session set back is pending, with an entry that says why, before the acceptance is on disk', async () => {
  const { onDisk, files } = await acceptGood([failed('f')]);
  expect(onDisk('f')).toMatchObject({ submissionStatus: 'pending', _saved_at: 1_000_000 });
  expect(onDisk('f')?.submissionHistory.at(-1)).toEqual({
    at: 1_000_000,
    outcome: 'requeued',
    reason: 'the endpoint accepts sessions again',
  });
  const renames = files.calls.filter(({ name }) => name === 'rename').map(({ path }) => path);
  expect(renames).toEqual(['/data/sessions/f.json', '/data/sessions/good.json']);
});

test('one that fails while others are accepted gets none', async () => {
  const { store, put, clock, onDisk } = await simulatedStore();
  for (const id of ['bad', 'g1', 'g2']) put(storedSession(id));
  await store.discover();
  await store.record(attemptRecord('bad', 'later', { submissionStatus: 'pending' }));
  await store.record(attemptRecord('g1', 'accepted'));
  clock.now += 1000;
  await store.record(attemptRecord('bad', 'later', { startedAt: 1_000_500, deliveryStartedAt: 900_000 }));
  expect(await store.record(attemptRecord('g2', 'accepted'))).toMatchObject({ recorded: { setBack: 0 } });
  expect(onDisk('bad')).toMatchObject({ submissionStatus: 'failed' });
});

test('one acceptance uses up the second chances; the next gives none', async () => {
  const { store, put } = await simulatedStore();
  for (const id of ['bad', 'g1', 'g2']) put(storedSession(id));
  await store.discover();
  await store.record(attemptRecord('bad', 'later'));
  const results = await Promise.all(['g1', 'g2'].map((id) => store.record(attemptRecord(id, 'accepted'))));
  expect(results.map((result) => result.type === 'recorded' && result.recorded.setBack)).toEqual([1, 0]);
});

test('one that somebody ignored or deleted meanwhile is left alone', async () => {
  const { store, put, files, onDisk } = await simulatedStore();
  for (const session of [failed('f1'), failed('f2'), failed('f3'), storedSession('good')]) put(session);
  await store.discover();
  put(failed('f1', [attempt(800_000, 'later')], { submissionStatus: 'ignored' }));
  files.unlink('/data/sessions/f2.json');
  await store.changeStatus(['f3'], 'ignored');
  expect(await store.record(attemptRecord('good', 'accepted'))).toMatchObject({ recorded: { setBack: 0 } });
  expect(onDisk('f1')).toMatchObject({ submissionStatus: 'ignored' });
  expect(files.names('/data/sessions')).toEqual(['f1.json', 'f3.json', 'good.json']);
});

test('one that cannot be read keeps no acceptance from being recorded', async () => {
  const { store, put, files, reports } = await simulatedStore();
  for (const session of [failed('f1'), failed('f2'), storedSession('good')]) put(session);
  await store.discover();
  files.fault = ({ name, path }) => (name === 'openToRead' && path.includes('f1') ? errno('EIO') : undefined);
  expect(await store.record(attemptRecord('good', 'accepted'))).toMatchObject({ recorded: { setBack: 1 } });
  expect(reports.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      message:
        'a failed session gets no second chance: session f1 could not be read: the disk reported an error (EIO); check the disk and the permissions of the data directory',
      sessionId: 'f1',
    },
  ]);
});

test.each(['openNew', 'write', 'fsync', 'rename', 'fsyncFolder'] as const)(
  'the disk fails at any %s of an acceptance: all second chances stay owed and are given with the repeated record',
  async (name) => {
    for (let nth = 1; nth <= (name === 'fsyncFolder' ? 1 : 3); nth += 1) {
      const { store, put, files, onDisk } = await simulatedStore();
      for (const session of [failed('f1'), failed('f2'), storedSession('good')]) put(session);
      await store.discover();
      const failing = files.countOf(name) + nth;
      files.fault = (call) => (call.name === name && files.countOf(name) === failing ? errno('ENOSPC') : undefined);
      await expect(store.record(attemptRecord('good', 'accepted'))).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
      // The next cycle looks at the folder first, and finds some set back already.
      await store.discover();
      expect(await store.record(attemptRecord('good', 'accepted'))).toMatchObject({
        recorded: { setBack: 2, submissionAttempts: 1 },
      });
      files.crash();
      for (const id of ['f1', 'f2']) {
        expect(onDisk(id)).toMatchObject({ submissionStatus: 'pending' });
        expect(onDisk(id)?.submissionHistory.filter(({ outcome }) => outcome === 'requeued')).toHaveLength(1);
      }
      expect(onDisk('good')).toMatchObject({ submissionStatus: 'submitted' });
    }
  },
);

test('what is recorded while a discovery is under way is not forgotten', async () => {
  const { store, put, clock } = await simulatedStore();
  for (const id of ['bad', 'good', 'late']) put(storedSession(id));
  await store.discover();
  const looking = store.discover();
  await store.record(attemptRecord('bad', 'later'));
  await looking;
  expect(await store.record(attemptRecord('good', 'accepted'))).toMatchObject({ recorded: { setBack: 1 } });
  clock.now += 1000;
  expect(await store.record(attemptRecord('late', 'accepted'))).toMatchObject({ recorded: { setBack: 0 } });
});

test('a new process reads from the store what is owed', async () => {
  const { store, put, files } = await simulatedStore();
  for (const id of ['bad', 'good']) put(storedSession(id));
  await store.discover();
  await store.record(attemptRecord('bad', 'later'));
  await store.close();
  const next = await simulatedStore({}, files);
  expect(await next.store.discover()).toMatchObject({ triedSince: 1, refusedSince: 0, lastAcceptedAt: 0 });
  expect(await next.store.record(attemptRecord('good', 'accepted'))).toMatchObject({ recorded: { setBack: 1 } });
});

test('a session that is accepted itself needs no second chance', async () => {
  const { store, put, onDisk } = await simulatedStore();
  put(failed('f'));
  await store.discover();
  put(storedSession('f'));
  expect(await store.record(attemptRecord('f', 'accepted'))).toMatchObject({
    recorded: { setBack: 0, submissionStatus: 'submitted' },
  });
  expect(onDisk('f')?.submissionHistory.map(({ outcome }) => outcome)).toEqual(['accepted']);
});
