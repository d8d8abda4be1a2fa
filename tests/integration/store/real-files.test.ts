/**
 * The store on real files, with its threads, beside programs that do what they like.
 * May import: src/service/store, tests/support.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { SessionFile } from '../../../src/common/session.ts';
import { nodeFileSystem } from '../../../src/service/store/file-system.ts';
import { createReader } from '../../../src/service/store/reader.ts';
import { parseSession } from '../../../src/service/store/session-file.ts';
import { openSessionStore, type SessionStoreOptions, type StoreReport } from '../../../src/service/store/session-store.ts';
import { killAtOnce, startNode, temporaryFolder } from '../../support/spawned.ts';
import { attemptRecord, storedSession } from '../../support/stored-session.ts';

const isWindows = process.platform === 'win32';
const put = (dataDir: string, session: SessionFile) =>
  writeFileSync(join(dataDir, 'sessions', `${session.id}.json`), JSON.stringify(session));

async function openStore(options: Partial<SessionStoreOptions> = {}) {
  const { dataDir = temporaryFolder() } = options;
  const reports: StoreReport[] = [];
  const store = await openSessionStore({ log: (report) => reports.push(report), ...options, dataDir });
  onTestFinished(() => store.close());
  return { store, dataDir, reports };
}

/** Every session file of the folder; one that is torn fails the test. */
function allSessions(folder: string): SessionFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const parsed = parseSession(readFileSync(join(folder, name)), name.slice(0, -5));
      if (parsed.type === 'damaged') throw new Error(`${name}: ${parsed.reason}`);
      return parsed.session;
    });
}

test('a session goes from the folder to submitted, in files that only their owner may read', async () => {
  const { store, dataDir } = await openStore();
  put(dataDir, storedSession('s1'));
  expect((await store.discover()).queue).toMatchObject([{ id: 's1' }]);
  expect(await store.readForPost('s1')).toMatchObject({ type: 'body', body: expect.any(Uint8Array) });
  expect(await store.record(attemptRecord('s1', 'accepted'))).toMatchObject({ type: 'recorded' });
  expect(await store.counts()).toMatchObject({ submitted: 1, pending: 0 });
  if (isWindows) return;
  expect(statSync(join(dataDir, 'sessions', 's1.json')).mode & 0o777).toBe(0o600);
  for (const folder of ['sessions', 'quarantine', 'trash']) expect(statSync(join(dataDir, folder)).mode & 0o777).toBe(0o700);
});

test('a look beside a running service counts and changes nothing', async () => {
  const { store, dataDir } = await openStore();
  await store.add(storedSession('s1'));
  writeFileSync(join(dataDir, 'sessions', 'x.json'), '{');
  const { store: beside } = await openStore({ dataDir, readOnly: true });
  expect(await beside.counts()).toMatchObject({ pending: 1, quarantined: 0 });
  await beside.close();
  expect(readdirSync(join(dataDir, 'sessions')).sort()).toEqual(['s1.json', 'x.json']);
});

test('errors keep their code on the way from a thread', async () => {
  const { store, dataDir } = await openStore();
  put(dataDir, storedSession('s1'));
  await store.discover();
  rmSync(join(dataDir, 'sessions', 's1.json'));
  mkdirSync(join(dataDir, 'sessions', 's1.json'));
  await expect(store.record(attemptRecord('s1', 'accepted'))).rejects.toMatchObject({
    name: 'CourierError',
    code: 'ERR_SESSION_UNREADABLE',
  });
  await expect(store.add({ ...storedSession('s2'), startTime: 'x' } as never)).rejects.toMatchObject({
    code: 'ERR_ARGUMENT_INVALID',
  });
});

test('pipes, links and folders named like sessions do not hold up the others', async (context) => {
  if (isWindows) {
    console.log('not run: Windows has no pipes in folders, and links need a right there');
    context.skip();
  }
  const { store, dataDir, reports } = await openStore();
  const sessions = join(dataDir, 'sessions');
  execFileSync('mkfifo', [join(sessions, 'pipe.json')]);
  symlinkSync('/etc/passwd', join(sessions, 'link.json'));
  symlinkSync('gone', join(sessions, 'dangling.json'));
  mkdirSync(join(sessions, 'folder.json'));
  put(dataDir, storedSession('s1'));
  for (let cycle = 0; cycle < 2; cycle += 1) expect((await store.discover()).queue.map(({ id }) => id)).toEqual(['s1']);
  expect(reports).toHaveLength(4);
  for (const id of ['pipe', 'link', 'dangling', 'folder']) {
    expect(await store.readForPost(id)).toEqual({ type: 'withdrawn', reason: 'unreadable' });
    await expect(store.record(attemptRecord(id, 'accepted'))).rejects.toMatchObject({ code: 'ERR_SESSION_UNREADABLE' });
  }
  expect(readdirSync(sessions)).toHaveLength(5);
});

test('a file without permission stays where it is', async (context) => {
  const { store, dataDir, reports } = await openStore();
  put(dataDir, storedSession('s1'));
  chmodSync(join(dataDir, 'sessions', 's1.json'), 0);
  if (isWindows || process.getuid?.() === 0) {
    console.log('not run: root and Windows ignore file modes; tests/unit/store/discovery.test.ts injects EACCES instead');
    context.skip();
  }
  expect((await store.discover()).queue).toEqual([]);
  expect(reports[0]?.message).toContain('EACCES');
});

test('5,000 files that did not change are listed and looked at, and none is read', async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, 'sessions'));
  const text = JSON.stringify(storedSession('ID'));
  for (let at = 0; at < 5000; at += 1) writeFileSync(join(dataDir, 'sessions', `s${at}.json`), text.replace('"ID"', `"s${at}"`));
  let filesRead = 0;
  const counting = { ...nodeFileSystem, openToRead: (path: string) => ((filesRead += 1), nodeFileSystem.openToRead(path)) };
  const reader = createReader({ dataDir, fileSystem: counting });
  await reader.scan({ now: Date.now() });
  await pause(60);
  // Those written within a tick of the first look are read once more, then never again.
  await reader.scan({ now: Date.now() });
  filesRead = 0;
  await reader.scan({ now: Date.now() });
  expect(filesRead).toBe(0);
  expect(reader.counts({ now: Date.now() })).toMatchObject({ pending: 5000 });
});

test('a look at one session does not wait for a scan of all', async () => {
  const { store, dataDir } = await openStore();
  const text = JSON.stringify(storedSession('ID'));
  for (let at = 0; at < 5000; at += 1) writeFileSync(join(dataDir, 'sessions', `s${at}.json`), text.replace('"ID"', `"s${at}"`));
  const order: string[] = [];
  const scan = store.scan().then(() => order.push('scan'));
  await store.readForPost('s4999').then(() => order.push('look'));
  await scan;
  expect(order).toEqual(['look', 'scan']);
});

test('a process killed at any moment leaves whole files, with all that it was told was saved', async () => {
  const dataDir = temporaryFolder();
  const sessions = join(dataDir, 'sessions');
  mkdirSync(sessions, { recursive: true });
  for (let at = 0; at < 8; at += 1) put(dataDir, storedSession(`s${at}`, { messages: ['MSH|'.padEnd(50_000, 'x')] }));
  const loop = new URL('../../support/record-loop.ts', import.meta.url).pathname;
  for (const moreMs of [0, 7, 31, 62, 113]) {
    const child = startNode(loop, dataDir);
    await vi.waitFor(() => expect(child.output()).toMatch(/\n/), { timeout: 60_000 });
    await pause(moreMs);
    await killAtOnce(child);
    const told = new Map(
      child
        .output()
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ') as [string, string]),
    );
    const files = allSessions(sessions);
    expect(files).toHaveLength(8);
    for (const { id, submissionAttempts, submissionHistory } of files) {
      expect(submissionAttempts).toBeGreaterThanOrEqual(Number(told.get(id) ?? 0));
      expect(submissionHistory).toHaveLength(submissionAttempts);
    }
  }
  const { store } = await openStore({ dataDir });
  await store.discover();
  expect(readdirSync(sessions).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a disk that is full keeps every file as it was', async (context) => {
  const dataDir = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', dataDir], { stdio: 'pipe' });
  } catch {
    console.log('not run: a small disk could not be mounted here (needs Linux and root)');
    context.skip();
  }
  onTestFinished(() => void execFileSync('umount', ['-l', dataDir], { stdio: 'pipe' }));
  const { store } = await openStore({ dataDir });
  const fill = async () => {
    for (let at = 0; ; at += 1) await store.add(storedSession(`s${at}`, { messages: ['MSH|'.padEnd(20_000, 'x')] }));
  };
  const error: unknown = await fill().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ERR_STORE_WRITE_FAILED', cause: { code: 'ENOSPC' } });
  expect((error as Error).message).toMatch(
    /^session s\d+ could not be saved: no space left on the disk \(ENOSPC\); free disk space$/,
  );
  const sessions = allSessions(join(dataDir, 'sessions'));
  expect(sessions.length).toBeGreaterThan(5);
  writeFileSync(join(dataDir, 'ballast'), '');
  const ballast = () => {
    for (;;) writeFileSync(join(dataDir, 'ballast'), 'x'.repeat(4096), { flag: 'a' });
  };
  expect(ballast).toThrow('ENOSPC');
  await expect(store.record(attemptRecord('s0', 'accepted'))).rejects.toMatchObject({ code: 'ERR_STORE_WRITE_FAILED' });
  expect(allSessions(join(dataDir, 'sessions'))).toEqual(sessions);
  expect(readdirSync(join(dataDir, 'sessions')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  for (const name of ['ballast', 'sessions/s1.json']) rmSync(join(dataDir, name));
  expect(await store.record(attemptRecord('s0', 'accepted'))).toMatchObject({ recorded: { submissionStatus: 'submitted' } });
});
