/**
 * Work of many kinds that waits for the disk together, on a disk that fails at every call in turn, once and for good, and
 * with a power cut at every call: every file is old or new, and every answer is true.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import type { FileFacts } from '../../../src/service/store/file-system.ts';
import { parseSession } from '../../../src/service/store/session-file.ts';
import { errno } from '../../support/simulated-file-system.ts';
import { simulatedRecorder } from '../../support/simulated-store.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const now = 1_000_000;
const sent = { submissionStatus: 'submitted', submittedAt: 5 } as const;
const failed = (id: string) =>
  storedSession(id, {
    submissionStatus: 'failed',
    submissionHistory: [{ attempt: 1, startedAt: 800_000, durationMs: 1, outcome: 'later' }],
    submissionAttempts: 1,
    _delivery_started_at: 800_000,
  });

/** One of everything, in one turn: two sessions twice, and an acceptance that sets two back. */
async function laboratory() {
  const { recorder, files, put, onDisk, known } = simulatedRecorder();
  for (const id of ['once', 'twice', 'bad', 'good', 'late', 'left']) put(storedSession(id));
  for (const id of ['f1', 'f2']) put(failed(id));
  put(storedSession('done', sent));
  files.put('/data/trash/back.5.json', JSON.stringify(storedSession('back', sent)));
  files.put('/data/sessions/broken.json', '{');
  const entries = ['f1', 'f2'].map((id) => ({ id, cause: 'usedUp' as const, setBackBefore: 0, deliveryStartedAt: 800_000 }));
  await recorder.replaceLedger({ entries, lastAcceptedAt: 0, attemptsMax: 3 });
  const [done, broken] = [known('done'), files.lstat('/data/sessions/broken.json') as FileFacts];
  const record = (id: string, kind: Parameters<typeof attemptRecord>[1], startedAt: number) =>
    recorder.record({ record: attemptRecord(id, kind, { startedAt }), now });

  const has = (id: string, startedAt: number) =>
    onDisk(id)?.submissionHistory.some((entry) => 'startedAt' in entry && entry.startedAt === startedAt) ?? false;
  const outcomes = (id: string) => onDisk(id)?.submissionHistory.map(({ outcome }) => outcome) ?? [];
  let setBack = 0;
  const jobs: [name: string, ask: () => Promise<unknown>, isOnDisk: () => boolean][] = [
    ['once', () => record('once', 'unheard', 1), () => has('once', 1)],
    ['twice 1', () => record('twice', 'unheard', 1), () => has('twice', 1)],
    ['bad', () => record('bad', 'later', 900_000), () => has('bad', 900_000)],
    [
      'good',
      async () => {
        const { result } = await record('good', 'accepted', 900_000);
        if (result.type === 'recorded') ({ setBack } = result.recorded);
      },
      // One that cannot be read at that moment keeps no acceptance from being recorded.
      () => has('good', 900_000) && ['f1', 'f2', 'bad'].filter((id) => outcomes(id).includes('requeued')).length >= setBack,
    ],
    [
      'left',
      () => Promise.all(['left', 'f2'].map((id) => recorder.changeStatus({ id, change: 'ignored', now }))),
      () => outcomes('left').at(-1) === 'ignored' && outcomes('f2').at(-1) === 'ignored',
    ],
    ['new', () => recorder.add({ session: storedSession('new'), now }), () => onDisk('new') !== null],
    ['twice 2', () => record('twice', 'later', 2), () => has('twice', 2)],
    ['done', () => recorder.moveToTrash({ files: [done], now }), () => onDisk('done') === null],
    ['back', () => recorder.restoreFromTrash({ ids: ['back'] }), () => onDisk('back') !== null],
    [
      'broken',
      () => recorder.quarantine({ name: 'broken.json', reason: 'why', facts: broken }),
      () => files.names('/data/quarantine').some((name) => files.text(`/data/quarantine/${name}`) === '{'),
    ],
    ['late', () => record('late', 'accepted', 900_000), () => has('late', 900_000)],
  ];
  /** Asks for all of them in one turn. @returns the names of those that were told it is done. */
  const askFor = async (wanted: readonly string[], onTold = (_told: readonly string[]) => {}) => {
    const told: string[] = [];
    const ask = async ([name, start]: (typeof jobs)[number]) => {
      await start();
      told.push(name);
      onTold(told);
    };
    await Promise.allSettled(jobs.filter(([name]) => wanted.includes(name)).map(ask));
    return wanted.filter((name) => told.includes(name));
  };
  const onDiskNow = () => jobs.filter(([, , isOnDisk]) => isOnDisk()).map(([name]) => name);
  return { files, jobs, askFor, onDiskNow, setBack: () => setBack };
}

const names = (await laboratory()).jobs.map(([name]) => name);
const calls = await (async () => {
  const { files, askFor, onDiskNow, setBack } = await laboratory();
  const before = files.calls.length;
  expect(await askFor(names)).toEqual(names);
  expect(setBack()).toBe(3);
  expect(onDiskNow()).toEqual(names);
  files.crash();
  expect(onDiskNow()).toEqual(names);
  return files.calls.length - before;
})();

type House = Awaited<ReturnType<typeof laboratory>>;

/** Every session is somewhere, whole, and says of itself what happened to it, each attempt once. */
function expectWhole({ files }: House, at: string): void {
  const ids = new Set<string>();
  for (const folder of ['sessions', 'trash']) {
    for (const name of files.names(`/data/${folder}`)) {
      if (!name.endsWith('.json') || name === 'broken.json') continue;
      const [id = ''] = name.split('.');
      ids.add(id);
      const parsed = parseSession(new TextEncoder().encode(files.text(`/data/${folder}/${name}`) ?? ''), id);
      expect(parsed, `${name} ${at}`).toMatchObject({ type: 'session' });
      const { session } = parsed as { session: SessionFile };
      const attempts = session.submissionHistory.flatMap((entry) => ('startedAt' in entry ? [entry.startedAt] : []));
      expect(attempts, `${name} ${at}`).toHaveLength(session.submissionAttempts);
      expect(new Set(attempts).size, `${name} ${at}`).toBe(attempts.length);
    }
  }
  const before = ['back', 'bad', 'done', 'f1', 'f2', 'good', 'late', 'left', 'once', 'twice'];
  expect([...ids].filter((id) => id !== 'new').sort(), at).toEqual(before);
}

const broken = ({ files }: House) => files.text('/data/sessions/broken.json') ?? files.text('/data/quarantine/broken.json');

const tmpFiles = ({ files }: House) =>
  ['sessions', 'quarantine'].flatMap((folder) => files.names(`/data/${folder}`)).filter((name) => name.endsWith('.tmp'));

test.each(['once', 'for good'])(`a disk that fails %s, at each of ${calls} calls`, async (howOften) => {
  for (let failing = 1; failing <= calls; failing += 1) {
    const house = await laboratory();
    const { files, askFor, onDiskNow } = house;
    const at = `at call ${failing}`;
    const before = files.calls.length;
    files.fault = ({ number }) =>
      number - before === failing || (howOften === 'for good' && number - before > failing) ? errno('EIO') : undefined;
    const told = await askFor(names);
    files.fault = () => undefined;
    expect(onDiskNow(), at).toEqual(expect.arrayContaining(told));
    expectWhole(house, at);
    expect(broken(house), at).toBe('{');
    expect([files.openFiles, files.wrongCloses], at).toEqual([0, 0]);
    if (howOften === 'once') expect(tmpFiles(house), at).toEqual([]);

    // What failed succeeds when it is asked for again, and counts once. The worker never repeats an attempt before the last.
    const isRepeatable = (name: string) => !told.includes(name) && !(name === 'twice 1' && told.includes('twice 2'));
    const rest = names.filter(isRepeatable);
    expect(await askFor(rest), at).toEqual(rest);
    files.crash();
    expect(onDiskNow(), at).toEqual(expect.arrayContaining([...told, ...rest]));
    expectWhole(house, at);
  }
});

test.each([
  ['what was synced', 'synced'],
  ['names that nobody had synced, too', 'written'],
] as const)(`the power goes at each of ${calls} calls, and the disk holds %s`, async (_what, left) => {
  for (let failing = 1; failing <= calls + 1; failing += 1) {
    const house = await laboratory();
    const { files, askFor, onDiskNow } = house;
    const before = files.calls.length;
    files.fault = ({ number }) => (number - before >= failing ? errno('EIO') : undefined);
    const told = await askFor(names);
    files.fault = () => undefined;
    files.crash(left);
    expect(onDiskNow(), `at call ${failing}`).toEqual(expect.arrayContaining(told));
    expectWhole(house, `at call ${failing}`);
    expect(broken(house), `at call ${failing}`).toBe('{');
  }
});

test.each(names.map((_, at) => at + 1))('the power goes when answer %i is told: it was true', async (count) => {
  const house = await laboratory();
  const { files, askFor, onDiskNow } = house;
  let toldBefore: string[] = [];
  await askFor(names, (told) => {
    if (told.length !== count) return;
    toldBefore = [...told];
    files.fault = () => errno('EIO');
  });
  files.fault = () => undefined;
  files.crash();
  expect(onDiskNow()).toEqual(expect.arrayContaining(toldBefore));
  expectWhole(house, `when answer ${count} is told`);
});
