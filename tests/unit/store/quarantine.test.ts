/**
 * Files that are no sessions are set aside: the reason first, nothing overwritten, nothing lost.
 * May import: src/service/store, tests/support.
 */
import { expect, test } from 'vitest';
import { errno } from '../../support/simulated-file-system.ts';
import { simulatedStore } from '../../support/simulated-store.ts';
import { storedSession } from '../../support/stored-session.ts';

test('a damaged file is moved with its reason beside it, and the operator is told', async () => {
  const told: unknown[] = [];
  const { store, files, reports } = await simulatedStore({ onQuarantined: (what) => told.push(what) });
  files.put('/data/sessions/x.json', '');
  await store.discover();
  expect(files.names('/data/sessions')).toEqual([]);
  expect(files.text('/data/quarantine/x.json.reason.txt')).toBe('The file is empty.\nThe file was sessions/x.json.\n');
  expect(told).toEqual([{ file: 'x.json', reason: 'The file is empty.' }]);
  expect(reports).toEqual([
    { level: 'warn', message: '"x.json" is no session file and is in quarantine now: The file is empty.' },
  ]);
  expect(await store.counts()).toMatchObject({ quarantined: 1 });
  expect(await store.listQuarantine()).toMatchObject([{ file: 'x.json', reason: 'The file is empty.', bytes: 0 }]);
  files.crash();
  expect(files.names('/data/quarantine')).toEqual(['x.json', 'x.json.reason.txt']);
});

test('a file of the same name never replaces an earlier one', async () => {
  const { store, files } = await simulatedStore();
  for (const content of ['1', '2', '3']) {
    files.put('/data/sessions/x.json', content);
    await store.discover();
  }
  expect(files.names('/data/quarantine').map((name) => files.text(`/data/quarantine/${name}`)?.slice(0, 1))).toEqual([
    '2',
    'T',
    '3',
    'T',
    '1',
    'T',
  ]);
});

test.each(['has space', 'con', '-x', 'x'.repeat(129), 'ä'.repeat(120)])(
  'a file whose name is no id is set aside unread: %s',
  async (id) => {
    const { store, files } = await simulatedStore();
    files.put(`/data/sessions/${id}.json`, JSON.stringify(storedSession('s1')));
    await store.discover();
    expect(files.countOf('openToRead')).toBe(0);
    const [file, reason] = files.names('/data/quarantine') as [string, string];
    expect(Buffer.byteLength(reason)).toBeLessThan(255);
    expect(files.text(`/data/quarantine/${reason}`)).toMatch(/^The name of the file is not a session id followed by ".json"\.\n/);
    expect(file).toMatch(/\.json$/);
  },
);

test('a file larger than any session is set aside unread', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/sessions/x.json', new Uint8Array(64 * 1024 * 1024 + 1));
  await store.discover();
  expect(files.countOf('read')).toBe(0);
  expect(files.text('/data/quarantine/x.json.reason.txt')).toMatch(/^The file is larger than 64 MB, which no session is\.\n/);
});

test('the reason is durable before the file is moved', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/sessions/x.json', '{');
  await store.discover();
  const steps = files.calls
    .filter(({ name }) => ['fsync', 'rename', 'fsyncFolder'].includes(name))
    .map(({ name, path }) => `${name} ${path}`);
  expect(steps.slice(-6).map((step) => step.replace(/\.[0-9a-f]{12}\.tmp/, '.tmp'))).toEqual([
    'fsync /data/quarantine/.x.json.tmp',
    'rename /data/quarantine/x.json.reason.txt',
    'fsyncFolder /data/quarantine',
    'rename /data/quarantine/x.json',
    'fsyncFolder /data/quarantine',
    'fsyncFolder /data/sessions',
  ]);
});

test.each(['openNew', 'write', 'fsync', 'rename', 'lstat', 'fsyncFolder'] as const)(
  'a %s that fails leaves the file to the next look',
  async (name) => {
    for (let nth = 1; nth <= 2; nth += 1) {
      const { store, files, reports } = await simulatedStore();
      files.put('/data/sessions/x.json', '{');
      await store.scan().catch(() => {});
      files.put('/data/sessions/y.json', '{');
      const failing = files.countOf(name) + nth;
      files.fault = (call) => (call.name === name && files.countOf(name) === failing ? errno('ENOSPC') : undefined);
      await store.discover();
      files.fault = () => undefined;
      await store.discover();
      expect(files.names('/data/sessions')).toEqual([]);
      expect(files.names('/data/quarantine').filter((file) => file.startsWith('y') && file.endsWith('.json'))).toEqual([
        'y.json',
      ]);
      expect(reports.some(({ level }) => level === 'error') || name === 'openNew' || name === 'write' || name === 'fsync').toBe(
        true,
      );
    }
  },
);

test('a damaged file that was written a moment ago is given time, and taken when it turns out whole', async () => {
  const waits: number[] = [];
  const simulated = await simulatedStore({
    wait: async (ms) => {
      waits.push(ms);
      simulated.put(storedSession('s1'));
    },
  });
  const { store, files, clock } = simulated;
  files.put('/data/sessions/s1.json', '{"id": "s1"');
  clock.now = files.now + 500;
  expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s1']);
  expect(waits).toEqual([1000]);
  expect(files.names('/data/quarantine')).toEqual([]);
});

test('a damaged file of an hour ago is not waited for', async () => {
  const waits: number[] = [];
  const { store, files, clock } = await simulatedStore({ wait: async (ms) => waits.push(ms) });
  files.put('/data/sessions/s1.json', '{"id": "s1"');
  clock.now = files.now + 3_600_000;
  await store.discover();
  expect(waits).toEqual([]);
  expect(files.names('/data/quarantine')).toEqual(['s1.json', 's1.json.reason.txt']);
});

test('a damaged file that goes away while it is waited for is nothing to set aside', async () => {
  const simulated = await simulatedStore({ wait: async () => simulated.files.unlink('/data/sessions/s1.json') });
  simulated.files.put('/data/sessions/s1.json', '{');
  simulated.clock.now = simulated.files.now;
  expect((await simulated.store.discover()).queue).toEqual([]);
  expect(simulated.files.names('/data/quarantine')).toEqual([]);
});

test('a file in quarantine whose reason is gone is still listed', async () => {
  const { store, files } = await simulatedStore();
  files.put('/data/quarantine/x.json', '{');
  files.put('/data/quarantine/y.json', '{');
  files.put('/data/quarantine/y.json.reason.txt', 'why', 'link');
  files.put('/data/quarantine/.y.json.abc.tmp', '');
  files.put('/data/quarantine/z.json', '{');
  files.fault = ({ name, path }) => (name === 'openToRead' && path.includes('z.json') ? errno('EIO') : undefined);
  expect((await store.listQuarantine()).map(({ reason }) => reason)).toEqual(Array(3).fill('The reason is not known.'));
  expect((await store.counts()).quarantined).toBe(3);
});
