/**
 * A clean-up over a disk that fails at any of its calls, once or from then on: no session is lost, doubled, or taken
 * that may not be taken; and the next clean-up finishes the work.
 */
import { expect, test } from 'vitest';
import { defaultSettings } from '../../../src/common/settings.ts';
import { type CleanupSummary, Retention } from '../../../src/service/retention/retention.ts';
import { errno } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { storedSession } from '../../support/stored-session.ts';

const dayMs = 86_400_000;
const delivered = { persistedUntil: 1, submissionStatus: 'submitted', submittedAt: 1 } as const;

async function laboratory() {
  const { store, files, clock, put } = await simulatedStore();
  clock.now = 100 * dayMs;
  for (const id of ['done1', 'done2', 'done3']) put(storedSession(id, delivered));
  put(storedSession('pending', { persistedUntil: 1 }));
  put(storedSession('failed', { persistedUntil: 1, submissionStatus: 'failed' }));
  put(storedSession('kept', { ...delivered, persistedUntil: 200 * dayMs }));
  files.put(`/data/trash/old.${90 * dayMs}.json`, JSON.stringify(storedSession('old', delivered)));
  await store.discover();
  const cleanUp = () =>
    new Promise<CleanupSummary | 'failed'>((resolve) => {
      const retention = new Retention({
        store,
        settings: defaultSettings,
        now: () => clock.now,
        onSummary: resolve,
        onFailure: () => resolve('failed'),
      });
      retention.start();
      retention.request({ isDryRun: false });
    });
  const idsIn = (folder: string) => files.names(`/data/${folder}`).map((name) => name.split('.')[0] as string);
  return { files, cleanUp, idsIn };
}

const calls = await (async () => {
  const { files, cleanUp } = await laboratory();
  const before = files.calls.length;
  expect(await cleanUp()).toMatchObject({ filesDeleted: 3, filesPurged: 1, filesInTrash: 3 });
  return files.calls.length - before;
})();

test.each([
  ['once', (number: number, failing: number) => number === failing],
  ['from then on', (number: number, failing: number) => number >= failing],
])(`a disk that fails %s, at each of the ${calls} calls of a clean-up`, async (_how, fails) => {
  for (let failing = 1; failing <= calls; failing++) {
    const { files, cleanUp, idsIn } = await laboratory();
    const before = files.calls.length;
    files.fault = ({ number }) => (fails(number - before, failing) ? errno('EIO') : undefined);
    await cleanUp();
    const sessions = idsIn('sessions');
    const trash = idsIn('trash');
    expect([...sessions, ...trash].filter((id) => id !== 'old').sort(), `call ${failing}`).toEqual([
      'done1',
      'done2',
      'done3',
      'failed',
      'kept',
      'pending',
    ]);
    expect(sessions, `call ${failing}`).toEqual(expect.arrayContaining(['failed', 'kept', 'pending']));
    files.fault = () => undefined;
    await cleanUp();
    expect(idsIn('sessions').sort(), `after call ${failing}`).toEqual(['failed', 'kept', 'pending']);
    expect(idsIn('trash').sort(), `after call ${failing}`).toEqual(['done1', 'done2', 'done3']);
  }
});

test('a power cut after a clean-up leaves each session in one of the two places', async () => {
  const { files, cleanUp, idsIn } = await laboratory();
  await cleanUp();
  files.crash();
  expect([...idsIn('sessions'), ...idsIn('trash')].filter((id) => id.startsWith('done')).sort()).toEqual([
    'done1',
    'done2',
    'done3',
  ]);
});
